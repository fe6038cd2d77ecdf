import { z } from 'zod';
import { type Account, accountPath } from '../account.ts';
import { removeAll } from '../store/pages.ts';
import { retried } from '../store/retried.ts';
import { type RowContext, sealedRows, unlessUnreadable } from '../store/sealed-rows.ts';
import type { Outcome } from './outcome.ts';
import type { Proposal } from './proposal.ts';
import { rowKeys } from './proposal-rows.ts';

/** For each account the symbols whose leverage was set through the bot, the latest first. */
export const symbolRows = sealedRows({
  kind: 'symbols',
  prefix: 'symbols/',
  version: 1,
  schema: z.object({ symbols: z.array(z.string()).readonly() }),
});

const MAX_SYMBOLS = 50;

export type PastSymbols = {
  /** Symbols that an account has set through the bot, so that nobody has to open its past cards for them. */
  readonly setBy: (account: Account) => Promise<readonly string[]>;
  /** Takes note of a change that may have reached the venue. */
  readonly note: (proposal: Proposal, outcome: Outcome) => Promise<void>;
  readonly forget: (user: string) => Promise<void>;
};

type SymbolsContext = RowContext & {
  /** How long a list is kept after its last change. */
  readonly keepMs: number;
  /** Past proposals of a user, for an account that has no list yet: 0.1 kept none. */
  readonly pastOf: (user: string) => Promise<readonly { readonly proposal: Proposal }[]>;
};

export function createPastSymbols(context: SymbolsContext): PastSymbols {
  return {
    setBy: (account) => change(context, account, (symbols) => symbols),
    note: (proposal, outcome) => note(context, proposal, outcome),
    forget: (user) => removeAll(context.store, [`${symbolRows.prefix}${user}/`]),
  };
}

async function note(context: SymbolsContext, { id, account, market }: Proposal, outcome: Outcome): Promise<void> {
  if (!mayHaveSet(outcome)) return;
  const { symbol } = market;
  const next = (symbols: readonly string[]) =>
    symbols[0] === symbol ? symbols : [symbol, ...symbols.filter((each) => each !== symbol)].slice(0, MAX_SYMBOLS);
  // A damaged list stays as it is: it keeps nothing else about a change from being made known.
  await change(context, account, next, rowKeys.row(id)).catch(unlessUnreadable);
}

/**
 * @param because - The key of the row without which nothing is noted: it may be erased meanwhile, and the list with it.
 * @returns the list as it is now.
 */
function change(
  context: SymbolsContext,
  account: Account,
  next: (symbols: readonly string[]) => readonly string[],
  because?: string,
): Promise<readonly string[]> {
  const { store, keepMs } = context;
  const id = accountPath(account);
  return retried(async () => {
    const reason = because === undefined ? undefined : await store.get(because);
    if (because !== undefined && reason === undefined) return [];
    const found = await symbolRows.get(context, id);
    const symbols = next(found?.data.symbols ?? (await collect(context, account)));
    if (found !== undefined && symbols === found.data.symbols) return symbols;
    const row = await symbolRows.write(context, id, { symbols }, keepMs);
    const checks = [{ key: row.key, version: found?.version ?? ('absent' as const) }, ...(reason ? [reason] : [])];
    return (await store.commit({ checks, writes: [row] })).kind === 'committed' ? symbols : undefined;
  });
}

async function collect({ pastOf }: SymbolsContext, account: Account): Promise<readonly string[]> {
  const past = (await pastOf(account.user)).map(({ proposal }) => proposal);
  const own = past.filter((each) => accountPath(each.account) === accountPath(account));
  const latestFirst = own.toSorted((a, b) => b.createdAt - a.createdAt);
  return [...new Set(latestFirst.map(({ market }) => market.symbol))].slice(0, MAX_SYMBOLS);
}

function mayHaveSet({ kind }: Outcome): boolean {
  return kind === 'applied' || kind === 'differs' || kind === 'unsettled' || kind === 'unknown';
}
