import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Account, credentialsOf } from '../../src/account.ts';
import { rowKinds } from '../../src/row-kinds.ts';
import type { RowKind } from '../../src/store/sealed-rows.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import type { MasterKey } from '../../src/vault/envelope.ts';
import { openKeyring } from '../../src/vault/keyring.ts';
import { rotate } from '../../src/vault/rotation.ts';
import { createVault } from '../../src/vault/vault.ts';
import { createClock } from '../support/clock.ts';
import { masterKey } from '../support/keyring.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const account = { user: '100', venue: 'mudrex', label: 'main' };
const credentials = credentialsOf(account.user, { secret: 'canary-secret-1' });

async function openVault(
  ring: readonly [MasterKey, ...MasterKey[]] = [masterKey('k1')],
  directory = temporaryDirectory(),
) {
  const clock = createClock();
  const store = createSqliteStore({ file: join(directory, 'store.db'), now: clock.now });
  onTestFinished(() => store.close());
  const keyring = await openKeyring(store, ring);
  const gone: Account[] = [];
  return {
    clock,
    store,
    keyring,
    directory,
    gone,
    vault: createVault({
      ...{ keyring, maxKeys: 3, onOpened: () => {}, labelOf: (venue) => `the ${venue}` },
      onGone: (one) => gone.push(one),
    }),
  };
}

async function addKey(vault: Awaited<ReturnType<typeof openVault>>['vault'], to = account, key = credentials) {
  const { fingerprint } = await vault.saveIncoming(to, key);
  expect(await vault.activate(to, fingerprint)).toBe(true);
  return fingerprint;
}

test('a key is used only after it was activated', async () => {
  const { vault } = await openVault();
  const { fingerprint } = await vault.saveIncoming(account, credentials);
  await expect(vault.load(account)).rejects.toThrow('KEY_INACTIVE');
  expect(await vault.activate(account, fingerprint)).toBe(true);
  expect((await vault.load(account)).credentials.fields.secret?.reveal()).toBe('canary-secret-1');
});

test('activation takes the key that was shown and no other, once', async () => {
  const { vault } = await openVault();
  const { fingerprint } = await vault.saveIncoming(account, credentials);
  await vault.saveIncoming(account, credentialsOf(account.user, { secret: 'another' }));
  expect(await vault.activate(account, fingerprint)).toBe(false);
  await vault.saveIncoming(account, credentials);
  expect(await vault.activate(account, fingerprint)).toBe(true);
  expect(await vault.activate(account, fingerprint)).toBe(false);
});

test('a waiting key leaves the one in use as it is, and says which it replaces', async () => {
  const { vault } = await openVault();
  const first = await addKey(vault);
  const saved = await vault.saveIncoming(account, credentialsOf(account.user, { secret: 'second' }));
  expect(saved.replaces).toBe(first);
  expect((await vault.load(account)).fingerprint).toBe(first);
  await vault.discard(account);
  expect(await vault.list('100')).toEqual([expect.objectContaining({ status: 'active', fingerprint: first })]);
});

test('whoever keeps something for a key is told when it is removed or another one, and not when it is only saved', async () => {
  const { vault, gone } = await openVault();
  const { fingerprint } = await vault.saveIncoming(account, credentials);
  expect(await vault.remove({ ...account, label: 'second' })).toBe(false);
  expect(gone).toEqual([]);
  await vault.activate(account, fingerprint);
  expect(gone).toEqual([account]);
  await vault.remove(account);
  expect(gone).toEqual([account, account]);
});

test('a missing key names the labels that there are', async () => {
  const { vault } = await openVault();
  await addKey(vault, { ...account, label: 'second' });
  await expect(vault.load(account)).rejects.toMatchObject({
    data: { code: 'KEY_MISSING', venue: 'the mudrex', others: ['second'] },
  });
});

test('two labels with one key have one hash, and another key has another', async () => {
  const { vault } = await openVault();
  await addKey(vault);
  await addKey(vault, { ...account, label: 'twin' });
  await addKey(vault, { ...account, label: 'other' }, credentialsOf(account.user, { secret: 'other' }));
  const hash = async (label: string) => (await vault.load({ ...account, label })).keyHash;
  expect(await hash('twin')).toBe(await hash('main'));
  expect(await hash('other')).not.toBe(await hash('main'));
});

test('a row moved to another user, venue or label does not open', async () => {
  const { vault, store } = await openVault();
  await addKey(vault);
  const row = await store.get('credential/100/mudrex/main');
  for (const thief of [
    { ...account, user: '666' },
    { ...account, venue: 'kraken-futures' },
    { ...account, label: 'x' },
  ]) {
    const key = `credential/${thief.user}/${thief.venue}/${thief.label}`;
    await store.commit({ writes: [{ key, value: row?.value ?? '' }] });
    await expect(vault.load(thief)).rejects.toThrow('KEY_UNREADABLE');
  }
  await expect(vault.load(account)).resolves.toMatchObject({ account });
});

test('a waiting row copied over an active one does not open', async () => {
  const { vault, store } = await openVault();
  await vault.saveIncoming(account, credentials);
  const row = await store.get('incoming/100/mudrex/main');
  await store.commit({ writes: [{ key: 'credential/100/mudrex/main', value: row?.value ?? '' }] });
  await expect(vault.load(account)).rejects.toThrow('KEY_UNREADABLE');
});

test.each(['{"value":"x"}', '{"value":1}', '{}', 'null', 'not json', '""', '[]'])(
  'a row that is %s harms that account only',
  async (value) => {
    const { vault, store } = await openVault();
    await addKey(vault, { ...account, label: 'good' });
    await store.commit({ writes: [{ key: 'credential/100/mudrex/main', value }] });
    await expect(vault.load(account)).rejects.toThrow('KEY_UNREADABLE');
    await expect(vault.load({ ...account, label: 'good' })).resolves.toBeDefined();
    expect((await vault.list('100')).map(({ status }) => status)).toEqual(['active', 'unreadable']);
    expect(await vault.remove(account)).toBe(true);
  },
);

test('neither the secret nor a removed row is in any file of the store', async () => {
  const { vault, store, directory } = await openVault();
  const files = () =>
    readdirSync(directory)
      .map((name) => readFileSync(join(directory, name), 'latin1'))
      .join('');
  await addKey(vault);
  const { sealed } = JSON.parse((await store.get('credential/100/mudrex/main'))?.value ?? '');
  const { ciphertext } = JSON.parse(sealed);
  expect(files()).not.toContain('canary-secret-1');
  expect(files()).toContain(ciphertext);
  expect(await vault.remove(account)).toBe(true);
  expect(files()).not.toContain(ciphertext);
});

test('that a venue did not say what a key may do is known until it is in use', async () => {
  const { vault } = await openVault();
  const { fingerprint } = await vault.saveIncoming(account, credentials, true);
  expect(await vault.list('100')).toEqual([expect.objectContaining({ status: 'waiting', isUndecided: true })]);
  await vault.activate(account, fingerprint);
  expect((await vault.list('100'))[0]).not.toHaveProperty('isUndecided');
  await vault.saveIncoming({ ...account, label: 'decided' }, credentials);
  expect(JSON.stringify(await vault.list('100'))).not.toContain('isUndecided');
});

test('keys beyond the limit are refused, a replacement is not', async () => {
  const { vault } = await openVault();
  for (const label of ['a', 'b', 'c']) await addKey(vault, { ...account, label });
  await expect(vault.saveIncoming({ ...account, label: 'd' }, credentials)).rejects.toThrow('TOO_MANY_KEYS');
  await expect(vault.saveIncoming({ ...account, label: 'a' }, credentials)).resolves.toBeDefined();
});

test('of twenty submissions at once no more are saved than a person may have keys', async () => {
  const { vault, store } = await openVault();
  const saved = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => vault.saveIncoming({ ...account, label: `l${index}` }, credentials)),
  );
  expect(saved.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  for (const each of saved) {
    if (each.status === 'rejected') expect(each.reason).toMatchObject({ data: { code: 'TOO_MANY_KEYS', max: 3 } });
  }
  expect(await store.list('incoming/')).toHaveLength(3);
});

test('twenty submissions for one account at once are one key', async () => {
  const { vault } = await openVault();
  await Promise.all(Array.from({ length: 20 }, () => vault.saveIncoming(account, credentials)));
  expect(await vault.list('100')).toHaveLength(1);
});

test('a key that waits for a day is dropped', async () => {
  const { vault, clock, store } = await openVault();
  const { fingerprint } = await vault.saveIncoming(account, credentials);
  clock.advance(24 * 3_600_000 - 1);
  await vault.sweep();
  expect(await vault.list('100')).toHaveLength(1);
  clock.advance(1);
  expect(await vault.list('100')).toHaveLength(0);
  expect(await vault.activate(account, fingerprint)).toBe(false);
  await vault.sweep();
  expect(await store.list('incoming/')).toEqual([]);
});

test('a waiting key whose row was given a longer life is dropped after a day all the same', async () => {
  const { vault, clock, store } = await openVault();
  const { fingerprint } = await vault.saveIncoming(account, credentials);
  const { key, value } = (await store.get('incoming/100/mudrex/main')) ?? { key: '', value: '' };
  await store.commit({ writes: [{ key, value }] });
  clock.advance(24 * 3_600_000);
  expect(await vault.activate(account, fingerprint)).toBe(false);
  await vault.sweep();
  expect(await store.get(key)).toBeUndefined();
});

test('a key that was added by a clock that was a year ahead is dropped', async () => {
  const ring = [masterKey('k1')] as const;
  const before = await openVault(ring);
  before.clock.step(365 * 24 * 3_600_000);
  await before.vault.saveIncoming(account, credentials);
  await before.store.close();
  const { vault } = await openVault(ring, before.directory);
  expect(await vault.list('100')).toHaveLength(1);
  await vault.sweep();
  expect(await vault.list('100')).toHaveLength(0);
});

test('a store that fails is an error, never a missing key', async () => {
  const { vault, store } = await openVault();
  await addKey(vault);
  await store.close();
  await expect(vault.load(account)).rejects.toThrow('STORE_UNAVAILABLE');
  await expect(vault.list('100')).rejects.toThrow('STORE_UNAVAILABLE');
  await expect(vault.remove(account)).rejects.toThrow('STORE_UNAVAILABLE');
});

test('rotation seals every key again, keeps the hash, and lets the old master key go', async () => {
  const [old, fresh] = [masterKey('old'), masterKey('new')];
  const first = await openVault([old]);
  await addKey(first.vault);
  const { keyHash } = await first.vault.load(account);
  await first.store.close();

  const both = await openVault([fresh, old], first.directory);
  const { retired, unreadable } = await rotate(both.keyring, rowKinds);
  expect({ retired, unreadable }).toEqual({ retired: ['old'], unreadable: 0 });
  await both.store.close();

  const { vault } = await openVault([fresh], first.directory);
  expect(await vault.load(account)).toMatchObject({ keyHash });
});

test('a key removed while rows are sealed again stays removed', async () => {
  const [old, fresh] = [masterKey('old'), masterKey('new')];
  const first = await openVault([old]);
  await addKey(first.vault);
  await first.store.close();

  const { vault, keyring } = await openVault([fresh, old], first.directory);
  const kinds = rowKinds.map((kind): RowKind => {
    if (kind.sealing !== 'sealed') return kind;
    const renew: typeof kind.renew = async (...call) => {
      const write = await kind.renew(...call);
      await vault.remove(account);
      return write;
    };
    return { ...kind, renew };
  });
  await rotate(keyring, kinds);
  await expect(vault.load(account)).rejects.toThrow('KEY_MISSING');
});
