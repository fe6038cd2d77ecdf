import { createHmac } from 'node:crypto';
import { Keyv } from 'keyv';
import { z } from 'zod';
import { type Account, accountPath, type Credentials, credentialsOf } from '../account.ts';
import { Failure } from '../errors.ts';
import type { KeyListing, Keys, LoadedKey, SavedKey } from '../keys.ts';
import { parseJson } from '../parse-json.ts';
import { createKeyvAdapter } from '../store/keyv-adapter.ts';
import { entriesOf } from '../store/pages.ts';
import { isUnreadable, type SealedRows, sealedRows } from '../store/sealed-rows.ts';
import type { Sealer } from '../store/sealer.ts';
import type { Entry, Store, Write } from '../store/store.ts';
import { commitInTurn } from '../store/turns.ts';
import type { Keyring } from './keyring.ts';

/** A key waits under `incoming/` until its owner presses *Use this key*; only `credential/` rows are ever used. */
type Kind = 'credential' | 'incoming';

const WAITING_MS = 24 * 60 * 60_000;

const contentSchema = z.object({
  fields: z.record(z.string(), z.string()),
  addedAt: z.number(),
  /** Until it is taken into use: what its venue did not say is to be named once more then. */
  isUndecided: z.literal(true).exactOptional(),
});
type Content = z.infer<typeof contentSchema>;

const rowsOf = { credential: keyRows('credential'), incoming: keyRows('incoming') } as const;
export const vaultRows = [rowsOf.credential, rowsOf.incoming] as const;

function keyRows(kind: Kind): SealedRows<Content> {
  return sealedRows({
    kind,
    prefix: `${kind}/`,
    version: 1,
    schema: contentSchema,
    unversioned: readUnversioned(kind),
  });
}

/** As 0.1 wrote it through Keyv. */
function readUnversioned(kind: Kind) {
  return async (open: Sealer['open'], id: string, value: string) => {
    const { value: sealed } = z.object({ value: z.string() }).parse(parseJson(value));
    const data = contentSchema.parse(await open([kind, ...id.split('/')], sealed));
    return kind === 'incoming' ? { data, expiresAt: data.addedAt + WAITING_MS } : { data };
  };
}

type OpenedKey = LoadedKey & Pick<Content, 'isUndecided'>;

type Vault = Keys & {
  /** Drops keys that waited for *Use this key* for more than a day. */
  readonly sweep: () => Promise<void>;
  /** The accounts whose keys are in use, without opening one of them. */
  readonly activeOf: (user: string) => Promise<readonly Account[]>;
  /**
   * Erases every key of a venue, every byte of it, used or waiting.
   *
   * @param noteOf - Written in the same commit, so that nobody's key goes without a trace.
   * @returns how many.
   */
  readonly eraseOf: (venue: string, noteOf: (account: Account) => Write) => Promise<number>;
};

type VaultOptions = {
  readonly keyring: Keyring;
  /** Most accounts a user may have. */
  readonly maxKeys: number;
  /** Told of credentials as they are opened, to keep them out of the log. */
  readonly onOpened: (credentials: Credentials) => void;
  /** A venue's label, for what people are told. */
  readonly labelOf: (venue: string) => string;
  /** Told of an account whose key was removed or replaced. */
  readonly onGone?: (account: Account) => void;
};

type VaultContext = VaultOptions & { readonly keyv: Keyv<string> };

/**
 * The exchange keys of all users, sealed in the store one row an account, read and removed through Keyv.
 *
 * @throws Failure from `load`: KEY_MISSING, KEY_INACTIVE, KEY_UNREADABLE (that row only), STORE_UNAVAILABLE.
 */
export function createVault(options: VaultOptions): Vault {
  const context: VaultContext = { ...options, keyv: createSealedKeyv(options.keyring.rows.store) };
  return {
    load: (account) => load(context, account),
    list: (user) => list(context, user),
    assertRoom: (account) => assertRoom(context, account),
    saveIncoming: (account, credentials, isUndecided = false) =>
      saveIncoming(context, account, credentials, isUndecided),
    activate: (account, fingerprint) => activate(context, account, fingerprint),
    discard: (account) => drop(context, 'incoming', account),
    remove: (account) => remove(context, account),
    removeAll: (user) => removeAll(context, user),
    sweep: () => sweep(context),
    activeOf: async (user) =>
      (await options.keyring.rows.store.list(`${rowsOf.credential.prefix}${user}/`)).map(({ key }) => accountOf(key)),
    eraseOf: (venue, noteOf) => eraseOf(context, venue, noteOf),
  };
}

async function load(context: VaultContext, account: Account): Promise<LoadedKey> {
  const named = { venue: context.labelOf(account.venue), account: account.label };
  const key = await read(context, account).catch((error: unknown) => {
    throw isUnreadable(error) ? new Failure({ code: 'KEY_UNREADABLE', ...named }, { cause: error }) : error;
  });
  if (key !== undefined) return key;
  const keys = (await list(context, account.user)).filter((each) => each.account.venue === account.venue);
  if (keys.some((each) => each.status === 'waiting' && each.account.label === account.label)) {
    throw new Failure({ code: 'KEY_INACTIVE', ...named });
  }
  const others = keys.filter((each) => each.status === 'active').map((each) => each.account.label);
  throw new Failure({ code: 'KEY_MISSING', ...named, others });
}

async function read(context: VaultContext, account: Account): Promise<LoadedKey | undefined> {
  const key = rowKey('credential', account);
  const value = await context.keyv.get(key);
  // Keyv tells no version; for a key that is only used, none is needed.
  return value === undefined ? undefined : open(context, 'credential', { key, value, version: 0 });
}

async function open(context: VaultContext, kind: Kind, entry: Entry): Promise<OpenedKey | undefined> {
  const { keyring, onOpened } = context;
  const row = await rowsOf[kind].read(keyring.rows, entry);
  if (row === undefined) return undefined;
  const account = accountOf(entry.key);
  const { fields, addedAt, isUndecided } = row.data;
  const keyHash = hashOf(keyring, account.venue, fields);
  const credentials = credentialsOf(account.user, fields);
  onOpened(credentials);
  const fingerprint = fingerprintOf(keyHash);
  return { account, keyHash, fingerprint, addedAt, credentials, ...(isUndecided && { isUndecided }) };
}

async function list(context: VaultContext, user: string): Promise<readonly KeyListing[]> {
  const { store } = context.keyring.rows;
  const [active, waiting] = await Promise.all([
    store.list(`${rowsOf.credential.prefix}${user}/`),
    store.list(`${rowsOf.incoming.prefix}${user}/`),
  ]);
  const listings = [
    ...active.map((row) => listing(context, 'credential', row)),
    ...waiting.map((row) => listing(context, 'incoming', row)),
  ];
  return (await Promise.all(listings)).filter((each) => each !== undefined);
}

/** @returns undefined for a key that has waited too long. */
async function listing(context: VaultContext, kind: Kind, entry: Entry): Promise<KeyListing | undefined> {
  const account = accountOf(entry.key);
  try {
    const key = await open(context, kind, entry);
    if (key === undefined) return undefined;
    const { fingerprint, addedAt, isUndecided } = key;
    const status = kind === 'credential' ? 'active' : 'waiting';
    return { account, status, fingerprint, addedAt, ...(isUndecided && { isUndecided }) };
  } catch (error) {
    if (isUnreadable(error)) return { account, status: 'unreadable' };
    throw error;
  }
}

async function assertRoom(context: VaultContext, account: Account): Promise<void> {
  const { maxKeys } = context;
  const accounts = new Set((await list(context, account.user)).map((key) => accountPath(key.account)));
  if (!accounts.has(accountPath(account)) && accounts.size >= maxKeys) {
    throw new Failure({ code: 'TOO_MANY_KEYS', max: maxKeys });
  }
}

async function saveIncoming(
  context: VaultContext,
  account: Account,
  credentials: Credentials,
  isUndecided: boolean,
): Promise<SavedKey> {
  const { keyring } = context;
  const { store } = keyring.rows;
  const fields = revealAll(credentials);
  const content: Content = { fields, addedAt: await store.now(), ...(isUndecided && { isUndecided }) };
  await commitInTurn(store, { user: account.user, of: 'keys' }, async () => {
    await assertRoom(context, account);
    return { writes: [await rowsOf.incoming.write(keyring.rows, accountPath(account), content, WAITING_MS)] };
  });
  const replaced = (await list(context, account.user)).find(
    (key) => key.status !== 'waiting' && accountPath(key.account) === accountPath(account),
  );
  const fingerprint = fingerprintOf(hashOf(keyring, account.venue, fields));
  return replaced === undefined ? { fingerprint } : { fingerprint, replaces: replaced.fingerprint ?? 'unreadable' };
}

async function activate(context: VaultContext, account: Account, fingerprint: string): Promise<boolean> {
  const { rows } = context.keyring;
  const incoming = rowKey('incoming', account);
  const entry = await rows.store.get(incoming);
  const key = entry && (await open(context, 'incoming', entry));
  if (entry === undefined || key?.fingerprint !== fingerprint) return false;
  const content: Content = { fields: revealAll(key.credentials), addedAt: key.addedAt };
  const moved = await rows.store.commit({
    checks: [entry],
    writes: [await rowsOf.credential.write(rows, accountPath(account), content), { key: incoming, remove: true }],
  });
  await rows.store.erase();
  if (moved.kind === 'committed') context.onGone?.(account);
  return moved.kind === 'committed';
}

async function drop({ keyv, keyring, onGone }: VaultContext, kind: Kind, account: Account): Promise<boolean> {
  const dropped = await keyv.delete(rowKey(kind, account));
  if (dropped) onGone?.(account);
  // Until then the row's bytes lie in the write-ahead log.
  await keyring.rows.store.erase();
  return dropped;
}

async function remove(context: VaultContext, account: Account): Promise<boolean> {
  const dropped = [await drop(context, 'incoming', account), await drop(context, 'credential', account)];
  return dropped.includes(true);
}

async function removeAll(context: VaultContext, user: string): Promise<number> {
  const keys = await list(context, user);
  for (const { account } of keys) await remove(context, account);
  return keys.length;
}

async function sweep(context: VaultContext): Promise<void> {
  const { store } = context.keyring.rows;
  const now = await store.now();
  for await (const entry of entriesOf(store, rowsOf.incoming.prefix)) {
    const key = await listing(context, 'incoming', entry);
    // Added far in the future: the clock was ahead then, and nobody knows how long it has waited.
    const isAhead = key?.addedAt !== undefined && key.addedAt - now > WAITING_MS;
    if (key === undefined || isAhead) await drop(context, 'incoming', accountOf(entry.key));
  }
}

async function eraseOf({ keyring }: VaultContext, venue: string, noteOf: (account: Account) => Write): Promise<number> {
  const { store } = keyring.rows;
  let erased = 0;
  for (const { prefix } of vaultRows) {
    for await (const { key, version } of entriesOf(store, prefix)) {
      const account = accountOf(key);
      if (account.venue !== venue) continue;
      // One that is written just now is erased the next time.
      const removed = await store.commit({
        checks: [{ key, version }],
        writes: [{ key, remove: true }, noteOf(account)],
      });
      if (removed.kind === 'committed') erased += 1;
    }
  }
  if (erased > 0) await store.erase();
  return erased;
}

/** Keyv with its values as they lie in the store: sealed texts, without the wrapper that it writes by itself. */
function createSealedKeyv(store: Store): Keyv<string> {
  const keyv = new Keyv<string>({ store: createKeyvAdapter(store), useKeyPrefix: false, throwOnErrors: true });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}

function rowKey(kind: Kind, account: Account): string {
  return rowsOf[kind].prefix + accountPath(account);
}

function accountOf(key: string): Account {
  const [, user = '', venue = '', label = ''] = key.split('/');
  return { user, venue, label };
}

function hashOf({ hashKey }: Keyring, venue: string, fields: Content['fields']): string {
  const names = Object.keys(fields).sort();
  const parts = [venue, ...names.flatMap((name) => [name, fields[name]])];
  return createHmac('sha256', hashKey).update(JSON.stringify(parts)).digest('base64url');
}

/** Eight letters that tell two keys apart and reveal neither. */
function fingerprintOf(keyHash: string): string {
  const hex = Buffer.from(keyHash, 'base64url').toString('hex');
  return `${hex.slice(0, 4)}-${hex.slice(4, 8)}`;
}

function revealAll({ fields }: Credentials): Content['fields'] {
  return Object.fromEntries(Object.entries(fields).map(([name, secret]) => [name, secret.reveal()]));
}
