import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createKrakenFuturesSimulator } from '../simulators/venues/kraken-futures.ts';
import { createMudrexSimulator } from '../simulators/venues/mudrex.ts';
import { type VenueName, venueNames } from './bot-messages.ts';
import { kraken } from './kraken-unified.ts';
import { decimal, type TorturedVenue } from './tortured-venue.ts';

const mudrexTexts = ['leverage out of permissible range', 'insufficient balance', 'params error'] as const;
const mudrexSetting = z.object({
  success: z.literal(true),
  data: z.object({ Leverage: decimal.optional(), leverage: decimal.optional() }),
});
const mudrexNeverSet = z.object({ errors: z.tuple([z.object({ text: z.literal('leverage not found') })]) });
const mudrexWrite = z.object({ leverage: z.number(), trade_currency: z.string().optional() });
const mudrexMarketOf = ({ pathname }: URL) => /\/futures\/([^/]+)\/leverage$/.exec(pathname)?.[1];

const mudrex: TorturedVenue = {
  markets: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'],
  highest: { BTCUSDT: '100', ETHUSDT: '100', SOLUSDT: '75' },
  ...{ hasCross: false, unlisted: undefined, currencies: ['USDT', 'INR'], twin: undefined },
  keyOf: ({ unique }) => ({ apiSecret: `canary-mudrex-${unique}` }),
  keyIn: { header: 'x-authentication', field: 'apiSecret' },
  open: ({ now, traders, random }) =>
    createMudrexSimulator({
      ...{ now, limits: [] },
      accounts: traders.map((trader) => ({
        id: trader.id,
        secret: mudrex.keyOf(trader).apiSecret ?? '',
        settings: random.chance(0.5) ? [{ symbol: 'BTCUSDT', leverage: '60' }] : [],
        orders: random.chance(0.3)
          ? [{ symbol: 'BTCUSDT', side: 'LONG', quantity: 0.01, price: 55_000, leverage: 5 }]
          : [],
      })),
    }),
  refusal: (random) => ({ name: 'refused', status: 400, text: random.pick(mudrexTexts) }),
  readsOf: (url) => {
    const market = mudrexMarketOf(url);
    return market === undefined ? undefined : { market };
  },
  asked: (url, body) => {
    const market = mudrexMarketOf(url) ?? url.pathname;
    const read = mudrexWrite.safeParse(body);
    // A write that cannot be read belongs to no card, and so it is noticed.
    if (!read.success) return { market, currency: undefined, value: JSON.stringify(body) };
    const { leverage, trade_currency: currency = 'USDT' } = read.data;
    return { market, currency, value: String(leverage) };
  },
  shown: (url, body) => {
    const market = mudrexMarketOf(url);
    if (market === undefined) return [];
    const spot = { market, currency: url.searchParams.get('trade_currency') ?? 'USDT' };
    const said = mudrexSetting.safeParse(body).data?.data;
    if (said !== undefined) return [{ ...spot, value: String(Number(said.Leverage ?? said.leverage)) }];
    return mudrexNeverSet.safeParse(body).success ? [{ ...spot, value: undefined }] : [];
  },
};

const krakenErrors = [
  'marketUnavailable',
  'insufficientFunds',
  'invalidArgument',
  'Server Error',
  'unknownError',
] as const;
const krakenMarkets = ['PF_XBTUSD', 'PF_ETHUSD', 'PF_SOLUSD'] as const;
const krakenSettings = z.object({
  result: z.literal('success'),
  leveragePreferences: z.array(z.object({ symbol: z.string(), maxLeverage: decimal })),
});

const krakenFutures: TorturedVenue = {
  markets: krakenMarkets,
  highest: { PF_XBTUSD: '50', PF_ETHUSD: '50', PF_SOLUSD: '50' },
  ...{ hasCross: true, unlisted: 'cross', currencies: [], twin: 'twin' },
  keyOf: ({ unique }) => ({
    apiKey: `canaryKrakenKey${unique}`.padEnd(56, '0'),
    apiSecret: createHash('sha512').update(`canary ${unique}`).digest('base64'),
  }),
  keyIn: { header: 'apikey', field: 'apiKey' },
  open: ({ now, traders, random }) =>
    createKrakenFuturesSimulator({
      ...{ now, limits: [] },
      accounts: traders.map((trader) => {
        const { apiKey: key = '', apiSecret: secret = '' } = krakenFutures.keyOf(trader);
        return {
          ...{ id: trader.id, keys: [{ key, secret }] },
          settings: random.chance(0.5) ? { PF_XBTUSD: '49.99' } : {},
          positions: random.chance(0.3) ? [{ symbol: 'PF_XBTUSD', side: 'long', size: '0.01', price: '58000' }] : [],
          collateral: random.chance(0.5) ? '10000' : '150',
        };
      }),
    }),
  refusal: (random) =>
    random.chance(0.5)
      ? { name: 'refused', code: random.pick([41, 87, 88, 92] as const) }
      : { name: 'refused', error: random.pick(krakenErrors) },
  readsOf: ({ pathname }) => (pathname.endsWith('/leveragepreferences') ? { market: undefined } : undefined),
  asked: ({ searchParams }) => ({
    market: searchParams.get('symbol') ?? '',
    currency: undefined,
    value: searchParams.get('maxLeverage') ?? 'cross',
  }),
  shown: (_url, body) => {
    const listed = krakenSettings.safeParse(body).data?.leveragePreferences;
    if (listed === undefined) return [];
    return krakenMarkets.map((market) => {
      const found = listed.find(({ symbol }) => symbol === market);
      return { market, currency: undefined, value: found === undefined ? 'cross' : String(Number(found.maxLeverage)) };
    });
  },
};

export const torturedVenues: Readonly<Record<VenueName, TorturedVenue>> = {
  mudrex,
  'kraken-futures': krakenFutures,
  kraken,
};

/** The labels of a trader's accounts at a venue; all have the same key. */
export function labelsAt(venue: VenueName): readonly string[] {
  const { twin } = torturedVenues[venue];
  return twin === undefined ? ['main'] : ['main', twin];
}

/** @throws Error for a venue at which nobody trades here */
export function venueNameOf(id: string): VenueName {
  const found = venueNames.find((name) => name === id);
  if (found === undefined) throw new Error(`nobody trades at ${id}`);
  return found;
}
