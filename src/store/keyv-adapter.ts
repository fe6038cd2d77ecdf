import type { Store } from './store.ts';

/**
 * A Keyv storage adapter over the store port, so that Keyv's rows and the store's rows are the same rows.
 *
 * Only single get, set and delete: no ttl, no namespace, no clear. Errors of the store reach Keyv's caller. Values are
 * texts that lie in the store as they are, so Keyv's own serialization is to be switched off.
 */
export function createKeyvAdapter(store: Store) {
  return {
    opts: {},
    get: async (key: string): Promise<{ readonly value: string } | undefined> => store.get(key),
    set: async (key: string, { value }: { readonly value: string }): Promise<boolean> => {
      await store.commit({ writes: [{ key, value }] });
      return true;
    },
    delete: async (key: string): Promise<boolean> => {
      // A rotation may seal the row again in between: what is to be removed must not survive that.
      for (let found = await store.get(key); found !== undefined; found = await store.get(key)) {
        const checks = [{ key, version: found.version }];
        if ((await store.commit({ checks, writes: [{ key, remove: true }] })).kind === 'committed') return true;
      }
      return false;
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
