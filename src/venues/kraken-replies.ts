import { z } from 'zod';
import type { Refusal } from '../errors.ts';
import { type CurrentSetting, isSameSetting, type LeverageSetting, leverageFromReply } from '../leverage/setting.ts';
import type { MarketSetting } from '../leverage/venue.ts';
import { parseExactJson } from '../parse-json.ts';
import { refusalOfText } from './kraken-rest.ts';
import { cutLists } from './list-reply.ts';
import type { Judge } from './venue-api.ts';
import { type Refused, refused, silent, type Verdict } from './verdict.ts';

const frameHead = z.object({
  channel: z.string().optional(),
  method: z.string().optional(),
  type: z.string().optional(),
  success: z.unknown().optional(),
  error: z.unknown().optional(),
  result: z.unknown().optional(),
  data: z.unknown().optional(),
  time_in: z.unknown().optional(),
  time_out: z.unknown().optional(),
});

/** One message, with its long lists apart: they are parsed row by row, and only when they are wanted. */
export type Frame = z.output<typeof frameHead> & {
  /** `data`, where that is a list. A row that is no JSON is undefined. */
  readonly rows: () => readonly unknown[];
  /** `data.futures` */
  readonly futures: () => readonly unknown[];
};

/** @returns undefined for what is no message, or longer than any that this bot reads */
export function frameOf(text: string): Frame | undefined {
  const cut = cutLists(text, ['data', 'data.futures', 'data.options']);
  if (typeof cut === 'string') return undefined;
  const head = frameHead.safeParse(parseExactJson(cut.around)).data;
  const [rows = [], futures = []] = cut.lists;
  return head && { ...head, rows: () => rows.map(parseExactJson), futures: () => futures.map(parseExactJson) };
}

/** A contract as Kraken writes it, `PF_XBTUSD`; always upper case here. */
export const symbolText = z
  .string()
  .regex(/^[A-Za-z]{2}_[0-9A-Za-z_]{1,40}$/)
  .transform((symbol) => symbol.toUpperCase());

const multiple = z.union([z.string(), z.number()]);
const leverageMode = z.object({ symbol: symbolText, max_leverage: multiple.nullish().catch(undefined) });

/** The object `leverage_mode` of `set_preference`, wherever Kraken shows it again: a number is isolated, null is cross. */
function settingOf(mode: unknown): MarketSetting | undefined {
  const { data } = leverageMode.safeParse(mode);
  if (data === undefined) return undefined;
  const { symbol, max_leverage: max } = data;
  return { symbol, setting: max === null ? { mode: 'cross' } : isolatedAt(max) };
}

function isolatedAt(max: string | number | undefined): CurrentSetting {
  const leverage = max === undefined ? undefined : leverageFromReply(max);
  return leverage === undefined ? { mode: 'unknown' } : { mode: 'isolated', leverage };
}

const withMode = z.object({ leverage_mode: z.unknown() });
const fixed = z.object({
  symbol: symbolText,
  size: multiple.optional().catch(undefined),
  max_fixed_leverage: multiple.optional().catch(undefined),
});

/**
 * The settings that a message shows. No page of Kraken's says that any does, so all three places are read in which one is
 * likely (?): `preferences`, rows of `positions` with margin, where the feed that ends in 2027 had `max_fixed_leverage`
 * for isolated positions, and the answer to `set_preference`. A market that one of them names without a setting is
 * `unknown`: the lack of a number is not cross (?), and what was shown before is not the last word any more.
 */
export function leverageTold(text: string): readonly MarketSetting[] {
  const frame = frameOf(text);
  if (frame === undefined) return [];
  if (frame.channel === 'preferences') return modesIn([frame.data, ...frame.rows()]);
  if (frame.channel === 'positions') return frame.futures().flatMap(fixedLeverage);
  return frame.method === 'set_preference' && frame.success === true ? modesIn([frame.result]) : [];
}

function modesIn(holders: readonly unknown[]): readonly MarketSetting[] {
  return holders.flatMap((holder) => {
    const mode = withMode.safeParse(holder).data?.leverage_mode;
    return (Array.isArray(mode) ? mode : [mode]).flatMap((one) => settingOf(one) ?? []);
  });
}

function fixedLeverage(row: unknown): readonly MarketSetting[] {
  const { data } = fixed.safeParse(row);
  if (data === undefined) return [];
  const { symbol, size, max_fixed_leverage: max } = data;
  const isOpen = size !== undefined && Number(size) !== 0;
  return [{ symbol, setting: isolatedAt(isOpen ? max : undefined) }];
}

/** What may stand in `error` of any answer; the pages name no texts for these, so they are those of REST (?). */
const common: ReadonlyMap<string, Refusal> = new Map([
  ['EAPI:Invalid token', 'session-ended'],
  ['ESession:Invalid session', 'session-ended'],
  ['Exceeded msg rate', 'rate-limited'],
]);

/** @see docs.kraken.com/exchange/api-reference/unified-ws/set_preference */
const writeRefusals: ReadonlyMap<string, Refusal> = new Map([
  ...common,
  ["Leverage exceeds the market's margin schedule", 'leverage-out-of-range'],
  ['Leverage is outside the permitted range for this market', 'leverage-out-of-range'],
  ['Leverage change would cause liquidation', 'would-liquidate'],
  ['Insufficient margin for the requested leverage', 'insufficient-margin'],
  ['Leverage change rejected', 'conflict'],
  ["Unknown 'params.leverage_mode.symbol'", 'unknown-market'],
  ['EGeneral:Permission denied', 'key-lacks-permission'],
  ['EAPI:Rate limit exceeded', 'rate-limited'],
]);

const notYet = 'Preferences are not available yet, try again later';

function refusalOfRead(text: string): Refused | undefined {
  const refusal = text === notYet ? 'venue-unavailable' : common.get(text);
  return refusal === undefined ? refusalOfText(text) : refused(refusal);
}

/** An answer to a subscription or another request that changes nothing. */
export const judgeSubscribed: Judge<unknown> = ({ text }) => {
  const frame = frameOf(text);
  if (frame?.success === true && frame.error === undefined) return { kind: 'ok', value: undefined };
  if (frame?.success !== false || typeof frame.error !== 'string') return silent('unreadable');
  return refusalOfRead(frame.error) ?? silent('unreadable');
};

/** What is said about the argument; its words are not on the page (?). */
const aboutLeverage = "'params.leverage_mode.max_leverage'";

/** An answer to `set_preference`; what it repeats must be what was asked for. */
export function judgeSet(symbol: string, setting: LeverageSetting): Judge<unknown> {
  return ({ text }) => {
    const frame = frameOf(text);
    if (frame === undefined) return silent('unreadable');
    const { success, error, result } = frame;
    if (success === false && typeof error === 'string') return refusalOfWrite(error);
    const isWhole = success === true && error === undefined && isTimed(frame);
    return isWhole && repeats(result, symbol, setting) ? { kind: 'ok', value: undefined } : silent('unreadable');
  };
}

const isTimed = ({ time_in: from, time_out: to }: Frame) => typeof from === 'string' && typeof to === 'string';

function refusalOfWrite(text: string): Verdict<never> {
  // Busy, unavailable, "deadline elapsed": it may have been carried out.
  if (text.startsWith('EService:') || text === 'EGeneral:Internal error') return silent('server-error');
  const refusal = writeRefusals.get(text);
  if (refusal !== undefined) return refused(refusal);
  return text.includes(aboutLeverage) ? refused('invalid-request', 'max_leverage') : silent('unreadable');
}

/** Whether an answer that repeats a setting repeats this one; most will repeat none. */
function repeats(result: unknown, symbol: string, setting: CurrentSetting): boolean {
  const { data } = withMode.safeParse(result);
  if (data === undefined || data.leverage_mode === undefined) return true;
  const echo = settingOf(data.leverage_mode);
  return echo !== undefined && echo.symbol === symbol && isSameSetting(echo.setting, setting);
}
