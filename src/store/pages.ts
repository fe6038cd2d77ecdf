import { setImmediate as breathe } from 'node:timers/promises';
import type { Entry, Store } from './store.ts';

const PAGE = 200;
const SLICE = 50;

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

/** Works on a few at once, the next ones after those, and lets other work go on in between. */
export async function inSlices<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += SLICE) {
    if (start > 0) await breathe();
    results.push(...(await Promise.all(items.slice(start, start + SLICE).map(work))));
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
