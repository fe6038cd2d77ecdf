import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { credentialsOf } from '../../src/account.ts';
import { Secret } from '../../src/secret.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { openKeyring } from '../../src/vault/keyring.ts';
import { createVault } from '../../src/vault/vault.ts';
import { repeat } from '../statistics.ts';
import { accountOf } from './accounts.ts';
import { traders } from './people.ts';

/** The master key of every database of the bench; they hold made-up keys only. */
export const masterKey = { id: 'bench', key: Buffer.alloc(32, 'bench').toString('base64url') } as const;

/** A database in which so many traders have their exchange key in use, made once and copied for each bot. */
export async function seedStore(directory: string, count: number): Promise<string> {
  const file = join(directory, `seed-${count}.db`);
  if (existsSync(file)) return file;
  const store = createSqliteStore({ file: ':memory:', now: Date.now });
  const keyring = await openKeyring(store, [{ id: masterKey.id, key: new Secret(masterKey.key) }]);
  const vault = createVault({ keyring, maxKeys: 10, onOpened: () => {}, labelOf: (venue) => venue });
  const people = traders(count);
  await repeat(count, 64, async (index) => {
    const person = people[index];
    if (person === undefined) return;
    const { fingerprint } = await vault.saveIncoming(accountOf(person), credentialsOf(person.id, person.key));
    await vault.activate(accountOf(person), fingerprint);
  });
  await store.snapshot(file);
  await store.close();
  return file;
}

/** @returns the directory of a bot of its own, with a copy of this database */
export function copyStore(seed: string, directory: string): string {
  copyFileSync(seed, join(directory, 'levergate.db'));
  return directory;
}
