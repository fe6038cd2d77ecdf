import { Failure } from '../errors.ts';
import type { CurrentSetting } from '../leverage/setting.ts';
import type { ListGap, MarketSetting, SettingsList } from '../leverage/venue.ts';

/** Markets that a list of open positions or orders names. */
export type NamedMarkets = { readonly symbols: readonly string[]; readonly hasUnnamed: boolean };

type Part<T> = { readonly value: T } | { readonly failure: Failure };

/**
 * Gathers settings at a venue that lists none: one reading a market. What cannot be read is left out by name.
 *
 * @param lists - Where markets are named, each with what is missing when it cannot be read.
 * @param always - What a venue leaves out however well it is read.
 * @throws Failure of the first reading when none succeeded.
 */
export async function gatherSettings(options: {
  readonly symbols: readonly string[];
  readonly lists: readonly { readonly gap: ListGap; readonly read: () => Promise<NamedMarkets> }[];
  readonly readSetting: (symbol: string) => Promise<CurrentSetting>;
  readonly always: 'set-elsewhere' | 'not-shown';
}): Promise<SettingsList> {
  const { symbols, lists, readSetting, always } = options;
  const named = await Promise.all(lists.map(async ({ gap, read }) => ({ gap, part: await partOf(read()) })));
  const open = named.flatMap(({ part }) => ('value' in part ? [part.value] : []));
  const missing = named.flatMap(({ gap, part }) => ('failure' in part ? [gap] : []));
  const failures = named.flatMap(({ part }) => ('failure' in part ? [part.failure] : []));
  const settings: MarketSetting[] = [];
  const unread: string[] = [];
  // One after the other: a long list must not take the connections of everybody else.
  for (const symbol of new Set([...open.flatMap((list) => list.symbols), ...symbols])) {
    const part = await partOf(readSetting(symbol));
    if ('value' in part) settings.push({ symbol, setting: part.value });
    else unread.push(symbol);
    if ('failure' in part) failures.push(part.failure);
  }
  if (open.length + settings.length === 0 && failures[0]) throw failures[0];
  const unnamed = open.some(({ hasUnnamed }) => hasUnnamed) ? (['unnamed-rows'] as const) : [];
  return { settings, unread, gaps: [always, ...missing, ...unnamed] };
}

async function partOf<T>(reading: Promise<T>): Promise<Part<T>> {
  try {
    return { value: await reading };
  } catch (error) {
    if (error instanceof Failure) return { failure: error };
    throw error;
  }
}
