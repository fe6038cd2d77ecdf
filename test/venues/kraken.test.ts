import Fastify from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { createKrakenUnifiedSimulator, type UnifiedSimulatorOptions } from '../../simulators/venues/kraken-unified.ts';
import { unifiedDemoAccounts, unifiedKey } from '../../simulators/venues/kraken-unified-demo.ts';
import { credentialsOf } from '../../src/account.ts';
import type { LeverageSetting } from '../../src/leverage/setting.ts';
import { createHttp } from '../../src/venues/http.ts';
import { kraken } from '../../src/venues/kraken.ts';
import type { VenueOptions } from '../../src/venues/venue-api.ts';
import { inTime, patientDeadlines } from '../support/fixture-venue.ts';
import { openVenueHarness } from '../support/venue-simulators.ts';
import { describeVenue } from './contract.ts';

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

const ways = ['GetWebSocketsToken', 'upgrade /kraken-uws', 'channel=preferences'];
describeVenue('Kraken', (deadlines) => openVenueHarness('kraken', deadlines), ways);
describeVenue('Kraken, should it show leverage', (deadlines) =>
  openVenueHarness('kraken', deadlines, ['tell-in-preferences', 'margin-schedule']),
);
