import { randomBytes } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import {
  kindOf,
  type RenewableRows,
  type RowContext,
  type RowKind,
  sealedRows,
  type UnreadableRow,
} from '../store/sealed-rows.ts';
import type { Entry, Store } from '../store/store.ts';
import { createEnvelope, type Envelope, type MasterKey } from './envelope.ts';

const canaryPrefix = 'canary/';

/** Each canary is sealed by the key that it stands for, and leaves with it. */
export const canaryRows = { sealing: 'own', kind: 'canary', prefix: canaryPrefix } as const;

export const hashKeyRows = sealedRows({
  kind: 'hash-key',
  prefix: 'secret/hash-key',
  version: 1,
  schema: z.string(),
  unversioned: async (open, _id, value) => ({ data: await open(['hash-key'], value) }),
});

export type Keyring = {
  readonly envelope: Envelope;
  /** What this ring reads and writes sealed rows with. */
  readonly rows: RowContext;
  /** Secret bytes for keyed hashes of API keys; the same after every rotation of the ring. */
  readonly hashKey: Buffer;
};

/**
 * Opens the ring of master keys against the store: a sealed canary per key id proves each of them.
 *
 * @throws Failure MASTER_KEY_WRONG when a key is not the one that its id had before, MASTER_KEY_MISSING when rows may
 *   still be sealed by a key that is no longer in the ring. Both name the id.
 * @param onUnreadable - Told of every sealed row that cannot be read from now on.
 */
export async function openKeyring(
  store: Store,
  ring: readonly [MasterKey, ...MasterKey[]],
  onUnreadable: (row: UnreadableRow) => void = () => {},
): Promise<Keyring> {
  const envelope = await createEnvelope(ring);
  const canaries = await store.list(canaryPrefix);
  for (const canary of canaries) await assertOpens(ring, canary);
  for (const key of ring) await plantCanary(store, key, canaries);
  const rows = { store, sealer: envelope, onUnreadable };
  return { envelope, rows, hashKey: await readHashKey(rows) };
}

async function assertOpens(ring: readonly MasterKey[], canary: Entry): Promise<void> {
  const keyId = canary.key.slice(canaryPrefix.length);
  const key = ring.find(({ id }) => id === keyId);
  if (key === undefined) throw new Failure({ code: 'MASTER_KEY_MISSING', keyId });
  const { open } = await createEnvelope([key]);
  await open(['canary', keyId], canary.value).catch((error: unknown) => {
    throw new Failure({ code: 'MASTER_KEY_WRONG', keyId }, { cause: error });
  });
}

async function plantCanary(store: Store, key: MasterKey, canaries: readonly Entry[]): Promise<void> {
  if (canaries.some((canary) => canary.key === canaryPrefix + key.id)) return;
  const { seal } = await createEnvelope([key]);
  const value = await seal(['canary', key.id], 'canary');
  await store.commit({ writes: [{ key: canaryPrefix + key.id, value }] });
}

async function readHashKey(context: RowContext): Promise<Buffer> {
  const found = await hashKeyRows.get(context, '');
  if (found !== undefined) return Buffer.from(found.data, 'base64url');
  const hashKey = randomBytes(32);
  const row = await hashKeyRows.write(context, '', hashKey.toString('base64url'));
  await context.store.commit({ checks: [{ key: row.key, version: 'absent' }], writes: [row] });
  return hashKey;
}

export type Rotation = {
  /** Ids of master keys that are no longer needed. */
  readonly retired: readonly string[];
  /** Rows that no key opens; they stay as they are. */
  readonly unreadable: number;
  /** Keys of rows of no declared kind. As long as there is one, no master key is retired: it may be needed to read them. */
  readonly unknown: readonly string[];
};

/**
 * Finishes a rotation: walks the whole store, seals every sealed row again under the first key of the ring, then retires
 * the other keys' canaries, so that they may leave `MASTER_KEYS`. Compare-and-set: a row removed meanwhile stays removed.
 *
 * @param kinds - Every kind of row that the store may hold.
 */
export async function rotate({ envelope, rows: context }: Keyring, kinds: readonly RowKind[]): Promise<Rotation> {
  const isCurrent = (sealed: string) => envelope.keyIdOf(sealed) === envelope.currentKeyId;
  const unknown: string[] = [];
  let unreadable = 0;
  const { store } = context;
  if ((await oldCanaries(store, envelope)).length === 0) return { retired: [], unreadable, unknown };
  for await (const entry of pages(store, '')) {
    const kind = kindOf(kinds, entry.key);
    if (kind === undefined) unknown.push(entry.key);
    else if (kind.sealing === 'sealed' && !(await renewRow(context, kind, entry, isCurrent))) unreadable += 1;
  }
  // What the old keys sealed still lies in the write-ahead log until then.
  await store.erase();
  return { retired: unknown.length === 0 ? await retireCanaries(store, envelope) : [], unreadable, unknown };
}

const PAGE = 200;

async function* pages(store: Store, prefix: string): AsyncGenerator<Entry> {
  let page: readonly Entry[] = await store.list(prefix, { limit: PAGE });
  yield* page;
  for (let last = page.at(-1); last !== undefined && page.length === PAGE; last = page.at(-1)) {
    // A store that answers at once would let nothing else run between two pages.
    await breathe();
    page = await store.list(prefix, { after: last.key, limit: PAGE });
    yield* page;
  }
}

/** @returns false for a row that cannot be read. */
async function renewRow(
  context: RowContext,
  kind: RenewableRows,
  entry: Entry,
  isCurrent: (sealed: string) => boolean,
): Promise<boolean> {
  const { store } = context;
  for (let found: Entry | undefined = entry; found !== undefined; found = await store.get(entry.key)) {
    const write = await kind.renew(context, found, isCurrent).catch(brokenOnly);
    if (write === undefined) return true;
    if (write === 'broken') return false;
    if ((await store.commit({ checks: [found], writes: [write] })).kind === 'committed') return true;
  }
  return true;
}

function brokenOnly(error: unknown): 'broken' {
  if (error instanceof Failure && error.data.code === 'SEAL_BROKEN') return 'broken';
  throw error;
}

async function oldCanaries(store: Store, { currentKeyId }: Envelope): Promise<readonly Entry[]> {
  return (await store.list(canaryPrefix)).filter(({ key }) => key !== canaryPrefix + currentKeyId);
}

async function retireCanaries(store: Store, envelope: Envelope): Promise<readonly string[]> {
  const old = await oldCanaries(store, envelope);
  await store.commit({ writes: old.map(({ key }) => ({ key, remove: true }) as const) });
  await store.erase();
  return old.map(({ key }) => key.slice(canaryPrefix.length));
}
