import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Ccxt,
  installedVersion,
  loadCcxt,
  openKrakenPeer,
  openKrakenRestPeer,
  openMudrexPeer,
} from '../../bench/ccxt-peers.ts';
import type { FaultInput } from '../../simulators/venues/faults.ts';
import { createKrakenFuturesSimulator, type KrakenSimulatorOptions } from '../../simulators/venues/kraken-futures.ts';
import { createKrakenUnifiedSimulator } from '../../simulators/venues/kraken-unified.ts';
import { createMudrexSimulator, type MudrexSimulatorOptions } from '../../simulators/venues/mudrex.ts';
import { mudrexMarkets } from '../../simulators/venues/mudrex-markets.ts';
import { connectRaw } from '../simulators/venues/kraken-unified-client.ts';
import { openVenue } from '../simulators/venues/open-venue.ts';
import { isLacking, ccxt as need, titled } from '../support/needs.ts';

const installed = await loadCcxt();
const ccxt = (): Ccxt => {
  if (!installed) throw new Error('ccxt is not installed: npm ci --prefix bench');
  return installed;
};

const tokenResult = z.object({ token: z.string(), expires: z.number() });
const now = () => 1_780_000_000_000;
const krakenSecret = Buffer.alloc(64, 'demo secret ').toString('base64');
const wrongKrakenSecret = Buffer.alloc(64, 'another secret ').toString('base64');

/** Answers that prove nothing about the write they follow. */
const emptyPromises: readonly FaultInput[] = [
  { name: 'no-content', on: 'write', applied: false },
  { name: 'empty', on: 'write', applied: false },
  { name: 'wrong-shape', on: 'write', applied: false },
  { name: 'broken-json', on: 'write', applied: false },
];

describe.skipIf(isLacking(need))(titled(need, 'ccxt'), () => {
  it('is the pinned version', () => {
    expect(installedVersion()).toBe('4.5.84');
  });

  describe('against the Kraken Futures simulator', () => {
    const open = async (options: Partial<KrakenSimulatorOptions> = {}) => {
      const simulator = createKrakenFuturesSimulator({
        now,
        accounts: [
          {
            id: 'alice',
            keys: [{ key: 'demoKey', secret: krakenSecret }],
            settings: { PF_XBTUSD: '3', PF_SOLUSD: '2.5' },
            positions: [{ symbol: 'PF_XBTUSD', side: 'long', size: '0.1', price: '58000' }],
            orders: [{ symbol: 'PF_XBTUSD', side: 'buy', size: '0.05', limitPrice: '55000' }],
          },
        ],
        ...options,
      });
      const venue = await openVenue(simulator.plugin, '/kraken');
      const credential = { url: venue.url, apiKey: 'demoKey', secret: krakenSecret };
      return {
        simulator,
        venue,
        peer: openKrakenPeer(ccxt(), credential),
        stranger: openKrakenPeer(ccxt(), { ...credential, secret: wrongKrakenSecret }),
      };
    };

    let kraken: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      kraken = await open();
    });
    afterEach(() => kraken.venue.close());

    it('reads markets, ticker, position, order and balance', async () => {
      const { peer } = kraken;
      expect(await peer.loadMarkets()).toHaveProperty(['BTC/USD:USD', 'id'], 'PF_XBTUSD');
      expect(await peer.fetchTicker('BTC/USD:USD')).toMatchObject({ symbol: 'BTC/USD:USD', markPrice: 60_000 });
      expect(await peer.fetchPositions()).toMatchObject([{ symbol: 'BTC/USD:USD', side: 'long', leverage: 3 }]);
      expect(await peer.fetchOpenOrders()).toMatchObject([{ symbol: 'BTC/USD:USD', side: 'buy', amount: 0.05 }]);
      expect(await peer.fetchBalance()).toMatchObject({ USD: { total: 10_000 } });
    });

    it('sets isolated leverage with one write, fractions included, and reads it back', async () => {
      expect(await kraken.peer.setLeverage(4, 'ETH/USD:USD')).toMatchObject({ result: 'success' });
      expect(await kraken.peer.fetchLeverages()).toMatchObject({
        'ETH/USD:USD': { longLeverage: 4, shortLeverage: 4 },
      });
      await kraken.peer.setLeverage(2.75, 'ETH/USD:USD');
      expect(kraken.simulator.writes).toMatchObject([
        { market: 'PF_ETHUSD', mode: 'isolated', leverage: '4' },
        { market: 'PF_ETHUSD', mode: 'isolated', leverage: '2.75' },
      ]);
    });

    it('is refused with a wrong secret, reading as well as writing', async () => {
      const { AuthenticationError } = ccxt();
      await expect(kraken.stranger.fetchLeverages()).rejects.toBeInstanceOf(AuthenticationError);
      await expect(kraken.stranger.setLeverage(4, 'ETH/USD:USD')).rejects.toBeInstanceOf(AuthenticationError);
      expect(kraken.simulator.writeCount()).toBe(0);
    });

    it('is refused above the maximum', async () => {
      await expect(kraken.peer.setLeverage(500, 'BTC/USD:USD')).rejects.toBeInstanceOf(ccxt().BadRequest);
      expect(kraken.simulator.writeCount()).toBe(0);
    });

    it('does not send a write again after the connection broke', async () => {
      await kraken.peer.loadMarkets();
      kraken.simulator.faults.add({ name: 'apply-then-reset', on: 'write' });
      await expect(kraken.peer.setLeverage(4, 'ETH/USD:USD')).rejects.toBeInstanceOf(ccxt().NetworkError);
      expect(kraken.simulator.writeCount()).toBe(1);
    });

    it('reads 2.5x as 2x', async () => {
      expect(await kraken.peer.fetchLeverages()).toMatchObject({
        'SOL/USD:USD': { info: { maxLeverage: 2.5 }, longLeverage: 2, shortLeverage: 2 },
      });
    });

    it("answers with another market's leverage when the venue ignores the undocumented filter", async () => {
      expect(await kraken.peer.fetchLeverage('SOL/USD:USD')).toMatchObject({ symbol: 'BTC/USD:USD', longLeverage: 3 });
    });

    it('cannot tell cross margin: without a preference it reports neither leverage nor mode', async () => {
      const filtering = await open({ filtersPreferences: true });
      const leverage = await filtering.peer.fetchLeverage('ETH/USD:USD');
      await filtering.venue.close();
      expect(leverage).toMatchObject({ symbol: 'ETH/USD:USD', longLeverage: undefined, marginMode: undefined });
    });

    it('silently switches to cross margin when the leverage is undefined', async () => {
      expect(await kraken.peer.setLeverage(undefined, 'SOL/USD:USD')).toMatchObject({ result: 'success' });
      expect(kraken.simulator.writes).toMatchObject([{ market: 'PF_SOLUSD', mode: 'cross' }]);
    });

    it('lets a refusal on status 200 pass as success when its code has no message', async () => {
      await kraken.peer.loadMarkets();
      kraken.simulator.faults.add({ name: 'refused', code: 41, status: 200, on: 'write' });
      const refused = await kraken.peer.setLeverage(5, 'ETH/USD:USD');
      expect(refused).toMatchObject({ result: 'error', errors: [{ code: 41 }] });
      expect(kraken.simulator.writeCount()).toBe(0);
    });

    it('takes a refusal on status 500 for an outage when its code has no message', async () => {
      await kraken.peer.loadMarkets();
      kraken.simulator.faults.add({ name: 'refused', code: 41, status: 500, on: 'write' });
      await expect(kraken.peer.setLeverage(5, 'ETH/USD:USD')).rejects.toBeInstanceOf(ccxt().ExchangeNotAvailable);
    });

    it.each(emptyPromises)('takes $name for success', async (fault) => {
      await kraken.peer.loadMarkets();
      kraken.simulator.faults.add(fault);
      await expect(kraken.peer.setLeverage(5, 'ETH/USD:USD')).resolves.not.toMatchObject({ result: 'success' });
      expect(kraken.simulator.writeCount()).toBe(0);
    });

    it('does not notice a success without effect', async () => {
      await kraken.peer.loadMarkets();
      kraken.simulator.faults.add({ name: 'no-effect', on: 'write' });
      expect(await kraken.peer.setLeverage(5, 'ETH/USD:USD')).toMatchObject({ result: 'success' });
      expect(kraken.simulator.settings('alice').map(({ market }) => market)).not.toContain('PF_ETHUSD');
    });
  });

  describe("against the simulator of Kraken's Unified WebSocket", () => {
    const open = async () => {
      const keys = [{ key: 'demoKey', secret: krakenSecret }];
      const simulator = createKrakenUnifiedSimulator({ now, accounts: [{ id: 'alice', keys }] });
      const venue = await openVenue(simulator.plugin, '/kraken-api');
      const credential = { url: venue.url, apiKey: 'demoKey', secret: krakenSecret };
      return {
        simulator,
        venue,
        peer: openKrakenRestPeer(ccxt(), credential),
        stranger: openKrakenRestPeer(ccxt(), { ...credential, secret: wrongKrakenSecret }),
      };
    };

    let kraken: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      kraken = await open();
    });
    afterEach(() => kraken.venue.close());

    it('gets a token, with which a socket sets a leverage', async () => {
      const answer = await kraken.peer.privatePostGetWebSocketsToken();
      const { token, expires } = z.object({ result: tokenResult }).parse(answer).result;
      expect(expires).toBe(900);
      const socket = await connectRaw(`${kraken.venue.url.replace('http', 'ws').replace('-api', '-uws')}/v2/private`);
      const mode = { symbol: 'PF_ETHUSD', max_leverage: 4 };
      const params = { asset_class: 'derivatives', token, leverage_mode: mode };
      expect(await socket.ask({ method: 'set_preference', req_id: 1, params })).toMatchObject({ success: true });
      expect(kraken.simulator.writes).toMatchObject([{ account: 'alice', market: 'PF_ETHUSD', leverage: '4' }]);
    });

    it('reads what its key may do', async () => {
      expect(await kraken.peer.privatePostGetApiKeyInfo()).toMatchObject({
        result: { apiKey: 'demoKey', permissions: ['create-ws-token', 'modify-trades', 'query-open-trades'] },
      });
    });

    it('is refused with a wrong secret', async () => {
      await expect(kraken.stranger.privatePostGetWebSocketsToken()).rejects.toThrow('EAPI:Invalid signature');
      await expect(kraken.stranger.privatePostGetApiKeyInfo()).rejects.toThrow('EAPI:Invalid signature');
      expect(kraken.simulator.requests).toMatchObject([{ status: 200 }, { status: 200 }]);
    });
  });

  describe('against the Mudrex simulator', () => {
    const open = async (options: Partial<MudrexSimulatorOptions> = {}) => {
      const simulator = createMudrexSimulator({
        now,
        shape: '2026',
        limits: [],
        accounts: [
          {
            id: 'alice',
            secret: 'demo-secret-alice',
            settings: [
              { symbol: 'BTCUSDT', leverage: '5' },
              { symbol: 'BTCUSDT', leverage: '3', currency: 'INR' },
            ],
            positions: [
              {
                symbol: 'BTCUSDT',
                side: 'LONG',
                quantity: '0.05',
                entryPrice: '58000',
                leverage: '2.5',
                liquidationPrice: '35000',
              },
            ],
            orders: [{ symbol: 'ETHUSDT', side: 'SHORT', quantity: 0.2, price: 3500, leverage: 2.5 }],
            funds: { USDT: { balance: '1250.5', locked: '580' } },
          },
        ],
        ...options,
      });
      const venue = await openVenue(simulator.plugin, '/mudrex');
      return {
        simulator,
        venue,
        peer: openMudrexPeer(ccxt(), { url: venue.url, secret: 'demo-secret-alice' }),
        stranger: openMudrexPeer(ccxt(), { url: venue.url, secret: 'wrong' }),
      };
    };

    let mudrex: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      mudrex = await open();
    });
    afterEach(() => mudrex.venue.close());

    it('reads markets, ticker, mark price, position, order and balance', async () => {
      const { peer } = mudrex;
      expect(await peer.loadMarkets()).toHaveProperty(['BTC/USDT:USDT', 'id'], 'BTCUSDT');
      expect(await peer.fetchTicker('BTC/USDT:USDT')).toMatchObject({ last: 60_000 });
      expect(await peer.fetchMarkOHLCV('BTC/USDT:USDT', '1m', undefined, 2)).toContainEqual(
        expect.arrayContaining([60_000]),
      );
      expect(await peer.fetchPositions()).toMatchObject([{ side: 'long', liquidationPrice: 35_000 }]);
      expect(await peer.fetchOpenOrders()).toMatchObject([{ symbol: 'ETH/USDT:USDT', price: 3500 }]);
      expect(await peer.fetchBalance()).toMatchObject({ USDT: { free: 1250.5, used: 580 } });
    });

    it('pages through a listing of more than one page', async () => {
      const many = mudrexMarkets.flatMap((market, row) =>
        Array.from({ length: 8 }, (_, index) => ({ ...market, symbol: `C${row * 8 + index}USDT` })),
      );
      const big = await open({ markets: many });
      const markets = await big.peer.loadMarkets();
      await big.venue.close();
      expect(markets).toHaveProperty(['C239/USDT:USDT', 'id'], 'C239USDT');
      expect(big.simulator.requests.map(({ url }) => url)).toEqual([
        '/fapi/v1/futures?limit=100&offset=0',
        '/fapi/v1/futures?limit=100&offset=100',
        '/fapi/v1/futures?limit=100&offset=200',
      ]);
    });

    it('reads leverage per trade currency', async () => {
      const symbol = 'BTC/USDT:USDT';
      expect(await mudrex.peer.fetchLeverage(symbol)).toMatchObject({ marginMode: 'isolated', longLeverage: 5 });
      expect(await mudrex.peer.fetchLeverage(symbol, { trade_currency: 'INR' })).toMatchObject({ longLeverage: 3 });
    });

    it('sets leverage with one write, fractions and INR included, and reads it back', async () => {
      await mudrex.peer.setLeverage(2.5, 'SOL/USDT:USDT');
      await mudrex.peer.setLeverage(7, 'SOL/USDT:USDT', { trade_currency: 'INR' });
      expect(await mudrex.peer.fetchLeverage('SOL/USDT:USDT')).toMatchObject({ longLeverage: 2.5 });
      expect(mudrex.simulator.writes).toMatchObject([
        { market: 'SOLUSDT', currency: 'USDT', leverage: '2.5' },
        { market: 'SOLUSDT', currency: 'INR', leverage: '7' },
      ]);
    });

    it('is refused with a wrong secret, reading as well as writing', async () => {
      const { AuthenticationError } = ccxt();
      await expect(mudrex.stranger.fetchLeverage('BTC/USDT:USDT')).rejects.toBeInstanceOf(AuthenticationError);
      await expect(mudrex.stranger.setLeverage(4, 'BTC/USDT:USDT')).rejects.toBeInstanceOf(AuthenticationError);
      expect(mudrex.simulator.writeCount()).toBe(0);
    });

    it('is refused out of range', async () => {
      await expect(mudrex.peer.setLeverage(5_999_836, 'BTC/USDT:USDT')).rejects.toBeInstanceOf(ccxt().BadRequest);
      expect(mudrex.simulator.writeCount()).toBe(0);
    });

    it('reads no leverage at all from the reply that the seed shows, and says nothing about it', async () => {
      mudrex.simulator.setShape('seed');
      const leverage = await mudrex.peer.fetchLeverage('BTC/USDT:USDT');
      expect(leverage).toMatchObject({
        info: { data: { Leverage: '5' } },
        longLeverage: undefined,
        marginMode: undefined,
      });
    });

    it("reads a position's 2.5x as 2x", async () => {
      expect(await mudrex.peer.fetchPositions()).toMatchObject([{ info: { leverage: '2.5' }, leverage: 2 }]);
    });

    it('sees only the first page of tickers', async () => {
      expect(Object.keys(Object(await mudrex.peer.loadMarkets()))).toHaveLength(30);
      expect(Object.keys(Object(await mudrex.peer.fetchTickers()))).toHaveLength(10);
    });

    it('calls a leverage that was never set an unknown order', async () => {
      await expect(mudrex.peer.fetchLeverage('SOL/USDT:USDT')).rejects.toBeInstanceOf(ccxt().OrderNotFound);
    });

    it('takes any text with "rate" in it for a rate limit', async () => {
      await mudrex.peer.loadMarkets();
      mudrex.simulator.faults.add({ name: 'refused', text: 'statement not generated', on: 'write' });
      await expect(mudrex.peer.setLeverage(5, 'BTC/USDT:USDT')).rejects.toBeInstanceOf(ccxt().RateLimitExceeded);
    });

    it.each(emptyPromises)('takes $name for success', async (fault) => {
      await mudrex.peer.loadMarkets();
      mudrex.simulator.faults.add(fault);
      await expect(mudrex.peer.setLeverage(5, 'ETH/USDT:USDT')).resolves.not.toMatchObject({ success: true });
      expect(mudrex.simulator.writeCount()).toBe(0);
    });

    it('does not notice a success without effect', async () => {
      await mudrex.peer.loadMarkets();
      mudrex.simulator.faults.add({ name: 'no-effect', on: 'write' });
      expect(await mudrex.peer.setLeverage(9, 'BTC/USDT:USDT')).toMatchObject({ success: true });
      expect(mudrex.simulator.settings('alice')).toContainEqual(expect.objectContaining({ leverage: '5' }));
    });
  });
});
