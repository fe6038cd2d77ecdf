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

/**
 * Declares a kind of sealed rows.
 *
 * @param declared.version - Of what `schema` describes, from 1 on; it is part of what the seal is bound to.
 * @param declared.migrations - For each older version that may still be stored, how its data become the next one's.
 * @param declared.unversioned - Rows from before versions existed: how they are read as version 1, or that they ended.
 */
export function sealedRows<T>(declared: {
  readonly kind: string;
  readonly prefix: string;
  readonly version: number;
  readonly schema: z.ZodType<T>;
  readonly migrations?: Readonly<Record<number, (older: unknown) => unknown>>;
  readonly unversioned?: ReadUnversioned | 'ended';
}): SealedRows<T> {
  const { kind, prefix, version, schema, migrations = {}, unversioned } = declared;

  const contextOf = (id: string, of: number) => ['row', kind, String(of), id];

  async function contentOf({ sealer }: RowContext, entry: Entry): Promise<Content | 'ended'> {
    const id = idOf(entry);
    const row = rowSchema.safeParse(parseJson(entry.value)).data;
    if (row === undefined) return unversionedContent(sealer, id, entry.value);
    if (row.v > version) throw new TypeError(`version ${row.v} of ${kind} was written by a later release`);
    const content = contentSchema.parse(await sealer.open(contextOf(id, row.v), row.sealed));
    return { ...content, data: migrated(content.data, row.v) };
  }

  async function unversionedContent({ open }: Sealer, id: string, value: string): Promise<Content | 'ended'> {
    if (unversioned === 'ended') return 'ended';
    if (unversioned === undefined) throw new TypeError(`no row of the kind ${kind}`);
    const content = await unversioned(open, id, value);
    return { ...content, data: migrated(content.data, 1) };
  }

  function migrated(data: unknown, from: number): unknown {
    let current = data;
    for (let at = from; at < version; at += 1) {
      const migrate = migrations[at];
      if (migrate === undefined) throw new TypeError(`version ${at} of ${kind} has no migration`);
      current = migrate(current);
    }
    return current;
  }

  async function read(context: RowContext, entry: Entry): Promise<SealedRow<T> | undefined> {
    const now = await context.store.now();
    try {
      const content = await contentOf(context, entry);
      if (content === 'ended') return undefined;
      const expiresAt = Math.min(content.expiresAt ?? Infinity, entry.expiresAt ?? Infinity);
      if (now >= expiresAt) return undefined;
      const { key, version, dueAt } = entry;
      const data = schema.parse(content.data);
      const times = { ...(expiresAt !== Infinity && { expiresAt }), ...(dueAt !== undefined && { dueAt }) };
      return { key, id: idOf(entry), data, version, ...times };
    } catch (error) {
      context.onUnreadable({ kind, key: entry.key, error });
      throw new Failure({ code: 'SEAL_BROKEN' }, { cause: error });
    }
  }

  async function put({ sealer }: RowContext, id: string, data: T, expiresAt?: number): Promise<PutWrite> {
    const content: Content = expiresAt === undefined ? { data } : { data, expiresAt };
    const sealed = await sealer.seal(contextOf(id, version), content);
    return { key: prefix + id, value: JSON.stringify({ v: version, sealed }) };
  }

  async function write(context: RowContext, id: string, data: T, ttlMs?: number): Promise<PutWrite> {
    if (ttlMs === undefined) return put(context, id, data);
    return { ...(await put(context, id, data, (await context.store.now()) + ttlMs)), ttlMs };
  }

  async function rewrite(context: RowContext, row: SealedRow<unknown>, data: T): Promise<PutWrite> {
    const { id, expiresAt, dueAt } = row;
    const now = await context.store.now();
    const times = {
      ...(expiresAt !== undefined && { ttlMs: Math.max(1, expiresAt - now) }),
      ...(dueAt !== undefined && { dueMs: dueAt - now }),
    };
    return { ...(await put(context, id, data, expiresAt)), ...times };
  }

  function isUpToDate({ value }: Entry, isCurrent: (sealed: string) => boolean): boolean {
    const row = rowSchema.safeParse(parseJson(value)).data;
    return row?.v === version && isCurrent(row.sealed);
  }

  const idOf = ({ key }: Entry) => key.slice(prefix.length);

  return {
    sealing: 'sealed',
    kind,
    prefix,
    get: async (context, id) => {
      const entry = await context.store.get(prefix + id);
      return entry && read(context, entry);
    },
    read,
    write,
    rewrite,
    renew: async (context, entry, isCurrent) => {
      if (isUpToDate(entry, isCurrent)) return undefined;
      const row = await read(context, entry);
      return row === undefined ? { key: entry.key, remove: true } : rewrite(context, row, row.data);
    },
  };
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
