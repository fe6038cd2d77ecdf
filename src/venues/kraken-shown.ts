import { type CurrentSetting, isSameSetting } from '../leverage/setting.ts';
import type { MarketSetting } from '../leverage/venue.ts';

/**
 * The settings that one connection has shown by itself, by symbol. Kraken has no documented way to read a setting, so what
 * a message happens to show is kept, as long as it can still be true. Times are milliseconds that have passed.
 */
export type ShownSettings = {
  /** Of each market the last one, the newest at the end. */
  readonly settings: Map<string, Shown>;
  /** The last change of each market that went out while the connection was open. */
  readonly changes: Map<string, Change>;
};

type Shown = {
  readonly setting: CurrentSetting;
  readonly at: number;
  /** From then on it does not count any more. */
  readonly until: number;
  /** None for a reply. */
  readonly channel: string | undefined;
};

/** What was asked for, and until when a message that shows something else may be from before. */
type Change = { readonly setting: CurrentSetting; readonly until: number };

const mostMarkets = 500;
/** As long as the key is held for the change that is replied to, so that the bot makes no other one meanwhile. */
const replyHoldsMs = 30_000;
/** A message that was under way when a change went out has come by then; what comes later was sent after the change. */
const changeHoldsMs = 30_000;

export function createShownSettings(): ShownSettings {
  return { settings: new Map(), changes: new Map() };
}

type Source = { readonly at: number; readonly isReply: boolean; readonly channel: string | undefined };

/** Keeps what a message shows of one market; `unknown` where it names the market without a setting. */
export function noteShown(
  { settings, changes }: ShownSettings,
  { symbol, setting }: MarketSetting,
  { at, isReply, channel }: Source,
): void {
  const change = changes.get(symbol);
  // Of a market that was not changed from here nothing would tell when this is not true any more.
  if (isReply && change === undefined) return;
  if (setting.mode === 'unknown') {
    // The position is closed or in cross margin now, so its channel tells of this market no longer.
    if (settings.get(symbol)?.channel === channel) settings.delete(symbol);
    return;
  }
  const isLate = change !== undefined && at < change.until && !isSameSetting(setting, change.setting);
  // Of what a reply shows no message says when it changes again; a channel tells of its own changes.
  const until = isLate ? change.until : isReply ? at + replyHoldsMs : Number.POSITIVE_INFINITY;
  setLast(settings, symbol, { setting, at, until, channel });
}

/** Notes that a change goes out: what was shown before, or is under way, says nothing of what came of it. */
export function noteChange({ settings, changes }: ShownSettings, { symbol, setting }: MarketSetting, at: number): void {
  settings.delete(symbol);
  setLast(changes, symbol, { setting, until: at + changeHoldsMs });
}

function setLast<T>(map: Map<string, T>, symbol: string, value: T): void {
  map.delete(symbol);
  map.set(symbol, value);
  const [oldest] = map.keys();
  if (map.size > mostMarkets && oldest !== undefined) map.delete(oldest);
}

/** @returns the newest setting of a market that several connections have shown and that still counts */
export function lastShown(all: readonly ShownSettings[], symbol: string, now: number): CurrentSetting | undefined {
  const found = all.flatMap(({ settings }) => settings.get(symbol) ?? []).filter(({ until }) => until > now);
  return found.toSorted((a, b) => a.at - b.at).at(-1)?.setting;
}
