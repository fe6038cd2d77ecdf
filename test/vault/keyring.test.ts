import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { rowKinds } from '../../src/row-kinds.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { openKeyring, rotate } from '../../src/vault/keyring.ts';
import { createClock } from '../support/clock.ts';
import { masterKey } from '../support/keyring.ts';
import { temporaryDirectory } from '../support/temporary.ts';

function openStore() {
  const store = createSqliteStore({ file: join(temporaryDirectory(), 'store.db'), now: createClock().now });
  onTestFinished(() => store.close());
  return store;
}

const [k1, k2] = [masterKey('k1'), masterKey('k2')];

test('the same ring opens again with the same hash key', async () => {
  const store = openStore();
  const first = await openKeyring(store, [k1]);
  expect((await openKeyring(store, [k1])).hashKey).toEqual(first.hashKey);
});

test('a key that is missing is named', async () => {
  const store = openStore();
  await openKeyring(store, [k1]);
  await expect(openKeyring(store, [k2])).rejects.toMatchObject({ data: { code: 'MASTER_KEY_MISSING', keyId: 'k1' } });
});

test('a wrong key under a known id is named', async () => {
  const store = openStore();
  await openKeyring(store, [k1]);
  await expect(openKeyring(store, [masterKey('k1')])).rejects.toMatchObject({
    data: { code: 'MASTER_KEY_WRONG', keyId: 'k1' },
  });
});

test('a key retired before the rotation ended is named, and may go after it', async () => {
  const store = openStore();
  await openKeyring(store, [k1]);
  const keyring = await openKeyring(store, [k2, k1]);
  await expect(openKeyring(store, [k2])).rejects.toMatchObject({ data: { code: 'MASTER_KEY_MISSING', keyId: 'k1' } });
  await rotate(keyring, rowKinds);
  await expect(openKeyring(store, [k2])).resolves.toBeDefined();
});
