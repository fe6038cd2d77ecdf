import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { credentialsOf } from '../../src/account.ts';
import { ticketRows } from '../../src/confirm/tickets.ts';
import { rowKinds } from '../../src/row-kinds.ts';
import type { UnreadableRow } from '../../src/store/sealed-rows.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import type { MasterKey } from '../../src/vault/envelope.ts';
import { type Keyring, openKeyring, type Repair } from '../../src/vault/keyring.ts';
import { rotate } from '../../src/vault/rotation.ts';
import { createVault } from '../../src/vault/vault.ts';
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

test('a key that has never sealed has no canary: it may leave the ring, and a rotation does not wait for it', async () => {
  const store = openStore();
  await openKeyring(store, [k1, k2]);
  expect((await store.list('canary/')).map(({ key }) => key)).toEqual(['canary/k1']);
  await expect(openKeyring(store, [k1])).resolves.toBeDefined();
  expect(await rotate(await openKeyring(store, [k1, k2]), rowKinds)).toMatchObject({ retired: [] });
  await openKeyring(store, [k2, k1]);
  expect((await store.list('canary/')).map(({ key }) => key)).toEqual(['canary/k1', 'canary/k2']);
});

test('a start after a rotation reads no row for it, although the old key is still in the ring', async () => {
  const store = openStore();
  await openKeyring(store, [k1]);
  await rotate(await openKeyring(store, [k2, k1]), rowKinds);
  const listed: string[] = [];
  const list: Store['list'] = async (prefix, page) => {
    listed.push(prefix);
    return store.list(prefix, page);
  };
  await rotate(await openKeyring({ ...store, list }, [k2, k1]), rowKinds);
  expect(new Set(listed)).toEqual(new Set(['canary/']));
});

test('a rotation retires no key with which another process starts to seal meanwhile', async () => {
  const store = openStore();
  await openKeyring(store, [k1]);
  let others: Keyring | undefined;
  const list: Store['list'] = async (prefix, page) => {
    const found = await store.list(prefix, page);
    if (prefix === '') others ??= await openKeyring(store, [k1, k2]);
    return found;
  };
  expect(await rotate(await openKeyring({ ...store, list }, [k2, k1]), rowKinds)).toMatchObject({ retired: [] });
  expect(others).toBeDefined();
  expect((await store.list('canary/')).map(({ key }) => key)).toEqual(['canary/k1', 'canary/k2']);
  expect(await rotate(await openKeyring(store, [k2, k1]), rowKinds)).toMatchObject({ retired: ['k1'] });
});

describe('damage (P52)', () => {
  /** A store in which k1 sealed a key, opened with what is told of it. */
  async function openDamaged(damage: Readonly<Record<string, string | undefined>>) {
    const store = openStore();
    const vault = createVault({
      keyring: await openKeyring(store, [k1]),
      maxKeys: 3,
      onOpened: () => {},
      labelOf: (venue) => venue,
    });
    const account = { user: '100', venue: 'mudrex', label: 'main' };
    const { fingerprint } = await vault.saveIncoming(account, credentialsOf(account.user, { secret: 'a-secret' }));
    await vault.activate(account, fingerprint);
    const writes = Object.entries(damage).map(([key, value]) =>
      value === undefined ? ({ key, remove: true } as const) : { key, value },
    );
    await store.commit({ writes });
    const repairs: Repair[] = [];
    const unreadable: UnreadableRow[] = [];
    const open = (...ring: [MasterKey, ...MasterKey[]]) =>
      openKeyring(store, ring, {
        kinds: rowKinds,
        onUnreadable: (row) => void unreadable.push(row),
        onRepair: (repair) => void repairs.push(repair),
      });
    return { store, open, repairs, unreadable };
  }

  test('a damaged canary is replaced and told of where another row of its key opens', async () => {
    const { store, open, repairs } = await openDamaged({ 'canary/k1': 'x' });
    await open(k1);
    expect(repairs).toEqual([{ kind: 'canary replaced', key: 'canary/k1' }]);
    await open(k1);
    expect(repairs).toHaveLength(1);
    expect((await store.get('canary/k1'))?.value).not.toBe('x');
  });

  test('a damaged canary does not let a wrong key in', async () => {
    const { store, open } = await openDamaged({ 'canary/k1': 'x' });
    const before = await store.list('');
    await expect(open(masterKey('k1'))).rejects.toMatchObject({ data: { code: 'MASTER_KEY_WRONG', keyId: 'k1' } });
    await expect(open(k2)).rejects.toMatchObject({ data: { code: 'MASTER_KEY_MISSING', keyId: 'k1' } });
    expect(await store.list('')).toEqual(before);
  });

  test('a canary of a key that no row needs is removed and told of', async () => {
    const { store, open, repairs } = await openDamaged({ 'canary/k9': 'x' });
    await open(k1);
    expect(repairs).toEqual([{ kind: 'canary that no row needs removed', key: 'canary/k9' }]);
    expect(await store.get('canary/k9')).toBeUndefined();
  });

  test('with every canary and the hash key gone, one key that opens is enough to start', async () => {
    const { open, repairs } = await openDamaged({ 'canary/k1': undefined, 'secret/hash-key': '{}' });
    await open(k1);
    expect(repairs).toEqual([{ kind: 'hash key replaced', key: 'secret/hash-key' }]);
  });

  test('with every canary gone a wrong key replaces nothing', async () => {
    const { store, open } = await openDamaged({ 'canary/k1': undefined });
    const before = await store.list('');
    await expect(open(masterKey('k1'))).rejects.toMatchObject({ data: { code: 'MASTER_KEY_WRONG', keyId: 'k1' } });
    expect(await store.list('')).toEqual(before);
  });

  test.each(['', '{}', '{"v":2,"sealed":"x"}', '{"v":9,"sealed":"x"}'])(
    'a damaged hash key, %j, is made anew and told of',
    async (value) => {
      const { store, open, repairs, unreadable } = await openDamaged({ 'secret/hash-key': value });
      const { hashKey, hashKeySince } = await open(k1);
      expect(repairs).toEqual([{ kind: 'hash key replaced', key: 'secret/hash-key' }]);
      expect(unreadable).toMatchObject([{ kind: 'hash-key' }]);
      expect(hashKeySince).toBe(await store.now());
      expect((await open(k1)).hashKey).toEqual(hashKey);
      expect(repairs).toHaveLength(1);
    },
  );
});

describe('two first starts at once', () => {
  /** Another process comes first, right before the first commit that writes this row. */
  function raced(row: string, rival: (store: Store) => Promise<unknown>) {
    const store = openStore();
    let isFirst = true;
    const commit: Store['commit'] = async (change) => {
      if (isFirst && change.writes.some(({ key }) => key === row)) {
        isFirst = false;
        await rival(store);
      }
      return store.commit(change);
    };
    return { ...store, commit };
  }

  test('have one hash key, so that an API key has one lease', async () => {
    let other: Keyring | undefined;
    const store = raced('secret/hash-key', async (shared) => {
      other = await openKeyring(shared, [k1]);
    });
    const { hashKey } = await openKeyring(store, [k1]);
    expect(other?.hashKey).toEqual(hashKey);
  });

  test('do not plant two keys under one id', async () => {
    const foreign = openStore();
    await openKeyring(foreign, [masterKey('k1')]);
    const { key, value } = (await foreign.get('canary/k1')) ?? { key: '', value: '' };
    const store = raced('canary/k1', (shared) => shared.commit({ writes: [{ key, value }] }));
    await expect(openKeyring(store, [k1])).rejects.toMatchObject({ data: { code: 'MASTER_KEY_WRONG', keyId: 'k1' } });
  });
});

test('before a key may leave, nothing that it sealed is in any file', async () => {
  const directory = temporaryDirectory();
  const store = createSqliteStore({ file: join(directory, 'store.db'), now: createClock().now });
  onTestFinished(() => store.close());
  const texts = () =>
    readdirSync(directory)
      .map((name) => readFileSync(join(directory, name), 'latin1'))
      .join('');
  const old = await openKeyring(store, [k1]);
  await store.commit({
    writes: [await ticketRows.write(old.rows, 't', { user: '1', action: { kind: 'ask-erase' } })],
  });
  const sealedByOld = (await store.list(''))
    .filter(({ key }) => !key.startsWith('canary/'))
    .map(({ value }) => z.object({ ciphertext: z.string() }).parse(JSON.parse(JSON.parse(value).sealed)).ciphertext);
  expect(sealedByOld).toHaveLength(2);
  let isRetiring = false;
  const commit: Store['commit'] = async (change) => {
    if (change.writes.some(({ key }) => key === 'canary/k1')) {
      isRetiring = true;
      expect(sealedByOld.filter((text) => texts().includes(text))).toEqual([]);
    }
    return store.commit(change);
  };
  const keyring = await openKeyring({ ...store, commit }, [k2, k1]);
  expect(sealedByOld.filter((text) => texts().includes(text))).toEqual(sealedByOld);
  expect(await rotate(keyring, rowKinds)).toMatchObject({ retired: ['k1'] });
  expect(isRetiring).toBe(true);
  expect(texts()).not.toContain('"k1"');
});
