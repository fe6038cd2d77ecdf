import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from './store.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const pattern = /^levergate-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z\.db$/;
const unfinished = '.unfinished';

type Backups = {
  /** Writes a snapshot when the newest is older than a day, and deletes all but the newest few. @returns its path. */
  readonly runIfDue: () => Promise<string | undefined>;
};

type Options = {
  readonly store: Pick<Store, 'now' | 'snapshot'>;
  readonly directory: string;
  /** How many snapshots stay. */
  readonly kept: number;
};

/** Daily snapshots, written by the bot itself because nobody else can open its database. */
export function createBackups(options: Options): Backups {
  return { runIfDue: () => runIfDue(options) };
}

async function runIfDue({ store, directory, kept }: Options): Promise<string | undefined> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const now = await store.now();
  await bringBack(directory, now);
  const newest = (await namesIn(directory)).at(-1);
  if (newest !== undefined && now - timeOf(newest) < DAY_MS) return undefined;
  const path = join(directory, nameAt(now));
  await removeUnfinished(directory);
  // Under its own name only once it is whole: one that a full disk cut short must not displace a good one.
  await store.snapshot(path + unfinished);
  await rename(path + unfinished, path);
  for (const old of (await namesIn(directory)).slice(0, -kept)) await rm(join(directory, old));
  return path;
}

/** Snapshots of a clock that was ahead would be the newest for ever: they become the last ones before today's. */
async function bringBack(directory: string, now: number): Promise<void> {
  const ahead = (await namesIn(directory)).filter((name) => timeOf(name) > now + HOUR_MS);
  let time = now - DAY_MS;
  for (const name of ahead.reverse()) {
    while ((await namesIn(directory)).includes(nameAt(time))) time -= 1_000;
    await rename(join(directory, name), join(directory, nameAt(time)));
  }
}

async function removeUnfinished(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.endsWith(unfinished) && pattern.test(name.slice(0, -unfinished.length))) await rm(join(directory, name));
  }
}

/** The snapshots, oldest first. */
async function namesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).filter((name) => pattern.test(name)).sort();
}

function nameAt(time: number): string {
  return `levergate-${new Date(time).toISOString().slice(0, 19).replaceAll(':', '-')}Z.db`;
}

function timeOf(name: string): number {
  const [, date, clock] = /^levergate-(.+)T(.+)Z\.db$/.exec(name) ?? [];
  return Date.parse(`${date}T${clock?.replaceAll('-', ':')}Z`);
}
