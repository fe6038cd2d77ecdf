import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from './store.ts';

const DAY_MS = 24 * 60 * 60_000;
const pattern = /^levergate-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z\.db$/;

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

  async function isDue(newest: string | undefined, now: number): Promise<boolean> {
    if (newest === undefined) return true;
    const { size } = await stat(join(directory, newest));
    // An empty file is a snapshot that did not get written, on a full disk for example.
    return size === 0 || now - timeOf(newest) >= DAY_MS;
  }

  return {
    runIfDue: async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const now = await store.now();
      if (!(await isDue((await names()).at(-1), now))) return undefined;
      const path = join(directory, nameAt(now));
      await store.snapshot(path);
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
