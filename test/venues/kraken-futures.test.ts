import { afterEach, describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import type { Market } from '../../src/leverage/market.ts';
import { authent, krakenFutures } from '../../src/venues/kraken-futures.ts';
import { instrumentsOf } from '../../src/venues/kraken-futures-instruments.ts';
import { judgeList } from '../../src/venues/list-reply.ts';
import type { VenueOptions } from '../../src/venues/venue-api.ts';
import {
  type FixtureVenue,
  inTime,
  openFixtureVenue,
  outcomeOf,
  type Reply,
  type Script,
} from '../support/fixture-venue.ts';
import type { SeenRequest } from '../support/loopback.ts';
import { turnsWhile } from '../support/turns.ts';
import { openVenueHarness } from '../support/venue-simulators.ts';
import { describeVenue } from './contract.ts';
import fixtures from './fixtures/kraken-futures.json' with { type: 'json' };
import { describeHostileReplies } from './hostile-replies.ts';

/** The key pair that Kraken's guide shows; its secret lacks the last padding character there. */
const apiKey = 'rRra59qKQs3y1egAgSaG0RJlBcbq97wTUXSxXxPdhRZdv7z9ijZRWgrf';
const apiSecret = 'rttp4AzwRfYEdQ7R7X8Z/04Y4TZPa97pqCypi3xXxAqftygftnI6H9yGV+OcUOOJeFtZkr8mVwbAndU3Kz4Q+eG=';
const credentials = credentialsOf('alice', { apiKey, apiSecret });

const bitcoin: Market = {
  venue: 'kraken-futures',
  id: 'PF_XBTUSD',
  symbol: 'PF_XBTUSD',
  aliases: ['PFXBTUSD', 'BTCUSD', 'BTC', 'XBTUSD', 'XBT'],
  base: 'BTC',
  quote: 'USD',
  bounds: { min: '1', max: '50', step: '0.01' },
  tiers: [
    { fromSize: '0', measuredIn: 'quote', initialMargin: '0.02', maintenanceMargin: '0.01' },
    { fromSize: '1000000', measuredIn: 'quote', initialMargin: '0.04', maintenanceMargin: '0.02' },
  ],
  tradeable: true,
};
const notMultiCollateral = {
  what: 'has no leverage setting for this contract: it is not a multi-collateral one',
  next: 'Use a contract whose name starts with PF_ or FF_.',
};
const target = { market: bitcoin };
const five = { mode: 'isolated', leverage: '5' } as const;
const preferencesPath = '/derivatives/api/v3/leveragepreferences';

const open: FixtureVenue[] = [];
afterEach(async () => {
  for (const fixture of open.splice(0)) await fixture.close();
});

async function kraken(script: Script, more: Partial<VenueOptions> = {}): Promise<FixtureVenue> {
  const fixture = await openFixtureVenue(krakenFutures, script, more);
  open.push(fixture);
  return fixture;
}

const path = (request: SeenRequest) => request.url.split('?')[0] ?? '';
const at =
  (paths: Readonly<Record<string, Reply>>): Script =>
  (request) =>
    paths[path(request)];

describe('the signature', () => {
  // The guide's inputs without a nonce. Expected values: Python's hashlib and hmac over the documented steps;
  // the first is also what the tests of the C++ library roq expect.
  test.each([
    [
      'symbol=fi_xbtusd_180615',
      '/api/v3/orderbook',
      'BGOdiF//YXbOtKUkyFFRqKAft7gai33YfScxFrXMdMHGUJ6wSaMA6y0p6UzfYzj5Flgvv+SFQe53h2KrEe37Ng==',
    ],
    [
      'symbol=PF_XBTUSD&maxLeverage=5',
      '/api/v3/leveragepreferences',
      'wNLpFiY+iUVXU+ib8JK+j2WUTAR/IqhF2IFdG4Zn/M46fMtm7TefxrmoLVmqFDtaoyfbnj2MhDSD3FrK6x/V0g==',
    ],
    [
      '',
      '/api/v3/leveragepreferences',
      'cgrzpwmJ2Go7UiJhmJoHDoJdFft48MOczv/B5vk1N34sORuLB4NURwpHlx05cIzVHZji1t9FiYK1EzunMsn2Gg==',
    ],
  ])('of %j to %s', (postData, endpoint, expected) => {
    expect(authent(apiSecret, endpoint, postData)).toBe(expected);
  });

  test('every private call is signed without /derivatives and over the query as it is sent', async () => {
    const { venue, seen } = await kraken(() => ({ status: 400, body: { result: 'error', error: 'notFound' } }));
    await venue.applySetting(credentials, target, { mode: 'isolated', leverage: '2.5' }, inTime);
    await venue.applySetting(credentials, target, { mode: 'cross' }, inTime);
    await outcomeOf(venue.readSetting(credentials, target));
    await outcomeOf(venue.readPosition(credentials, target));
    await outcomeOf(venue.readOpenOrders(credentials, target));
    await outcomeOf(venue.checkKey(credentials));
    expect(seen.length).toBeGreaterThan(5);
    for (const { url, headers } of seen) {
      const [endpoint = '', query = ''] = url.split('?');
      expect(headers.apikey).toBe(apiKey);
      expect(headers.authent).toBe(authent(apiSecret, endpoint.replace('/derivatives', ''), query));
      expect(headers).not.toHaveProperty('nonce');
    }
  });

  test('public calls carry no key', async () => {
    const { venue, seen } = await kraken(() => fixtures.instruments);
    await venue.listMarkets();
    expect(seen[0]?.url).toBe('/derivatives/api/v3/instruments');
    expect(seen[0]?.headers).not.toHaveProperty('apikey');
    expect(seen[0]?.headers).not.toHaveProperty('authent');
  });
});

describe('setting leverage', () => {
  test.each([
    ['5', 'symbol=PF_XBTUSD&maxLeverage=5'],
    ['2.5', 'symbol=PF_XBTUSD&maxLeverage=2.5'],
    ['33.33', 'symbol=PF_XBTUSD&maxLeverage=33.33'],
  ])('isolated at %s: maxLeverage is there, once', async (leverage, query) => {
    const { venue, seen } = await kraken(() => fixtures.applied);
    expect(await venue.applySetting(credentials, target, { mode: 'isolated', leverage }, inTime)).toEqual({
      kind: 'accepted',
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'PUT', url: `${preferencesPath}?${query}`, body: '' });
  });

  test('cross: maxLeverage is not there, not even empty', async () => {
    const { venue, seen } = await kraken(() => fixtures.applied);
    expect(await venue.applySetting(credentials, target, { mode: 'cross' }, inTime)).toEqual({ kind: 'accepted' });
    expect(seen[0]).toMatchObject({ method: 'PUT', url: `${preferencesPath}?symbol=PF_XBTUSD`, body: '' });
  });

  test.each([
    { result: 'success' },
    { result: 'SUCCESS', serverTime: '2022-06-28T14:48:58.711Z' },
    { serverTime: '2022-06-28T14:48:58.711Z' },
    { result: 'failure', serverTime: '2022-06-28T14:48:58.711Z' },
  ])('%j is not the documented success', async (body) => {
    const { venue } = await kraken(() => ({ body }));
    const failure = { code: 'VENUE_SILENT', venue: 'Kraken Futures', silence: 'unreadable' };
    expect(await venue.applySetting(credentials, target, five, inTime)).toEqual({ kind: 'silent', failure });
  });

  test('a success body with an error status is not a success', async () => {
    for (const status of [400, 500]) {
      const { venue } = await kraken(() => ({ ...fixtures.applied, status }));
      expect(await venue.applySetting(credentials, target, five, inTime)).toMatchObject({ kind: 'silent' });
    }
  });
});

describe('every documented error', () => {
  const strings = [
    ['accountInactive', 'account-inactive'],
    ['apiLimitExceeded', 'address-rate-limited'],
    ['authenticationError', 'key-rejected'],
    ['insufficientFunds', 'insufficient-margin'],
    ['invalidAccount', 'account-invalid'],
    ['invalidAmount', 'invalid-request'],
    ['invalidArgument', 'invalid-request'],
    ['invalidUnit', 'invalid-request'],
    ['Json Parse Error', 'invalid-request'],
    ['marketUnavailable', 'market-unavailable'],
    ['nonceBelowThreshold', 'nonce'],
    ['nonceDuplicate', 'nonce'],
    ['notFound', 'unknown-market'],
    ['requiredArgumentMissing', 'invalid-request'],
    ['insufficientPrivileges', 'key-lacks-permission'],
    ['contractNotFound', 'unknown-market'],
  ] as const;
  const codes = [
    [87, 'unknown-market'],
    [88, 'market-not-isolated-capable'],
    [41, 'would-liquidate'],
    [92, 'insufficient-margin'],
  ] as const;
  const statuses = [200, 400, 401, 403, 404, 500, 503];
  const serverTime = '2022-06-28T14:48:58.711Z';
  const refusedAs = (refusal: string, detail?: string) => ({
    kind: 'refused',
    failure: {
      code: 'VENUE_REFUSED',
      venue: 'Kraken Futures',
      refusal,
      ...(detail && { detail }),
      ...(refusal === 'market-not-isolated-capable' && { words: notMultiCollateral }),
    },
  });

  const stringRows = strings.flatMap(([error, refusal]) => statuses.map((status) => ({ error, refusal, status })));
  test.each(stringRows)('$status $error is $refusal', async ({ error, refusal, status }) => {
    for (const suffix of ['', ': symbol', ': maxLeverage', ': <@1> leverage']) {
      const { venue, seen } = await kraken(() => ({
        status,
        body: { result: 'error', serverTime, error: error + suffix },
      }));
      const isSize = error + suffix === 'invalidArgument: maxLeverage';
      const detail = suffix === ': symbol' || suffix === ': maxLeverage' ? suffix.slice(2) : undefined;
      expect(await venue.applySetting(credentials, target, five, inTime)).toEqual(
        refusedAs(isSize ? 'leverage-out-of-range' : refusal, detail),
      );
      expect(seen).toHaveLength(1);
    }
  });

  const codeRows = codes.flatMap(([code, refusal]) => statuses.map((status) => ({ code, refusal, status })));
  test.each(codeRows)('$status code $code is $refusal', async ({ code, refusal, status }) => {
    const errors = [
      [{ code, message: 'CONTRACT_DOES_NOT_EXIST' }],
      [{ code }],
      [{ code: String(code) }],
      [{ code }, 'invalidArgument'],
    ];
    for (const list of errors) {
      const { venue, seen } = await kraken(() => ({
        status,
        body: { status: 'X', result: 'error', errors: list, serverTime },
      }));
      expect(await venue.applySetting(credentials, target, five, inTime)).toEqual(refusedAs(refusal));
      expect(seen).toHaveLength(1);
    }
  });

  test.each([
    ['Server Error', 'venue-error'],
    ['unknownError', 'venue-error'],
    ['Unavailable', 'venue-unavailable'],
  ])('"%s" does not say that nothing was changed, in any of the three shapes', async (error, refusal) => {
    const shapes = [{ error }, { errors: [error] }, { error: 'notFound', errors: [error, { code: 87 }] }];
    for (const status of [200, 500]) {
      for (const shape of shapes) {
        const { venue, seen } = await kraken(() => ({ status, body: { result: 'error', serverTime, ...shape } }));
        const failure = { code: 'VENUE_SILENT', venue: 'Kraken Futures', silence: 'server-error' };
        expect(await venue.applySetting(credentials, target, five, inTime)).toEqual({ kind: 'silent', failure });
        expect(seen).toHaveLength(1);
        expect(await outcomeOf(venue.readSetting(credentials, target))).toMatchObject({ refusal });
      }
    }
  });

  test.each([
    [200, { result: 'error', error: 'newKindOfError' }],
    [200, { result: 'error', errors: ['newKindOfError'] }],
    [400, { result: 'error', errors: [{ code: 12345 }] }],
    [400, { result: 'error', errors: [{ code: 87 }, { code: 12345 }] }],
    [400, { result: 'error' }],
    [500, { result: 'error', error: 'newKindOfError' }],
    [500, { result: 'error', errors: [{ code: 12345 }] }],
    [500, { result: 'error', errors: [] }],
    [500, { status: 'INTERNAL_SERVER_ERROR' }],
    [401, { error: 'Unauthorized', message: 'a shape of the authentication service' }],
  ])('an unlisted error is silence: %s %j', async (status, body) => {
    const { venue, seen } = await kraken(() => ({ status, body }));
    expect(await venue.applySetting(credentials, target, five, inTime)).toMatchObject({ kind: 'silent' });
    expect(seen).toHaveLength(1);
  });

  test("the venue's own text goes no further", async () => {
    const { venue } = await kraken(() => ({
      body: { result: 'error', serverTime, error: 'invalidArgument: @everyone' },
    }));
    expect(JSON.stringify(await venue.applySetting(credentials, target, five, inTime))).not.toContain('everyone');
  });
});

describe('reading the settings', () => {
  test('always all preferences; what is not listed is cross', async () => {
    const { venue, seen } = await kraken(() => fixtures.preferences);
    expect(await venue.readSetting(credentials, target)).toEqual({ mode: 'isolated', leverage: '10' });
    const ada = { market: { ...bitcoin, id: 'PF_ADAUSD', symbol: 'PF_ADAUSD' } };
    expect(await venue.readSetting(credentials, ada)).toEqual({ mode: 'cross' });
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual(Array(2).fill(`GET ${preferencesPath}`));
  });

  test('isolated markets, and those that were set before', async () => {
    const { venue, seen } = await kraken(() => fixtures.preferences);
    expect(await venue.listSettings(credentials, { symbols: ['PF_XBTUSD', 'PF_ADAUSD'] })).toEqual({
      settings: [
        { symbol: 'PF_XBTUSD', setting: { mode: 'isolated', leverage: '10' } },
        { symbol: 'PF_ETHUSD', setting: { mode: 'isolated', leverage: '2.5' } },
        { symbol: 'PF_ADAUSD', setting: { mode: 'cross' } },
      ],
      unread: [],
      gaps: [],
    });
    expect(seen).toHaveLength(1);
  });

  test('an odd row about another market fails no reading, and is named in the list', async () => {
    const odd = { symbol: 'PF_ETHUSD', maxLeverage: null };
    const rows = [odd, { symbol: 'PF_XBTUSD', maxLeverage: 10 }];
    const { venue } = await kraken(() => ({ body: { result: 'success', leveragePreferences: rows } }));
    expect(await venue.readSetting(credentials, target)).toEqual({ mode: 'isolated', leverage: '10' });
    expect(await venue.listSettings(credentials, { symbols: ['PF_ETHUSD', 'PF_ADAUSD'] })).toEqual({
      settings: [
        { symbol: 'PF_XBTUSD', setting: { mode: 'isolated', leverage: '10' } },
        { symbol: 'PF_ADAUSD', setting: { mode: 'cross' } },
      ],
      unread: ['PF_ETHUSD'],
      gaps: [],
    });
  });

  test('with a row that names no market, what is not listed is not called cross', async () => {
    const rows = [{ maxLeverage: 5 }, { symbol: 'PF_XBTUSD', maxLeverage: 10 }];
    const { venue } = await kraken(() => ({ body: { result: 'success', leveragePreferences: rows } }));
    expect(await venue.listSettings(credentials, { symbols: ['PF_ADAUSD'] })).toEqual({
      settings: [{ symbol: 'PF_XBTUSD', setting: { mode: 'isolated', leverage: '10' } }],
      unread: ['PF_ADAUSD'],
      gaps: ['unnamed-rows'],
    });
    expect(await outcomeOf(venue.readSetting(credentials, target))).toMatchObject({ silence: 'unreadable' });
  });

  test.each([
    { result: 'success' },
    { result: 'success', leveragePreferences: null },
    { result: 'success', leveragePreferences: {} },
    { leveragePreferences: [] },
    { result: 'success', leveragePreferences: [{ symbol: 'PF_XBTUSD' }] },
    { result: 'success', leveragePreferences: [{ symbol: 'PF_XBTUSD', maxLeverage: '0' }] },
    { result: 'success', leveragePreferences: [{ maxLeverage: 5 }] },
  ])('%j is a failure, never "nothing is isolated"', async (body) => {
    const { venue } = await kraken(() => ({ body }));
    expect(await outcomeOf(venue.readSetting(credentials, target))).toMatchObject({ silence: 'unreadable' });
  });
});

describe('markets', () => {
  /** As long as the real one: 350 contracts with their margin levels and a schedule for every region, 2 MB. */
  function listOfRealSize() {
    const levels = (count: number) =>
      Array.from({ length: count }, (_, step) => ({
        numNonContractUnits: step * 250_000,
        initialMargin: (step + 1) / 50,
        maintenanceMargin: (step + 1) / 100,
      }));
    const regions = Array.from({ length: 7 }, (_, index) => `REGION_${index}`);
    const marginSchedules = Object.fromEntries(
      regions.map((region) => [region, { retail: levels(5), professional: levels(5) }]),
    );
    return Array.from({ length: 350 }, (_, index) => ({
      ...fixtures.instruments.body.instruments[0],
      symbol: `PF_C${index}USD`,
      base: `C${index}`,
      marginLevels: levels(6),
      marginSchedules,
    }));
  }

  test('a list of the real size is read in slices between which others have their turn (P49)', async () => {
    const body = { result: 'success', instruments: listOfRealSize() };
    expect(JSON.stringify(body).length).toBeGreaterThan(2_000_000);
    const answer = { status: 200, text: JSON.stringify(body) };
    const { count, longestMs } = await turnsWhile(() => judgeList(answer, instrumentsOf('kraken-futures')));
    expect(count).toBeGreaterThan(20);
    expect(longestMs).toBeLessThan(250);
    const { venue } = await kraken(() => ({ body }));
    expect(await venue.listMarkets()).toHaveLength(350);
  });

  test('multi-collateral contracts only, perpetuals and main coins first', async () => {
    const { venue } = await kraken(() => fixtures.instruments);
    const markets = await venue.listMarkets();
    expect(markets.map(({ symbol }) => symbol)).toEqual(['PF_XBTUSD', 'PF_ETHUSD', 'PF_ADAUSD', 'FF_XBTUSD_261225']);
    expect(markets[0]).toEqual(bitcoin);
    expect(markets[2]).toMatchObject({ bounds: { max: '33.33' }, tradeable: false, base: 'ADA', quote: 'USD' });
  });

  test.each(['btc', 'XBT', 'BTC/USD', 'pf_xbtusd', 'PF_XBTUSD'])('%s is read fresh', async (text) => {
    const { venue, seen } = await kraken(() => fixtures.instruments);
    expect(await venue.readMarket(credentials, text)).toEqual(bitcoin);
    expect(seen).toHaveLength(1);
  });

  test.each(['PI_XBTUSD', 'pi_xbtusd', 'FI_XBTUSD_261225', 'in_xbtusd'])(
    '%s is known, but has no leverage setting',
    async (text) => {
      const { venue } = await kraken(() => fixtures.instruments);
      expect(await outcomeOf(venue.readMarket(credentials, text))).toEqual({
        code: 'VENUE_REFUSED',
        venue: 'Kraken Futures',
        refusal: 'market-not-isolated-capable',
        words: notMultiCollateral,
      });
    },
  );

  test('an unknown one comes with suggestions; one that cannot be read is not unknown', async () => {
    const { venue } = await kraken(() => fixtures.instruments);
    expect(await outcomeOf(venue.readMarket(credentials, 'xbtu'))).toEqual({
      code: 'UNKNOWN_MARKET',
      venue: 'Kraken Futures',
      text: 'xbtu',
      suggestions: ['PF_XBTUSD', 'FF_XBTUSD_261225'],
    });
    expect(await outcomeOf(venue.readMarket(credentials, 'pf_oddusd'))).toMatchObject({ code: 'VENUE_SILENT' });
  });

  test('no list is a failure', async () => {
    const { venue } = await kraken(() => ({ body: { result: 'success' } }));
    expect(await outcomeOf(venue.listMarkets())).toMatchObject({ silence: 'unreadable' });
  });
});

describe('positions, orders and marks', () => {
  const positions = '/derivatives/api/v3/openpositions';
  const one = '/derivatives/api/v3/tickers/PF_XBTUSD';

  test('the position of this market, its mark price and the tier of its value', async () => {
    const { venue } = await kraken(at({ [positions]: fixtures.positions, [one]: fixtures.ticker }));
    expect(await venue.readPosition(credentials, target)).toEqual({
      symbol: 'PF_XBTUSD',
      side: 'long',
      entryPrice: '58000.5',
      markPrice: '60000.5',
      maintenanceMargin: '0.02',
    });
  });

  test('a smaller position is in the first tier', async () => {
    const [, mine] = fixtures.positions.body.openPositions;
    const body = { result: 'success', openPositions: [{ ...mine, size: 0.5 }] };
    const { venue } = await kraken(at({ [positions]: { body }, [one]: fixtures.ticker }));
    expect(await venue.readPosition(credentials, target)).toMatchObject({ maintenanceMargin: '0.01' });
  });

  test('all tickers where one alone is not served; without both a preview does without', async () => {
    const all = { '/derivatives/api/v3/tickers': fixtures.tickers, [one]: { status: 404, text: 'not found' } };
    const { venue } = await kraken(at({ ...all, [positions]: fixtures.positions }));
    expect(await venue.readPosition(credentials, target)).toMatchObject({ markPrice: '61000' });
    const none = await kraken(at({ [positions]: fixtures.positions }));
    const position = await none.venue.readPosition(credentials, target);
    expect(position).toMatchObject({ maintenanceMargin: '0.02' });
    expect(position).not.toHaveProperty('markPrice');
  });

  test('no position needs no price', async () => {
    const { venue, seen } = await kraken(at({ [positions]: { body: { result: 'success', openPositions: [] } } }));
    expect(await venue.readPosition(credentials, target)).toBeUndefined();
    expect(seen).toHaveLength(1);
  });

  test('orders of this market are counted', async () => {
    const { venue } = await kraken(() => fixtures.orders);
    expect(await venue.readOpenOrders(credentials, target)).toEqual({ count: 2 });
  });

  test.each([
    { result: 'success' },
    { result: 'success', openPositions: null, openOrders: null },
    { result: 'success', openPositions: [{ side: 'long' }], openOrders: [{ side: 'buy' }] },
  ])('%j is a failure, never "nothing open"', async (body) => {
    const { venue } = await kraken(() => ({ body }));
    expect(await outcomeOf(venue.readPosition(credentials, target))).toMatchObject({ silence: 'unreadable' });
    expect(await outcomeOf(venue.readOpenOrders(credentials, target))).toMatchObject({ silence: 'unreadable' });
  });

  test('our own position must be readable', async () => {
    const [, mine] = fixtures.positions.body.openPositions;
    for (const broken of [{ side: 'both' }, { price: null }, { size: 'big' }]) {
      const body = { result: 'success', openPositions: [{ ...mine, ...broken }] };
      const { venue } = await kraken(() => ({ body }));
      expect(await outcomeOf(venue.readPosition(credentials, target))).toMatchObject({ silence: 'unreadable' });
    }
  });
});

describe('checking a key', () => {
  const checkPath = '/api/auth/v1/api-keys/v3/check';
  const check = async (reply: Reply, preferences: Reply = fixtures.preferences) => {
    const fixture = await kraken(at({ [checkPath]: reply, [preferencesPath]: preferences }));
    return { ...fixture, outcome: await outcomeOf(fixture.venue.checkKey(credentials)) };
  };
  const permitting = (general: string, transfer: string) => ({
    body: { ...fixtures.key.body, permissions: { general, transfer } },
  });

  test.each([
    ['FULL_ACCESS', 'NO_ACCESS', { kind: 'usable', notes: [] }],
    ['FULL_ACCESS', 'FULL_ACCESS', { kind: 'refused', reason: 'can-withdraw' }],
    ['FULL_ACCESS', 'SOME_NEW_ACCESS', { kind: 'refused', reason: 'can-withdraw' }],
    ['READ_ONLY', 'FULL_ACCESS', { kind: 'refused', reason: 'can-withdraw' }],
    ['SOME_NEW_ACCESS', 'FULL_ACCESS', { kind: 'refused', reason: 'can-withdraw' }],
    ['SOME_NEW_ACCESS', 'NO_ACCESS', { kind: 'undecided' }],
    ['READ_ONLY', 'NO_ACCESS', { kind: 'refused', reason: 'read-only' }],
    ['NO_ACCESS', 'NO_ACCESS', { kind: 'refused', reason: 'no-access' }],
  ])('general %s, transfer %s', async (general, transfer, expected) => {
    const { outcome, seen } = await check(permitting(general, transfer));
    expect(outcome).toEqual(expected);
    expect(seen.map(({ url }) => url)).toEqual([checkPath]);
  });

  test('401 is a rejected key, in whatever shape', async () => {
    for (const reply of [
      fixtures.keyUnknown,
      { status: 401, text: 'Unauthorized' },
      { ...fixtures.errorString, status: 401 },
    ]) {
      expect((await check(reply)).outcome).toEqual({ kind: 'refused', reason: 'rejected' });
    }
  });

  test.each([
    { status: 404, text: 'nope' },
    { status: 500, body: { result: 'error', errors: ['Server Error'] } },
    { status: 503, text: '<html>' },
    { text: '<html>' },
    { status: 302, text: '' },
    { body: { permissions: { general: 'FULL_ACCESS', transfer: null } } },
    { body: { permissions: { general: 'FULL_ACCESS' } } },
    { body: [] },
    { body: {} },
  ])('a check that says nothing of permissions proves only that the key exists: %j', async (reply) => {
    const { outcome } = await check(reply);
    expect(outcome).toEqual({ kind: 'undecided' });
    expect((await check(reply, fixtures.errorString)).outcome).toEqual({ kind: 'refused', reason: 'rejected' });
    const privileges = { body: { result: 'error', error: 'insufficientPrivileges' } };
    expect((await check(reply, privileges)).outcome).toEqual({ kind: 'refused', reason: 'no-access' });
    expect((await check(reply, { status: 500 })).outcome).toMatchObject({ code: 'VENUE_SILENT' });
  });
});

describe('what a trader is told', () => {
  test('isolated and cross, in plain words', async () => {
    const { venue } = await kraken(() => undefined);
    expect(venue.effect(target, five)).toBeUndefined();
    expect(venue.effect(target, { mode: 'cross' })).toContain('the whole account stands behind PF_XBTUSD');
    expect(venue).toMatchObject({ id: 'kraken-futures', label: 'Kraken Futures', marketsNeedKey: false });
    const [key, secret] = venue.credentialFields;
    expect(key?.pattern.test(apiKey) && secret?.pattern.test(apiSecret)).toBe(true);
    expect([key?.masked, secret?.masked]).toEqual([false, true]);
  });
});

test('reads are tried once more after "too many", then say how long to wait (P11)', async () => {
  const tooMany = { status: 429, body: { result: 'error', error: 'apiLimitExceeded' } };
  const patient = await kraken(
    (_request, index) => (index === 0 ? { ...tooMany, headers: { 'retry-after': '0' } } : fixtures.preferences),
    {
      deadlines: { connectMs: 1_000, readMs: 5_000, writeMs: 1_000 },
    },
  );
  expect(await patient.venue.readSetting(credentials, target)).toMatchObject({ mode: 'isolated' });
  const long = await kraken(() => ({ ...tooMany, headers: { 'retry-after': '30' } }));
  const busy = await outcomeOf(long.venue.readSetting(credentials, target));
  expect(busy).toMatchObject({
    code: 'VENUE_BUSY',
    retryAfterMs: expect.toSatisfy((ms: number) => ms > 29_000 && ms <= 30_000),
  });
  expect(long.seen).toHaveLength(1);
  // The key rests: nothing is sent meanwhile, and a write says so instead of waiting past its deadline.
  expect(await long.venue.applySetting(credentials, target, five, inTime)).toMatchObject({
    kind: 'not-sent',
    failure: { code: 'VENUE_BUSY' },
  });
  expect(long.seen).toHaveLength(1);
});

test('every call that was tried is reported once, without what was in it', async () => {
  const reports: object[] = [];
  const tooMany = { status: 429, headers: { 'retry-after': '30' } };
  const { venue } = await kraken((_request, index) => (index < 2 ? fixtures.applied : tooMany), {
    onCall: (report) => reports.push(report),
  });
  await venue.applySetting(credentials, target, five, inTime);
  await outcomeOf(venue.readSetting(credentials, target));
  await outcomeOf(venue.readSetting(credentials, target));
  const call = (kind: string, result: string) => ({
    venue: 'kraken-futures',
    kind,
    result,
    durationMs: expect.any(Number),
  });
  expect(reports).toEqual([call('write', 'ok'), call('read', 'silent'), call('read', 'busy'), call('read', 'busy')]);
});

test('a key without one of its fields is a bug, not a failure to explain to a trader', async () => {
  const { venue } = await kraken(() => undefined);
  const half = credentialsOf('alice', { apiKey: 'k' });
  for (const call of [venue.readSetting(half, target), venue.applySetting(half, target, five, inTime)]) {
    await expect(call).rejects.toThrow(new TypeError('a key without its field apiSecret'));
  }
});

describeHostileReplies('Kraken Futures', {
  definition: krakenFutures,
  credentials,
  secrets: [apiKey, apiSecret],
  limitCounts: 'address',
  list: 'instruments',
  target,
  words: [
    'result',
    'success',
    'error',
    'errors',
    'code',
    'serverTime',
    'leveragePreferences',
    'symbol',
    'PF_XBTUSD',
    'maxLeverage',
    '5',
    'openPositions',
    'openOrders',
    'side',
    'long',
    'price',
    'size',
    'instruments',
    'type',
    'flexible_futures',
    'tradeable',
    'marginLevels',
    'initialMargin',
    'maintenanceMargin',
    'permissions',
    'general',
    'transfer',
    'FULL_ACCESS',
    'invalidArgument',
  ],
});

describeVenue('Kraken Futures', (deadlines) => openVenueHarness('kraken-futures', deadlines));
