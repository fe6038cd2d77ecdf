import type { Credentials } from '../account.ts';
import { Failure } from '../errors.ts';
import { findMarket, type Market, normalizeSymbol } from '../leverage/market.ts';
import { searchMarkets } from '../leverage/market-search.ts';
import type { CurrentSetting, LeverageSetting } from '../leverage/setting.ts';
import type { ApplyResult, Budget, KeyCheck, Position, Target, Venue, VenueFacts } from '../leverage/venue.ts';
import {
  createClient,
  credential,
  type Judge,
  unlessFailing,
  type VenueDefinition,
  type VenueOptions,
} from './client.ts';
import { mostRows, oursOnly } from './list-reply.ts';
import * as replies from './mudrex-replies.ts';
import { gatherSettings, type NamedMarkets } from './settings-list.ts';
import type { Answer } from './verdict.ts';

const label = 'Mudrex';

const facts: VenueFacts = {
  id: 'mudrex',
  label,
  demo: false,
  modes: ['isolated'],
  tradeCurrencies: ['USDT', 'INR'],
  marketsNeedKey: true,
  credentialFields: [
    {
      name: 'apiSecret',
      label: 'API secret',
      hint: 'The secret that Mudrex shows once when a key is made: 16 to 256 characters without spaces.',
      masked: true,
      pattern: /^[\x21-\x7e]{16,256}$/,
    },
  ],
  keyWarning: 'A Mudrex API secret has no limits that you can set: whoever has it can trade with the whole account.',
  keyAdvice:
    'On the Mudrex website, open API trading and create a key (this needs KYC and two-factor sign-in). Make one for this bot alone, so that you can delete it without touching anything else. Mudrex keys end after some months.',
  exampleSymbol: 'BTCUSDT',
  // Published per API key for these calls; raised twice so far.
  limits: {
    windows: [
      { units: 10, windowMs: 1_000 },
      { units: 500, windowMs: 60_000 },
      { units: 30_000, windowMs: 3_600_000 },
      { units: 720_000, windowMs: 86_400_000 },
    ],
    costs: { read: 1, account: 1, write: 1 },
    variables: { prefix: 'MUDREX_', costs: [] },
  },
  unlisted: 'unset',
  openPositions: 'unchanged',
  openOrders: 'unchanged',
  refusalWords: {},
  effect: ({ market, currency = 'USDT' }) =>
    `Applies to new orders on ${market.symbol} (${currency} margin). An order that names its own leverage overrides it.`,
};

const keyNotes = [
  'A Mudrex key has no limits that you can set: whoever has it can trade with the whole account.',
  'Mudrex keys end after some months: then add a new one with /keys add.',
];

const pageSize = 100;
const smallestPage = 10;
const mostPages = 100;
const patienceMs = 1_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Mudrex futures: isolated margin only, one leverage per market and margin currency.
 *
 * @see the seed "Set leverage by asset id/symbol", docs.trade.mudrex.com/docs/set
 */
export const mudrex: VenueDefinition = { facts, create: createMudrex };

function createMudrex(options: VenueOptions): Venue {
  const { now, elapsed, url = 'https://trade.mudrex.com/fapi/v1' } = options;
  const client = createClient(facts, options);
  /** The newest list, for aliases and suggestions; market lists are nobody's secret. */
  let known: readonly Market[] = [];

  function keyed(credentials: Credentials, path: string, cost: keyof Budget['costs'] = 'read') {
    const key = credential(credentials, 'apiSecret');
    return { url: `${url}${path}`, headers: () => ({ 'X-Authentication': key.reveal() }), spends: { key, cost } };
  }

  /** `offset` counts rows, and how many rows a page has is the server's to say: read until nothing new comes. */
  async function readPages<T>(
    credentials: Credentials,
    path: string,
    read: (row: unknown) => T,
  ): Promise<readonly T[]> {
    const rows = new Map<string, T>();
    const separator = path.includes('?') ? '&' : '?';
    let first = 0;
    for (let page = 0, offset = 0; page < mostPages; page += 1) {
      const call = keyed(credentials, `${path}${separator}limit=${pageSize}&offset=${offset}`);
      const list = await client.readList(call, replies.page(read));
      const before = rows.size;
      for (const { id, value } of list) rows.set(id, value);
      if (rows.size > mostRows) throw new Failure({ code: 'VENUE_SILENT', venue: label, silence: 'too-large' });
      first ||= list.length;
      if (list.length < Math.max(first, smallestPage) || rows.size === before) break;
      offset += list.length;
    }
    return [...rows.values()];
  }

  async function listMarkets(credentials: Credentials): Promise<readonly Market[]> {
    const rows = await readPages(credentials, '/futures', (row) => replies.market.safeParse(row).data);
    const markets = rows.filter((market) => market !== undefined);
    if (rows.length > 0 && markets.length === 0) throw unreadable();
    known = mainFirst([...new Map(markets.map((market) => [market.id, market])).values()]);
    return known;
  }

  async function readOne(credentials: Credentials, asset: Asset | undefined): Promise<Market | undefined> {
    if (!asset) return undefined;
    try {
      return await client.read(keyed(credentials, assetPath(asset)), replies.judgeMarket);
    } catch (error) {
      if (isRefusal(error, 'unknown-market')) return undefined;
      throw error;
    }
  }

  async function readMarket(credentials: Credentials, text: string): Promise<Market> {
    const asset = assetMeant(text);
    const direct = await readOne(credentials, asset);
    if (direct) return asset?.id === undefined ? { ...direct, namedBy: 'symbol' } : direct;
    const markets = known.length > 0 ? known : ((await unlessFailing(listMarkets(credentials))) ?? []);
    const other = findMarket(markets, text);
    const found = other && (await readOne(credentials, other));
    if (found) return found;
    const suggestions = searchMarkets(markets, text, 5).map(({ symbol }) => symbol);
    throw new Failure({ code: 'UNKNOWN_MARKET', venue: label, text: text.slice(0, 100), suggestions });
  }

  async function readPosition(credentials: Credentials, target: Target): Promise<Position | undefined> {
    const call = keyed(credentials, `/futures/positions${queryOf(currencyOf(target.currency))}`, 'account');
    const [position] = await client.readList(call, replies.positionsOf(target));
    if (!position) return undefined;
    const markPrice = await readMarkPrice(credentials, target.market);
    return {
      symbol: target.market.symbol,
      side: position.order_type === 'LONG' ? 'long' : 'short',
      entryPrice: position.entry_price,
      ...(markPrice !== undefined && { markPrice }),
      ...(position.liquidation_price !== undefined && { liquidationPrice: position.liquidation_price }),
    };
  }

  const readOrders = <T>(credentials: Credentials, currency: string | undefined, read: (row: unknown) => T) =>
    readPages(credentials, `/futures/orders${queryOf(currencyOf(currency))}`, read);

  async function namesOfPositions(credentials: Credentials, currency: string | undefined): Promise<NamedMarkets> {
    const call = keyed(credentials, `/futures/positions${queryOf(currencyOf(currency))}`, 'account');
    const rows = await client.readList(call, replies.page(replies.nameIn(currency)));
    return namedMarkets(rows.map(({ value }) => value));
  }

  function namedMarkets(rows: readonly replies.NamedRow[]): NamedMarkets {
    const symbolsById = new Map(known.map(({ id, symbol }) => [id.toLowerCase(), symbol]));
    const symbols = rows.map((row) => {
      if (row.kind === 'symbol') return row.name;
      return row.kind === 'id' ? symbolsById.get(row.name) : undefined;
    });
    const isUnnamed = ({ kind }: replies.NamedRow, index: number) => kind !== 'over' && symbols[index] === undefined;
    return { symbols: symbols.filter((symbol) => symbol !== undefined), hasUnnamed: rows.some(isUnnamed) };
  }

  function listSettings(credentials: Credentials, currency: string | undefined, symbols: readonly string[]) {
    return gatherSettings({
      symbols,
      lists: [
        { gap: 'positions', read: () => namesOfPositions(credentials, currency) },
        {
          gap: 'orders',
          read: async () => namedMarkets(await readOrders(credentials, currency, replies.nameIn(currency))),
        },
      ],
      readSetting: (symbol) => readLeverage(credentials, { symbol }, currency),
    });
  }

  /** Public candles of the mark price, else the contract's last price. A preview does without rather than be late. */
  async function readMarkPrice(credentials: Credentials, market: Market): Promise<string | undefined> {
    const pair = `${market.base}/${market.quote}`;
    const startedAt = elapsed();
    const end = Math.floor(now() / 1_000);
    const query = `assets=${pair}&aggregation=1m&start_time=${end - 120}&end_time=${end}`;
    const candles = { url: `${url}/price/mark-kline?${query}` };
    const mark = await unlessFailing(client.read(candles, replies.expecting(replies.markPriceOf(pair))));
    if (mark !== undefined || elapsed() - startedAt > patienceMs) return mark;
    return unlessFailing(client.read(keyed(credentials, assetPath(market)), replies.expecting(replies.price)));
  }

  async function checkKey(credentials: Credentials): Promise<KeyCheck> {
    try {
      await client.read(keyed(credentials, '/futures/funds', 'account'), replies.expecting(replies.funds));
      return { kind: 'usable', notes: keyNotes };
    } catch (error) {
      // Without scopes there is no permission to add: what helps is another key.
      if (isRefusal(error, 'key-rejected') || isRefusal(error, 'key-forbidden'))
        return { kind: 'refused', reason: 'rejected' };
      throw error;
    }
  }

  async function readLeverage(
    credentials: Credentials,
    asset: Asset,
    currency: string | undefined,
  ): Promise<CurrentSetting> {
    const call = keyed(credentials, assetPath(asset, '/leverage', currencyOf(currency)));
    const { judge, wasBare } = noticeBareRefusal(replies.judgeSetting);
    try {
      return await client.read(call, judge);
    } catch (error) {
      if (wasBare() && (await isMissing(credentials, asset))) throw new Failure(unknownMarket);
      throw error;
    }
  }

  async function setLeverage(
    credentials: Credentials,
    { market, currency }: Target,
    setting: Isolated,
    isInTime?: () => boolean,
  ): Promise<ApplyResult> {
    const { headers, ...rest } = keyed(credentials, assetPath(market, '/leverage'), 'write');
    const call = { ...rest, headers: () => ({ ...headers(), 'Content-Type': 'application/json' }) };
    const body = JSON.stringify({
      margin_type: 'ISOLATED',
      leverage: Number(setting.leverage),
      ...(isDefault(currency) ? {} : { trade_currency: currency }),
    });
    const { judge, wasBare } = noticeBareRefusal(replies.judgeEcho(setting));
    const startedAt = elapsed();
    const result = await client.write({ ...call, method: 'POST', body, isInTime }, judge);
    const isPrompt = elapsed() - startedAt <= patienceMs;
    if (isPrompt && wasBare() && (await isMissing(credentials, market)))
      return { kind: 'refused', failure: unknownMarket };
    return result;
  }

  /** Whether the venue says that it has no such asset; not when it says nothing. */
  async function isMissing(credentials: Credentials, asset: Asset): Promise<boolean> {
    const found = await unlessFailing(readOne(credentials, asset).then((market) => ({ market })));
    return found !== undefined && found.market === undefined;
  }

  return {
    ...facts,
    listMarkets: (credentials = {}) => listMarkets(credentials),
    readMarket,
    readSetting: async (credentials, { market, currency }) => readLeverage(credentials, market, currency),
    listSettings: async (credentials, { currency, symbols }) => listSettings(credentials, currency, symbols),
    applySetting: async (credentials, target, setting, isInTime) => {
      if (setting.mode === 'cross') return { kind: 'not-sent', failure: { code: 'NO_CROSS', venue: label } };
      if (!isSupported(target.currency)) return { kind: 'not-sent', failure: unsupported };
      return setLeverage(credentials, target, setting, isInTime);
    },
    readPosition,
    readOpenOrders: async (credentials, target) => {
      const read = replies.rowAbout(target, replies.order);
      const orders = oursOnly(await readOrders(credentials, target.currency, read));
      if (orders.kind !== 'ok') throw unreadable();
      return { count: orders.value.length };
    },
    checkKey,
  };
}

/** Hands an answer on to its judge, and remembers whether it was a bare refusal. */
function noticeBareRefusal<T>(judge: Judge<T>): { readonly judge: Judge<T>; readonly wasBare: () => boolean } {
  let last: Answer | undefined;
  return {
    judge: (answer) => {
      last = answer;
      return judge(answer);
    },
    wasBare: () => last !== undefined && replies.isBareRefusal(last),
  };
}

type Isolated = Extract<LeverageSetting, { mode: 'isolated' }>;

type Asset = { readonly id?: string; readonly symbol?: string; readonly namedBy?: Market['namedBy'] };

/** `is_symbol` counts by its presence, even as `is_symbol=false`: only where the path holds a symbol, and bare. */
function assetPath(asset: Asset, tail = '', ...query: readonly (string | undefined)[]): string {
  const { id: assetId, symbol = '' } = asset;
  const isSymbol = assetId === undefined || asset.namedBy === 'symbol';
  const path = `/futures/${encodeURIComponent(isSymbol ? symbol : assetId)}${tail}`;
  return `${path}${queryOf(isSymbol ? 'is_symbol' : undefined, ...query)}`;
}

function queryOf(...parts: readonly (string | undefined)[]): string {
  const present = parts.filter((part) => part !== undefined);
  return present.length > 0 ? `?${present.join('&')}` : '';
}

const unsupported = { code: 'CURRENCY_UNSUPPORTED', venue: label, currencies: facts.tradeCurrencies } as const;
const unknownMarket = { code: 'VENUE_REFUSED', venue: label, refusal: 'unknown-market' } as const;
const isDefault = (currency: string | undefined) => currency === undefined || currency === 'USDT';
const isSupported = (currency: string | undefined) => isDefault(currency) || currency === 'INR';

/** The currency goes into the query when reading and into the body when writing; USDT is left out. */
function currencyOf(currency: string | undefined): string | undefined {
  if (!isSupported(currency)) throw new Failure(unsupported);
  return isDefault(currency) ? undefined : `trade_currency=${currency}`;
}

/** `btc`, `xbt/usd` and `BTC-USDT` are one contract. */
function assetMeant(text: string): Asset | undefined {
  if (uuid.test(text.trim())) return { id: text.trim().toLowerCase() };
  const base = normalizeSymbol(text)
    .replace(/USDT?$/, '')
    .replace(/^XBT$/, 'BTC');
  return base === '' || base.length > 36 ? undefined : { symbol: `${base}USDT` };
}

const mainSymbols = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT'];

function mainFirst(markets: readonly Market[]): readonly Market[] {
  const isMain = ({ symbol }: Market) => mainSymbols.includes(symbol);
  const main = mainSymbols.flatMap((symbol) => markets.filter((market) => market.symbol === symbol));
  return [...main, ...markets.filter((market) => !isMain(market))];
}

const unreadable = () => new Failure({ code: 'VENUE_SILENT', venue: label, silence: 'unreadable' });

function isRefusal(error: unknown, refusal: string): boolean {
  return error instanceof Failure && error.data.code === 'VENUE_REFUSED' && error.data.refusal === refusal;
}
