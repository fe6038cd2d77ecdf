import { Big } from 'big.js';
import { z } from 'zod';

/** A leverage multiple as a canonical decimal text: `5` means 5x, `2.5` means 2.5x. Never a float. */
export type Leverage = string;

/** What a trader can ask for. Cross is an action of its own, never an omitted number. */
export const settingSchema = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('isolated'), leverage: z.string() }),
  z.object({ mode: z.literal('cross') }),
]);
export type LeverageSetting = Readonly<z.infer<typeof settingSchema>>;

/** What a venue says that it holds: `unset` where it says that nothing was ever set, which is not 1x. */
export const shownSettingSchema = z.union([settingSchema, z.object({ mode: z.literal('unset') })]);
export type ShownSetting = Readonly<z.infer<typeof shownSettingSchema>>;

/** What is known of what a venue holds: `unknown` where it does not show it, which is the same as nothing. */
export const currentSchema = z.union([shownSettingSchema, z.object({ mode: z.literal('unknown') })]);
export type CurrentSetting = Readonly<z.infer<typeof currentSchema>>;

/** Plain ASCII decimals only: no sign, exponent, hex, spaces, comma, or digits of other scripts. */
const decimal = /^(0|[1-9][0-9]{0,8})(\.[0-9]{1,8})?$/;

/** @returns the canonical leverage, or undefined for anything but a plain positive decimal such as `10` or `2.5`. */
export function parseLeverage(text: string): Leverage | undefined {
  if (!decimal.test(text)) return undefined;
  const value = new Big(text);
  return value.gt(0) ? value.toFixed() : undefined;
}

/** What a trader typed for a leverage. `comma` is a guess to ask about, never to act on. */
type TypedLeverage =
  | { readonly kind: 'leverage'; readonly leverage: Leverage }
  | { readonly kind: 'comma'; readonly meant: Leverage }
  | { readonly kind: 'none' };

/**
 * Reads what a trader typed: a plain decimal with or without an `x` behind it and spaces around it.
 *
 * `2,5` is probably 2.5; `1,000` may be 1 or 1000, so nothing is guessed.
 */
export function readTypedLeverage(text: string): TypedLeverage {
  const [, number = '', decimals] = /^ *([^ ,xX]*)(?:,([0-9]{1,2}))?[xX]? *$/.exec(text) ?? [];
  const leverage = parseLeverage(decimals === undefined ? number : `${number}.${decimals}`);
  if (leverage === undefined) return { kind: 'none' };
  return decimals === undefined ? { kind: 'leverage', leverage } : { kind: 'comma', meant: leverage };
}

/** @returns the canonical leverage for a number or text in a venue's reply, or undefined when it is none. */
export function leverageFromReply(value: string | number): Leverage | undefined {
  const text = String(value);
  return /^[0-9]+(\.[0-9]+)?$/.test(text) && new Big(text).gt(0) ? new Big(text).toFixed() : undefined;
}

export function isSameSetting(a: CurrentSetting, b: CurrentSetting): boolean {
  if (a.mode === 'unknown' || b.mode === 'unknown') return false;
  if (a.mode !== 'isolated' || b.mode !== 'isolated') return a.mode === b.mode;
  return new Big(a.leverage).eq(b.leverage);
}

/** "5x isolated", "cross margin", "not set", "not shown" */
export function describeSetting(setting: CurrentSetting): string {
  switch (setting.mode) {
    case 'isolated':
      return `${setting.leverage}x isolated`;
    case 'cross':
      return 'cross margin';
    case 'unset':
      return 'not set';
    case 'unknown':
      return 'not shown';
  }
}
