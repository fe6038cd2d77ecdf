import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../src/errors.ts';
import { createBackups } from '../../src/store/backups.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { createClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

async function open(kept = 3) {
  const clock = createClock(Date.UTC(2026, 10, 21, 2, 26, 16));
  const store = createSqliteStore({ file: ':memory:', now: clock.now });
  onTestFinished(() => store.close());
  await store.commit({ writes: [{ key: 'k', value: 'v' }] });
  const disk = { isFull: false };
  const directory = join(temporaryDirectory(), 'backups');
  const snapshot: Store['snapshot'] = async (path) => {
    if (!disk.isFull) return store.snapshot(path);
    // What a full disk leaves behind.
    writeFileSync(path, 'half a datab', { flag: 'wx' });
    throw new Failure({ code: 'STORE_UNAVAILABLE' });
  };
  const backups = createBackups({ store: { ...store, snapshot }, directory, kept });
  return { clock, backups, directory, disk, names: () => readdirSync(directory).sort() };
}

test('a snapshot is a whole database under the time at which it was written, for its owner only', async () => {
  const { backups, directory } = await open();
  const path = await backups.runIfDue();
  expect(path).toBe(join(directory, 'levergate-2026-11-21T02-26-16Z.db'));
  const copy = createSqliteStore({ file: path ?? '', now: Date.now });
  onTestFinished(() => copy.close());
  expect((await copy.get('k'))?.value).toBe('v');
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(path ?? '').mode & 0o777).toBe(0o600);
});

test('one is written a day, also by a process that started anew', async () => {
  const { backups, clock, names } = await open();
  await backups.runIfDue();
  clock.advance(DAY_MS - 1_000);
  expect(await backups.runIfDue()).toBeUndefined();
  clock.advance(1_000);
  expect(await backups.runIfDue()).toBeDefined();
  expect(names()).toHaveLength(2);
});

test('the newest few are kept, and no other file is touched', async () => {
  const { backups, clock, directory, names } = await open();
  await backups.runIfDue();
  writeFileSync(join(directory, 'levergate-notes.db'), 'mine');
  for (let day = 0; day < 5; day += 1) {
    clock.advance(DAY_MS);
    await backups.runIfDue();
  }
  expect(names()).toEqual([
    'levergate-2026-11-24T02-26-16Z.db',
    'levergate-2026-11-25T02-26-16Z.db',
    'levergate-2026-11-26T02-26-16Z.db',
    'levergate-notes.db',
  ]);
});

test('snapshots of a clock that was a year ahead hold up no new one, and are kept as the newest from before it', async () => {
  const { backups, directory, names } = await open(4);
  mkdirSync(directory);
  for (const day of ['2026-11-19', '2027-11-20', '2027-11-21']) {
    writeFileSync(join(directory, `levergate-${day}T02-26-16Z.db`), day);
  }
  expect(await backups.runIfDue()).toBe(join(directory, 'levergate-2026-11-21T02-26-16Z.db'));
  expect(names().map((name) => readFileSync(join(directory, name), 'utf8').slice(0, 10))).toEqual([
    '2026-11-19',
    '2027-11-20',
    '2027-11-21',
    'SQLite for',
  ]);
  expect(names()[2]).toBe('levergate-2026-11-20T02-26-16Z.db');
  expect(await backups.runIfDue()).toBeUndefined();
});

test('a full disk costs no snapshot that is there, and the next hour tries again', async () => {
  const { backups, clock, disk, names } = await open();
  for (let day = 0; day < 3; day += 1) {
    await backups.runIfDue();
    clock.advance(DAY_MS);
  }
  const before = names();
  disk.isFull = true;
  for (let hour = 0; hour < 10; hour += 1) {
    await expect(backups.runIfDue()).rejects.toThrow('STORE_UNAVAILABLE');
    clock.advance(HOUR_MS);
  }
  expect(names().filter((name) => name.endsWith('.db'))).toEqual(before);
  expect(names().length).toBeLessThanOrEqual(before.length + 1);
  disk.isFull = false;
  expect(await backups.runIfDue()).toBeDefined();
  expect(names().slice(0, 2)).toEqual(before.slice(1));
  expect(names()).toHaveLength(3);
});
