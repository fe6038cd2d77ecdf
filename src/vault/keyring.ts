import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import { parseJson } from '../parse-json.ts';
import { entriesOf } from '../store/pages.ts';
import { retried } from '../store/retried.ts';
import {
  kindOf,
  type RowContext,
  type RowKind,
  sealedRows,
  type UnreadableRow,
  unlessUnreadable,
} from '../store/sealed-rows.ts';
import type { Entry, Store } from '../store/store.ts';
import { createEnvelope, type Envelope, keyIdOf, type MasterKey } from './envelope.ts';

/** Each canary is sealed by the key that it stands for, and leaves with it. */
export const canaryRows = { sealing: 'own', kind: 'canary', prefix: 'canary/' } as const;

const hashKeySchema = z.object({ key: z.string(), since: z.number() });
type HashKey = z.infer<typeof hashKeySchema>;

export const hashKeyRows = sealedRows({
  kind: 'hash-key',
  prefix: 'secret/hash-key',
  version: 2,
  schema: hashKeySchema,
  migrations: { 1: (key) => ({ key, since: 0 }) },
  unversioned: async (open, _id, value) => ({ data: await open(['hash-key'], value) }),
});

export type Keyring = {
  readonly envelope: Envelope;
  /** What this ring reads and writes sealed rows with. */
  readonly rows: RowContext;
  /** Secret bytes for keyed hashes of API keys; the same after every rotation of the ring. */
  readonly hashKey: Buffer;
  /** Hashes from before this moment (milliseconds since the epoch) are of another hash key, which was damaged. */
  readonly hashKeySince: number;
};

/** What was found damaged at the opening, and replaced. */
export type Repair = {
  readonly kind: 'canary replaced' | 'canary that no row needs removed' | 'hash key replaced';
  readonly key: string;
};

type KeyringOptions = {
  /** Every kind of row that the store may hold: with a canary damaged, any other row proves its key. */
  readonly kinds: readonly RowKind[];
  /** Told of every sealed row that cannot be read from now on. */
  readonly onUnreadable: (row: UnreadableRow) => void;
  readonly onRepair: (repair: Repair) => void;
};

const quietly: KeyringOptions = { kinds: [hashKeyRows], onUnreadable: () => {}, onRepair: () => {} };

type Opening = KeyringOptions & {
  readonly store: Store;
  readonly ring: readonly [MasterKey, ...MasterKey[]];
  readonly envelope: Envelope;
};

/**
 * Opens the ring of master keys against the store: a sealed canary per key id proves each of them, and where that one is
 * damaged, any other row of the same key.
 *
 * @throws Failure MASTER_KEY_WRONG when a key is not the one that its id had before, MASTER_KEY_MISSING when rows may
 *   still be sealed by a key that is no longer in the ring. Both name the id.
 */
export async function openKeyring(
  store: Store,
  ring: readonly [MasterKey, ...MasterKey[]],
  options: Partial<KeyringOptions> = {},
): Promise<Keyring> {
  const opening: Opening = { ...quietly, ...options, store, ring, envelope: await createEnvelope(ring) };
  for (const canary of await store.list(canaryRows.prefix)) await proveCanary(opening, canary);
  const { envelope, onUnreadable } = opening;
  const rows = { store, sealer: envelope, onUnreadable };
  const { key, since } = await readHashKey(opening, rows);
  await plantCanary(store, ring[0]);
  return { envelope, rows, hashKey: Buffer.from(key, 'base64url'), hashKeySince: since };
}

async function proveCanary(opening: Opening, canary: Entry): Promise<void> {
  const { store, ring, onRepair } = opening;
  const keyId = canary.key.slice(canaryRows.prefix.length);
  const key = ring.find(({ id }) => id === keyId);
  if (key !== undefined && (await isCanaryOf(key, canary))) return;
  const proof = await proofOf(opening, keyId);
  if (key === undefined && proof !== 'no row') throw new Failure({ code: 'MASTER_KEY_MISSING', keyId });
  if (key !== undefined && proof !== 'opens') throw new Failure({ code: 'MASTER_KEY_WRONG', keyId });
  const change = key === undefined ? ({ key: canary.key, remove: true } as const) : await canaryOf(key);
  await store.commit({ checks: [canary], writes: [change] });
  onRepair({
    kind: key === undefined ? 'canary that no row needs removed' : 'canary replaced',
    key: canary.key,
  });
}

async function isCanaryOf(key: MasterKey, canary: Entry): Promise<boolean> {
  const { open } = await createEnvelope([key]);
  return open(['canary', key.id], canary.value).then(
    () => true,
    () => false,
  );
}

async function canaryOf(key: MasterKey) {
  const { seal } = await createEnvelope([key]);
  return { key: canaryRows.prefix + key.id, value: await seal(['canary', key.id], 'canary') };
}

/**
 * Of the key that seals from now on. The others have one since they did; one that never has may leave the ring.
 *
 * It is written at each start, so that a rotation elsewhere does not retire a key that has just begun to seal. One that
 * another process planted must be of the same key.
 */
function plantCanary(store: Store, key: MasterKey): Promise<'planted'> {
  return retried(async () => {
    const canary = await canaryOf(key);
    const found = await store.get(canary.key);
    if (found !== undefined && !(await isCanaryOf(key, found))) {
      throw new Failure({ code: 'MASTER_KEY_WRONG', keyId: key.id });
    }
    const checks = [{ key: canary.key, version: found?.version ?? ('absent' as const) }];
    return (await store.commit({ checks, writes: [canary] })).kind === 'committed' ? 'planted' : undefined;
  });
}

/** Whether a row that names this master key opens with the ring: looks at every row until one does. */
async function proofOf(
  { store, ring, envelope, kinds }: Opening,
  keyId?: string,
): Promise<'opens' | 'broken' | 'no row'> {
  const context = { store, sealer: envelope, onUnreadable: () => {} };
  let proof: 'broken' | 'no row' = 'no row';
  for await (const entry of entriesOf(store, '')) {
    const kind = kindOf(kinds, entry.key);
    const sealedBy = kind?.sealing === 'own' ? undefined : keyIdIn(entry);
    if (sealedBy === undefined || (keyId !== undefined && sealedBy !== keyId)) continue;
    proof = 'broken';
    if (keyId !== undefined && !ring.some(({ id }) => id === keyId)) return proof;
    if (kind?.sealing !== 'sealed') continue;
    if ((await kind.read(context, entry).catch(unlessUnreadable)) !== undefined) return 'opens';
  }
  return proof;
}

const textSchema = z.object({ sealed: z.string().exactOptional(), value: z.string().exactOptional() });

/** The id of the master key that sealed a row, in whichever version it was written. */
function keyIdIn({ value }: Entry): string | undefined {
  const row = textSchema.safeParse(parseJson(value)).data;
  return keyIdOf(row?.sealed ?? row?.value ?? value);
}

/** The key for the hashes of API keys; made at the first start, and anew where it is damaged. */
async function readHashKey(opening: Opening, rows: RowContext): Promise<HashKey> {
  const { store, onRepair } = opening;
  const entry = await store.get(hashKeyRows.prefix);
  if (entry === undefined) return writeHashKey(opening, rows, 'absent', 0);
  const found = await hashKeyRows.read(rows, entry).catch(unlessUnreadable);
  if (found !== undefined) return found.data;
  await assertDamaged(opening);
  onRepair({ kind: 'hash key replaced', key: entry.key });
  return writeHashKey(opening, rows, entry.version, await store.now());
}

/** With a wrong master key it looks damaged as well: then nothing may be replaced. */
async function assertDamaged(opening: Opening): Promise<void> {
  const { store, ring } = opening;
  // Those that are there have been proved by now.
  if ((await store.list(canaryRows.prefix, { limit: 1 })).length > 0) return;
  if ((await proofOf(opening)) !== 'opens') throw new Failure({ code: 'MASTER_KEY_WRONG', keyId: ring[0].id });
}

async function writeHashKey(
  opening: Opening,
  rows: RowContext,
  version: number | 'absent',
  since: number,
): Promise<HashKey> {
  const made = { key: randomBytes(32).toString('base64url'), since };
  const row = await hashKeyRows.write(rows, '', made);
  const written = await rows.store.commit({ checks: [{ key: row.key, version }], writes: [row] });
  // Another process was first: two hash keys would give one API key two leases.
  return written.kind === 'committed' ? made : readHashKey(opening, rows);
}
