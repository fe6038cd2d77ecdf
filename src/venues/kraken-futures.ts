import { createHash, createHmac } from 'node:crypto';
import { Big } from 'big.js';
import type { Credentials } from '../account.ts';
import { Failure } from '../errors.ts';
import { findMarket, type Market, normalizeSymbol, type Tier } from '../leverage/market.ts';
import { searchMarkets } from '../leverage/market-search.ts';
import type { Leverage } from '../leverage/setting.ts';
import type { ApplyResult, Budget, KeyCheck, Position, SettingsList, Venue, VenueFacts } from '../leverage/venue.ts';
import { instrumentsOf } from './kraken-futures-instruments.ts';
import * as replies from './kraken-futures-replies.ts';
import type { Listed } from './kraken-list.ts';
import type { ListReply } from './list-reply.ts';
import {
  createVenueApi,
  credential,
  oneUrl,
  type ReadRequest,
  refusalBy,
  unlessFailing,
  type VenueApi,
  type VenueDefinition,
  type VenueOptions,
} from './venue-api.ts';

const key = /^[A-Za-z0-9+/]{20,200}={0,2}$/;

const facts: VenueFacts = {
  id: 'kraken-futures',
  label: 'Kraken Futures',
  modes: ['isolated', 'cross'],
  tradeCurrencies: [],
  marketsNeedKey: false,
  credentialFields: [
    {
      name: 'apiKey',
      label: 'Public key',
      hint: 'The public key that Kraken Futures shows: letters, digits, + and /.',
      masked: false,
      pattern: key,
    },
    {
      name: 'apiSecret',
      label: 'Private key',
      hint: 'The private key that Kraken Futures shows once: letters, digits, + and /, often with = at its end.',
      masked: true,
      pattern: key,
    },
  ],
  keyWarning:
    'Whoever holds this key can trade futures and change leverage on the account. It cannot withdraw if you leave that off.',
  keyAdvice:
    'On Kraken Futures, Settings, API keys: make a key for this bot alone with General API "Full Access" and Withdrawal or Transfer API "No Access". "Read Only" cannot change leverage; a key that may withdraw or transfer is refused.',
  exampleSymbol: 'PF_XBTUSD',
  // 500 units per 10 s on /derivatives. What /leveragepreferences costs is unpublished: 10 to write, 2 to read.
  limits: {
    windows: [{ units: 500, windowMs: 10_000 }],
    costs: { read: 2, account: 2, write: 10 },
    variables: { prefix: 'KRAKEN_', costs: ['read', 'write'] },
  },
  unlisted: replies.unlisted,
  openPositions: 're-margined',
  openOrders: 'cancelled-when-short',
  refusalWords: {
    'market-not-isolated-capable': {
      what: 'has no leverage setting for this contract: it is not a multi-collateral one',
      next: 'Use a contract whose name starts with PF_ or FF_.',
    },
  },
  effect: ({ market }, setting) =>
    setting.mode === 'isolated' ? undefined : `In cross margin the whole account stands behind ${market.symbol}.`,
  // docs.kraken.com, exchange/api-reference/futures-rest
  retires: {
    at: Date.UTC(2027, 2, 1),
    closesAt: Date.UTC(2027, 1, 28),
    noNewKeysFrom: Date.UTC(2027, 1, 1),
    eraseAt: Date.UTC(2027, 2, 14),
    successor: 'kraken',
  },
};

const preferencesPath = '/api/v3/leveragepreferences';
const checkPath = '/api/auth/v1/api-keys/v3/check';
const patienceMs = 1_000;

/** Kraken's own base address. */
export const krakenFuturesUrl = 'https://futures.kraken.com';

/**
 * Kraken Futures (multi-collateral contracts): isolated margin at a leverage, or cross.
 *
 * @see the seed "Set the leverage setting for a market" (PUT /leveragepreferences)
 */
export const krakenFutures: VenueDefinition = {
  facts,
  create: createKrakenFutures,
};

/** What every call below needs. */
type Kraken = Pick<VenueOptions, 'elapsed'> & {
  readonly api: VenueApi;
  readonly url: string;
};

function createKrakenFutures(options: VenueOptions): Venue {
  const { elapsed, url = krakenFuturesUrl } = options;
  const kraken: Kraken = { api: createVenueApi(facts, options), elapsed, url: oneUrl(url) };
  return {
    ...facts,
    listMarkets: async () => (await readInstruments(kraken)).markets,
    readMarket: (_credentials, text) => readMarket(kraken, text),
    readSetting: async (credentials, { market }) =>
      readPreferences(kraken, credentials, replies.preferenceOf(market.symbol)),
    listSettings: async (credentials, { symbols }) => listSettings(kraken, credentials, symbols),
    applySetting: async (credentials, { market }, setting, isInTime) => {
      const query = setting.mode === 'isolated' ? isolatedQuery(market, setting.leverage) : crossQuery(market);
      return writePreference(kraken, credentials, query, isInTime);
    },
    readPosition: (credentials, { market }) => readPosition(kraken, credentials, market),
    readOpenOrders: async (credentials, { market }) => ({
      count: (await readAccount(kraken, credentials, '/api/v3/openorders', replies.ordersOf(market.symbol))).length,
    }),
    checkKey: (credentials) => checkKey(kraken, credentials),
  };
}

function open({ url }: Kraken, path: string): ReadRequest {
  return { url: `${url}/derivatives${path}` };
}

type Signed = { readonly path: string; readonly query?: string; readonly cost?: keyof Budget['costs'] };

function signed({ url }: Kraken, credentials: Credentials, { path, query = '', cost = 'read' }: Signed): ReadRequest {
  const apiKey = credential(credentials, 'apiKey');
  const apiSecret = credential(credentials, 'apiSecret');
  const sent = `${path.startsWith('/api/v3/') ? '/derivatives' : ''}${path}${query && `?${query}`}`;
  return {
    url: `${url}${sent}`,
    headers: () => ({ APIKey: apiKey.reveal(), Authent: authent(apiSecret.reveal(), path, query) }),
    spends: { key: apiKey, cost },
  };
}

function readInstruments(kraken: Kraken): Promise<Listed> {
  return kraken.api.readList({ ...open(kraken, '/api/v3/instruments'), size: 'markets' }, instrumentsOf(facts.id));
}

async function readMarket(kraken: Kraken, text: string): Promise<Market> {
  const { markets, others, unreadable } = await readInstruments(kraken);
  const market = findMarket(markets, text);
  if (market) return market;
  const isMeant = (symbol: string) => normalizeSymbol(symbol) === normalizeSymbol(text);
  if (unreadable.some(isMeant)) throw new Failure({ code: 'VENUE_SILENT', venue: facts.label, silence: 'unreadable' });
  if (others.some(isMeant) || /^(PI|FI|PV|FV)_/i.test(text)) {
    throw new Failure(refusalBy(facts, { refusal: 'market-not-isolated-capable' }));
  }
  const suggestions = searchMarkets(markets, text, 5).map(({ symbol }) => symbol);
  throw new Failure({ code: 'UNKNOWN_MARKET', venue: facts.label, text: text.slice(0, 100), suggestions });
}

/** Always all preferences: the filter on GET is undocumented. */
function readPreferences<Row, T>(kraken: Kraken, credentials: Credentials, reply: ListReply<Row, T>): Promise<T> {
  return kraken.api.readList(signed(kraken, credentials, { path: preferencesPath }), reply);
}

/** Where a row does not name its market, a market that is not listed may still be isolated. */
async function listSettings(
  kraken: Kraken,
  credentials: Credentials,
  symbols: readonly string[],
): Promise<SettingsList> {
  const { settings, unread, hasUnnamed } = await readPreferences(kraken, credentials, replies.preferences);
  const listed = new Set([...settings.map(({ symbol }) => symbol), ...unread]);
  const others = symbols.filter((symbol) => !listed.has(symbol.toUpperCase()));
  if (hasUnnamed) return { settings, unread: [...unread, ...others], gaps: ['unnamed-rows'] };
  const unlisted = others.map((symbol) => ({ symbol, setting: { mode: facts.unlisted } }));
  return { settings: [...settings, ...unlisted], unread, gaps: [] };
}

// Two functions: `maxLeverage` present means isolated, absent means cross, so an argument that got lost on the way
// would change the margin mode in silence.
function isolatedQuery({ symbol }: Market, leverage: Leverage): string {
  return `symbol=${encodeURIComponent(symbol)}&maxLeverage=${encodeURIComponent(leverage)}`;
}

function crossQuery({ symbol }: Market): string {
  return `symbol=${encodeURIComponent(symbol)}`;
}

async function writePreference(
  kraken: Kraken,
  credentials: Credentials,
  query: string,
  isInTime: () => boolean,
): Promise<ApplyResult> {
  const request = signed(kraken, credentials, { path: preferencesPath, query, cost: 'write' });
  return kraken.api.write({ ...request, method: 'PUT', isInTime }, replies.expecting(replies.applied));
}

function readAccount<Row, T>(
  kraken: Kraken,
  credentials: Credentials,
  path: string,
  reply: ListReply<Row, T>,
): Promise<T> {
  return kraken.api.readList(signed(kraken, credentials, { path, cost: 'account' }), reply);
}

async function readPosition(kraken: Kraken, credentials: Credentials, market: Market): Promise<Position | undefined> {
  const rows = await readAccount(kraken, credentials, '/api/v3/openpositions', replies.positionsOf(market.symbol));
  const position = rows.find(({ size }) => size !== '0');
  if (!position) return undefined;
  const markPrice = await readMarkPrice(kraken, market);
  const contracts = new Big(position.size).abs();
  const value = contracts.times(markPrice ?? position.price);
  const isReached = ({ fromSize, measuredIn }: Tier) => (measuredIn === 'quote' ? value : contracts).gte(fromSize);
  const tier = market.tiers?.findLast(isReached);
  return {
    symbol: market.symbol,
    side: position.side,
    entryPrice: position.price,
    ...(markPrice !== undefined && { markPrice }),
    ...(tier && { maintenanceMargin: tier.maintenanceMargin }),
  };
}

/** A preview does without a mark price rather than fail or be late. */
async function readMarkPrice(kraken: Kraken, { symbol }: Market): Promise<string | undefined> {
  const { api, elapsed } = kraken;
  const judge = replies.expecting(replies.markPriceOf(symbol));
  const startedAt = elapsed();
  const one = await unlessFailing(api.read(open(kraken, `/api/v3/tickers/${symbol}`), judge));
  if (one !== undefined || elapsed() - startedAt > patienceMs) return one;
  const all = { ...open(kraken, '/api/v3/tickers'), size: 'markets' } as const;
  return (await unlessFailing(api.readList(all, replies.markPricesOf(symbol))))?.[0];
}

async function checkKey(kraken: Kraken, credentials: Credentials): Promise<KeyCheck> {
  try {
    const request = signed(kraken, credentials, { path: checkPath });
    const { general, transfer } = await kraken.api.read(request, replies.judgeKey);
    if (transfer !== 'NO_ACCESS') return { kind: 'refused', reason: 'can-withdraw' };
    if (general === 'NO_ACCESS') return { kind: 'refused', reason: 'no-access' };
    if (general === 'READ_ONLY') return { kind: 'refused', reason: 'read-only' };
    return general === 'FULL_ACCESS' ? { kind: 'usable', notes: [] } : { kind: 'undecided' };
  } catch (error) {
    const refusal = refusedKey(error);
    return refusal ?? checkByReading(kraken, credentials);
  }
}

/** Where the check itself is of no use: a key that reads the settings exists. What else it may do is not known. */
async function checkByReading(kraken: Kraken, credentials: Credentials): Promise<KeyCheck> {
  try {
    await readPreferences(kraken, credentials, replies.preferences);
    return { kind: 'undecided' };
  } catch (error) {
    const refusal = refusedKey(error);
    if (refusal) return refusal;
    throw error;
  }
}

/**
 * Signs one call. No nonce is sent: a key that another program uses as well would collide.
 *
 * @param path - Without `/derivatives`, as documented.
 * @param postData - The query exactly as it is sent, URL-encoded (since 20 February 2024).
 * @see docs.kraken.com/api/docs/guides/futures-rest
 */
export function authent(apiSecret: string, path: string, postData: string): string {
  const hash = createHash('sha256').update(postData).update(path).digest();
  return createHmac('sha512', Buffer.from(apiSecret, 'base64')).update(hash).digest('base64');
}

function refusedKey(error: unknown): KeyCheck | undefined {
  if (!(error instanceof Failure)) throw error;
  const { data } = error;
  if (data.code === 'VENUE_SILENT') return undefined;
  if (data.code !== 'VENUE_REFUSED') throw error;
  if (data.refusal === 'key-rejected') return { kind: 'refused', reason: 'rejected' };
  return data.refusal === 'key-lacks-permission' ? { kind: 'refused', reason: 'no-access' } : undefined;
}
