import type { Credentials } from '../account.ts';
import { Failure, type FailureData, type KeyRefusal, type Refusal, type RefusalWords } from '../errors.ts';
import type { Market } from './market.ts';
import type { CurrentSetting, LeverageSetting } from './setting.ts';

/** One input of the link page. */
export type CredentialField = {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  /** Shown while typing when false (a public key id), masked when true. */
  readonly masked: boolean;
  /** What the value must look like; the page quotes `hint` when it does not match. */
  readonly pattern: RegExp;
};

/** What a position tells about risk. Sizes and balances stay inside the venue's file (they never go to chat). */
export type Position = {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly entryPrice: string;
  readonly markPrice?: string;
  /** The venue's own liquidation price, where it gives one. */
  readonly liquidationPrice?: string;
  /** Maintenance margin fraction of the position's tier, where the venue publishes tiers. */
  readonly maintenanceMargin?: string;
};

export type OpenOrders = { readonly count: number };

/** What the venue says of a key before it is stored. */
export type KeyCheck =
  | { readonly kind: 'usable'; readonly notes: readonly string[] }
  /** The venue knows the key, but did not say what it may do: nothing keeps it from being able to withdraw. */
  | { readonly kind: 'undecided' }
  | { readonly kind: 'refused'; readonly reason: KeyRefusal };

/**
 * What is known after a write was tried once.
 *
 * - `accepted`: the venue answered success in its documented shape.
 * - `refused`: the venue answered with a documented error; nothing was changed.
 * - `not-sent`: no request reached the venue.
 * - `silent`: it may have been applied; only reading back can tell.
 */
export type ApplyResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly failure: FailureData }
  | { readonly kind: 'not-sent'; readonly failure: FailureData }
  | { readonly kind: 'silent'; readonly failure: FailureData };

export type MarketSetting = { readonly symbol: string; readonly setting: CurrentSetting };

/**
 * What a list of settings may lack without anybody being able to name the markets.
 *
 * - `set-elsewhere`: the venue lists no settings, so one made outside the bot, without a position or an order, is unknown.
 * - `positions`, `orders`: they could not be read just now, so their markets are unknown.
 * - `unnamed-rows`: the venue sent rows that do not say which market they are about.
 * - `not-shown`: the venue does not show what is set, so what it did not show is neither "not set" nor cross margin.
 */
export type ListGap = 'set-elsewhere' | 'positions' | 'orders' | 'unnamed-rows' | 'not-shown';

/** The settings that could be read, and what was left out. */
export type SettingsList = {
  readonly settings: readonly MarketSetting[];
  /** Markets that belong here but could not be read just now, by symbol. */
  readonly unread: readonly string[];
  readonly gaps: readonly ListGap[];
};

/** The market and, where the venue keeps one leverage per margin currency, the currency that a call is about. */
export type MarketAndCurrency = { readonly market: Market; readonly currency?: string };

/** Longest times in milliseconds. A write with its read-back stays under 8 s. */
export type Deadlines = { readonly connectMs: number; readonly readMs: number; readonly writeMs: number };

/** `units` may be spent in each sliding window of `windowMs`. */
export type Window = { readonly units: number; readonly windowMs: number };

/** A venue's limits per API key: every window holds at once; `costs` are units per kind of call. */
export type Budget = {
  readonly windows: readonly Window[];
  readonly costs: { readonly read: number; readonly account: number; readonly write: number };
};

/** What a venue publishes of its limits, and the environment variables with which an operator follows its changes. */
export type Limits = Budget & {
  /** `KRAKEN_` makes `KRAKEN_LIMITS`, and `KRAKEN_WRITE_COST` where `costs` names `write`. Venues may share one. */
  readonly variables?: { readonly prefix: string; readonly costs: readonly (keyof Budget['costs'])[] };
};

/** The end of what the bot talks to; times are milliseconds since the epoch. */
export type Retirement = {
  /** When the exchange switches it off. */
  readonly at: number;
  /** From then on the bot sends nothing to it any more. */
  readonly closesAt: number;
  /** From then on no new keys are taken. */
  readonly noNewKeysFrom: number;
  /** When the keys that are still stored are erased. */
  readonly eraseAt: number;
  /** The id of the venue that follows it. */
  readonly successor?: string;
};

/** How far the end of a venue has come: from `no-new-keys` on none are taken, `closed` is sent nothing any more. */
export type Ending = 'announced' | 'no-new-keys' | 'closed';

/** What an account or its venue cannot do just now, in one plain sentence; a change of leverage may work all the same. */
export type VenueWarning = {
  readonly kind: 'reduce-only' | 'futures-disabled' | 'maintenance-soon' | 'venue-restricted';
  readonly text: string;
};

/** Words and fixed facts about a venue, for commands and pages; no network. */
export type VenueFacts = {
  readonly id: string;
  /** "Kraken Futures", "Mudrex" */
  readonly label: string;
  readonly modes: readonly LeverageSetting['mode'][];
  /** Margin currencies to choose from, first is the default; empty where the venue has no such choice. */
  readonly tradeCurrencies: readonly string[];
  /** Whether reading the market list needs a key (it is public otherwise). */
  readonly marketsNeedKey: boolean;
  readonly credentialFields: readonly CredentialField[];
  /** What whoever holds such a key can do; shown on the link page before it is entered. */
  readonly keyWarning: string;
  /** Where and with which permissions a trader makes a key. */
  readonly keyAdvice: string;
  /** A symbol to type, for hints. */
  readonly exampleSymbol: string;
  readonly limits: Limits;
  /**
   * What a market holds of which the venue keeps no setting: `unset` where it says that nothing was ever set, `unknown`
   * where it need not tell what is set. Whether such a venue tells it may depend on what is open, so no channel is told
   * what it has shown.
   */
  readonly unlisted: 'cross' | 'unset' | 'unknown';
  /** What a new setting does to a position that is open already; `not-told` where the venue does not say. */
  readonly openPositions: 'unchanged' | 're-margined' | 'not-told';
  /** What may become of open orders after a new setting: the venue cancels those that add risk once margin gets short. */
  readonly openOrders: 'unchanged' | 'cancelled-when-short' | 'not-told';
  /** Its own words for a refusal, where the general ones say too little. */
  readonly refusalWords: Partial<Readonly<Record<Refusal, RefusalWords>>>;
  /** When and how this venue ends, where its exchange has announced that it will. */
  readonly retires?: Retirement;
  /** One plain sentence: what the title of a card does not say of this setting, without a word about open positions. */
  readonly effect: (target: MarketAndCurrency, setting: LeverageSetting) => string | undefined;
};

/**
 * A futures exchange that keeps a leverage setting per market.
 *
 * Reads throw `Failure` (VENUE_REFUSED, VENUE_UNREACHABLE, VENUE_SILENT, VENUE_BUSY, UNKNOWN_MARKET) and may be
 * repeated; `applySetting` never throws one and is sent at most once.
 */
export type Venue = VenueFacts & {
  /** All contracts with a leverage setting, the main ones first. Needs credentials where `marketsNeedKey`. */
  readonly listMarkets: (credentials?: Credentials) => Promise<readonly Market[]>;
  /** One contract read fresh, by symbol, alias or id. @throws Failure UNKNOWN_MARKET with suggestions. */
  readonly readMarket: (credentials: Credentials, text: string) => Promise<Market>;
  readonly readSetting: (credentials: Credentials, target: MarketAndCurrency) => Promise<CurrentSetting>;
  /**
   * What the venue lists by itself or has open, and the settings of `symbols` (those set through the bot before).
   * Fails only when nothing could be read.
   */
  readonly listSettings: (
    credentials: Credentials,
    query: { readonly currency?: string; readonly symbols: readonly string[] },
  ) => Promise<SettingsList>;
  /** @param isInTime - Asked right before the request goes out; `not-sent` when it says no. */
  readonly applySetting: (
    credentials: Credentials,
    target: MarketAndCurrency,
    setting: LeverageSetting,
    isInTime: () => boolean,
  ) => Promise<ApplyResult>;
  readonly readPosition: (credentials: Credentials, target: MarketAndCurrency) => Promise<Position | undefined>;
  readonly readOpenOrders: (credentials: Credentials, target: MarketAndCurrency) => Promise<OpenOrders>;
  readonly checkKey: (credentials: Credentials) => Promise<KeyCheck>;
  /** Only where it `retires`; asked each time, since time goes on. */
  readonly ending?: () => Ending;
  /** What a trader should know before a change, where the venue tells of such things. */
  readonly readWarnings?: (credentials: Credentials, target: MarketAndCurrency) => Promise<readonly VenueWarning[]>;
  /** A key of this person is gone or another one: ends what is kept for their keys, where anything is, after their calls. */
  readonly forget?: (user: string) => void;
  /** Waits for calls under way and ends the connections that it keeps, where it keeps any. */
  readonly close?: () => Promise<void>;
};

/** Every venue by id, in the order in which they are shown. */
export type Venues = ReadonlyMap<string, Venue>;

/** @throws Failure UNKNOWN_VENUE for an id that this bot does not run (any more) */
export function requireVenue(venues: Venues, id: string): Venue {
  const venue = venues.get(id);
  if (venue === undefined) throw new Failure({ code: 'UNKNOWN_VENUE', id });
  return venue;
}

/** How people read a venue's name, also of one that this bot does not run any more. */
export function labelOf(venues: Venues, id: string): string {
  return venues.get(id)?.label ?? id;
}

/**
 * The margin currency of a call: the wanted one, else the venue's default, else none.
 *
 * @throws Failure CURRENCY_UNSUPPORTED
 */
export function chooseCurrency(venue: VenueFacts, wanted: string | undefined): { readonly currency?: string } {
  const { tradeCurrencies } = venue;
  if (wanted !== undefined && !tradeCurrencies.includes(wanted)) {
    throw new Failure({ code: 'CURRENCY_UNSUPPORTED', venue: venue.label, currencies: tradeCurrencies });
  }
  const currency = wanted ?? tradeCurrencies[0];
  return currency === undefined ? {} : { currency };
}
