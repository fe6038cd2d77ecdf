import { chunksOf } from '../../src/store/pages.ts';
import { MOST_KEYS, type Store, type Write } from '../../src/store/store.ts';

/** Writes more rows than one change may name. */
export async function writeAll(store: Store, writes: readonly Write[]): Promise<void> {
  for (const some of chunksOf(writes, MOST_KEYS)) await store.commit({ writes: some });
}
