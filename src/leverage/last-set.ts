import { z } from 'zod';
import type { Span } from '../view.ts';
import { describeSetting, settingSchema } from './setting.ts';

/** What the bot has last set in a market, when (milliseconds since the epoch), and whether it is known to have worked. */
export const lastSetSchema = z.object({ setting: settingSchema, at: z.number(), isKnown: z.boolean() });
export type LastSet = Readonly<z.infer<typeof lastSetSchema>>;

/** By the name of the market and its margin currency, as people read it. */
export type LastSets = Readonly<Record<string, LastSet>>;

/** The bot's own word, for where the venue does not show it; somebody may have changed it there since. */
export function lastSetText({ setting, at, isKnown }: LastSet): readonly Span[] {
  const when = { time: at, style: 'relative' } as const;
  if (isKnown) return [`Last set here: ${describeSetting(setting)}, `, when, '.'];
  return [`Last sent from here: ${describeSetting(setting)}, `, when, '; nobody knows whether it was set.'];
}
