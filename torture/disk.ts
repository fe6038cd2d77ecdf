import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Breakage = 'full' | 'read-only';

/** A directory for the database whose disk can be made to fail under it. */
export type Disk = {
  readonly directory: string;
  /** What this machine lets it do, and how: for the report. */
  readonly ways: Readonly<Partial<Record<Breakage, string>>>;
  /** @param pid - The process that writes there. @returns what mends it; undefined where this cannot be done. */
  readonly break: (breakage: Breakage, pid: number) => (() => void) | undefined;
  readonly remove: () => void;
};

const SMALL = '8m';
const databaseFiles = ['levergate.db', 'levergate.db-wal'];

/**
 * Makes such a directory with what is allowed here: a small file system of its own that is filled up (root), files that
 * may not be changed (root, ext4 and others), a limit on the size of files otherwise.
 *
 * @param kind - Which breakage it is for: a file system in memory knows no unchangeable files.
 */
export function createDisk(kind: Breakage): Disk {
  const directory = mkdtempSync(join(tmpdir(), 'levergate-torture-'));
  const data = join(directory, 'data');
  const isMounted = kind === 'full' && succeeds('mount', ['-t', 'tmpfs', '-o', `size=${SMALL}`, 'tmpfs', directory]);
  mkdirSync(data, { mode: 0o700 });
  const isLockable = kind === 'read-only' && canLock(directory);
  const canLimit = succeeds('prlimit', ['--version']);
  const full = isMounted ? 'a full tmpfs' : canLimit ? 'a limit on file size' : undefined;
  const readOnly = isLockable ? 'unchangeable files' : undefined;

  return {
    directory: data,
    ways: { ...(full && { full }), ...(readOnly && { 'read-only': readOnly }) },
    break(breakage, pid) {
      if (breakage === 'read-only') return isLockable ? lock(databaseFiles.map((name) => join(data, name))) : undefined;
      if (isMounted) return fill(directory);
      return canLimit ? limit(pid) : undefined;
    },
    remove() {
      if (isMounted) succeeds('umount', ['-l', directory]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** How such a disk is made on this machine; undefined where it cannot be. */
export function waysHere(breakage: Breakage): string | undefined {
  const disk = createDisk(breakage);
  disk.remove();
  return disk.ways[breakage];
}

function fill(directory: string): () => void {
  const ballast = join(directory, 'ballast');
  mkdirSync(ballast);
  for (let size = 1 << 20, index = 0; size >= 1; index += 1) {
    try {
      writeFileSync(join(ballast, String(index)), Buffer.alloc(size));
    } catch {
      size = Math.floor(size / 4);
    }
  }
  return () => rmSync(ballast, { recursive: true, force: true });
}

function lock(files: readonly string[]): (() => void) | undefined {
  const unlock = () => void succeeds('chattr', ['-i', ...files]);
  if (succeeds('chattr', ['+i', ...files])) return unlock;
  unlock();
  return undefined;
}

function limit(pid: number): (() => void) | undefined {
  const set = (bytes: string) => succeeds('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
  return set('4096') ? () => void set('unlimited') : undefined;
}

function canLock(directory: string): boolean {
  const probe = join(directory, 'probe');
  writeFileSync(probe, '');
  const isLocked = succeeds('chattr', ['+i', probe]);
  if (isLocked) succeeds('chattr', ['-i', probe]);
  rmSync(probe, { force: true });
  return isLocked;
}

function succeeds(program: string, parameters: readonly string[]): boolean {
  try {
    execFileSync(program, [...parameters], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
