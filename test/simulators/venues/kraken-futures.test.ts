import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createKrakenFuturesSimulator,
  type KrakenSimulatorOptions,
} from '../../../simulators/venues/kraken-futures.ts';
import { type KrakenCall, krakenCall, openVenue, request } from './open-venue.ts';

const clock = { at: Date.parse('2026-07-01T12:00:00Z') };
const secret = Buffer.alloc(64, 'demo secret ').toString('base64');
const aliceKey = { key: 'demoKeyAlice', secret };

const accounts: KrakenSimulatorOptions['accounts'] = [
  {
    id: 'alice',
    keys: [
      aliceKey,
      { key: 'demoKeyReader', secret, general: 'READ_ONLY' },
      { key: 'demoKeyBlind', secret, general: 'NO_ACCESS' },
      { key: 'demoKeyMover', secret, transfer: 'FULL_ACCESS', allowedCidrBlocks: ['192.0.2.0/24'] },
      { key: 'demoKeyLate', secret, expired: true },
    ],
    settings: { PF_XBTUSD: '3', PF_SOLUSD: '2.5' },
    positions: [
      { symbol: 'PF_XBTUSD', side: 'long', size: '0.1', price: '60000' },
      { symbol: 'PF_ETHUSD', side: 'short', size: '1', price: '3000' },
    ],
    orders: [{ symbol: 'PF_XBTUSD', side: 'buy', size: '0.05', limitPrice: '55000' }],
    collateral: '5000',
    rules: [{ symbol: 'PF_ADAUSD', code: 92, below: 2 }],
  },
  { id: 'bob', keys: [{ key: 'demoKeyBob', secret }], retail: true },
];

async function open(options: Partial<KrakenSimulatorOptions> = {}) {
  const simulator = createKrakenFuturesSimulator({ now: () => clock.at, accounts, ...options });
  const venue = await openVenue(simulator.plugin, '/kraken');
  const call = (wanted: Omit<KrakenCall, 'path'> & { path: string }, key = 'demoKeyAlice', withSecret = secret) =>
    krakenCall(venue.url, { key, secret: withSecret }, { ...wanted, path: `/derivatives/api/v3${wanted.path}` });
  const get = (path: string, key?: string) => call({ path }, key);
  const put = (query: string, key?: string) => call({ method: 'PUT', path: '/leveragepreferences', query }, key);
  const preferences = async () => (await get('/leveragepreferences')).json;
  return { simulator, venue, call, get, put, preferences };
}

const serverTime = new Date(clock.at).toISOString();
const success = { result: 'success', serverTime };
const failed = (error: string) => ({ status: 200, json: { result: 'error', error, serverTime } });
const failedWith = (code: number, message: string) => ({
  status: 500,
  json: { status: 'INTERNAL_SERVER_ERROR', result: 'error', errors: [{ code, message }], serverTime },
});

describe('the Kraken Futures simulator', () => {
  let kraken: Awaited<ReturnType<typeof open>>;
  beforeEach(async () => {
    kraken = await open();
  });
  afterEach(() => kraken.venue.close());

  describe('signatures', () => {
    it('accept the documented form', async () => {
      expect(await kraken.get('/leveragepreferences')).toMatchObject({ status: 200, json: success });
    });

    it.each([
      ['an unknown key', 'demoKeyNobody', secret],
      ['a wrong secret', 'demoKeyAlice', Buffer.alloc(64).toString('base64')],
      ['an expired key', 'demoKeyLate', secret],
    ])('refuse %s', async (_title, key, withSecret) => {
      expect(await kraken.call({ path: '/openpositions' }, key, withSecret)).toMatchObject(
        failed('authenticationError'),
      );
    });

    it('refuse a call without headers', async () => {
      const reply = await request(`${kraken.venue.url}/derivatives/api/v3/openpositions`);
      expect(reply).toMatchObject(failed('authenticationError'));
    });

    it('cover the query exactly as it is sent, of a GET as of a PUT', async () => {
      const query = 'symbol=PF_XBTUSD&maxLeverage=5';
      const other = { query, signs: 'maxLeverage=5&symbol=PF_XBTUSD' };
      const path = '/leveragepreferences';
      expect(await kraken.call({ method: 'PUT', path, ...other })).toMatchObject(failed('authenticationError'));
      expect(await kraken.call({ path, ...other })).toMatchObject(failed('authenticationError'));
      expect(await kraken.call({ path, query })).toMatchObject({ json: success });
    });

    it('hold for the encoded text, not for what it decodes to (the rule since February 2024)', async () => {
      const query = 'symbol=PF%5FXBTUSD&maxLeverage=5';
      const call = { method: 'PUT', path: '/leveragepreferences', query };
      const decoded = await kraken.call({ ...call, signs: decodeURIComponent(query) });
      expect(decoded).toMatchObject(failed('authenticationError'));
      expect(await kraken.call(call)).toMatchObject({ json: success });
    });

    it('cover parameters in a form body', async () => {
      const call = { method: 'PUT', path: '/leveragepreferences', body: 'symbol=PF_ETHUSD&maxLeverage=4' };
      expect(await kraken.call({ ...call, signs: '' })).toMatchObject(failed('authenticationError'));
      expect(await kraken.call(call)).toMatchObject({ json: success });
      expect(kraken.simulator.writes).toMatchObject([{ market: 'PF_ETHUSD', mode: 'isolated', leverage: '4' }]);
    });

    it('need no nonce, but one that is sent must rise for its key', async () => {
      const path = '/openorders';
      expect(await kraken.call({ path, nonce: '100' })).toMatchObject({ json: success });
      expect(await kraken.call({ path, nonce: '100' })).toMatchObject(failed('nonceDuplicate'));
      expect(await kraken.call({ path, nonce: '99' })).toMatchObject(failed('nonceBelowThreshold'));
      expect(await kraken.call({ path })).toMatchObject({ json: success });
      expect(await kraken.call({ path, nonce: '99' }, 'demoKeyBob')).toMatchObject({ json: success });
      expect(await kraken.call({ path, nonce: '101' })).toMatchObject({ json: success });
    });
  });

  describe('public data', () => {
    const publicly = (path: string) => request(`${kraken.venue.url}/derivatives/api/v3${path}`);

    it('lists flexible and inverse instruments with their margin schedules', async () => {
      const { json } = await publicly('/instruments');
      const bitcoin = { symbol: 'PF_XBTUSD', type: 'flexible_futures', base: 'BTC', pair: 'XBT:USD', tradeable: true };
      const first = { numNonContractUnits: 0, initialMargin: 0.02, maintenanceMargin: 0.01 };
      expect(json).toMatchObject({
        ...success,
        instruments: expect.arrayContaining([
          expect.objectContaining({ ...bitcoin, marginLevels: expect.arrayContaining([first]) }),
          expect.objectContaining({ symbol: 'PI_XBTUSD', type: 'futures_inverse' }),
          expect.objectContaining({ symbol: 'PF_DEFIUSD', tradeable: false }),
        ]),
      });
    });

    it('shows all tickers, and one by its symbol', async () => {
      kraken.simulator.setPrice('PF_XBTUSD', 61_000);
      const one = { symbol: 'PF_XBTUSD', markPrice: 61_000, suspended: false };
      expect((await publicly('/tickers')).json).toMatchObject({
        tickers: expect.arrayContaining([expect.objectContaining(one)]),
      });
      expect((await publicly('/tickers/PF_XBTUSD')).json).toMatchObject({ ...success, ticker: one });
      expect(await publicly('/tickers/PF_NOSUCH')).toMatchObject(failed('contractNotFound'));
    });

    it('answers an unknown path with notFound', async () => {
      expect(await publicly('/nothing')).toMatchObject({ status: 404, json: { error: 'notFound' } });
    });
  });

  describe('reading leverage preferences', () => {
    it('lists isolated markets only', async () => {
      const listed = [
        { symbol: 'PF_XBTUSD', maxLeverage: 3 },
        { symbol: 'PF_SOLUSD', maxLeverage: 2.5 },
      ];
      expect(await kraken.preferences()).toEqual({ ...success, leveragePreferences: listed });
    });

    it('ignores the undocumented filter, unless told to apply it', async () => {
      const query = { path: '/leveragepreferences', query: 'symbol=PF_SOLUSD' };
      expect((await kraken.call(query)).json).toMatchObject({ leveragePreferences: { length: 2 } });
      const filtering = await open({ filtersPreferences: true });
      expect((await filtering.call(query)).json).toMatchObject({ leveragePreferences: [{ maxLeverage: 2.5 }] });
      await filtering.venue.close();
    });

    it('writes decimals as strings when told to', async () => {
      const strings = await open({ numbers: 'string' });
      const listed = [{ maxLeverage: '3.00' }, { maxLeverage: '2.50' }];
      expect(await strings.preferences()).toMatchObject({ leveragePreferences: listed });
      await strings.venue.close();
    });
  });

  describe('setting leverage preferences', () => {
    it('isolates with maxLeverage, echoes nothing and logs one write', async () => {
      expect((await kraken.put('symbol=PF_XBTUSD&maxLeverage=5.25')).json).toEqual(success);
      expect(kraken.simulator.writes).toEqual([
        {
          at: clock.at,
          account: 'alice',
          market: 'PF_XBTUSD',
          currency: undefined,
          mode: 'isolated',
          leverage: '5.25',
        },
      ]);
      expect(kraken.simulator.settings('alice')).toContainEqual({
        market: 'PF_XBTUSD',
        leverage: '5.25',
        mode: 'isolated',
      });
    });

    it('goes back to cross without maxLeverage', async () => {
      expect((await kraken.put('symbol=PF_XBTUSD')).json).toEqual(success);
      expect(await kraken.preferences()).toMatchObject({ leveragePreferences: [{ symbol: 'PF_SOLUSD' }] });
      expect(kraken.simulator.writes).toMatchObject([{ mode: 'cross', leverage: undefined }]);
    });

    it.each([
      ['symbol=pf_xbtusd&maxLeverage=5', failedWith(87, 'CONTRACT_DOES_NOT_EXIST')],
      ['symbol=PF_NOSUCH&maxLeverage=5', failedWith(87, 'CONTRACT_DOES_NOT_EXIST')],
      ['symbol=PI_XBTUSD&maxLeverage=5', failedWith(88, 'CONTRACT_NOT_FLEXIBLE_FUTURES')],
      ['symbol=PF_DEFIUSD&maxLeverage=5', failed('marketUnavailable')],
      ['maxLeverage=5', failed('requiredArgumentMissing')],
      ['symbol=PF_XBTUSD&maxLeverage=50.01', failed('invalidArgument: maxLeverage')],
      ['symbol=PF_XBTUSD&maxLeverage=0', failed('invalidArgument: maxLeverage')],
      ['symbol=PF_XBTUSD&maxLeverage=', failed('invalidArgument: maxLeverage')],
      ['symbol=PF_XBTUSD&maxLeverage=undefined', failed('invalidArgument: maxLeverage')],
      ['symbol=PF_XBTUSD&maxLeverage=1e1', failed('invalidArgument: maxLeverage')],
    ])('refuses %s', async (query, refusal) => {
      expect(await kraken.put(query)).toMatchObject(refusal);
      expect(kraken.simulator.writeCount()).toBe(0);
    });

    it.each(['demoKeyReader', 'demoKeyBlind'])('refuses the key %s for want of access', async (key) => {
      expect(await kraken.put('symbol=PF_XBTUSD&maxLeverage=5', key)).toMatchObject(failed('insufficientPrivileges'));
      expect(kraken.simulator.writeCount()).toBe(0);
    });

    it('holds a retail client to the retail schedule', async () => {
      expect(await kraken.put('symbol=PF_XBTUSD&maxLeverage=11', 'demoKeyBob')).toMatchObject({
        json: { result: 'error' },
      });
      expect(await kraken.put('symbol=PF_XBTUSD&maxLeverage=10', 'demoKeyBob')).toMatchObject({ json: success });
    });

    it('follows a lowered maximum', async () => {
      kraken.simulator.setBounds('PF_SOLUSD', { max: '30' });
      expect(await kraken.put('symbol=PF_SOLUSD&maxLeverage=30.01')).toMatchObject(
        failed('invalidArgument: maxLeverage'),
      );
      expect(await kraken.put('symbol=PF_SOLUSD&maxLeverage=30')).toMatchObject({ json: success });
    });
  });

  describe('margin', () => {
    it('refuses with 41 a lower leverage whose margin exceeds the collateral', async () => {
      // 0.1 × 60000 needs 6000 at 1x, and 5000 is all there is.
      expect(await kraken.put('symbol=PF_XBTUSD&maxLeverage=1')).toMatchObject(
        failedWith(41, 'WOULD_CAUSE_LIQUIDATION'),
      );
      kraken.simulator.setCollateral('alice', '20000');
      expect(await kraken.put('symbol=PF_XBTUSD&maxLeverage=1')).toMatchObject({ json: success });
    });

    it('refuses with 41 a leverage at which the mark price is past liquidation', async () => {
      kraken.simulator.setPrice('PF_XBTUSD', 55_000);
      expect(await kraken.put('symbol=PF_XBTUSD&maxLeverage=20')).toMatchObject(
        failedWith(41, 'WOULD_CAUSE_LIQUIDATION'),
      );
      expect(await kraken.put('symbol=PF_XBTUSD&maxLeverage=5')).toMatchObject({ json: success });
    });

    it('applies seeded rules', async () => {
      expect(await kraken.put('symbol=PF_ADAUSD&maxLeverage=1.5')).toMatchObject(failedWith(92, 'INSUFFICIENT_MARGIN'));
      expect(await kraken.put('symbol=PF_ADAUSD&maxLeverage=2')).toMatchObject({ json: success });
      kraken.simulator.setRules('alice', [{ symbol: 'PF_ADAUSD', code: 41, cross: true }]);
      expect(await kraken.put('symbol=PF_ADAUSD')).toMatchObject(failedWith(41, 'WOULD_CAUSE_LIQUIDATION'));
      expect(await kraken.put('symbol=PF_ADAUSD&maxLeverage=1')).toMatchObject({ json: success });
    });

    it('shows margin that follows the settings', async () => {
      // Isolated 3x: 6000 / 3; cross: 3000 × 2 %.
      const flex = { initialMargin: 2060, availableMargin: 2940, marginEquity: 5000 };
      expect((await kraken.get('/accounts')).json).toMatchObject({ ...success, accounts: { flex } });
    });
  });

  describe('the account', () => {
    it('shows maxFixedLeverage on isolated positions only', async () => {
      const { json } = await kraken.get('/openpositions');
      const isolated = { symbol: 'PF_XBTUSD', side: 'long', size: 0.1, price: 60_000, maxFixedLeverage: 3 };
      expect(json).toMatchObject({ ...success, openPositions: [isolated, { symbol: 'PF_ETHUSD', side: 'short' }] });
      expect(json).not.toHaveProperty('openPositions.1.maxFixedLeverage');
    });

    it('shows open orders', async () => {
      const order = { symbol: 'PF_XBTUSD', side: 'buy', unfilledSize: 0.05, limitPrice: 55_000, reduceOnly: false };
      expect((await kraken.get('/openorders')).json).toMatchObject({ ...success, openOrders: [order] });
    });

    it('is the same for each of its keys, and closed to a key without access', async () => {
      expect((await kraken.get('/openorders', 'demoKeyReader')).json).toMatchObject({ openOrders: { length: 1 } });
      expect(await kraken.get('/openorders', 'demoKeyBlind')).toMatchObject(failed('insufficientPrivileges'));
    });
  });

  describe('the key check', () => {
    const path = '/api/auth/v1/api-keys/v3/check';
    const check = (key: string, withSecret = secret) =>
      krakenCall(kraken.venue.url, { key, secret: withSecret }, { path });

    it('shows permissions and address blocks', async () => {
      const good = { permissions: { general: 'FULL_ACCESS', transfer: 'NO_ACCESS' }, allowedCidrBlocks: [] };
      expect(await check('demoKeyAlice')).toMatchObject({ status: 200, json: good });
      const mover = { permissions: { transfer: 'FULL_ACCESS' }, allowedCidrBlocks: ['192.0.2.0/24'] };
      expect((await check('demoKeyMover')).json).toMatchObject(mover);
    });

    it('answers 401 to a wrong secret and to an unknown key', async () => {
      expect((await check('demoKeyAlice', Buffer.alloc(64).toString('base64'))).status).toBe(401);
      expect((await check('demoKeyNobody')).status).toBe(401);
    });

    it('can be missing', async () => {
      const without = await open({ keyCheck: false });
      expect((await krakenCall(without.venue.url, aliceKey, { path })).status).toBe(404);
      await without.venue.close();
    });
  });

  describe('the budget', () => {
    it('holds 500 in ten seconds: PUT costs 10 and reads 2, per key', async () => {
      const puts = Array.from({ length: 49 }, () => kraken.put('symbol=PF_SOLUSD&maxLeverage=2'));
      expect(new Set((await Promise.all(puts)).map(({ text }) => text)).size).toBe(1);
      for (let call = 0; call < 5; call += 1) expect((await kraken.get('/openorders')).json).toMatchObject(success);
      expect(await kraken.get('/openorders')).toMatchObject(failed('apiLimitExceeded'));
      expect((await kraken.get('/openorders', 'demoKeyReader')).json).toMatchObject(success);
      clock.at += 10_000;
      expect((await kraken.get('/openorders')).json).toMatchObject({ result: 'success' });
      clock.at -= 10_000;
    });
  });

  describe('error styles', () => {
    it('can come on any status, with or without messages', async () => {
      const styled = await open({ errors: { strings: 400, codes: 200, messages: false } });
      const code = { status: 'OK', result: 'error', errors: [{ code: 88 }], serverTime };
      expect(await styled.put('symbol=PI_XBTUSD')).toMatchObject({ status: 200, json: code });
      expect((await styled.put('symbol=PI_XBTUSD')).text).not.toContain('message');
      expect((await styled.put('maxLeverage=5')).status).toBe(400);
      await styled.venue.close();
    });
  });

  it('lets the trader move a setting elsewhere without counting a write', async () => {
    kraken.simulator.set('alice', 'PF_XBTUSD', undefined);
    kraken.simulator.set('alice', 'PF_ETHUSD', '7');
    expect(kraken.simulator.settings('alice').map(({ market, leverage }) => [market, leverage])).toEqual([
      ['PF_SOLUSD', '2.5'],
      ['PF_ETHUSD', '7'],
    ]);
    expect(kraken.simulator.writeCount('alice')).toBe(0);
  });

  it('is another world when it is another instance, as one that another bot uses is', async () => {
    const demo = await open({ accounts: [{ id: 'alice', keys: [{ key: 'otherKey', secret }] }] });
    expect(await demo.get('/openorders', 'demoKeyAlice')).toMatchObject(failed('authenticationError'));
    expect((await demo.get('/openorders', 'otherKey')).json).toMatchObject(success);
    await demo.venue.close();
  });
});
