import { removeAll } from './pages.ts';
import { retried } from './retried.ts';
import { plainRows } from './sealed-rows.ts';
import type { Change, Commit, Store } from './store.ts';

/** One row for each thing of a person of which only so many may be there. */
export const turnRows = plainRows('turn');

/** Longer than any decision takes; a row that ended meanwhile is another one to the check. */
const TURN_MS = 60_000;
/** Of so many at once each gets its turn. */
const MOST_AT_ONCE = 250;

/**
 * Commits what was decided from a list of rows, unless another change of the same turn came first: then it is decided
 * anew. So a bound holds however many changes come at once.
 *
 * @param decide - What to write; it throws the Failure of a bound that is reached.
 * @returns the commit; `conflict` for a failed check of the change's own.
 */
export function commitInTurn(
  store: Store,
  turn: { readonly user: string; readonly of: string },
  decide: () => Promise<Change>,
): Promise<Commit> {
  const key = `${turnRows.prefix}${turn.user}/${turn.of}`;
  return retried(async () => {
    const version = (await store.get(key))?.version ?? 'absent';
    const change = await decide();
    const result = await store.commit({
      ...change,
      checks: [{ key, version }, ...(change.checks ?? [])],
      writes: [...change.writes, { key, value: '', ttlMs: TURN_MS }],
    });
    return result.kind === 'conflict' && result.key === key ? undefined : result;
  }, MOST_AT_ONCE);
}

/** Forgets that a person ever had a turn. */
export function forgetTurns(store: Store, user: string): Promise<void> {
  return removeAll(store, [`${turnRows.prefix}${user}/`]);
}
