import fc from 'fast-check';
import Fastify from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createKrakenUnifiedSimulator, type UnifiedSimulatorOptions } from '../../simulators/venues/kraken-unified.ts';
import { unifiedDemoAccounts, unifiedKey } from '../../simulators/venues/kraken-unified-demo.ts';
import { credentialsOf } from '../../src/account.ts';
import type { LeverageSetting } from '../../src/leverage/setting.ts';
import { createHttp } from '../../src/venues/http.ts';
import { kraken } from '../../src/venues/kraken.ts';
import type { VenueOptions } from '../../src/venues/venue-api.ts';
import { inTime, outcomeOf, patientDeadlines } from '../support/fixture-venue.ts';
import { openLoopback } from '../support/loopback.ts';
import { openSocketServer } from '../support/socket-server.ts';
import { turnsWhile } from '../support/turns.ts';
import { openVenueHarness } from '../support/venue-simulators.ts';
import { describeVenue } from './contract.ts';
import fixtures from './fixtures/kraken.json' with { type: 'json' };
import restFixtures from './fixtures/kraken-rest.json' with { type: 'json' };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const keyOf = (name: string) => credentialsOf(name, unifiedKey(name));
const [alice, stranger] = [keyOf('alice'), keyOf('stranger')];
const five = { mode: 'isolated', leverage: '5' } as const;
const unknown = { mode: 'unknown' };

const { apiKey: key = '', apiSecret: secret = '' } = unifiedKey('alice');
/** Alice with nothing but a key. */
const plain = { id: 'alice', keys: [{ key, secret }] };
const demo = unifiedDemoAccounts({ alice: 'alice', bob: 'bob', carol: 'carol' });

/** Kraken, simulated, and the venue that talks to it. */
async function open(simulated: Partial<UnifiedSimulatorOptions> = {}, more: Partial<VenueOptions> = {}) {
  const simulator = createKrakenUnifiedSimulator({ now: Date.now, accounts: [plain], ...simulated });
  const app = Fastify({ forceCloseConnections: true });
  await app.register(simulator.plugin, { prefix: '/kraken-api' });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const http = createHttp({ connectMs: patientDeadlines.connectMs });
  const venue = kraken.create({
    ...{ http, now: Date.now, elapsed: () => performance.now(), deadlines: patientDeadlines },
    url: { rest: `${origin}/kraken-api`, socket: `${origin.replace('http', 'ws')}/kraken-uws` },
    ...more,
  });
  closing.push(
    () => app.close(),
    () => http.close(),
    async () => venue.close?.(),
  );
  const target = { market: await venue.readMarket(alice, 'PF_XBTUSD') };
  return { simulator, venue, target };
}

test.each(['5', '2.5', '1', '33.33'])('sets %sx isolated, once, and Kraken does not show it', async (leverage) => {
  const { simulator, venue, target } = await open();
  const setting: LeverageSetting = { mode: 'isolated', leverage };
  expect(await venue.applySetting(alice, target, setting, inTime)).toEqual({ kind: 'accepted' });
  expect(simulator.writes).toMatchObject([{ account: 'alice', market: 'PF_XBTUSD', mode: 'isolated', leverage }]);
  expect(await venue.readSetting(alice, target)).toEqual(unknown);
});

test('sets cross, which is an explicit null', async () => {
  const { simulator, venue, target } = await open();
  expect(await venue.applySetting(alice, target, { mode: 'cross' }, inTime)).toEqual({ kind: 'accepted' });
  expect(simulator.writes).toMatchObject([{ account: 'alice', market: 'PF_XBTUSD', mode: 'cross' }]);
});

test('a key that Kraken does not know is rejected', async () => {
  const { venue, target } = await open();
  expect(await venue.checkKey(stranger)).toEqual({ kind: 'refused', reason: 'rejected' });
  expect(await venue.applySetting(stranger, target, five, inTime)).toMatchObject({ kind: 'not-sent' });
});

describe('a key', () => {
  test.each([
    ['alice', { kind: 'usable', notes: [expect.stringContaining('every IP address')] }],
    ['aliceReadOnly', { kind: 'refused', reason: 'read-only' }],
    ['aliceMayWithdraw', { kind: 'refused', reason: 'can-withdraw' }],
    ['aliceNoSocket', { kind: 'refused', reason: 'no-access' }],
    ['aliceTwoFactor', { kind: 'refused', reason: 'second-factor' }],
    ['aliceExpired', { kind: 'refused', reason: 'rejected' }],
    ['aliceUnknownRight', { kind: 'refused', reason: 'unknown-right' }],
  ])('of %s', async (name, expected) => {
    const { venue } = await open({ accounts: demo });
    expect(await venue.checkKey(keyOf(name))).toEqual(expected);
  });
});

const cross = { mode: 'cross' } as const;
const accepted = { kind: 'accepted' };

describe('a setting', () => {
  test('that preferences show is known, also when it was made elsewhere', async () => {
    const { simulator, venue, target } = await open({ switches: { preferencesTellLeverage: true } });
    expect(await venue.readSetting(alice, target)).toEqual(unknown);
    simulator.set('alice', 'PF_XBTUSD', '7');
    await expect.poll(() => venue.readSetting(alice, target)).toEqual({ mode: 'isolated', leverage: '7' });
    expect(await venue.applySetting(alice, target, cross, inTime)).toEqual(accepted);
    await expect.poll(() => venue.readSetting(alice, target)).toEqual(cross);
  });

  test('that an open position shows is known before and after a change', async () => {
    const switches = { positionsTellLeverage: true };
    const { simulator, venue, target } = await open({ switches });
    simulator.set('alice', 'PF_XBTUSD', '3');
    simulator.openPosition('alice', 'PF_XBTUSD');
    expect(await venue.readSetting(alice, target)).toEqual({ mode: 'isolated', leverage: '3' });
    expect(await venue.applySetting(alice, target, five, inTime)).toEqual(accepted);
    await expect.poll(() => venue.readSetting(alice, target)).toEqual(five);
  });

  test('that a position has shown is not known any more once another one has taken its place', async () => {
    const { simulator, venue, target } = await open({ switches: { positionsTellLeverage: true } });
    simulator.set('alice', 'PF_XBTUSD', '3');
    simulator.openPosition('alice', 'PF_XBTUSD');
    expect(await venue.readSetting(alice, target)).toEqual({ mode: 'isolated', leverage: '3' });
    simulator.openPosition('alice', 'PF_ETHUSD');
    simulator.set('alice', 'PF_XBTUSD', '9');
    await expect.poll(() => venue.readSetting(alice, target)).toEqual(unknown);
  });

  test('that is cross from now on is not the leverage that a position has shown before', async () => {
    const { simulator, venue, target } = await open({ switches: { positionsTellLeverage: true } });
    simulator.set('alice', 'PF_XBTUSD', '3');
    simulator.openPosition('alice', 'PF_XBTUSD');
    expect(await venue.readSetting(alice, target)).toEqual({ mode: 'isolated', leverage: '3' });
    simulator.set('alice', 'PF_XBTUSD', undefined);
    await expect.poll(() => venue.readSetting(alice, target)).toEqual(unknown);
  });

  test('that the answer repeats is known', async () => {
    const { venue, target } = await open({ switches: { echo: 'equal' } });
    expect(await venue.applySetting(alice, target, five, inTime)).toEqual(accepted);
    expect(await venue.readSetting(alice, target)).toEqual(five);
  });

  test('that the answer repeats otherwise than it was asked for is not believed', async () => {
    const { simulator, venue, target } = await open({ switches: { echo: 'unequal' } });
    const failure = { code: 'VENUE_SILENT', venue: 'Kraken', silence: 'unreadable' };
    expect(await venue.applySetting(alice, target, five, inTime)).toEqual({ kind: 'silent', failure });
    expect(simulator.writes).toHaveLength(1);
  });

  test('is never guessed, not even for a market that was never set', async () => {
    const { simulator, venue, target } = await open();
    expect(await venue.readSetting(alice, target)).toEqual(unknown);
    simulator.set('alice', 'PF_XBTUSD', '7');
    simulator.openPosition('alice', 'PF_XBTUSD');
    expect(await venue.readSetting(alice, target)).toEqual(unknown);
  });
});

describe('a preview and its change', () => {
  test('take one private connection and one token', async () => {
    const { simulator, venue, target } = await open();
    await Promise.all([
      venue.readSetting(alice, target),
      venue.readPosition(alice, target),
      venue.readOpenOrders(alice, target),
      venue.readWarnings?.(alice, target),
    ]);
    expect(await venue.applySetting(alice, target, five, inTime)).toEqual(accepted);
    await venue.readSetting(alice, target);
    // The other one is for public data.
    expect(simulator.connectAttempts()).toBe(2);
    expect(simulator.requests.filter(({ url }) => url.includes('GetWebSocketsToken'))).toHaveLength(1);
  });

  test('work where preferences are not available yet, as soon as they are', async () => {
    const { simulator, venue, target } = await open({ switches: { preferencesNotYet: 2 } });
    expect(await venue.applySetting(alice, target, five, inTime)).toEqual(accepted);
    expect(simulator.connectAttempts()).toBe(2);
  });

  test('are told that Kraken is not there yet where they never are, and nothing was sent', async () => {
    const { simulator, venue, target } = await open({ switches: { preferencesNotYet: 99 } });
    const failure = { code: 'VENUE_REFUSED', venue: 'Kraken', refusal: 'venue-unavailable' };
    expect(await outcomeOf(venue.readSetting(alice, target))).toEqual(failure);
    expect(await venue.applySetting(alice, target, five, inTime)).toEqual({ kind: 'not-sent', failure });
    expect(simulator.writes).toEqual([]);
  });

  test('read with a fresh token where the first one has become stale', async () => {
    const { simulator, venue, target } = await open();
    await venue.readSetting(alice, target);
    simulator.revokeTokens('alice');
    expect(await venue.readOpenOrders(alice, target)).toEqual({ count: 0 });
    expect(await venue.applySetting(alice, target, five, inTime)).toEqual(accepted);
  });

  test('end with a key of their owner that is gone, and of nobody else', async () => {
    const { simulator, venue, target } = await open({ accounts: demo });
    const bob = keyOf('bob');
    await Promise.all([venue.readSetting(alice, target), venue.readSetting(bob, target)]);
    expect(simulator.openConnections()).toBe(3);
    venue.forget?.('alice');
    await expect.poll(simulator.openConnections).toBe(2);
    await venue.readSetting(bob, target);
    expect(simulator.connectAttempts()).toBe(3);
  });

  test('end with the venue: none of its connections stays open', async () => {
    const { simulator, venue, target } = await open();
    await venue.readSetting(alice, target);
    expect(simulator.openConnections()).toBe(2);
    await venue.close?.();
    await expect.poll(simulator.openConnections).toBe(0);
  });
});

describe('open positions and orders', () => {
  test('are counted as they come and go', async () => {
    const { simulator, venue, target } = await open();
    expect(await venue.readPosition(alice, target)).toBeUndefined();
    expect(await venue.readOpenOrders(alice, target)).toEqual({ count: 0 });
    simulator.openPosition('alice', 'PF_XBTUSD');
    simulator.openOrder('alice', 'PF_XBTUSD');
    await expect.poll(() => venue.readPosition(alice, target)).toMatchObject({ side: 'long', entryPrice: '58000' });
    await expect.poll(() => venue.readOpenOrders(alice, target)).toEqual({ count: 1 });
  });

  test('that are too many for one message are asked for without their margin', async () => {
    const { simulator, venue, target } = await open({ switches: { snapshotsTooLarge: 1 } });
    simulator.openPosition('alice', 'PF_XBTUSD');
    expect(await venue.readPosition(alice, target)).toMatchObject({ side: 'long', markPrice: '60000' });
  });

  test('that a key may not see are a refusal with advice, never "none"', async () => {
    const keys = [{ key, secret, permissions: ['create-ws-token', 'modify-trades'] }];
    const { venue, target } = await open({ accounts: [{ id: 'alice', keys }] });
    const failure = {
      code: 'VENUE_REFUSED',
      refusal: 'key-lacks-permission',
      words: { next: expect.stringMatching(/Query open/) },
    };
    expect(await outcomeOf(venue.readPosition(alice, target))).toMatchObject(failure);
    expect(await outcomeOf(venue.readOpenOrders(alice, target))).toMatchObject(failure);
    expect(await venue.readSetting(alice, target)).toEqual(unknown);
    expect(await venue.listSettings(alice, { symbols: ['PF_XBTUSD'] })).toMatchObject({
      settings: [{ symbol: 'PF_XBTUSD', setting: unknown }],
      gaps: expect.arrayContaining(['positions', 'orders']),
    });
  });
});

describe('warnings', () => {
  test('are none where nothing stands in the way', async () => {
    const { venue, target } = await open();
    expect(await venue.readWarnings?.(alice, target)).toEqual([]);
  });

  test('tell what the account may not do', async () => {
    const { simulator, venue, target } = await open();
    simulator.setFutures('alice', 'reduce_only');
    expect(await venue.readWarnings?.(alice, target)).toMatchObject([{ kind: 'reduce-only' }]);
    simulator.setFutures('alice', 'disabled');
    await expect.poll(() => venue.readWarnings?.(alice, target)).toMatchObject([{ kind: 'futures-disabled' }]);
  });

  test.each([true, false])(
    'tell what the exchange announces, whether the private address says it too: %s',
    async (statusOnPrivate) => {
      const { simulator, venue, target } = await open({ switches: { statusOnPrivate } });
      const upcoming = [{ proximity: 'approaching_30m', services: ['futures_trading'] }];
      simulator.setStatus({ system: 'post_only', upcoming });
      await expect
        .poll(() => venue.readWarnings?.(alice, target))
        .toMatchObject([{ kind: 'venue-restricted' }, { kind: 'maintenance-soon' }]);
    },
  );
});

describe('a contract', () => {
  test('without a leverage setting is named as such', async () => {
    const { venue } = await open();
    const [other] = (await venue.listMarkets()).filter(({ symbol }) => !symbol.startsWith('PF_'));
    expect(other?.symbol ?? 'FF_').toMatch(/^FF_/);
    expect(await outcomeOf(venue.readMarket(alice, 'PI_XBTUSD'))).toMatchObject({
      refusal: 'market-not-isolated-capable',
      words: { next: 'Use a contract whose name starts with PF_ or FF_.' },
    });
  });

  test('has a maximum only where Kraken publishes its margin', async () => {
    const { target } = await open();
    expect(target.market.bounds).toEqual({ min: '1', step: '0.01' });
    const { target: published } = await open({ switches: { marginScheduleInInstrument: true } });
    expect(published.market.bounds).toEqual({ min: '1', max: '50', step: '0.01' });
  });

  test('above what the engine takes is refused by it, and not by this bot', async () => {
    const { simulator, venue, target } = await open();
    const result = await venue.applySetting(alice, target, { mode: 'isolated', leverage: '999' }, inTime);
    expect(result).toMatchObject({ kind: 'refused', failure: { refusal: 'leverage-out-of-range' } });
    expect([simulator.writes.length, simulator.requests.filter(({ kind }) => kind === 'write').length]).toEqual([0, 1]);
  });
});

/** A Kraken whose private socket proves every token, and says `said` to everything after that. */
async function openHostile(said: (id: number, method: string) => readonly string[], deadlineMs = 1_000) {
  const frames: { readonly method: string; readonly params: object }[] = [];
  const rest = await openLoopback((response, { url }) => {
    response.end(JSON.stringify(url.endsWith('Token') ? restFixtures.token.body : restFixtures.keyInfo.body));
  });
  const server = await openSocketServer((client, text) => {
    const { method, req_id: id, params } = sentFrame.parse(JSON.parse(text));
    frames.push({ method, params });
    const isFirst = params.channel === 'preferences' || params.channel === 'instrument';
    if (isFirst) client.send(JSON.stringify({ ...fixtures.subscribed.frame, req_id: id }));
    if (params.channel === 'preferences') client.send(JSON.stringify(fixtures.preferences.frame));
    if (params.channel === 'instrument') client.send(JSON.stringify(fixtures.instrument.frame));
    if (!isFirst) for (const one of said(id, method)) client.send(one);
  });
  const http = createHttp({ connectMs: 5_000 });
  const venue = kraken.create({
    ...{ http, now: Date.now, elapsed: () => performance.now() },
    deadlines: { connectMs: 5_000, readMs: deadlineMs, writeMs: deadlineMs },
    url: { rest: rest.url, socket: server.url },
  });
  closing.push(
    rest.close,
    server.close,
    () => http.close(),
    async () => venue.close?.(),
  );
  const target = { market: await venue.readMarket(alice, 'PF_XBTUSD') };
  const writes = () => frames.filter(({ method }) => method === 'set_preference');
  return { venue, target, writes };
}

const sentFrame = z.object({
  method: z.string(),
  req_id: z.int(),
  params: z.looseObject({ channel: z.string().optional() }),
});
const setFrame = (id: number, more: object = {}) => JSON.stringify({ ...fixtures.set.frame, req_id: id, ...more });

describe('on the wire', () => {
  test('a change is one frame, whose leverage is a number and whose cross is null', async () => {
    const { venue, target, writes } = await openHostile((id) => [setFrame(id)]);
    expect(await venue.applySetting(alice, target, { mode: 'isolated', leverage: '2.5' }, inTime)).toEqual(accepted);
    expect(await venue.applySetting(alice, target, cross, inTime)).toEqual(accepted);
    const token = restFixtures.token.body.result.token;
    expect(writes().map(({ params }) => params)).toStrictEqual([
      { asset_class: 'derivatives', token, leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: 2.5 } },
      { asset_class: 'derivatives', token, leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: null } },
    ]);
  });

  test.each(['NaN', '', '5.0', '1e1', 'five', '0x5'])(
    'a leverage that JSON would write otherwise is never sent: %j',
    async (leverage) => {
      const { venue, target, writes } = await openHostile((id) => [setFrame(id)]);
      await expect(venue.applySetting(alice, target, { mode: 'isolated', leverage }, inTime)).rejects.toThrow(
        TypeError,
      );
      expect(writes()).toEqual([]);
    },
  );

  test.each<readonly [string, (id: number) => readonly string[]]>([
    ['no answer', () => []],
    ['garbage', () => ['{{{']],
    ['half an answer', (id) => [setFrame(id).slice(0, 60)]],
    ['an empty text', () => ['']],
    ['null', () => ['null']],
    ['an answer to another request', (id) => [setFrame(id + 1)]],
    ['an answer without a number', (id) => [setFrame(id, { req_id: undefined })]],
    ['an answer whose number is a text', (id) => [setFrame(id, { req_id: String(id) })]],
    ['an answer to another method', (id) => [setFrame(id, { method: 'subscribe' })]],
    ['success as a text', (id) => [setFrame(id, { success: 'true' })]],
    ['success without times', (id) => [setFrame(id, { time_out: undefined })]],
    ['another echo', (id) => [setFrame(id, { result: { leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: 6 } } })]],
    ['an unlisted refusal', (id) => [setFrame(id, { success: false, error: 'A new kind of error' })]],
    ['an answer of 100 KiB', (id) => [setFrame(id, { error: 'x'.repeat(100_000) })]],
    ['an answer of 2 MiB', (id) => [setFrame(id, { error: 'x'.repeat(2 * 1024 * 1024) })]],
    [
      'rows without end',
      () => [`{"channel":"positions","type":"snapshot","data":{"futures":[${'{},'.repeat(300_000)}{}]}}`],
    ],
    ['brackets without end', () => ['['.repeat(500_000)]],
  ])('%s after a change is silence, and the change was sent once (P9)', async (_title, said) => {
    const { venue, target, writes } = await openHostile(said);
    const { longestMs } = await turnsWhile(async () => {
      const result = await venue.applySetting(alice, target, five, inTime);
      expect(result).toMatchObject({ kind: 'silent', failure: { code: 'VENUE_SILENT', venue: 'Kraken' } });
      expect(JSON.stringify(result)).not.toMatch(/127\.0\.0\.1|x{100}/);
    });
    expect(writes()).toHaveLength(1);
    expect(longestMs).toBeLessThan(250);
  });

  test('any JSON gives a typed result or one Failure, and no secret comes back', async () => {
    const words = [
      'channel',
      'positions',
      'executions',
      'type',
      'snapshot',
      'data',
      'futures',
      'symbol',
      'PF_XBTUSD',
      'size',
    ];
    const name = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 8 }));
    const value = fc.oneof(fc.constantFrom(...words), fc.jsonValue(), fc.boolean());
    const body = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(name, fc.oneof(value, fc.dictionary(name, fc.array(value, { maxLength: 3 })))),
    );
    const secrets = [key, secret, restFixtures.token.body.result.token];
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), async (json, isReply) => {
        const frame = typeof json === 'object' && json !== null ? json : { json };
        const { venue, target } = await openHostile(
          (id, method) => [
            JSON.stringify(isReply ? { ...fixtures.set.frame, ...frame, req_id: id, method } : json),
            setFrame(id, { success: false, method, error: 'A new kind of error' }),
          ],
          400,
        );
        const outcomes = await Promise.all([
          venue.applySetting(alice, target, five, inTime),
          outcomeOf(venue.readPosition(alice, target)),
          outcomeOf(venue.readOpenOrders(alice, target)),
          outcomeOf(venue.listSettings(alice, { symbols: ['PF_XBTUSD'] })),
        ]);
        for (const one of [...secrets, '127.0.0.1']) expect(JSON.stringify(outcomes)).not.toContain(one);
      }),
      { numRuns: 20 },
    );
  }, 60_000);
});

test('a base that does not say where its sockets are is a mistake of whoever gives it', () => {
  const http = createHttp({ connectMs: 1_000 });
  const options = { http, now: Date.now, elapsed: Date.now, url: 'http://127.0.0.1:9' };
  expect(() => kraken.create(options)).toThrow(new TypeError('Kraken has two base URLs: rest and socket'));
});

const ways = ['GetWebSocketsToken', 'upgrade /kraken-uws', 'channel=preferences'];
describeVenue('Kraken', (deadlines) => openVenueHarness('kraken', deadlines), ways);
describeVenue('Kraken, should it show leverage', (deadlines) =>
  openVenueHarness('kraken', deadlines, ['tell-in-preferences', 'margin-schedule']),
);
