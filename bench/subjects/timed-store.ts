import type { Store } from '../../src/store/store.ts';

/** A store whose commits are counted and timed: SQLite carries each out before the call returns. */
export function timeCommits(store: Store): Store & { readonly commits: () => { count: number; ms: number } } {
  const spent = { count: 0, ms: 0 };
  return {
    ...store,
    commit: (change) => {
      const startedAt = performance.now();
      const result = store.commit(change);
      spent.ms += performance.now() - startedAt;
      spent.count += 1;
      return result;
    },
    commits: () => spent,
  };
}
