import { Keyv } from 'keyv';
import { expect, onTestFinished, test } from 'vitest';
import { createKeyvAdapter } from '../../src/store/keyv-adapter.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { createClock } from '../support/clock.ts';

function open(change: (store: Store) => Partial<Store> = () => ({})) {
  const store = createSqliteStore({ file: ':memory:', now: createClock().now });
  onTestFinished(() => store.close());
  const adapter = createKeyvAdapter({ ...store, ...change(store) });
  const keyv = new Keyv<string>({ store: adapter, useKeyPrefix: false, throwOnErrors: true });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return { store, keyv };
}

test('what Keyv writes is a row of the store under the same key', async () => {
  const { store, keyv } = open();
  await keyv.set('credential/1', 'sealed');
  expect((await store.get('credential/1'))?.value).toBe('sealed');
  expect(await keyv.get('credential/1')).toBe('sealed');
  expect(await keyv.get('credential/2')).toBeUndefined();
});

test('of two deletes at once one finds the row', async () => {
  const { keyv } = open();
  await keyv.set('k', 'v');
  const results = await Promise.all([keyv.delete('k'), keyv.delete('k'), keyv.delete('k')]);
  expect(results.filter(Boolean)).toHaveLength(1);
});

test('a row that is written anew while it is deleted does not survive (P23)', async () => {
  let times = 3;
  const { store, keyv } = open((inner) => ({
    get: async (key) => {
      const found = await inner.get(key);
      if (found !== undefined && times-- > 0) await inner.commit({ writes: [{ key, value: found.value }] });
      return found;
    },
  }));
  await store.commit({ writes: [{ key: 'k', value: 'v' }] });
  expect(await keyv.delete('k')).toBe(true);
  expect(await store.get('k')).toBeUndefined();
});

test('a store that fails is an error to Keyv’s caller, never "nothing there"', async () => {
  const { store, keyv } = open();
  await keyv.set('k', 'v');
  await store.close();
  await expect(keyv.get('k')).rejects.toThrow('STORE_UNAVAILABLE');
  await expect(keyv.set('k', 'w')).rejects.toThrow('STORE_UNAVAILABLE');
  await expect(keyv.delete('k')).rejects.toThrow('STORE_UNAVAILABLE');
});

test('nothing can be cleared as a whole', async () => {
  const { keyv } = open();
  await expect(keyv.clear()).rejects.toThrow('never cleared');
});
