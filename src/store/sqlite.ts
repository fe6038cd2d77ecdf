import { chmodSync, closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { createClock } from '../clock.ts';
import { Failure } from '../errors.ts';
import { assertChange, type Change, type Check, type Commit, type Entry, type Store, type Write } from './store.ts';

/**
 * One forward step a schema version; the database's `user_version` counts the steps it has taken.
 *
 * Entries have row ids: without them whole values lie in the inner nodes of the tree, which made a large file twice as
 * large and its lookups slower.
 */
const migrations: readonly string[] = [
  `CREATE TABLE entry (
     key TEXT PRIMARY KEY NOT NULL,
     value TEXT NOT NULL,
     version INTEGER NOT NULL,
     expires_at INTEGER
   ) STRICT;
   CREATE INDEX entry_expiry ON entry (expires_at) WHERE expires_at IS NOT NULL;
   CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   INSERT INTO counter VALUES ('version', 0);`,
  // The same tables with other sealed rows, which 0.1 cannot read: it has to refuse the file.
  '',
  // What was under way when rows had no due times is due at once: cards that have not ended, and results that nobody saw.
  `ALTER TABLE entry ADD COLUMN due_at INTEGER;
   CREATE INDEX entry_due ON entry (due_at) WHERE due_at IS NOT NULL;
   UPDATE entry SET due_at = 0 WHERE key GLOB 'untold/*' OR key IN
     (SELECT 'proposal/' || substr(key, instr(substr(key, 6), '/') + 6) FROM entry WHERE key GLOB 'open/*');`,
];

const rowSchema = z.object({
  key: z.string(),
  value: z.string(),
  version: z.number(),
  expires_at: z.number().nullable(),
  due_at: z.number().nullable(),
});
const countSchema = z.object({ value: z.number() });

/** About 10 ms of work, with SQLite's own checkpoint after every few. */
const SLICE_ROWS = 250;
/** Of a snapshot: others wait for as long as these take. */
const PAGES_AT_ONCE = 200;
const MOST_COPIES = 20;
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const sqliteErrorSchema = z.object({ code: z.literal('ERR_SQLITE_ERROR'), errcode: z.number() });

/**
 * The store in one SQLite file that only this process can open (WAL, synchronous=FULL, exclusive lock).
 *
 * The file is created with mode 0600 in a directory of mode 0700.
 *
 * @param options.file - A path, or `:memory:` for tests.
 * @param options.now - The host's clock in milliseconds. The store's own follows it, but never back: it alone decides
 *   expiry and leases.
 * @param options.monotonic - What passes while the host's clock is set back; its forward steps when absent.
 * @throws Failure STORE_IN_USE when another process holds the file, STORE_TOO_NEW when a later version wrote it,
 *   STORE_DAMAGED when it is no database, STORE_EMPTY when it has lost its content.
 */
export function createSqliteStore(options: {
  readonly file: string;
  readonly now: () => number;
  readonly monotonic?: () => number;
}): Store {
  const { file, now: wall, ...more } = options;
  const { now } = createClock({ ...more, wall });
  const database = openDatabase(file);
  const statements = prepare(database);
  const copying = new Set<Promise<void>>();
  let isClosing = false;

  const live = (key: string, at: number): Entry | undefined => toEntry(statements.get.get(key, at));

  function fails({ key, version }: Check, at: number): boolean {
    const found = live(key, at);
    return version === 'absent' ? found !== undefined : found?.version !== version;
  }

  function write(change: Write, version: number, at: number): void {
    if ('remove' in change) return void statements.remove.run(change.key);
    const { key, value, ttlMs, dueMs } = change;
    const after = (ms: number | undefined) => (ms === undefined ? null : at + ms);
    statements.put.run(key, value, version, after(ttlMs), after(dueMs));
  }

  function commitNow(change: Change): Commit {
    const at = now();
    if (change.before !== undefined && at >= change.before) return { kind: 'too-late' };
    const failed = change.checks?.find((check) => fails(check, at));
    if (failed !== undefined) return { kind: 'conflict', key: failed.key };
    const version = countSchema.parse(statements.count.get()).value;
    for (const each of change.writes) write(each, version, at);
    return { kind: 'committed', version, at };
  }

  /** Mostly nothing is due: then nothing is written either. */
  function takeNow(limit: number, forMs: number): readonly Entry[] {
    const at = now();
    if (statements.anyDue.get(at, at) === undefined) return [];
    return transaction(() => statements.take.all(at + forMs, at, at, limit).flatMap((row) => toEntry(row) ?? []));
  }

  function transaction<T>(run: () => T): T {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = run();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  async function writeSnapshot(path: string): Promise<void> {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      await copyTo(path);
      makeOneFile(path);
    } catch (error) {
      throw new Failure({ code: 'STORE_UNAVAILABLE' }, { cause: error });
    }
  }

  /** In a thread of its own: VACUUM INTO held everybody up for as long as the whole file takes. */
  async function copyTo(path: string): Promise<void> {
    for (let tries = MOST_COPIES; ; tries -= 1) {
      try {
        await backup(database, path, { rate: PAGES_AT_ONCE, progress: assertOpen });
        return;
      } catch (error) {
        if (!isMetByChange(error) || isClosing || tries === 1) throw error;
        await nextTurn();
      }
    }
  }

  function assertOpen(): void {
    if (isClosing) throw new Error('the store is closed');
  }

  /** Changes a slice of rows again and again, until one is not full. Each slice is a transaction of its own: the event loop goes on in between, and the log file is used again. */
  async function untilFew(change: () => number | bigint): Promise<number> {
    for (let total = 0; ; ) {
      if (!database.isOpen) return total;
      const changed = Number(guarded(change));
      total += changed;
      if (changed < SLICE_ROWS) return total;
      await nextTurn();
    }
  }

  const erase = () => guarded(() => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));

  return {
    get: async (key) => guarded(() => live(key, now())),
    list: async (prefix, page = {}) =>
      guarded(() => {
        const from = page.after === undefined ? prefix : `${page.after}\0`;
        const rows = statements.list.all(from, `${prefix}\u{10ffff}`, now(), page.limit ?? -1);
        return rows.flatMap((row) => toEntry(row) ?? []);
      }),
    commit: async (change) => {
      assertChange(change);
      return guarded(() => transaction(() => commitNow(change)));
    },
    takeDue: async ({ limit, forMs }) => guarded(() => takeNow(limit, forMs)),
    now: async () => now(),
    erase: async () => erase(),
    sweep: async () => {
      const swept = await untilFew(() => statements.sweep.run(now(), SLICE_ROWS).changes);
      if (swept > 0 && database.isOpen) erase();
      return swept;
    },
    shorten: (prefix, longestMs) =>
      untilFew(() => {
        const end = now() + longestMs;
        if (prefix === '') return statements.shortenAll.run(end, end, SLICE_ROWS).changes;
        return statements.shorten.run(end, end, prefix, `${prefix}\u{10ffff}`, SLICE_ROWS).changes;
      }),
    hasten: (longestMs) => {
      const at = now();
      return untilFew(() => statements.hasten.run(at, at + longestMs, SLICE_ROWS).changes);
    },
    snapshot: (path) => {
      const written = writeSnapshot(path);
      copying.add(written);
      return written.finally(() => copying.delete(written));
    },
    close: async () => {
      isClosing = true;
      // Closed in the middle of a copy, the database would stay locked, and the copy would pass for a whole one.
      await Promise.allSettled(copying);
      if (database.isOpen) database.close();
    },
  };
}

/** Node gives a copy up without an error code when its first or last step comes in the middle of a change here. */
function isMetByChange(error: unknown): boolean {
  return sqliteErrorSchema.safeParse(error).data?.errcode === 0;
}

/** A copy of a database with a log of its own would need a file beside it to be read. */
function makeOneFile(path: string): void {
  const copy = new DatabaseSync(path);
  try {
    copy.exec('PRAGMA journal_mode = DELETE');
  } finally {
    copy.close();
  }
}

function prepare(database: DatabaseSync) {
  const columns = 'key, value, version, expires_at, due_at';
  // Node throws for a whole list when one number in it is larger than a double holds.
  const read = `key, value, ${['version', 'expires_at', 'due_at'].map(clamped).join(', ')}`;
  const alive = '(expires_at IS NULL OR expires_at > ?)';
  return {
    get: database.prepare(`SELECT ${read} FROM entry WHERE key = ? AND ${alive}`),
    // One lower bound: of two, SQLite seeks the first and walks to the second, for every page from the beginning.
    list: database.prepare(
      `SELECT ${read} FROM entry WHERE key >= ? AND key < ? AND ${alive} AND key NOT GLOB '*[^ -~]*' ORDER BY key LIMIT ?`,
    ),
    put: database.prepare(
      `INSERT INTO entry (${columns}) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version,
         expires_at = excluded.expires_at, due_at = excluded.due_at`,
    ),
    anyDue: database.prepare(`SELECT 1 FROM entry WHERE due_at <= ? AND ${alive} LIMIT 1`),
    take: database.prepare(
      `UPDATE entry SET due_at = ? WHERE rowid IN
         (SELECT rowid FROM entry WHERE due_at <= ? AND ${alive} ORDER BY due_at LIMIT ?) RETURNING ${read}`,
    ),
    hasten: database.prepare(
      'UPDATE entry SET due_at = ? WHERE rowid IN (SELECT rowid FROM entry WHERE due_at > ? LIMIT ?)',
    ),
    remove: database.prepare('DELETE FROM entry WHERE key = ?'),
    count: database.prepare(`UPDATE counter SET value = value + 1 WHERE name = 'version' RETURNING value`),
    sweep: database.prepare('DELETE FROM entry WHERE rowid IN (SELECT rowid FROM entry WHERE expires_at <= ? LIMIT ?)'),
    // Of all rows only the index of expiries finds the few that there may be without reading each.
    shortenAll: database.prepare(
      'UPDATE entry SET expires_at = ? WHERE rowid IN (SELECT rowid FROM entry WHERE expires_at > ? LIMIT ?)',
    ),
    shorten: database.prepare(
      `UPDATE entry SET expires_at = ? WHERE rowid IN
         (SELECT rowid FROM entry WHERE expires_at > ? AND key >= ? AND key < ? LIMIT ?)`,
    ),
  };
}

function clamped(column: string): string {
  return `max(min(${column}, ${Number.MAX_SAFE_INTEGER}), ${Number.MIN_SAFE_INTEGER}) AS ${column}`;
}

function toEntry(row: Record<string, SQLOutputValue> | undefined): Entry | undefined {
  if (row === undefined) return undefined;
  const { key, value, version, expires_at, due_at } = rowSchema.parse(row);
  const times = { ...(expires_at !== null && { expiresAt: expires_at }), ...(due_at !== null && { dueAt: due_at }) };
  return { key, value, version, ...times };
}

function openDatabase(file: string): DatabaseSync {
  if (file === ':memory:') return openPrepared(file);
  const isNew = prepareFile(file);
  try {
    return openPrepared(file);
  } catch (error) {
    // Left behind, it would look like a database that lost its content.
    if (isNew && statSync(file).size === 0) rmSync(file);
    throw error;
  }
}

function openPrepared(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;',
    );
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw openingFailure(file, error);
  }
}

function openingFailure(file: string, error: unknown): unknown {
  const errcode = sqliteErrorSchema.safeParse(error).data?.errcode;
  if (errcode === SQLITE_BUSY) return new Failure({ code: 'STORE_IN_USE', file }, { cause: error });
  const isDamaged = errcode === SQLITE_CORRUPT || errcode === SQLITE_NOTADB;
  return isDamaged ? new Failure({ code: 'STORE_DAMAGED', file }, { cause: error }) : error;
}

/**
 * SQLite would create the file by the process's umask; the keys in it are nobody else's to read.
 *
 * @returns whether the file is new.
 * @throws Failure STORE_EMPTY when there was a database before: an empty one would be used in its place, in silence.
 */
function prepareFile(file: string): boolean {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const size = sizeOf(file);
  // SQLite takes a file of one byte for a new one, too.
  const isEmpty = size !== undefined && size <= 1;
  const wasThere = isEmpty || (size === undefined && (sizeOf(`${file}-wal`) ?? 0) > 0);
  if (wasThere) throw new Failure({ code: 'STORE_EMPTY', file });
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  return size === undefined;
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

function migrate(database: DatabaseSync): void {
  const found = z
    .object({ user_version: z.number() })
    .parse(database.prepare('PRAGMA user_version').get()).user_version;
  const supported = migrations.length;
  if (found > supported) throw new Failure({ code: 'STORE_TOO_NEW', found, supported });
  // Also with nothing to migrate: the first write takes the exclusive lock, so a second process fails here.
  database.exec(`BEGIN IMMEDIATE; ${migrations.slice(found).join('\n')} PRAGMA user_version = ${supported}; COMMIT;`);
}

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Failure({ code: 'STORE_UNAVAILABLE' }, { cause: error });
  }
}
