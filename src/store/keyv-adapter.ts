import type { Store } from './store.ts';

/**
 * A Keyv storage adapter over the store port, so that Keyv's rows and the store's rows are the same rows.
 *
 * Only single get, set and delete: no ttl, no namespace, no clear. Errors of the store reach Keyv's caller.
 */
export function createKeyvAdapter(store: Store) {
  return {
    opts: {},
    get: async (key: string): Promise<string | undefined> => (await store.get(key))?.value,
    set: async (key: string, value: string): Promise<boolean> => {
      await store.commit({ writes: [{ key, value }] });
      return true;
    },
    delete: async (key: string): Promise<boolean> => {
      const found = await store.get(key);
      if (found === undefined) return false;
      const removed = await store.commit({
        checks: [{ key, version: found.version }],
        writes: [{ key, remove: true }],
      });
      return removed.kind === 'committed';
    },
    clear: async (): Promise<void> => {
      throw new TypeError('the vault is never cleared as a whole');
    },
    // Keyv listens for errors of its adapter; this one has none of its own: each call rejects by itself.
    on(): unknown {
      return this;
    },
  };
}
