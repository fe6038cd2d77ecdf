import { z } from 'zod';
import { type Account, accountPath } from '../account.ts';
import { type LastSet, type LastSets, lastSetSchema } from '../leverage/last-set.ts';
import { marketLabel } from '../leverage/market.ts';
import { removeAll } from '../store/pages.ts';
import { retried } from '../store/retried.ts';
import { type RowContext, sealedRows, unlessUnreadable } from '../store/sealed-rows.ts';
import type { Outcome } from './outcome.ts';
import type { Proposal } from './proposal.ts';
import { rowKeys } from './proposal-rows.ts';

const pastSchema = z.object({
  symbols: z.array(z.string()).readonly(),
  last: z.record(z.string(), lastSetSchema).readonly().exactOptional(),
});
type Past = Readonly<z.infer<typeof pastSchema>>;

/**
 * For each account the symbols whose leverage was set through the bot, the latest first, and what was last set where the
 * venue need not show it.
 */
export const symbolRows = sealedRows({ kind: 'symbols', prefix: 'symbols/', version: 1, schema: pastSchema });

const MAX_SYMBOLS = 50;

export type PastSymbols = {
  /** Symbols that an account has set through the bot, so that nobody has to open its past cards for them. */
  readonly setBy: (account: Account) => Promise<readonly string[]>;
  /** What an account has last set through the bot, at a venue that need not show it. */
  readonly lastSetBy: (account: Account) => Promise<LastSets>;
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
    setBy: async (account) => (await change(context, account, (past) => past)).symbols,
    lastSetBy: (account) => lastSetBy(context, account),
    note: (proposal, outcome) => note(context, proposal, outcome),
    forget: (user) => removeAll(context.store, [`${symbolRows.prefix}${user}/`]),
  };
}

async function lastSetBy(context: SymbolsContext, account: Account): Promise<LastSets> {
  // A damaged list keeps nobody from a card.
  const found = await symbolRows.get(context, accountPath(account)).catch(unlessUnreadable);
  return found?.data.last ?? {};
}

async function note(context: SymbolsContext, proposal: Proposal, outcome: Outcome): Promise<void> {
  if (!mayHaveSet(outcome) && outcome.kind !== 'not-applied') return;
  const next = (past: Past) => withLast(withSymbol(past, proposal, outcome), proposal, outcome);
  // A damaged list stays as it is: it keeps nothing else about a change from being made known.
  await change(context, proposal.account, next, rowKeys.row(proposal.id)).catch(unlessUnreadable);
}

function withSymbol(past: Past, { market: { symbol } }: Proposal, outcome: Outcome): Past {
  const { symbols } = past;
  if (symbols[0] === symbol || !mayHaveSet(outcome)) return past;
  return { ...past, symbols: [symbol, ...symbols.filter((each) => each !== symbol)].slice(0, MAX_SYMBOLS) };
}

/** What is not final yet changes nothing; nor does what was made known later than a newer change. */
function withLast(past: Past, proposal: Proposal, outcome: Outcome): Past {
  const name = marketLabel(proposal);
  const { [name]: known, ...others } = past.last ?? {};
  const latest = lastSetIn(proposal, outcome);
  // The venue has shown something else after all.
  const isUndone = outcome.kind === 'differs' || (outcome.kind === 'not-applied' && known?.isKnown === false);
  if (known !== undefined && isUndone) return { ...past, last: others };
  if (latest === undefined || (known !== undefined && known.at > latest.at)) return past;
  const entries = Object.entries({ [name]: latest, ...others });
  return { ...past, last: Object.fromEntries(entries.slice(0, MAX_SYMBOLS)) };
}

function lastSetIn({ setting, showsSetting }: Proposal, outcome: Outcome): LastSet | undefined {
  if (showsSetting === undefined) return undefined;
  if (outcome.kind === 'applied') return { setting, at: outcome.asOf, isKnown: true };
  return outcome.kind === 'unknown' ? { setting, at: outcome.since, isKnown: false } : undefined;
}

/**
 * @param because - The key of the row without which nothing is noted: it may be erased meanwhile, and the list with it.
 * @returns the list as it is now.
 */
function change(
  context: SymbolsContext,
  account: Account,
  next: (past: Past) => Past,
  because?: string,
): Promise<Past> {
  const { store, keepMs } = context;
  const id = accountPath(account);
  return retried(async () => {
    const reason = because === undefined ? undefined : await store.get(because);
    if (because !== undefined && reason === undefined) return { symbols: [] };
    const found = await symbolRows.get(context, id);
    const past = next(found?.data ?? { symbols: await collect(context, account) });
    if (found !== undefined && past === found.data) return past;
    const row = await symbolRows.write(context, id, past, keepMs);
    const checks = [{ key: row.key, version: found?.version ?? ('absent' as const) }, ...(reason ? [reason] : [])];
    return (await store.commit({ checks, writes: [row] })).kind === 'committed' ? past : undefined;
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
