import { chmodSync, closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { Failure } from '../errors.ts';

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

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const sqliteErrorSchema = z.object({ code: z.literal('ERR_SQLITE_ERROR'), errcode: z.number() });

/**
 * Opens the file for this process alone, and brings its schema up to date.
 *
 * @throws Failure STORE_IN_USE, STORE_TOO_NEW, STORE_DAMAGED, STORE_EMPTY
 */
export function openDatabase(file: string): DatabaseSync {
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
  const errcode = errorNumber(error);
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

/** SQLite's own number for an error; undefined for any other. */
export function errorNumber(error: unknown): number | undefined {
  return sqliteErrorSchema.safeParse(error).data?.errcode;
}
