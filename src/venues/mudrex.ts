import { type Credentials, credentialsOf } from '../account.ts';
import { Failure } from '../errors.ts';
import type { CurrentSetting, LeverageSetting } from '../leverage/setting.ts';
import type { ApplyResult, KeyCheck, MarketAndCurrency, SettingsList, Venue, VenueFacts } from '../leverage/venue.ts';
import { namesOfOrders, namesOfPositions, readOpenOrders, readPosition } from './mudrex-account.ts';
import { type Asset, assetPath, isMissing, listMarkets, readMarket } from './mudrex-markets.ts';
import * as replies from './mudrex-replies.ts';
import { currencyQuery, isDefaultCurrency, isSupported, keyed, type Mudrex, unsupported } from './mudrex-requests.ts';
import { gatherSettings } from './settings-list.ts';
import {
  createVenueApi,
  isRefusal,
  type Judge,
  oneUrl,
  refusalBy,
  type VenueDefinition,
  type VenueOptions,
} from './venue-api.ts';
import type { Answer } from './verdict.ts';

const facts: VenueFacts = {
  id: 'mudrex',
  label: 'Mudrex',
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

/** Later than this nobody waits for why a write was refused. */
const patienceMs = 1_000;

/** Mudrex's own base address. */
export const mudrexUrl = 'https://trade.mudrex.com/fapi/v1';

/**
 * Mudrex futures: isolated margin only, one leverage per market and margin currency.
 *
 * @see the seed "Set leverage by asset id/symbol", docs.trade.mudrex.com/docs/set
 */
export const mudrex: VenueDefinition = { facts, create: createMudrex };

function createMudrex(options: VenueOptions): Venue {
  const { now, elapsed, url = mudrexUrl } = options;
  const mudrex: Mudrex = { facts, api: createVenueApi(facts, options), now, elapsed, url: oneUrl(url), known: [] };
  return {
    ...facts,
    listMarkets: async (credentials = credentialsOf('', {})) => listMarkets(mudrex, credentials),
    readMarket: (credentials, text) => readMarket(mudrex, credentials, text),
    readSetting: async (credentials, { market, currency }) => readLeverage(mudrex, credentials, market, currency),
    listSettings: async (credentials, query) => listSettings(mudrex, credentials, query),
    applySetting: async (credentials, target, setting, isInTime) => {
      if (setting.mode === 'cross') return { kind: 'not-sent', failure: { code: 'NO_CROSS', venue: facts.label } };
      if (!isSupported(facts, target.currency)) return { kind: 'not-sent', failure: unsupported(facts) };
      return setLeverage(mudrex, credentials, { ...target, setting, isInTime });
    },
    readPosition: (credentials, target) => readPosition(mudrex, credentials, target),
    readOpenOrders: (credentials, target) => readOpenOrders(mudrex, credentials, target),
    checkKey: (credentials) => checkKey(mudrex, credentials),
  };
}

async function readLeverage(
  mudrex: Mudrex,
  credentials: Credentials,
  asset: Asset,
  currency: string | undefined,
): Promise<CurrentSetting> {
  const request = keyed(mudrex, credentials, assetPath(asset, '/leverage', currencyQuery(mudrex, currency)));
  const { judge, wasBare } = noticeBareRefusal(replies.judgeSetting);
  try {
    return await mudrex.api.read(request, judge);
  } catch (error) {
    if (wasBare() && (await isMissing(mudrex, credentials, asset))) throw new Failure(unknownMarket);
    throw error;
  }
}

function listSettings(
  mudrex: Mudrex,
  credentials: Credentials,
  { currency, symbols }: { readonly currency?: string; readonly symbols: readonly string[] },
): Promise<SettingsList> {
  return gatherSettings({
    always: 'set-elsewhere',
    symbols,
    lists: [
      { gap: 'positions', read: () => namesOfPositions(mudrex, credentials, currency) },
      { gap: 'orders', read: () => namesOfOrders(mudrex, credentials, currency) },
    ],
    readSetting: (symbol) => readLeverage(mudrex, credentials, { symbol }, currency),
  });
}

type Change = MarketAndCurrency & {
  readonly setting: Extract<LeverageSetting, { mode: 'isolated' }>;
  readonly isInTime: () => boolean;
};

async function setLeverage(mudrex: Mudrex, credentials: Credentials, change: Change): Promise<ApplyResult> {
  const { market, currency, setting, isInTime } = change;
  const { headers, ...rest } = keyed(mudrex, credentials, assetPath(market, '/leverage'), 'write');
  const body = JSON.stringify({
    margin_type: 'ISOLATED',
    leverage: Number(setting.leverage),
    ...(isDefaultCurrency(currency) ? {} : { trade_currency: currency }),
  });
  const request = { ...rest, headers: () => ({ ...headers?.(), 'Content-Type': 'application/json' }), body, isInTime };
  const { judge, wasBare } = noticeBareRefusal(replies.judgeEcho(setting));
  const startedAt = mudrex.elapsed();
  const result = await mudrex.api.write({ ...request, method: 'POST' }, judge);
  const isPrompt = mudrex.elapsed() - startedAt <= patienceMs;
  if (isPrompt && wasBare() && (await isMissing(mudrex, credentials, market)))
    return { kind: 'refused', failure: unknownMarket };
  return result;
}

const unknownMarket = refusalBy(facts, { refusal: 'unknown-market' });

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

async function checkKey(mudrex: Mudrex, credentials: Credentials): Promise<KeyCheck> {
  try {
    const request = keyed(mudrex, credentials, '/futures/funds', 'account');
    await mudrex.api.read(request, replies.expecting(replies.funds));
    return { kind: 'usable', notes: keyNotes };
  } catch (error) {
    // Without scopes there is no permission to add: what helps is another key.
    if (isRefusal(error, 'key-rejected') || isRefusal(error, 'key-forbidden'))
      return { kind: 'refused', reason: 'rejected' };
    throw error;
  }
}
