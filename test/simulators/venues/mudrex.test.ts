import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMudrexSimulator, type MudrexSimulatorOptions } from '../../../simulators/venues/mudrex.ts';
import { mudrexMarkets } from '../../../simulators/venues/mudrex-markets.ts';
import { openVenue, request } from './open-venue.ts';

const bitcoinId = '01903a7b-bf65-707d-a7dc-d7b84c3c756c';
const clock = { at: Date.parse('2026-07-01T12:00:00Z') };

const accounts: MudrexSimulatorOptions['accounts'] = [
  {
    id: 'alice',
    secret: 'demo-secret-alice',
    settings: [
      { symbol: 'BTCUSDT', leverage: '50' },
      { symbol: 'BTCUSDT', leverage: '3', currency: 'INR' },
    ],
    positions: [
      {
        symbol: 'BTCUSDT',
        side: 'LONG',
        quantity: '0.05',
        entryPrice: '58000',
        leverage: '20',
        liquidationPrice: '55390',
      },
    ],
    orders: [{ symbol: 'ETHUSDT', side: 'SHORT', quantity: 0.2, price: 3500, leverage: 2.5 }],
    funds: { USDT: { balance: '12.6787', locked: '1.6979' } },
  },
  { id: 'bob', secret: 'demo-secret-bob' },
  { id: 'reader', secret: 'demo-secret-reader', readOnly: true },
  { id: 'late', secret: 'demo-secret-late', expired: true },
];

async function open(options: Partial<MudrexSimulatorOptions> = {}) {
  const simulator = createMudrexSimulator({ now: () => clock.at, accounts, ...options });
  const venue = await openVenue(simulator.plugin, '/mudrex');
  const get = (path: string, secret = 'demo-secret-alice') =>
    request(`${venue.url}/fapi/v1${path}`, { headers: { 'X-Authentication': secret } });
  const post = (path: string, body: string, headers: Record<string, string> = { 'Content-Type': 'application/json' }) =>
    request(`${venue.url}/fapi/v1${path}`, {
      method: 'POST',
      headers: { 'X-Authentication': 'demo-secret-alice', ...headers },
      body,
    });
  return { simulator, venue, get, post };
}

const failure = (code: number, text: string) => ({ success: false, errors: [{ code, text }] });
const unauthenticated = failure(401, 'Invalid Authentication');
unauthenticated.errors = [{ code: 3100, text: 'Invalid Authentication' }];
const seedShape = (leverage: string) => ({ success: true, data: { Leverage: leverage, MarginType: 'ISOLATED' } });
const pageSchema = z.object({ data: z.array(z.object({ symbol: z.string(), price: z.string() })) });
const symbols = (json: unknown) => pageSchema.parse(json).data.map(({ symbol }) => symbol);

describe('the Mudrex simulator', () => {
  let mudrex: Awaited<ReturnType<typeof open>>;
  beforeEach(async () => {
    mudrex = await open();
  });
  afterEach(() => mudrex.venue.close());

  describe('authentication', () => {
    it.each([
      ['an unknown secret', '/futures', 'wrong'],
      ['an expired key', '/futures', 'demo-secret-late'],
      ['an unknown private path, even with a good key', '/futures/nothing/here', 'demo-secret-alice'],
    ])('answers 401 with code 3100 to %s', async (_title, path, secret) => {
      expect(await mudrex.get(path, secret)).toMatchObject({ status: 401, json: unauthenticated });
    });

    it('answers 401 without the header', async () => {
      expect(await request(`${mudrex.venue.url}/fapi/v1/futures`)).toMatchObject({
        status: 401,
        json: unauthenticated,
      });
    });

    it('answers the ping of a good key, and 401 where the ping does not exist', async () => {
      expect(await mudrex.get('/futures/ping')).toMatchObject({ status: 200 });
      const without = await open({ ping: false });
      expect(await without.get('/futures/ping')).toMatchObject({ status: 401 });
      await without.venue.close();
    });

    it('lets a read-only key read and refuses its write with 403', async () => {
      const init = { headers: { 'X-Authentication': 'demo-secret-reader', 'Content-Type': 'application/json' } };
      const url = `${mudrex.venue.url}/fapi/v1/futures/BTCUSDT`;
      expect(await request(`${url}?is_symbol`, init)).toMatchObject({ status: 200 });
      const write = await request(`${url}/leverage?is_symbol`, { ...init, method: 'POST', body: '{"leverage":5}' });
      expect(write.status).toBe(403);
      expect(mudrex.simulator.writeCount()).toBe(0);
    });
  });

  describe('the listing', () => {
    it('has ten rows a page by default, and offset counts rows', async () => {
      const first = symbols((await mudrex.get('/futures')).json);
      const next = symbols((await mudrex.get('/futures?offset=9&limit=3')).json);
      expect(first).toHaveLength(10);
      expect(next[0]).toBe(first[9]);
    });

    it('pages through every market once, and ends with a short page', async () => {
      const pages = await Promise.all(
        [0, 12, 24, 36].map((offset) => mudrex.get(`/futures?limit=12&offset=${offset}`)),
      );
      const lengths = pages.map(({ json }) => symbols(json).length);
      const all = pages.flatMap(({ json }) => symbols(json));
      expect(lengths).toEqual([12, 12, 6, 0]);
      expect(new Set(all).size).toBe(30);
    });

    it('gives no more than 100 rows whatever is asked', async () => {
      const many = Array.from({ length: 130 }, (_, index) => ({
        ...structuredClone(mudrexMarkets[0] ?? fail()),
        id: `id-${index}`,
        symbol: `COIN${index}USDT`,
      }));
      const big = await open({ markets: many });
      expect(symbols((await big.get('/futures?limit=500')).json)).toHaveLength(100);
      await big.venue.close();
    });

    it('sorts by price, in the order asked for', async () => {
      const [dearest] = symbols((await mudrex.get('/futures?sort=price&order=desc&limit=1')).json);
      const [cheapest] = symbols((await mudrex.get('/futures?sort=price&order=asc&limit=1')).json);
      expect([dearest, cheapest]).toEqual(['BTCUSDT', 'FHEUSDT']);
    });

    it.each(['limit=ten', 'offset=-1', 'sort=constructor', 'order=up'])('refuses %s', async (query) => {
      expect(await mudrex.get(`/futures?${query}`)).toMatchObject({ status: 400, json: failure(400, 'Params error') });
    });
  });

  describe('one market', () => {
    it('is found by its id, or by its symbol beside is_symbol', async () => {
      const market = {
        success: true,
        data: { id: bitcoinId, symbol: 'BTCUSDT', min_leverage: '1', leverage_step: '0.01' },
      };
      expect((await mudrex.get(`/futures/${bitcoinId}`)).json).toMatchObject(market);
      expect((await mudrex.get('/futures/BTCUSDT?is_symbol')).json).toMatchObject(market);
      expect((await mudrex.get('/futures/BTCUSDT?is_symbol=false')).json).toMatchObject(market);
    });

    it('is not found by symbol without is_symbol, nor by id beside it', async () => {
      expect(await mudrex.get('/futures/BTCUSDT')).toMatchObject({
        status: 400,
        json: failure(400, 'invalid asset id'),
      });
      const byId = await mudrex.get(`/futures/${bitcoinId}?is_symbol`);
      expect(byId).toMatchObject({ status: 400, json: failure(400, 'asset not found') });
    });
  });

  describe('reading leverage', () => {
    it('answers in the shape of the seed', async () => {
      expect((await mudrex.get('/futures/BTCUSDT/leverage?is_symbol')).json).toEqual(seedShape('50'));
      expect((await mudrex.get(`/futures/${bitcoinId}/leverage`)).json).toEqual(seedShape('50'));
    });

    it('answers in the shape of 2026 when told to', async () => {
      mudrex.simulator.setShape('2026');
      const { json } = await mudrex.get('/futures/BTCUSDT/leverage?is_symbol');
      expect(json).toEqual({
        success: true,
        data: { leverage: '50', margin_type: 'ISOLATED', collateral_currency_id: 0 },
      });
    });

    it('keeps one value per trade currency', async () => {
      expect((await mudrex.get('/futures/BTCUSDT/leverage?is_symbol&trade_currency=INR')).json).toEqual(seedShape('3'));
    });

    it('answers 404 for a pair that was never set', async () => {
      const reply = await mudrex.get('/futures/ETHUSDT/leverage?is_symbol');
      expect(reply).toMatchObject({ status: 404, json: failure(404, 'leverage not found') });
    });

    it('refuses an unknown trade currency', async () => {
      const reply = await mudrex.get('/futures/BTCUSDT/leverage?is_symbol&trade_currency=EUR');
      expect(reply).toMatchObject({ status: 400, json: failure(400, 'Invalid trade currency') });
    });
  });

  describe('setting leverage', () => {
    it('echoes the value, stores it and logs one write', async () => {
      const reply = await mudrex.post(
        '/futures/ETHUSDT/leverage?is_symbol',
        '{"margin_type":"ISOLATED","leverage":2.5}',
      );
      expect(reply).toMatchObject({ status: 200, json: seedShape('2.5') });
      expect((await mudrex.get('/futures/ETHUSDT/leverage?is_symbol')).json).toEqual(seedShape('2.5'));
      expect(mudrex.simulator.writes).toEqual([
        { at: clock.at, account: 'alice', market: 'ETHUSDT', currency: 'USDT', mode: 'isolated', leverage: '2.5' },
      ]);
    });

    it('takes the trade currency from the body, and ignores it in the query', async () => {
      await mudrex.post('/futures/BTCUSDT/leverage?is_symbol', '{"leverage":7,"trade_currency":"INR"}');
      await mudrex.post('/futures/BTCUSDT/leverage?is_symbol&trade_currency=INR', '{"leverage":9}');
      expect(mudrex.simulator.settings('alice')).toEqual([
        { market: 'BTCUSDT', currency: 'USDT', leverage: '9', mode: 'isolated' },
        { market: 'BTCUSDT', currency: 'INR', leverage: '7', mode: 'isolated' },
      ]);
    });

    it.each(['5999836', '0', '-5', '0.99', '100.01', '2.505'])('refuses %s as out of range', async (leverage) => {
      const reply = await mudrex.post('/futures/BTCUSDT/leverage?is_symbol', `{"leverage":${leverage}}`);
      expect(reply).toMatchObject({ status: 400, json: failure(400, 'leverage out of permissible range') });
      expect(mudrex.simulator.writeCount()).toBe(0);
    });

    it.each(['{}', '{"leverage":"5"}', '{"leverage":', '[]', '{"leverage":5,"margin_type":"CROSSED"}'])(
      'refuses the body %s',
      async (body) => {
        const reply = await mudrex.post('/futures/BTCUSDT/leverage?is_symbol', body);
        expect(reply).toMatchObject({ status: 400, json: failure(400, 'Params error') });
      },
    );

    it('refuses a body that is not announced as JSON', async () => {
      const headers = { 'Content-Type': 'text/plain' };
      const reply = await mudrex.post('/futures/BTCUSDT/leverage?is_symbol', '{"leverage":5}', headers);
      expect(reply).toMatchObject({ status: 400, json: failure(400, 'Params error') });
    });

    it('refuses an unknown trade currency and an unknown asset', async () => {
      const currency = await mudrex.post(
        '/futures/BTCUSDT/leverage?is_symbol',
        '{"leverage":5,"trade_currency":"EUR"}',
      );
      expect(currency.json).toEqual(failure(400, 'Invalid trade currency'));
      const asset = await mudrex.post('/futures/NOSUCHUSDT/leverage?is_symbol', '{"leverage":5}');
      expect(asset).toMatchObject({ status: 400, json: failure(400, 'asset not found') });
    });

    it('does not touch open positions', async () => {
      await mudrex.post('/futures/BTCUSDT/leverage?is_symbol', '{"leverage":5}');
      const { json } = await mudrex.get('/futures/positions');
      expect(json).toMatchObject({ data: [{ symbol: 'BTCUSDT', leverage: '20', liquidation_price: '55390' }] });
    });
  });

  describe('the account', () => {
    it('shows positions of one currency, and null when there is none', async () => {
      const { json } = await mudrex.get('/futures/positions');
      expect(json).toMatchObject({ data: [{ asset_uuid: bitcoinId, order_type: 'LONG', trade_currency: 'USDT' }] });
      expect((await mudrex.get('/futures/positions?trade_currency=INR')).json).toEqual({ success: true, data: null });
    });

    it('shows open orders with JSON numbers', async () => {
      const { json } = await mudrex.get('/futures/orders?limit=5');
      expect(json).toMatchObject({
        data: [{ symbol: 'ETHUSDT', order_type: 'SHORT', leverage: 2.5, status: 'CREATED' }],
      });
    });

    it('shows funds per currency', async () => {
      const usdt = { balance: '12.6787', locked_amount: '1.6979', first_time_user: false };
      expect((await mudrex.get('/futures/funds')).json).toEqual({ success: true, data: usdt });
      expect((await mudrex.get('/futures/funds?trade_currency=INR')).json).toMatchObject({ data: { balance: '0' } });
    });
  });

  describe('mark prices', () => {
    const kline = (query: string) => request(`${mudrex.venue.url}/fapi/v1/price/mark-kline?${query}`);

    it('come without a key, as rows of numbers under lower-case pairs; unknown pairs are left out', async () => {
      mudrex.simulator.setPrice('BTCUSDT', '61234.5');
      const { json } = await kline('assets=BTC/USDT,NO/USDT&aggregation=1m&start_time=1680312600&end_time=1680312660');
      const row = [61_234.5, 61_234.5, 61_234.5, 61_234.5];
      const rows = [
        [1_680_312_600, ...row],
        [1_680_312_660, ...row],
      ];
      expect(json).toEqual({ success: true, data: { asset_ticks: { 'btc/usdt': rows } } });
    });

    it.each([
      ['aggregation=1m&start_time=1&end_time=2', 'assets are required'],
      [`assets=${Array.from({ length: 26 }, () => 'BTC/USDT').join(',')}`, 'allowed assets size is 25'],
      ['assets=BTC/USDT&aggregation=2m&start_time=1&end_time=2', 'aggregation not supported'],
      ['assets=BTC/USDT&aggregation=1m', 'start and end time should be greater than 0'],
      ['assets=BTC/USDT&start_time=2&end_time=1', 'end time should be greater than start time'],
    ])('refuse %s', async (query, text) => {
      expect(await kline(query)).toMatchObject({ status: 400, json: failure(400, text) });
    });

    it('are limited to 300 a minute per address', async () => {
      const statuses: number[] = [];
      for (let call = 0; call < 301; call += 1) statuses.push((await kline('')).status);
      expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    });
  });

  describe('limits', () => {
    it('refuse the eleventh call within a second with 429 and no Retry-After, per key', async () => {
      const statuses: number[] = [];
      for (let call = 0; call < 10; call += 1) statuses.push((await mudrex.get('/futures/funds')).status);
      const refused = await mudrex.get('/futures/funds');
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(refused).toMatchObject({ status: 429, json: failure(429, 'Rate limit exceeded') });
      expect(refused.headers.has('retry-after')).toBe(false);
      expect((await mudrex.get('/futures/funds', 'demo-secret-bob')).status).toBe(200);
    });

    it('allow the next call when the second is over', async () => {
      for (let call = 0; call < 10; call += 1) await mudrex.get('/futures/funds');
      clock.at += 1000;
      expect((await mudrex.get('/futures/funds')).status).toBe(200);
    });

    it('can be replaced', async () => {
      const tight = await open({ limits: [{ windowMs: 60_000, budget: 1 }] });
      expect((await tight.get('/futures/funds')).status).toBe(200);
      expect((await tight.get('/futures/funds')).status).toBe(429);
      await tight.venue.close();
    });
  });

  describe('changes behind the trader', () => {
    it('show in the next reading and count as no write', async () => {
      mudrex.simulator.set('alice', 'BTCUSDT', '12');
      mudrex.simulator.set('alice', 'BTCUSDT', undefined, 'INR');
      expect((await mudrex.get('/futures/BTCUSDT/leverage?is_symbol')).json).toEqual(seedShape('12'));
      expect((await mudrex.get('/futures/BTCUSDT/leverage?is_symbol&trade_currency=INR')).status).toBe(404);
      expect(mudrex.simulator.writeCount()).toBe(0);
    });

    it('lower the maximum', async () => {
      mudrex.simulator.setBounds('BTCUSDT', { max: '20' });
      expect((await mudrex.get('/futures/BTCUSDT?is_symbol')).json).toMatchObject({ data: { max_leverage: '20' } });
      const reply = await mudrex.post('/futures/BTCUSDT/leverage?is_symbol', '{"leverage":21}');
      expect(reply.json).toEqual(failure(400, 'leverage out of permissible range'));
    });

    it('are refused for an account or a market that does not exist', () => {
      expect(() => mudrex.simulator.set('nobody', 'BTCUSDT', '5')).toThrow('no account nobody');
      expect(() => mudrex.simulator.setBounds('NOSUCHUSDT', { max: '5' })).toThrow('no market NOSUCHUSDT');
    });
  });

  it('logs requests with their account and status, and masks secrets', async () => {
    await mudrex.get('/futures/funds?note=demo-secret-alice');
    await expect
      .poll(() => mudrex.simulator.requests)
      .toEqual([
        {
          at: clock.at,
          endedAt: clock.at,
          isAnswered: true,
          method: 'GET',
          url: '/fapi/v1/futures/funds?note=[masked]',
          kind: 'read',
          account: 'alice',
          fault: undefined,
          status: 200,
        },
      ]);
  });
});

function fail(): never {
  throw new Error('The simulator has no markets');
}
