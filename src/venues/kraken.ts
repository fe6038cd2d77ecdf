import type { Credentials } from '../account.ts';
import { Failure } from '../errors.ts';
import { findMarket, type Market, normalizeSymbol } from '../leverage/market.ts';
import { searchMarkets } from '../leverage/market-search.ts';
import type { CurrentSetting, LeverageSetting } from '../leverage/setting.ts';
import type { ApplyResult, SettingsList, Venue, VenueFacts, VenueWarning } from '../leverage/venue.ts';
import { createConnectBudget } from './kraken-connect-budget.ts';
import { createKrakenConnections, type KrakenConnections, type PrivateReading } from './kraken-connections.ts';
import { checkKey } from './kraken-key.ts';
import { createKrakenMarkets, type KrakenMarkets } from './kraken-markets.ts';
import { createPositions, type KrakenPositions } from './kraken-positions.ts';
import { judgeSet, judgeSubscribed, leverageTold } from './kraken-replies.ts';
import { createKrakenRest, type KrakenRest } from './kraken-rest.ts';
import {
  createMemory,
  type KrakenMemory,
  marketsOfOrders,
  marketsOfPositions,
  orderCountIn,
  preferencesRead,
  type Told,
} from './kraken-told.ts';
import { warningsOf } from './kraken-warnings.ts';
import { gatherSettings } from './settings-list.ts';
import {
  defaultDeadlines,
  refusalBy,
  unlessFailing,
  type VenueDefinition,
  type VenueOptions,
  type VenueUrl,
} from './venue-api.ts';

const key = /^[A-Za-z0-9+/]{40,120}={0,2}$/;

const facts: VenueFacts = {
  id: 'kraken',
  label: 'Kraken',
  modes: ['isolated', 'cross'],
  tradeCurrencies: [],
  marketsNeedKey: false,
  credentialFields: [
    {
      name: 'apiKey',
      label: 'API key',
      hint: 'The public part that Kraken shows: 56 letters, digits, + and /.',
      masked: false,
      pattern: key,
    },
    {
      name: 'apiSecret',
      label: 'Private key',
      hint: 'The private part that Kraken shows once: 88 letters, digits, + and /, with == at its end.',
      masked: true,
      pattern: key,
    },
  ],
  keyWarning:
    'Whoever holds this key can trade with your Kraken account, spot and futures, and change leverage. It cannot withdraw if you leave that off.',
  keyAdvice:
    'On Kraken (not Kraken Derivatives), Settings, API: make a new key for this bot alone. Turn on "WebSocket interface", "Query open orders & trades" and "Create & modify orders", and nothing else: a key with a right to withdraw or to change withdrawal addresses is refused. No 2FA on the key itself, a nonce window of 10 seconds or more, and best only this bot’s IP address.',
  exampleSymbol: 'PF_XBTUSD',
  // docs.kraken.com, guides/rest/ratelimits: a counter of 15 that falls by 0.33 a second; this much is safe at every tier.
  limits: {
    windows: [{ units: 10, windowMs: 30_000 }],
    costs: { read: 1, account: 1, write: 1 },
    variables: { prefix: 'KRAKEN_UNIFIED_', costs: [] },
  },
  unlisted: 'unknown',
  openPositions: 'not-told',
  openOrders: 'not-told',
  refusalWords: {
    'key-rejected': {
      what: 'does not accept this key (any more)',
      next: 'It may be deleted, not complete, made for Kraken Derivatives, or protected by 2FA. Make a new key on Kraken and add it with /keys add.',
    },
    'key-lacks-permission': {
      what: 'does not let this key do that',
      next: 'Turn on "WebSocket interface", "Query open orders & trades" and "Create & modify orders" for it, without 2FA on the key, and allow this bot’s IP address.',
    },
    'key-forbidden': {
      what: 'has locked this account’s keys out for a while, after too many wrong requests',
      next: 'Wait 15 minutes before you try again: every try makes it longer. Look whether another program uses an old key.',
    },
    'account-invalid': {
      what: 'says that this account may not do that',
      next: 'Look there whether futures are open to your account and country.',
    },
    nonce: {
      what: 'refused the request number of this key twice',
      next: 'Another program uses the same key, or the clock of the bot’s computer was set back. Make a new key for this bot alone, with a nonce window of 10 seconds or more.',
    },
    conflict: {
      what: 'refused the change and gave no reason',
      next: 'Look at the position and the orders in this market there. A lower leverage may be taken.',
    },
    'market-not-isolated-capable': {
      what: 'has no leverage setting for this contract: it is not a multi-collateral one',
      next: 'Use a contract whose name starts with PF_ or FF_.',
    },
  },
  effect: ({ market }, setting) =>
    setting.mode === 'isolated' ? undefined : `In cross margin the whole account stands behind ${market.symbol}.`,
};

/**
 * Kraken's futures through its Unified WebSocket, which follows the Derivatives API: isolated margin at a leverage, or
 * cross. No page documents how a setting is read, so it is `unknown` unless Kraken tells it by itself.
 *
 * @see docs.kraken.com/exchange/api-reference/unified-websocket
 */
export const kraken: VenueDefinition = { facts, create: createKraken };

/** What every call below needs. */
type Kraken = {
  readonly rest: KrakenRest;
  readonly markets: KrakenMarkets;
  readonly connections: KrakenConnections<KrakenMemory>;
  readonly positions: KrakenPositions;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
};

/** As long as a card can be pressed, where nobody says how long that is. */
const defaultKeepMs = 90_000;

/** Kraken's own bases. */
export const krakenUrl: Exclude<VenueUrl, string> = { rest: 'https://api.kraken.com', socket: 'wss://uws.kraken.com' };

function createKraken(options: VenueOptions): Venue {
  const kraken = openKraken(options);
  return {
    ...facts,
    listMarkets: async () => (await kraken.markets.list()).markets,
    readMarket: (_credentials, text) => readMarket(kraken, text),
    readSetting: (credentials, { market }) => readSetting(kraken, credentials, market.symbol),
    listSettings: (credentials, { symbols }) => listSettings(kraken, credentials, symbols),
    applySetting: (credentials, { market }, setting, isInTime) =>
      applySetting(kraken, credentials, { symbol: market.symbol, setting, isInTime }),
    readPosition: (credentials, { market }) => kraken.positions.readOf(credentials, market),
    readOpenOrders: async (credentials, { market }) => ({
      count: await readOrders(kraken, credentials, (told) => orderCountIn(told, market.symbol)),
    }),
    checkKey: (credentials) => checkKey(kraken, credentials),
    readWarnings: (credentials) => readWarnings(kraken, credentials),
    forget: (user) => kraken.connections.forget(user),
    close: async () => {
      await kraken.connections.close();
      kraken.markets.close();
    },
  };
}

function openKraken(options: VenueOptions): Kraken {
  const { now, elapsed, onCall, onMessage, deadlines = defaultDeadlines, keepMs = defaultKeepMs } = options;
  const url = basesOf(options.url);
  const rest = createKrakenRest(facts, { ...options, rest: url.rest });
  // Public and private connections go to one host, which counts them together.
  const shared = {
    facts,
    budget: createConnectBudget({ now, elapsed }),
    deadlines,
    elapsed,
    ...(onCall && { onCall }),
  };
  const markets = createKrakenMarkets({ ...shared, url: `${url.socket}/v2/public` });
  const connections = createKrakenConnections<KrakenMemory>({
    ...{ ...shared, url: `${url.socket}/v2/private`, keepMs },
    createMemory: () => overheard(createMemory(), onMessage),
    ...{ leverageTold, judgeSubscribed, preferences: { channel: 'preferences' } },
    tokenOf: rest.readToken,
  });
  return { rest, markets, connections, positions: createPositions({ connections, markets, elapsed }), now };
}

function overheard(memory: KrakenMemory, onMessage: VenueOptions['onMessage']): KrakenMemory {
  if (onMessage === undefined) return memory;
  return {
    ...memory,
    take: (text) => {
      onMessage(text);
      memory.take(text);
    },
  };
}

/** @throws TypeError for a base that does not say where its sockets are */
function basesOf(url: VenueUrl | undefined): Exclude<VenueUrl, string> {
  if (url === undefined) return krakenUrl;
  if (typeof url === 'string') throw new TypeError('Kraken has two base URLs: rest and socket');
  return url;
}

async function readMarket({ markets }: Kraken, text: string): Promise<Market> {
  const listed = await markets.list();
  const market = findMarket(listed.markets, text);
  if (market) return market;
  const isMeant = (symbol: string) => normalizeSymbol(symbol) === normalizeSymbol(text);
  if (listed.unreadable.some(isMeant)) {
    throw new Failure({ code: 'VENUE_SILENT', venue: facts.label, silence: 'unreadable' });
  }
  if (listed.others.some(isMeant)) throw new Failure(refusalBy(facts, { refusal: 'market-not-isolated-capable' }));
  const suggestions = searchMarkets(listed.markets, text, 5).map(({ symbol }) => symbol);
  throw new Failure({ code: 'UNKNOWN_MARKET', venue: facts.label, text: text.slice(0, 100), suggestions });
}

async function readSetting(kraken: Kraken, credentials: Credentials, symbol: string): Promise<CurrentSetting> {
  await hearAll(kraken, credentials);
  return settingTold(kraken, credentials, symbol);
}

/** Waits for everything that could show a setting: `preferences`, which begins with a snapshot, and open positions. */
async function hearAll(kraken: Kraken, credentials: Credentials): Promise<void> {
  const positions = unlessFailing(kraken.positions.read(credentials, marketsOfPositions));
  await kraken.connections.read(credentials, preferencesRead);
  await positions;
}

function settingTold({ connections }: Kraken, credentials: Credentials, symbol: string): CurrentSetting {
  return connections.shown(credentials, symbol) ?? { mode: 'unknown' };
}

/** Kraken lists no settings: those of the markets in which something is open, or that were set here before. */
function listSettings(kraken: Kraken, credentials: Credentials, symbols: readonly string[]): Promise<SettingsList> {
  let heard: Promise<void> | undefined;
  return gatherSettings({
    symbols,
    lists: [
      { gap: 'positions', read: () => named(kraken.positions.read(credentials, marketsOfPositions)) },
      { gap: 'orders', read: () => named(readOrders(kraken, credentials, marketsOfOrders)) },
    ],
    // Once for all markets: one message tells of every one.
    readSetting: async (symbol) => {
      heard ??= hearAll(kraken, credentials);
      await heard;
      return settingTold(kraken, credentials, symbol);
    },
    always: 'not-shown',
  });
}

const orders = {
  channel: 'executions',
  params: { asset_class: 'derivatives', snap_orders: true, snap_trades: false, order_status: true },
};

function readOrders<T>(
  { connections }: Kraken,
  credentials: Credentials,
  find: (told: Told) => ReturnType<PrivateReading<KrakenMemory, T>['from']>,
): Promise<T> {
  return connections.read(credentials, { subscription: orders, from: ({ told }) => find(told) });
}

async function named(symbols: Promise<readonly string[]>) {
  return { symbols: await symbols, hasUnnamed: false };
}

type Change = { readonly symbol: string; readonly setting: LeverageSetting; readonly isInTime: () => boolean };

async function applySetting(kraken: Kraken, credentials: Credentials, change: Change): Promise<ApplyResult> {
  const { symbol, setting, isInTime } = change;
  const mode = setting.mode === 'isolated' ? isolatedMode(symbol, setting.leverage) : crossMode(symbol);
  return kraken.connections.write(credentials, {
    method: 'set_preference',
    params: { asset_class: 'derivatives', leverage_mode: mode },
    ...{ symbol, setting, isInTime, judge: judgeSet(symbol, setting) },
  });
}

// Two functions: a number means isolated and null means cross, so a value that got lost on the way would change the
// margin mode in silence.
function isolatedMode(symbol: string, leverage: string) {
  const multiple = Number(leverage);
  // JSON writes what is no number as null.
  if (JSON.stringify(multiple) !== leverage) throw new TypeError('a leverage that JSON does not write as it is');
  return { symbol, max_leverage: multiple };
}

function crossMode(symbol: string) {
  return { symbol, max_leverage: null };
}

async function readWarnings(kraken: Kraken, credentials: Credentials): Promise<readonly VenueWarning[]> {
  await kraken.connections.read(credentials, preferencesRead);
  const read: PrivateReading<KrakenMemory, readonly VenueWarning[]> = {
    from: ({ told }) => ({
      kind: 'ok',
      value: warningsOf({ permission: told.permission, status: told.status ?? kraken.markets.status() }),
    }),
  };
  return kraken.connections.read(credentials, read);
}
