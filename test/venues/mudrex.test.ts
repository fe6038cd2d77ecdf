import { afterEach, describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import type { Market } from '../../src/leverage/market.ts';
import { mudrex as definition } from '../../src/venues/mudrex.ts';
import type { VenueOptions } from '../../src/venues/venue-api.ts';
import { type FixtureVenue, inTime, openFixtureVenue, outcomeOf, type Script } from '../support/fixture-venue.ts';
import type { SeenRequest } from '../support/loopback.ts';
import { openVenueHarness } from '../support/venue-simulators.ts';
import { describeVenue } from './contract.ts';
import fixtures from './fixtures/mudrex.json' with { type: 'json' };
import { describeHostileReplies } from './hostile-replies.ts';

const secret = 'canary-mudrex-secret';
const credentials = credentialsOf('alice', { apiSecret: secret });
const bitcoin: Market = {
  venue: 'mudrex',
  id: '01903a7b-bf65-707d-a7dc-d7b84c3c756c',
  symbol: 'BTCUSDT',
  aliases: ['BTCUSDT', 'BTC', 'BTCUSD'],
  base: 'BTC',
  quote: 'USDT',
  bounds: { min: '1', max: '100', step: '0.01' },
  tradeable: true,
};
const target = { market: bitcoin };
const fifty = { mode: 'isolated', leverage: '50' } as const;

const open: FixtureVenue[] = [];
afterEach(async () => {
  for (const fixture of open.splice(0)) await fixture.close();
});

async function mudrex(script: Script, more: Partial<VenueOptions> = {}): Promise<FixtureVenue> {
  const fixture = await openFixtureVenue(definition, script, more);
  open.push(fixture);
  return fixture;
}

const path = (request: SeenRequest) => request.url.split('?')[0] ?? '';

describe('setting leverage', () => {
  test.each([
    ['USDT', undefined, '50', { margin_type: 'ISOLATED', leverage: 50 }],
    ['USDT by name', 'USDT', '50', { margin_type: 'ISOLATED', leverage: 50 }],
    ['INR', 'INR', '50', { margin_type: 'ISOLATED', leverage: 50, trade_currency: 'INR' }],
    ['a fraction', undefined, '2.5', { margin_type: 'ISOLATED', leverage: 2.5 }],
  ])('%s: the documented request, once', async (_name, currency, leverage, body) => {
    const echo = { success: true, data: { Leverage: leverage, MarginType: 'ISOLATED' } };
    const { venue, seen } = await mudrex(() => ({ body: echo }));
    const asked = { mode: 'isolated', leverage } as const;
    const result = await venue.applySetting(
      credentials,
      currency ? { market: bitcoin, currency } : target,
      asked,
      inTime,
    );
    expect(result).toEqual({ kind: 'accepted' });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'POST', url: `/futures/${bitcoin.id}/leverage` });
    expect(seen[0]?.headers).toMatchObject({ 'x-authentication': secret, 'content-type': 'application/json' });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual(body);
  });

  test.each([fixtures.setSeed, fixtures.set2026])('accepts $source', async (reply) => {
    const { venue } = await mudrex(() => reply);
    expect(await venue.applySetting(credentials, target, fifty, inTime)).toEqual({ kind: 'accepted' });
  });

  test.each([
    { Leverage: '49', MarginType: 'ISOLATED' },
    { Leverage: '50', MarginType: 'CROSS' },
    { Leverage: '0', MarginType: 'ISOLATED' },
    { Leverage: '', MarginType: 'ISOLATED' },
    { leverage: '5e1', margin_type: 'ISOLATED' },
    { Leverage: '50' },
    {},
  ])('success that does not echo what was asked is silence: %j', async (data) => {
    const { venue } = await mudrex(() => ({ body: { success: true, data } }));
    const failure = { code: 'VENUE_SILENT', venue: 'Mudrex', silence: 'unreadable' };
    expect(await venue.applySetting(credentials, target, fifty, inTime)).toEqual({ kind: 'silent', failure });
  });

  test('there is no cross margin and no other currency: nothing is sent', async () => {
    const { venue, seen } = await mudrex(() => undefined);
    expect(await venue.applySetting(credentials, target, { mode: 'cross' }, inTime)).toEqual({
      kind: 'not-sent',
      failure: { code: 'NO_CROSS', venue: 'Mudrex' },
    });
    expect(await venue.applySetting(credentials, { market: bitcoin, currency: 'EUR' }, fifty, inTime)).toEqual({
      kind: 'not-sent',
      failure: { code: 'CURRENCY_UNSUPPORTED', venue: 'Mudrex', currencies: ['USDT', 'INR'] },
    });
    expect(seen).toHaveLength(0);
  });
});

describe('every documented error', () => {
  const texts = [
    ['leverage out of permissible range', 'leverage-out-of-range'],
    ['Leverage out of permissible range', 'leverage-out-of-range'],
    ['invalid asset id', 'unknown-market'],
    ['Asset not found', 'unknown-market'],
    ['leverage not found', 'invalid-request'],
    ['Params error', 'invalid-request'],
    ['Invalid trade currency', 'invalid-currency'],
    ['insufficient balance', 'insufficient-margin'],
    ['Insufficient funds', 'insufficient-margin'],
    ['Invalid Authentication', 'key-rejected'],
    ['Rate limit exceeded', 'rate-limited'],
  ] as const;
  const statuses = [200, 400, 401, 403, 404, 409, 422, 500, 503];
  const table = texts.flatMap(([text, refusal]) => statuses.map((status) => ({ text, refusal, status })));

  test.each(table)('$status "$text" is $refusal', async ({ text, refusal, status }) => {
    const failure = { code: 'VENUE_REFUSED', venue: 'Mudrex', refusal };
    const body = { success: false, errors: [{ code: status, text }] };
    const { venue, seen } = await mudrex(() => ({ status, body }));
    expect(await venue.applySetting(credentials, target, fifty, inTime)).toEqual({ kind: 'refused', failure });
    expect(seen).toHaveLength(1);
  });

  test.each([
    [403, 'IP not allowed', 'key-forbidden'],
    [404, 'whatever', 'unknown-market'],
    [409, 'order in progress', 'conflict'],
    [429, 'slow down', 'rate-limited'],
  ])('an unknown text counts by its documented status: %s %j is %s', async (status, text, refusal) => {
    const { venue } = await mudrex(() => ({ status, body: { success: false, errors: [{ code: status, text }] } }));
    const result = await venue.applySetting(credentials, target, fifty, inTime);
    expect(result).toEqual({ kind: 'refused', failure: { code: 'VENUE_REFUSED', venue: 'Mudrex', refusal } });
  });

  test.each([
    [400, 'the regenerated rate limit exceeded the limit'],
    [400, 'order generated'],
    [400, 'something went wrong'],
    [401, 'token expired'],
    [408, 'request timeout'],
    [418, ''],
    [499, 'client closed request'],
  ])('any other unknown text is silence: %s %j', async (status, text) => {
    const { venue, seen } = await mudrex(() => ({
      status,
      body: { success: false, errors: [{ code: status, text }] },
    }));
    const failure = { code: 'VENUE_SILENT', venue: 'Mudrex', silence: 'unreadable' };
    expect(await venue.applySetting(credentials, target, fifty, inTime)).toEqual({ kind: 'silent', failure });
    expect(seen).toHaveLength(1);
  });

  test('code 3100 alone is a rejected key', async () => {
    const { venue } = await mudrex(() => ({
      status: 400,
      body: { success: false, errors: [{ code: 3100, text: 'x' }] },
    }));
    expect(await outcomeOf(venue.readSetting(credentials, target))).toMatchObject({ refusal: 'key-rejected' });
  });

  test.each([500, 502, 503])('%s "something went wrong" does not say that nothing was changed', async (status) => {
    const body = { success: false, errors: [{ code: status, text: 'something went wrong' }] };
    const { venue, seen } = await mudrex(() => ({ status, body }));
    const failure = { code: 'VENUE_SILENT', venue: 'Mudrex', silence: 'server-error' };
    expect(await venue.applySetting(credentials, target, fifty, inTime)).toEqual({ kind: 'silent', failure });
    expect(seen).toHaveLength(1);
  });

  test("the venue's own text goes no further", async () => {
    const text = '@everyone <https://example.invalid> leverage out of permissible range';
    const { venue } = await mudrex(() => ({ status: 400, body: { success: false, errors: [{ code: 400, text }] } }));
    expect(JSON.stringify(await venue.applySetting(credentials, target, fifty, inTime))).not.toContain('everyone');
  });
});

describe('reading the setting', () => {
  test.each([
    [
      { Leverage: '50', MarginType: 'ISOLATED' },
      { mode: 'isolated', leverage: '50' },
    ],
    [
      { leverage: '5.00', margin_type: 'isolated', collateral_currency_id: 1 },
      { mode: 'isolated', leverage: '5' },
    ],
    [
      { leverage: 2.5, margin_type: 'ISOLATED' },
      { mode: 'isolated', leverage: '2.5' },
    ],
  ])('%j', async (data, setting) => {
    const { venue, seen } = await mudrex(() => ({ body: { success: true, data } }));
    expect(await venue.readSetting(credentials, target)).toEqual(setting);
    expect(seen[0]).toMatchObject({ method: 'GET', url: `/futures/${bitcoin.id}/leverage`, body: '' });
    expect(seen[0]?.headers).not.toHaveProperty('content-type');
  });

  test.each([400, 404])('"leverage not found" with %i is not set, which is not 1x', async (status) => {
    const { venue } = await mudrex(() => ({ ...fixtures.leverageNotFound, status }));
    expect(await venue.readSetting(credentials, target)).toEqual({ mode: 'unset' });
  });

  /** The seed documents a bad asset id as a 400 without a body. */
  const bare = { status: 400 };

  test('a bare 400 about an asset that the venue does not have is "this market does not exist"', async () => {
    for (const lookup of [fixtures.assetNotFound, bare]) {
      const { venue } = await mudrex(({ url }) => (url.includes('/leverage') ? bare : lookup));
      const failure = { code: 'VENUE_REFUSED', venue: 'Mudrex', refusal: 'unknown-market' };
      expect(await outcomeOf(venue.readSetting(credentials, target))).toEqual(failure);
      expect(await venue.applySetting(credentials, target, fifty, inTime)).toEqual({ kind: 'refused', failure });
    }
  });

  test('a bare 400 about an asset that is there, or that cannot be looked up, says nothing', async () => {
    for (const lookup of [fixtures.market, { status: 502, text: '<html>' }, fixtures.invalidAuthentication]) {
      const { venue, seen } = await mudrex(({ url }) => (url.includes('/leverage') ? bare : lookup));
      const failure = { code: 'VENUE_SILENT', venue: 'Mudrex', silence: 'unreadable' };
      expect(await outcomeOf(venue.readSetting(credentials, target))).toEqual(failure);
      expect(await venue.applySetting(credentials, target, fifty, inTime)).toEqual({ kind: 'silent', failure });
      expect(seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
    }
  });

  test('a bare 400 that came late is not looked up: a write with its read-back stays under eight seconds', async () => {
    let passed = 0;
    const script: Script = ({ method }) => {
      if (method !== 'POST') return fixtures.assetNotFound;
      passed += 1_001;
      return bare;
    };
    const { venue, seen } = await mudrex(script, { elapsed: () => passed });
    expect(await venue.applySetting(credentials, target, fifty, inTime)).toMatchObject({ kind: 'silent' });
    expect(seen).toHaveLength(1);
  });

  test('other silent writes are not looked up: only a bare 400 is documented', async () => {
    for (const reply of [{ status: 400, body: {} }, { status: 404 }, {}]) {
      const { venue, seen } = await mudrex(({ method }) => (method === 'POST' ? reply : fixtures.assetNotFound));
      expect(await venue.applySetting(credentials, target, fifty, inTime)).toMatchObject({ kind: 'silent' });
      expect(seen).toHaveLength(1);
    }
  });

  test('any other 404 is a failure', async () => {
    const known = await mudrex(() => fixtures.assetNotFound);
    expect(await outcomeOf(known.venue.readSetting(credentials, target))).toMatchObject({ refusal: 'unknown-market' });
    const gateway = await mudrex(() => fixtures.gatewayNotFound);
    expect(await outcomeOf(gateway.venue.readSetting(credentials, target))).toMatchObject({ code: 'VENUE_SILENT' });
  });

  test('the currency goes into the query', async () => {
    const { venue, seen } = await mudrex(() => fixtures.setSeed);
    await venue.readSetting(credentials, { market: bitcoin, currency: 'INR' });
    expect(seen[0]?.url).toBe(`/futures/${bitcoin.id}/leverage?trade_currency=INR`);
  });

  test('a market that was named by its symbol is addressed by its symbol', async () => {
    const { venue, seen } = await mudrex(() => fixtures.setSeed);
    const named = { market: { ...bitcoin, namedBy: 'symbol' }, currency: 'INR' } as const;
    await venue.readSetting(credentials, named);
    await venue.applySetting(credentials, named, fifty, inTime);
    expect(seen.map(({ url }) => url)).toEqual([
      '/futures/BTCUSDT/leverage?is_symbol&trade_currency=INR',
      '/futures/BTCUSDT/leverage?is_symbol',
    ]);
  });

  test('what was set before, and where a position or an order is open, is listed by symbol and once each', async () => {
    const orders = { body: { success: true, data: [{ id: 'o', symbol: 'ADAUSDT', status: 'CREATED' }] } };
    const { venue, seen } = await mudrex((request) => {
      if (path(request) === '/futures/positions') return fixtures.positions;
      if (path(request) === '/futures/orders') return orders;
      return request.url.includes('ETH') ? fixtures.leverageNotFound : fixtures.setSeed;
    });
    const list = await venue.listSettings(credentials, { symbols: ['BTCUSDT', 'SOLUSDT'] });
    expect(list).toEqual({
      settings: [
        { symbol: 'ETHUSDT', setting: { mode: 'unset' } },
        { symbol: 'BTCUSDT', setting: fifty },
        { symbol: 'ADAUSDT', setting: fifty },
        { symbol: 'SOLUSDT', setting: fifty },
      ],
      unread: [],
      gaps: ['set-elsewhere'],
    });
    expect(seen.map(({ url }) => url)).toContain('/futures/ETHUSDT/leverage?is_symbol');
  });

  test('a list says which markets could not be read, and fails only when nothing could', async () => {
    const broken = { status: 502, text: '<html>' };
    const failing = (...parts: readonly string[]): Script => {
      return (request) => {
        if (parts.some((part) => request.url.includes(part))) return broken;
        return request.url.includes('/leverage') ? fixtures.setSeed : fixtures.nothing;
      };
    };
    const listed = async (script: Script) => {
      const { venue } = await mudrex(script);
      return outcomeOf(venue.listSettings(credentials, { symbols: ['BTCUSDT', 'SOLUSDT'] }));
    };
    const bitcoinOnly = [{ symbol: 'BTCUSDT', setting: fifty }];
    expect(await listed(failing('SOLUSDT'))).toEqual({
      settings: bitcoinOnly,
      unread: ['SOLUSDT'],
      gaps: ['set-elsewhere'],
    });
    expect(await listed(failing('SOLUSDT', '/positions', '/orders'))).toEqual({
      settings: bitcoinOnly,
      unread: ['SOLUSDT'],
      gaps: ['set-elsewhere', 'positions', 'orders'],
    });
    expect(await listed(failing('/'))).toMatchObject({ code: 'VENUE_SILENT', silence: 'server-error' });
  });

  test('an open row without a market is noticed, and one with an id alone is looked up', async () => {
    const data = [{ asset_uuid: bitcoin.id, order_type: 'LONG' }, { order_type: 'LONG' }];
    const { venue } = await mudrex((request) => {
      if (path(request) === '/futures/positions') return { body: { success: true, data } };
      if (path(request) === '/futures') return { body: { success: true, data: [fixtures.market.body.data] } };
      return request.url.includes('/leverage') ? fixtures.setSeed : fixtures.nothing;
    });
    await venue.listMarkets(credentials);
    expect(await venue.listSettings(credentials, { symbols: [] })).toEqual({
      settings: [{ symbol: 'BTCUSDT', setting: fifty }],
      unread: [],
      gaps: ['set-elsewhere', 'unnamed-rows'],
    });
  });
});

describe('markets', () => {
  const row = (index: number) => ({
    ...fixtures.market.body.data,
    id: `0199f000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    symbol: `C${index}USDT`,
  });

  /** `cap` is the longest page that the server gives, whatever it is asked for. */
  const pages = (count: number, cap: number): Script => {
    const all = [...Array.from({ length: count }, (_, index) => row(index)), fixtures.market.body.data];
    return ({ url }) => {
      const query = new URLSearchParams(url.split('?')[1]);
      const offset = Number(query.get('offset'));
      return { body: { success: true, data: all.slice(offset, offset + Math.min(cap, Number(query.get('limit')))) } };
    };
  };

  test.each([
    [30, 100],
    [99, 100],
    [45, 10],
    [44, 20],
    [250, 100],
  ])('%i and one contracts in pages of up to %i are all read, bitcoin first', async (count, cap) => {
    const { venue } = await mudrex(pages(count, cap));
    const markets = await venue.listMarkets(credentials);
    expect(markets).toHaveLength(count + 1);
    expect(markets[0]).toEqual({ ...bitcoin, aliases: ['BTCUSDT', 'BTC', 'XBTUSDT', 'XBT', 'BTCUSD', 'XBTUSD'] });
  });

  test('a server that ignores the offset ends the reading', async () => {
    const { venue, seen } = await mudrex(() => ({ body: { success: true, data: [row(1), row(2)] } }));
    expect(await venue.listMarkets(credentials)).toHaveLength(2);
    expect(seen.length).toBeLessThan(4);
  });

  test('one broken row hides itself; nothing but broken rows is a failure', async () => {
    const broken = { ...row(1), max_leverage: 'lots' };
    const { venue } = await mudrex(() => ({ body: { success: true, data: [broken, row(2)] } }));
    expect(await venue.listMarkets(credentials)).toHaveLength(1);
    const other = await mudrex(() => ({ body: { success: true, data: [broken] } }));
    expect(await outcomeOf(other.venue.listMarkets(credentials))).toMatchObject({ silence: 'unreadable' });
  });

  test.each(['BTCUSDT', 'btcusdt', 'btc', 'BTC/USDT', 'BTC/USD', 'btc-usd', 'xbt', 'XBT/USD'])(
    '%s is read fresh by its symbol',
    async (text) => {
      const { venue, seen } = await mudrex(() => fixtures.market);
      expect(await venue.readMarket(credentials, text)).toMatchObject({ ...bitcoin, aliases: expect.anything() });
      expect(seen.map(({ url }) => url)).toEqual(['/futures/BTCUSDT?is_symbol']);
    },
  );

  test('an asset id is read without is_symbol, which would count by its mere presence', async () => {
    const { venue, seen } = await mudrex(() => fixtures.market);
    await venue.readMarket(credentials, bitcoin.id.toUpperCase());
    expect(seen.map(({ url }) => url)).toEqual([`/futures/${bitcoin.id}`]);
  });

  test('an unknown one comes with suggestions', async () => {
    const list = pages(0, 100);
    const script: Script = (request, index) =>
      path(request) === '/futures' ? list(request, index) : fixtures.assetNotFound;
    const { venue } = await mudrex(script);
    for (const text of ['btcx', '', '///', '../wallet/funds', 'x'.repeat(500)]) {
      const outcome = await outcomeOf(venue.readMarket(credentials, text));
      expect(outcome).toMatchObject({ code: 'UNKNOWN_MARKET', venue: 'Mudrex' });
    }
    expect(await outcomeOf(venue.readMarket(credentials, 'bt'))).toMatchObject({ suggestions: ['BTCUSDT'] });
  });

  test('typed text never leaves the path of one asset', async () => {
    const { venue, seen } = await mudrex(() => fixtures.assetNotFound);
    for (const text of ['../wallet', 'a/b?c=d', '%2e%2e', 'btc#x', 'btc is_symbol']) {
      await outcomeOf(venue.readMarket(credentials, text));
    }
    for (const { url } of seen) expect(url).toMatch(/^\/futures(\?limit=100&offset=0|\/[0-9A-Z]+USDT\?is_symbol)$/);
  });
});

describe('positions, orders and marks', () => {
  const script: Script = (request) => {
    if (path(request) === '/futures/positions') return fixtures.positions;
    return path(request) === '/price/mark-kline' ? fixtures.klines : undefined;
  };

  test('the position of this market, with the mark price and the liquidation price', async () => {
    const { venue, seen } = await mudrex(script, { now: () => 1_782_984_700_000 });
    expect(await venue.readPosition(credentials, target)).toEqual({
      symbol: 'BTCUSDT',
      side: 'long',
      entryPrice: '58000.25',
      markPrice: '60693.3',
      liquidationPrice: '46690.1',
    });
    const mark = seen[1];
    expect(mark?.url).toBe(
      '/price/mark-kline?assets=BTC/USDT&aggregation=1m&start_time=1782984580&end_time=1782984700',
    );
    expect(mark?.headers).not.toHaveProperty('x-authentication');
  });

  test("without a mark price the contract's last price, else none", async () => {
    const last = await mudrex((request, index) => {
      if (path(request) === `/futures/${bitcoin.id}`) return fixtures.market;
      return path(request).startsWith('/price')
        ? { body: { success: true, data: { asset_ticks: {} } } }
        : script(request, index);
    });
    expect(await last.venue.readPosition(credentials, target)).toMatchObject({ markPrice: '60000.5' });
    const none = await mudrex((request) => (path(request) === '/futures/positions' ? fixtures.positions : undefined));
    expect(await none.venue.readPosition(credentials, target)).not.toHaveProperty('markPrice');
  });

  test('null is no position and no order; a missing list is a failure', async () => {
    const empty = await mudrex(() => fixtures.nothing);
    expect(await empty.venue.readPosition(credentials, target)).toBeUndefined();
    expect(await empty.venue.readOpenOrders(credentials, target)).toEqual({ count: 0 });
    const missing = await mudrex(() => ({ body: { success: true } }));
    expect(await outcomeOf(missing.venue.readPosition(credentials, target))).toMatchObject({ silence: 'unreadable' });
    expect(await outcomeOf(missing.venue.readOpenOrders(credentials, target))).toMatchObject({ silence: 'unreadable' });
  });

  test('our own row must be readable', async () => {
    const [, mine] = fixtures.positions.body.data;
    for (const broken of [{ ...mine, order_type: 'BOTH' }, { ...mine, entry_price: 'high' }, { quantity: '1' }, 7]) {
      const { venue } = await mudrex(() => ({ body: { success: true, data: [broken] } }));
      expect(await outcomeOf(venue.readPosition(credentials, target))).toMatchObject({ silence: 'unreadable' });
    }
  });

  test('a position in the other currency or a closed one is not this one', async () => {
    const [, mine] = fixtures.positions.body.data;
    const { venue, seen } = await mudrex(() => ({
      body: { success: true, data: [{ ...mine, status: 'CLOSED' }, mine] },
    }));
    expect(await venue.readPosition(credentials, { market: bitcoin, currency: 'INR' })).toBeUndefined();
    expect(seen[0]?.url).toBe('/futures/positions?trade_currency=INR');
  });

  test('only open orders of this market are counted', async () => {
    const order = (id: string, symbol: string, status: string) => ({
      id,
      symbol,
      status,
      order_type: 'LONG',
      leverage: 5,
    });
    const data = [
      order('1', 'BTCUSDT', 'CREATED'),
      order('2', 'BTCUSDT', 'PARTIALLY_FILLED'),
      order('3', 'BTCUSDT', 'CANCELLED'),
      order('4', 'ETHUSDT', 'CREATED'),
    ];
    const { venue } = await mudrex(({ url }) => ({
      body: { success: true, data: url.includes('offset=0') ? data : null },
    }));
    expect(await venue.readOpenOrders(credentials, target)).toEqual({ count: 2 });
  });
});

describe('checking a key', () => {
  const check = async (reply: object) => {
    const { venue, seen } = await mudrex(() => reply);
    const outcome = await outcomeOf(venue.checkKey(credentials));
    expect(seen.map(({ url }) => url)).toEqual(['/futures/funds']);
    return outcome;
  };

  test('the documented success is a usable key', async () => {
    const notes = [
      expect.stringContaining('no limits that you can set'),
      expect.stringContaining('end after some months'),
    ];
    expect(await check(fixtures.funds)).toEqual({ kind: 'usable', notes });
  });

  test.each([
    { success: true },
    { success: true, data: null },
    { success: true, data: {} },
    { success: true, data: 'OK' },
    { success: true, data: { balance: 'lots', locked_amount: '0' } },
    { success: 'true', data: { balance: '1', locked_amount: '0' } },
    { ok: true },
  ])('%j is no success, and says nothing about the key', async (body) => {
    expect(await check({ body })).toMatchObject({ code: 'VENUE_SILENT' });
  });

  test('a refusal is a refused key, without advice about permissions that Mudrex does not have', async () => {
    const forbidden = { status: 403, body: { success: false, errors: [{ code: 403, text: 'forbidden' }] } };
    for (const reply of [fixtures.invalidAuthentication, forbidden]) {
      expect(await check(reply)).toEqual({ kind: 'refused', reason: 'rejected' });
    }
  });

  test('a venue that cannot be read says nothing about the key', async () => {
    for (const status of [500, 401, 403]) expect(await check({ status })).toMatchObject({ code: 'VENUE_SILENT' });
  });
});

test('what a trader is told', async () => {
  const { venue } = await mudrex(() => undefined);
  expect(venue.effect(target, fifty)).toMatch(/^Applies to new orders on BTCUSDT \(USDT margin\)\./);
  expect(venue.effect({ market: bitcoin, currency: 'INR' }, fifty)).toContain('(INR margin)');
  expect(venue).toMatchObject({
    id: 'mudrex',
    label: 'Mudrex',
    modes: ['isolated'],
    marketsNeedKey: true,
    openPositions: 'unchanged',
  });
  expect(venue.credentialFields.every(({ pattern }) => pattern.test(secret) && !pattern.test('a b'))).toBe(true);
});

describeHostileReplies('Mudrex', {
  definition,
  credentials,
  secrets: [secret],
  limitCounts: 'key',
  list: 'data',
  target,
  words: [
    'success',
    'data',
    'errors',
    'code',
    'text',
    'Leverage',
    'MarginType',
    'leverage',
    'margin_type',
    'ISOLATED',
    '5',
    'symbol',
    'BTCUSDT',
    'asset_uuid',
    bitcoin.id,
    'order_type',
    'LONG',
    'entry_price',
    'id',
    'min_leverage',
    'max_leverage',
  ],
});

describeVenue('Mudrex', (deadlines) => openVenueHarness('mudrex', deadlines));
