import { z } from 'zod';
import { Failure } from '../errors.ts';
import { parseJson } from '../parse-json.ts';
import type { Sealer } from './sealer.ts';
import type { Entry, Store, Write } from './store.ts';

/** A row that no master key opens, or that holds something else than its kind. It stays where it is. */
export type UnreadableRow = { readonly kind: string; readonly key: string; readonly error: unknown };

/** Whether an error says that a row cannot be read, and not that the store cannot. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Failure && error.data.code === 'SEAL_BROKEN';
}

/** For `catch`: undefined for a row that cannot be read; any other error goes on. */
export function unlessUnreadable(error: unknown): undefined {
  if (!isUnreadable(error)) throw error;
}

/** What sealed rows are read and written with. */
export type RowContext = {
  readonly store: Store;
  readonly sealer: Sealer;
  /** Told of every row that cannot be read, each time; it is never taken for "nothing there". */
  readonly onUnreadable: (row: UnreadableRow) => void;
};

/** What a sealed row holds; `expiresAt` is its end by the store's clock (milliseconds since the epoch). */
export type SealedRow<T> = {
  readonly key: string;
  readonly id: string;
  readonly data: T;
  readonly version: number;
  readonly expiresAt?: number;
  /** From when on somebody has to look at it; outside the seal, since it decides nothing. */
  readonly dueAt?: number;
};

/**
 * Rows of one kind: declared once, listed in `row-kinds.ts`.
 *
 * Everything that decides something lies inside the seal: the data with their owner, and the end of the row's life, so
 * that whoever can write the database can take rows away and nothing more. A row may lie only where it was sealed for.
 *
 * Reading throws Failure SEAL_BROKEN for a row that cannot be read; `undefined` is one that is not there, or has ended.
 */
export type SealedRows<T> = {
  readonly sealing: 'sealed';
  readonly kind: string;
  /** Every key is `prefix` and an id. */
  readonly prefix: string;
  readonly get: (context: RowContext, id: string) => Promise<SealedRow<T> | undefined>;
  readonly read: (context: RowContext, entry: Entry) => Promise<SealedRow<T> | undefined>;
  /** A row that lives for `ttlMs` from now, or for ever. */
  readonly write: (context: RowContext, id: string, data: T, ttlMs?: number) => Promise<PutWrite>;
  /** The same row with other data, for the rest of its life and due when it was. */
  readonly rewrite: (context: RowContext, row: SealedRow<unknown>, data: T) => Promise<PutWrite>;
  /**
   * What a rotation of the master keys writes over a row.
   *
   * @param isCurrent - Whether the current master key sealed this text.
   * @returns undefined when the row may stay as it is.
   */
  readonly renew: (
    context: RowContext,
    entry: Entry,
    isCurrent: (sealed: string) => boolean,
  ) => Promise<Write | undefined>;
};

type PutWrite = Extract<Write, { readonly value: string }>;

/** Rows that hold no secret and are not sealed: nobody's rights may follow from them alone. Or those that are sealed otherwise. */
export type PlainRows = { readonly sealing: 'none' | 'own'; readonly kind: string; readonly prefix: string };

/** Every kind is one of these, and stands in the list that a rotation of the master keys walks with. */
export type RowKind = PlainRows | RenewableRows;

export type RenewableRows = Pick<SealedRows<unknown>, 'sealing' | 'kind' | 'prefix' | 'read' | 'renew'>;

/** What a sealed text holds. */
type Content = { readonly data: unknown; readonly expiresAt?: number | undefined };

/** Reads a row as it was sealed before rows had versions. */
type ReadUnversioned = (open: Sealer['open'], id: string, value: string) => Promise<Content>;

const rowSchema = z.object({ v: z.int(), sealed: z.string() });
const contentSchema = z.object({ data: z.unknown(), expiresAt: z.number().exactOptional() });

/** What a kind of sealed rows is declared with. */
type Declared<T> = {
  readonly kind: string;
  readonly prefix: string;
  /** Of what `schema` describes, from 1 on; it is part of what the seal is bound to. */
  readonly version: number;
  readonly schema: z.ZodType<T>;
  /** For each older version that may still be stored, how its data become the next one's. */
  readonly migrations?: Readonly<Record<number, (older: unknown) => unknown>>;
  /** Rows from before versions existed: how they are read as version 1, or that they ended. */
  readonly unversioned?: ReadUnversioned | 'ended';
};

/** Declares a kind of sealed rows. */
export function sealedRows<T>(declared: Declared<T>): SealedRows<T> {
  const { kind, prefix } = declared;
  return {
    sealing: 'sealed',
    kind,
    prefix,
    get: async (context, id) => {
      const entry = await context.store.get(prefix + id);
      return entry && read(declared, context, entry);
    },
    read: (context, entry) => read(declared, context, entry),
    write: (context, id, data, ttlMs) => write(declared, context, id, data, ttlMs),
    rewrite: (context, row, data) => rewrite(declared, context, row, data),
    renew: (context, entry, isCurrent) => renew(declared, context, entry, isCurrent),
  };
}

async function read<T>(declared: Declared<T>, context: RowContext, entry: Entry): Promise<SealedRow<T> | undefined> {
  const { kind, schema } = declared;
  const now = await context.store.now();
  try {
    const content = await contentOf(declared, context.sealer, entry);
    if (content === 'ended') return undefined;
    const expiresAt = Math.min(content.expiresAt ?? Infinity, entry.expiresAt ?? Infinity);
    if (now >= expiresAt) return undefined;
    const id = idOf(declared, entry);
    const row = { key: entry.key, id, data: schema.parse(content.data), version: entry.version };
    const { dueAt } = entry;
    return { ...row, ...(expiresAt !== Infinity && { expiresAt }), ...(dueAt !== undefined && { dueAt }) };
  } catch (error) {
    context.onUnreadable({ kind, key: entry.key, error });
    throw new Failure({ code: 'SEAL_BROKEN' }, { cause: error });
  }
}

async function contentOf<T>(declared: Declared<T>, sealer: Sealer, entry: Entry): Promise<Content | 'ended'> {
  const { kind, version } = declared;
  const id = idOf(declared, entry);
  const row = rowSchema.safeParse(parseJson(entry.value)).data;
  if (row === undefined) return unversionedContent(declared, sealer, id, entry.value);
  if (row.v > version) throw new TypeError(`version ${row.v} of ${kind} was written by a later release`);
  const content = contentSchema.parse(await sealer.open(sealContext(declared, id, row.v), row.sealed));
  return { ...content, data: migrated(declared, content.data, row.v) };
}

async function unversionedContent<T>(
  declared: Declared<T>,
  { open }: Sealer,
  id: string,
  value: string,
): Promise<Content | 'ended'> {
  const { kind, unversioned } = declared;
  if (unversioned === 'ended') return 'ended';
  if (unversioned === undefined) throw new TypeError(`no row of the kind ${kind}`);
  const content = await unversioned(open, id, value);
  return { ...content, data: migrated(declared, content.data, 1) };
}

function migrated<T>({ kind, version, migrations = {} }: Declared<T>, data: unknown, from: number): unknown {
  let current = data;
  for (let at = from; at < version; at += 1) {
    const migrate = migrations[at];
    if (migrate === undefined) throw new TypeError(`version ${at} of ${kind} has no migration`);
    current = migrate(current);
  }
  return current;
}

async function write<T>(
  declared: Declared<T>,
  context: RowContext,
  id: string,
  data: T,
  ttlMs?: number,
): Promise<PutWrite> {
  if (ttlMs === undefined) return put(declared, context, id, { data });
  const expiresAt = (await context.store.now()) + ttlMs;
  return { ...(await put(declared, context, id, { data, expiresAt })), ttlMs };
}

async function rewrite<T>(
  declared: Declared<T>,
  context: RowContext,
  { id, expiresAt, dueAt }: SealedRow<unknown>,
  data: T,
): Promise<PutWrite> {
  const now = await context.store.now();
  const due = dueAt === undefined ? {} : { dueMs: dueAt - now };
  if (expiresAt === undefined) return { ...(await put(declared, context, id, { data })), ...due };
  const ttlMs = Math.max(1, expiresAt - now);
  return { ...(await put(declared, context, id, { data, expiresAt })), ttlMs, ...due };
}

async function put<T>(declared: Declared<T>, { sealer }: RowContext, id: string, content: Content): Promise<PutWrite> {
  const { prefix, version } = declared;
  const sealed = await sealer.seal(sealContext(declared, id, version), content);
  return { key: prefix + id, value: JSON.stringify({ v: version, sealed }) };
}

async function renew<T>(
  declared: Declared<T>,
  context: RowContext,
  entry: Entry,
  isCurrent: (sealed: string) => boolean,
): Promise<Write | undefined> {
  const stored = rowSchema.safeParse(parseJson(entry.value)).data;
  if (stored?.v === declared.version && isCurrent(stored.sealed)) return undefined;
  const row = await read(declared, context, entry);
  return row === undefined ? { key: entry.key, remove: true } : rewrite(declared, context, row, row.data);
}

function sealContext<T>({ kind }: Declared<T>, id: string, version: number): readonly string[] {
  return ['row', kind, String(version), id];
}

function idOf<T>({ prefix }: Declared<T>, { key }: Entry): string {
  return key.slice(prefix.length);
}

/** @returns the kind that a row is of, or undefined for a key that none of them declares. */
export function kindOf<Kind extends { readonly prefix: string }>(
  kinds: readonly Kind[],
  key: string,
): Kind | undefined {
  return kinds.find(({ prefix }) => key.startsWith(prefix));
}

/** Declares rows that are not sealed: indexes and leases. */
export function plainRows(kind: string): PlainRows {
  return { sealing: 'none', kind, prefix: `${kind}/` };
}
