import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Entry, MOST_KEYS, type Store } from './store.ts';

/** So that one change may name all of a page. */
const PAGE = MOST_KEYS;
const SLICE = 50;

/** Lets what else is waiting have its turn. */
export function breathe(): Promise<void> {
  return nextTurn();
}

/** The live rows whose key starts with `prefix`, in pages: other work gets its turn in between. */
export async function* pagesOf(store: Store, prefix: string): AsyncGenerator<readonly Entry[]> {
  let page: readonly Entry[] = await store.list(prefix, { limit: PAGE });
  yield page;
  for (let last = page.at(-1); last !== undefined && page.length === PAGE; last = page.at(-1)) {
    // A store that answers at once would let nothing else run between two pages.
    await breathe();
    page = await store.list(prefix, { after: last.key, limit: PAGE });
    yield page;
  }
}

/** The same, one by one. */
export async function* entriesOf(store: Store, prefix: string): AsyncGenerator<Entry> {
  for await (const page of pagesOf(store, prefix)) yield* page;
}

/** @returns the items in their order, so many at a time. */
export function chunksOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const starts = items.flatMap((_item, index) => (index % size === 0 ? [index] : []));
  return starts.map((start) => items.slice(start, start + size));
}

/** Works on a few at once, the next ones after those, and lets other work go on in between. */
export async function inSlices<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const slice of chunksOf(items, SLICE)) {
    if (results.length > 0) await breathe();
    results.push(...(await Promise.all(slice.map(work))));
  }
  return results;
}

/** Removes every row whose key starts with one of these, a page at a time. */
export async function removeAll(store: Store, prefixes: readonly string[]): Promise<void> {
  for (const prefix of prefixes) {
    for await (const page of pagesOf(store, prefix)) {
      if (page.length > 0) await store.commit({ writes: page.map(({ key }) => ({ key, remove: true })) });
    }
  }
}
