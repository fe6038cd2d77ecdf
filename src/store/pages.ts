import { setImmediate as breathe } from 'node:timers/promises';
import type { Entry, Store } from './store.ts';

const PAGE = 200;

/** The live rows whose key starts with `prefix`, a few at a time: other work gets its turn in between. */
export async function* pagesOf(store: Store, prefix: string): AsyncGenerator<Entry> {
  let page: readonly Entry[] = await store.list(prefix, { limit: PAGE });
  yield* page;
  for (let last = page.at(-1); last !== undefined && page.length === PAGE; last = page.at(-1)) {
    // A store that answers at once would let nothing else run between two pages.
    await breathe();
    page = await store.list(prefix, { after: last.key, limit: PAGE });
    yield* page;
  }
}
