import type { Store } from './store.ts';

/** How long rows whose key begins so live at most, in milliseconds. */
export type Life = readonly [prefix: string, longestMs: number];

/** A clock that was ahead before this start wrote rows that would lock keys and keep links for as long as it was ahead. */
export async function shortenLives(store: Store, lives: readonly Life[], dueWithinMs: number): Promise<void> {
  for (const [prefix, longestMs] of lives) await store.shorten(prefix, longestMs);
  await store.hasten(dueWithinMs);
}
