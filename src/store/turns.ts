import { Failure } from '../errors.ts';
import { removeAll } from './pages.ts';
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
export async function commitInTurn(
  store: Store,
  turn: { readonly user: string; readonly of: string },
  decide: () => Promise<Change>,
): Promise<Commit> {
  const key = `${turnRows.prefix}${turn.user}/${turn.of}`;
  for (let attempt = 1; attempt <= MOST_AT_ONCE; attempt += 1) {
    const version = (await store.get(key))?.version ?? 'absent';
    const change = await decide();
    const result = await store.commit({
      ...change,
      checks: [{ key, version }, ...(change.checks ?? [])],
      writes: [...change.writes, { key, value: '', ttlMs: TURN_MS }],
    });
    if (result.kind !== 'conflict' || result.key !== key) return result;
  }
  throw new Failure({ code: 'STORE_UNAVAILABLE' });
}

/** Forgets that a person ever had a turn. */
export function forgetTurns(store: Store, user: string): Promise<void> {
  return removeAll(store, [`${turnRows.prefix}${user}/`]);
}
