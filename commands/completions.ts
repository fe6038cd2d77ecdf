import type { Caller } from '../src/caller.ts';
import type { Completion } from '../src/command.ts';
import type { Bounds } from '../src/leverage/market.ts';
import { searchMarkets } from '../src/leverage/market-search.ts';
import type { Services } from '../src/services.ts';
import { SEPARATOR } from './options.ts';

const MAX_COMPLETIONS = 25;

/** Completions for the options `market`, `account` and `label`, from memory and the bot's own store only. */
export async function completeOption(
  services: Services,
  caller: Caller,
  option: string,
  typed: string,
  values: Readonly<Record<string, unknown>>,
): Promise<readonly Completion[]> {
  if (option !== 'market') return completeLabel(services, caller.user, typed, values.venue);
  return completeMarket(services, typed, values.venue);
}

function completeMarket(services: Services, typed: string, chosen: unknown): readonly Completion[] {
  const { venues, markets } = services;
  const found = typeof chosen === 'string' ? venues.get(chosen) : undefined;
  if (found === undefined) return completeAnywhere(services, typed);
  const matches = searchMarkets(markets.list(found.id), typed, MAX_COMPLETIONS);
  if (matches.length === 0) return [hint(typed, found.exampleSymbol)];
  return matches.map(({ symbol, bounds }) => ({ name: `${symbol}${upTo(bounds)}`, value: symbol }));
}

/** Nothing where the exchange publishes no maximum. */
function upTo({ max }: Bounds): string {
  return max === undefined ? '' : ` · up to ${max}x`;
}

/** Discord can fill in one option only, so the value says the venue too; that one is still to be chosen. */
function completeAnywhere({ venues, markets }: Services, typed: string): readonly Completion[] {
  const most = Math.max(1, Math.floor(MAX_COMPLETIONS / venues.size));
  return [...venues.values()].flatMap(({ id, label }) =>
    searchMarkets(markets.list(id), typed, most).map(({ symbol, bounds }) => ({
      name: `${symbol} · ${label}${upTo(bounds)}`,
      value: `${id}${SEPARATOR}${symbol}`,
    })),
  );
}

async function completeLabel(
  { keys }: Services,
  user: string,
  typed: string,
  chosen: unknown,
): Promise<readonly Completion[]> {
  const own = (await keys.list(user)).filter((key) => chosen === undefined || key.account.venue === chosen);
  const labels = [...new Set(own.map((key) => key.account.label))].filter((name) => name.startsWith(typed));
  return labels.slice(0, MAX_COMPLETIONS).map((name) => ({ name, value: name }));
}

function hint(typed: string, example: string): Completion {
  return { name: `Type a symbol such as ${example}`, value: typed === '' ? example : typed };
}
