import { randomBytes } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import type { Entry, Store } from '../store/store.ts';
import { createEnvelope, type Envelope, type MasterKey } from './envelope.ts';

const canaryPrefix = 'canary/';
const hashKeyKey = 'secret/hash-key';
const hashKeyContext = ['hash-key'] as const;

export type Keyring = {
  readonly envelope: Envelope;
  /** Secret bytes for keyed hashes of API keys; the same after every rotation of the ring. */
  readonly hashKey: Buffer;
};

/**
 * Opens the ring of master keys against the store: a sealed canary per key id proves each of them.
 *
 * @throws Failure MASTER_KEY_WRONG when a key is not the one that its id had before, MASTER_KEY_MISSING when rows may
 *   still be sealed by a key that is no longer in the ring. Both name the id.
 */
export async function openKeyring(store: Store, ring: readonly [MasterKey, ...MasterKey[]]): Promise<Keyring> {
  const envelope = await createEnvelope(ring);
  const canaries = await store.list(canaryPrefix);
  for (const canary of canaries) await assertOpens(ring, canary);
  for (const key of ring) await plantCanary(store, key, canaries);
  return { envelope, hashKey: await readHashKey(store, envelope) };
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

async function readHashKey(store: Store, envelope: Envelope): Promise<Buffer> {
  const found = await store.get(hashKeyKey);
  if (found !== undefined) {
    return Buffer.from(z.string().parse(await envelope.open(hashKeyContext, found.value)), 'base64url');
  }
  const hashKey = randomBytes(32);
  const value = await envelope.seal(hashKeyContext, hashKey.toString('base64url'));
  await store.commit({ checks: [{ key: hashKeyKey, version: 'absent' }], writes: [{ key: hashKeyKey, value }] });
  return hashKey;
}

/** Seals one row again under the current key. @returns the new value, or undefined where it cannot be opened. */
export type Rewrap = (entry: Entry) => Promise<string | undefined>;

/**
 * Finishes a rotation: seals every row again under the first key of the ring, then retires the other keys' canaries,
 * so that they may leave `MASTER_KEYS`. Compare-and-set: a row removed meanwhile stays removed.
 *
 * @param kinds - For each prefix of sealed rows, how one of its rows is sealed again.
 * @returns the ids that are no longer needed, and how many rows are corrupt (no key opens them; they stay as they are).
 */
export async function rotate(
  store: Store,
  envelope: Envelope,
  kinds: readonly { readonly prefix: string; readonly rewrap: Rewrap }[],
): Promise<{ readonly retired: readonly string[]; readonly unreadable: number }> {
  let unreadable = 0;
  for (const { prefix, rewrap } of [...kinds, { prefix: hashKeyKey, rewrap: rewrapHashKey(envelope) }]) {
    for await (const entry of pages(store, prefix)) {
      if (!(await rewrapRow(store, entry, rewrap))) unreadable += 1;
    }
  }
  return { retired: await retireCanaries(store, envelope.currentKeyId), unreadable };
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

async function rewrapRow(store: Store, entry: Entry, rewrap: Rewrap): Promise<boolean> {
  for (let current: Entry | undefined = entry; current !== undefined; current = await store.get(entry.key)) {
    const value = await rewrap(current);
    if (value === undefined) return false;
    if (value === current.value) return true;
    const now = await store.now();
    const ttl = current.expiresAt === undefined ? {} : { ttlMs: Math.max(1, current.expiresAt - now) };
    const checks = [{ key: entry.key, version: current.version }];
    if ((await store.commit({ checks, writes: [{ key: entry.key, value, ...ttl }] })).kind === 'committed') return true;
  }
  return true;
}

function rewrapHashKey(envelope: Envelope): Rewrap {
  return async ({ value }) => reseal(envelope, hashKeyContext, value);
}

/** @returns the same text when the current key already sealed it, undefined when it cannot be opened. */
export async function reseal(
  envelope: Envelope,
  context: readonly string[],
  sealed: string,
): Promise<string | undefined> {
  if (envelope.keyIdOf(sealed) === envelope.currentKeyId) return sealed;
  try {
    return await envelope.seal(context, await envelope.open(context, sealed));
  } catch {
    return undefined;
  }
}

async function retireCanaries(store: Store, currentKeyId: string): Promise<readonly string[]> {
  const old = (await store.list(canaryPrefix)).filter(({ key }) => key !== canaryPrefix + currentKeyId);
  if (old.length > 0) await store.commit({ writes: old.map(({ key }) => ({ key, remove: true }) as const) });
  return old.map(({ key }) => key.slice(canaryPrefix.length));
}
