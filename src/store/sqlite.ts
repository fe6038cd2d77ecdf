import { closeSync, openSync } from 'node:fs';
import { backup, DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { createClock } from '../clock.ts';
import { Failure } from '../errors.ts';
import { errorNumber, openDatabase } from './sqlite-file.ts';
import { assertChange, type Change, type Check, type Commit, type Entry, type Store, type Write } from './store.ts';

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
/** Greater than every key with the same prefix. */
const LAST = '\u{10ffff}';

/** One open file. `copying`: the snapshots that are being written. */
type Sqlite = {
  readonly database: DatabaseSync;
  readonly statements: ReturnType<typeof prepare>;
  readonly now: () => number;
  readonly copying: Set<Promise<void>>;
  isClosing: boolean;
};

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
  const sqlite: Sqlite = { database, statements: prepare(database), now, copying: new Set(), isClosing: false };
  return {
    get: async (key) => guarded(() => live(sqlite, key, now())),
    list: async (prefix, page) => guarded(() => list(sqlite, prefix, page)),
    commit: async (change) => {
      assertChange(change);
      return guarded(() => transaction(database, () => commitNow(sqlite, change)));
    },
    takeDue: async (take) => guarded(() => takeNow(sqlite, take)),
    now: async () => now(),
    erase: async () => guarded(() => erase(sqlite)),
    sweep: () => sweep(sqlite),
    shorten: (prefix, longestMs) => shorten(sqlite, prefix, longestMs),
    hasten: (longestMs) => hasten(sqlite, longestMs),
    snapshot: (path) => snapshot(sqlite, path),
    close: () => close(sqlite),
  };
}

function live({ statements }: Sqlite, key: string, at: number): Entry | undefined {
  return toEntry(statements.get.get(key, at));
}

function list({ statements, now }: Sqlite, prefix: string, page: Parameters<Store['list']>[1] = {}): readonly Entry[] {
  const from = page.after === undefined ? prefix : `${page.after}\0`;
  return statements.list.all(from, prefix + LAST, now(), page.limit ?? -1).flatMap((row) => toEntry(row) ?? []);
}

function fails(sqlite: Sqlite, { key, version }: Check, at: number): boolean {
  const found = live(sqlite, key, at);
  return version === 'absent' ? found !== undefined : found?.version !== version;
}

function write({ statements }: Sqlite, change: Write, version: number, at: number): void {
  if ('remove' in change) return void statements.remove.run(change.key);
  const { key, value, ttlMs, dueMs } = change;
  const after = (ms: number | undefined) => (ms === undefined ? null : at + ms);
  statements.put.run(key, value, version, after(ttlMs), after(dueMs));
}

function commitNow(sqlite: Sqlite, change: Change): Commit {
  const at = sqlite.now();
  if (change.before !== undefined && at >= change.before) return { kind: 'too-late' };
  const failed = change.checks?.find((check) => fails(sqlite, check, at));
  if (failed !== undefined) return { kind: 'conflict', key: failed.key };
  const version = countSchema.parse(sqlite.statements.count.get()).value;
  for (const each of change.writes) write(sqlite, each, version, at);
  return { kind: 'committed', version, at };
}

/** Mostly nothing is due: then nothing is written either. */
function takeNow({ database, statements, now }: Sqlite, take: Parameters<Store['takeDue']>[0]): readonly Entry[] {
  const at = now();
  if (statements.anyDue.get(at, at) === undefined) return [];
  return transaction(database, () =>
    statements.take.all(at + take.forMs, at, at, take.limit).flatMap((row) => toEntry(row) ?? []),
  );
}

function transaction<T>(database: DatabaseSync, run: () => T): T {
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

function erase({ database }: Sqlite): void {
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

async function sweep(sqlite: Sqlite): Promise<number> {
  const { database, statements, now } = sqlite;
  const swept = await untilFew(database, () => statements.sweep.run(now(), SLICE_ROWS).changes);
  if (swept > 0 && database.isOpen) guarded(() => erase(sqlite));
  return swept;
}

function shorten({ database, statements, now }: Sqlite, prefix: string, longestMs: number): Promise<number> {
  return untilFew(database, () => {
    const end = now() + longestMs;
    if (prefix === '') return statements.shortenAll.run(end, end, SLICE_ROWS).changes;
    return statements.shorten.run(end, end, prefix, prefix + LAST, SLICE_ROWS).changes;
  });
}

function hasten({ database, statements, now }: Sqlite, longestMs: number): Promise<number> {
  const at = now();
  return untilFew(database, () => statements.hasten.run(at, at + longestMs, SLICE_ROWS).changes);
}

/**
 * Changes a slice of rows again and again, until one is not full. Each slice is a transaction of its own: the event loop
 * goes on in between, and the log file is used again.
 */
async function untilFew(database: DatabaseSync, change: () => number | bigint): Promise<number> {
  for (let total = 0; ; ) {
    if (!database.isOpen) return total;
    const changed = Number(guarded(change));
    total += changed;
    if (changed < SLICE_ROWS) return total;
    await nextTurn();
  }
}

function snapshot(sqlite: Sqlite, path: string): Promise<void> {
  const { copying } = sqlite;
  const written = writeSnapshot(sqlite, path);
  copying.add(written);
  return written.finally(() => copying.delete(written));
}

async function writeSnapshot(sqlite: Sqlite, path: string): Promise<void> {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    await copyTo(sqlite, path);
    makeOneFile(path);
  } catch (error) {
    throw new Failure({ code: 'STORE_UNAVAILABLE' }, { cause: error });
  }
}

/** In a thread of its own: VACUUM INTO held everybody up for as long as the whole file takes. */
async function copyTo(sqlite: Sqlite, path: string): Promise<void> {
  const progress = () => {
    if (sqlite.isClosing) throw new Error('the store is closed');
  };
  for (let tries = MOST_COPIES; ; tries -= 1) {
    try {
      await backup(sqlite.database, path, { rate: PAGES_AT_ONCE, progress });
      return;
    } catch (error) {
      if (!isMetByChange(error) || sqlite.isClosing || tries === 1) throw error;
      await nextTurn();
    }
  }
}

async function close(sqlite: Sqlite): Promise<void> {
  sqlite.isClosing = true;
  // Closed in the middle of a copy, the database would stay locked, and the copy would pass for a whole one.
  await Promise.allSettled(sqlite.copying);
  if (sqlite.database.isOpen) sqlite.database.close();
}

/** Node gives a copy up without an error code when its first or last step comes in the middle of a change here. */
function isMetByChange(error: unknown): boolean {
  return errorNumber(error) === 0;
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

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Failure({ code: 'STORE_UNAVAILABLE' }, { cause: error });
  }
}
