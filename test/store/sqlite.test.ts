import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { createClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { writeAll } from '../support/write-all.ts';
import { describeStore } from './contract.ts';

describeStore('SQLite', (clock) =>
  createSqliteStore({ file: join(temporaryDirectory(), 'store.db'), now: clock.now, monotonic: clock.elapsed }),
);

function openStore(file: string, clock = createClock()) {
  const store = createSqliteStore({ file, now: clock.now });
  onTestFinished(() => store.close());
  return store;
}

test('rows survive a restart', async () => {
  const file = join(temporaryDirectory(), 'store.db');
  const first = openStore(file);
  await first.commit({ writes: [{ key: 'k', value: 'v' }] });
  await first.close();
  expect((await openStore(file).get('k'))?.value).toBe('v');
});

test('a due time survives a restart', async () => {
  const file = join(temporaryDirectory(), 'store.db');
  const clock = createClock();
  const first = openStore(file, clock);
  await first.commit({ writes: [{ key: 'k', value: 'v', dueMs: 1000 }] });
  await first.close();
  const second = openStore(file, clock);
  expect(await second.takeDue({ limit: 1, forMs: 1 })).toEqual([]);
  clock.advance(1000);
  expect(await second.takeDue({ limit: 1, forMs: 1 })).toMatchObject([{ key: 'k' }]);
});

test('the file and its directory are for their owner only', () => {
  const directory = join(temporaryDirectory(), 'data');
  openStore(join(directory, 'store.db'));
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'store.db')).mode & 0o777).toBe(0o600);
});

test('a second process cannot open the file', () => {
  const file = join(temporaryDirectory(), 'store.db');
  openStore(file);
  const program = `import { createSqliteStore } from ${JSON.stringify(new URL('../../src/store/sqlite.ts', import.meta.url).href)};
    try { createSqliteStore({ file: ${JSON.stringify(file)}, now: Date.now }); console.log('opened'); }
    catch (error) { console.log(error.data.code); }`;
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', program]).toString().trim()).toBe('STORE_IN_USE');
});

test('a file of a later version is refused', () => {
  const file = join(temporaryDirectory(), 'store.db');
  const later = new DatabaseSync(file);
  later.exec('PRAGMA user_version = 99');
  later.close();
  expect(() => openStore(file)).toThrow('STORE_TOO_NEW');
});

test('a file that is no database is said to be damaged', () => {
  const file = join(temporaryDirectory(), 'store.db');
  writeFileSync(file, 'not a database, but long enough to be looked at as one'.repeat(20));
  expect(() => openStore(file)).toThrow('STORE_DAMAGED');
});

test('a file of 0 bytes is refused and stays as it is: the rows that were in it are not silently forgotten', () => {
  const file = join(temporaryDirectory(), 'store.db');
  writeFileSync(file, '');
  expect(() => openStore(file)).toThrow('STORE_EMPTY');
  expect(statSync(file).size).toBe(0);
});

test('a file of 1 byte, which SQLite takes for an empty one, is refused too', () => {
  const file = join(temporaryDirectory(), 'store.db');
  writeFileSync(file, 'S');
  expect(() => openStore(file)).toThrow('STORE_EMPTY');
  expect(readFileSync(file, 'utf8')).toBe('S');
});

/** What somebody does who can write the file, before the store is opened. */
async function openForged(sql: string) {
  const file = join(temporaryDirectory(), 'store.db');
  await openStore(file).close();
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
  return openStore(file);
}

test('a row with numbers that no double holds is read as any other, and keeps nobody from listing', async () => {
  const most = '9223372036854775807';
  const store = await openForged(
    `INSERT INTO entry VALUES ('a/1', 'v', ${most}, ${most}, ${most}), ('a/2', 'v', -${most}, NULL, -${most}), ('a/3', 'v', 1, NULL, NULL)`,
  );
  expect((await store.list('a/')).map(({ key }) => key)).toEqual(['a/1', 'a/2', 'a/3']);
  expect((await store.get('a/1'))?.version).toBe(Number.MAX_SAFE_INTEGER);
  expect((await store.takeDue({ limit: 10, forMs: 1_000 })).map(({ key }) => key)).toEqual(['a/2']);
  const checks = (await store.list('a/')).map(({ key, version }) => ({ key, version }));
  const writes = checks.map(({ key }) => ({ key, value: 'w' }));
  expect((await store.commit({ checks, writes })).kind).toBe('committed');
});

test('keys that are no text are in no list, so that a walk through pages ends', async () => {
  // Read as text, the last key of a page would stand before the page.
  const store = await openForged(
    `WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
     INSERT INTO entry SELECT CAST(x'612ff0' || CAST(i AS BLOB) AS TEXT), 'v', 1, NULL, NULL FROM n`,
  );
  await store.commit({ writes: [{ key: 'a/1', value: 'v' }] });
  const first = await store.list('a/', { limit: 2 });
  expect(first.map(({ key }) => key)).toEqual(['a/1']);
  expect(await store.list('a/', { after: 'a/1', limit: 2 })).toEqual([]);
});

test('a file that is gone is not made anew while the log that belongs to it is there', async () => {
  const file = join(temporaryDirectory(), 'store.db');
  const store = openStore(file);
  await store.commit({ writes: [{ key: 'k', value: 'v' }] });
  copyFileSync(`${file}-wal`, `${file}-kept`);
  await store.close();
  renameSync(`${file}-kept`, `${file}-wal`);
  rmSync(file);
  expect(() => openStore(file)).toThrow('STORE_EMPTY');
  expect(existsSync(file)).toBe(false);
});

test('a first start that failed leaves no empty file in the way of the next', () => {
  const file = join(temporaryDirectory(), 'store.db');
  // SQLite cannot have its journal where a directory is.
  mkdirSync(`${file}-journal`);
  expect(() => openStore(file)).toThrow();
  rmSync(`${file}-journal`, { recursive: true });
  expect(existsSync(file)).toBe(false);
  openStore(file);
});

test('the bytes of a removed row are in no file after erase', async () => {
  const directory = temporaryDirectory();
  const store = openStore(join(directory, 'store.db'));
  const bytes = () => Buffer.concat(['store.db', 'store.db-wal'].map((name) => readFileSync(join(directory, name))));
  await store.commit({ writes: [{ key: 'k', value: 'canary-7f3a' }] });
  await store.erase();
  expect(bytes().includes('canary-7f3a')).toBe(true);
  await store.commit({ writes: [{ key: 'k', remove: true }] });
  await store.erase();
  expect(bytes().includes('canary-7f3a')).toBe(false);
});

test('the bytes of a row that expired are in no file after the sweep', async () => {
  const directory = temporaryDirectory();
  const clock = createClock();
  const store = openStore(join(directory, 'store.db'), clock);
  const bytes = () => Buffer.concat(['store.db', 'store.db-wal'].map((name) => readFileSync(join(directory, name))));
  await store.commit({ writes: [{ key: 'k', value: 'canary-7f3a', ttlMs: 1 }] });
  expect(await store.sweep()).toBe(0);
  expect(bytes().includes('canary-7f3a')).toBe(true);
  clock.advance(1);
  expect(await store.sweep()).toBe(1);
  expect(bytes().includes('canary-7f3a')).toBe(false);
});

test('a snapshot is a store of its own with the same rows', async () => {
  const directory = temporaryDirectory();
  const store = openStore(join(directory, 'store.db'));
  await store.commit({ writes: [{ key: 'k', value: 'v' }] });
  const copy = join(directory, 'copy.db');
  await store.snapshot(copy);
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  expect((await openStore(copy).get('k'))?.value).toBe('v');
});

test('a closed store fails with STORE_UNAVAILABLE, never with "nothing there"', async () => {
  const store = openStore(join(temporaryDirectory(), 'store.db'));
  await store.close();
  await expect(store.get('k')).rejects.toThrow('STORE_UNAVAILABLE');
  await expect(store.list('')).rejects.toThrow('STORE_UNAVAILABLE');
  await expect(store.commit({ writes: [] })).rejects.toThrow('STORE_UNAVAILABLE');
});

test('a sweep of many rows is done in slices, between which others have their turn, and the log file stays small', async () => {
  const file = join(temporaryDirectory(), 'store.db');
  const clock = createClock();
  const store = createSqliteStore({ file, now: clock.now });
  onTestFinished(() => store.close());
  const rows = 10_000;
  const writes = Array.from({ length: rows }, (_, index) => ({
    key: `k/${index}`,
    value: 'x'.repeat(1_000),
    ttlMs: 1,
  }));
  await writeAll(store, writes);
  await store.erase();
  clock.advance(1);
  let turns = 0;
  let largestLog = 0;
  const watching = setInterval(() => {
    turns += 1;
    largestLog = Math.max(largestLog, statSync(`${file}-wal`).size);
  }, 0);
  onTestFinished(() => clearInterval(watching));
  expect(await store.sweep()).toBe(rows);
  expect(turns).toBeGreaterThanOrEqual(5);
  expect(largestLog).toBeLessThan(8 * 1024 * 1024);
  expect(await store.sweep()).toBe(0);
});

test('a store that is closed in the middle of a sweep ends it quietly', async () => {
  const clock = createClock();
  const store = createSqliteStore({ file: ':memory:', now: clock.now });
  const writes = Array.from({ length: 2_000 }, (_, index) => ({ key: `k/${index}`, value: '', ttlMs: 1 }));
  await writeAll(store, writes);
  clock.advance(1);
  const swept = store.sweep();
  await store.close();
  expect(await swept).toBeLessThan(2_000);
});

/** A store of some megabytes. */
async function openLargeStore() {
  const directory = temporaryDirectory();
  const store = openStore(join(directory, 'store.db'));
  const value = 'x'.repeat(2_000);
  await writeAll(
    store,
    Array.from({ length: 10_000 }, (_, index) => ({ key: `k/${index}`, value })),
  );
  return { store, copy: join(directory, 'copy.db'), directory };
}

test('while a snapshot is written others have their turn, and what they write is in it or not, as a whole', async () => {
  const { store, copy, directory } = await openLargeStore();
  let written = 0;
  const isDone = store.snapshot(copy).then(() => true);
  while (!(await Promise.race([isDone, nextTurn(false)]))) {
    await store.commit({ writes: ['a', 'b'].map((side) => ({ key: `${side}/${written}`, value: '' })) });
    written += 1;
  }
  expect(written).toBeGreaterThanOrEqual(5);
  const snapshot = openStore(copy);
  expect(await snapshot.list('k/')).toHaveLength(10_000);
  const sides = await Promise.all(['a/', 'b/'].map((side) => snapshot.list(side)));
  expect(sides[0]?.length).toBe(sides[1]?.length);
  await snapshot.close();
  // One file is all of it.
  expect(readdirSync(directory).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
});

test('a snapshot that begins in the middle of changes is written all the same', async () => {
  const directory = temporaryDirectory();
  const store = openStore(join(directory, 'store.db'));
  for (let round = 0; round < 20; round += 1) {
    const snapshot = store.snapshot(join(directory, `copy-${round}.db`));
    // Each is a transaction before this thread gives way, and the copy's thread meets some of them.
    const changes = Array.from({ length: 50 }, (_, index) =>
      store.commit({ writes: [{ key: `k/${round}/${index}`, value: 'x' }] }),
    );
    await Promise.all([snapshot, ...changes]);
  }
  const last = openStore(join(directory, 'copy-19.db'));
  expect(await last.list('k/0/')).toHaveLength(50);
});

test('a store that is closed in the middle of a snapshot fails it, and can be opened again at once', async () => {
  const { store, copy, directory } = await openLargeStore();
  const snapshot = expect(store.snapshot(copy)).rejects.toThrow('STORE_UNAVAILABLE');
  await store.close();
  await snapshot;
  expect(await openStore(join(directory, 'store.db')).list('k/')).toHaveLength(10_000);
});
