import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from './store.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const pattern = /^levergate-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z\.db$/;
const unfinished = '.unfinished';

export type Backups = {
  /** Writes a snapshot when the newest is older than a day, and deletes all but the newest few. @returns its path. */
  readonly runIfDue: () => Promise<string | undefined>;
};

/**
 * Daily snapshots, written by the bot itself because nobody else can open its database.
 *
 * @param options.kept - How many snapshots stay.
 */
export function createBackups(options: {
  readonly store: Store;
  readonly directory: string;
  readonly kept: number;
}): Backups {
  const { store, directory, kept } = options;

  async function names(): Promise<readonly string[]> {
    return (await readdir(directory)).filter((name) => pattern.test(name)).sort();
  }

  /** Snapshots of a clock that was ahead would be the newest for ever: they become the last ones before today's. */
  async function bringBack(now: number): Promise<void> {
    const ahead = (await names()).filter((name) => timeOf(name) > now + HOUR_MS);
    let time = now - DAY_MS;
    for (const name of ahead.reverse()) {
      while ((await names()).includes(nameAt(time))) time -= 1_000;
      await rename(join(directory, name), join(directory, nameAt(time)));
    }
  }

  /** Under its own name only once it is whole: one that a full disk cut short must not displace a good one. */
  async function write(path: string): Promise<void> {
    for (const name of await readdir(directory)) {
      if (name.endsWith(unfinished) && pattern.test(name.slice(0, -unfinished.length))) await rm(join(directory, name));
    }
    await store.snapshot(path + unfinished);
    await rename(path + unfinished, path);
  }

  return {
    runIfDue: async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const now = await store.now();
      await bringBack(now);
      const newest = (await names()).at(-1);
      if (newest !== undefined && now - timeOf(newest) < DAY_MS) return undefined;
      const path = join(directory, nameAt(now));
      await write(path);
      for (const old of (await names()).slice(0, -kept)) await rm(join(directory, old));
      return path;
    },
  };
}

function nameAt(time: number): string {
  return `levergate-${new Date(time).toISOString().slice(0, 19).replaceAll(':', '-')}Z.db`;
}

function timeOf(name: string): number {
  const [, date, clock] = /^levergate-(.+)T(.+)Z\.db$/.exec(name) ?? [];
  return Date.parse(`${date}T${clock?.replaceAll('-', ':')}Z`);
}
