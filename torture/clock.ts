import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the run moved all clocks by, and what the clock of the bot's host is wrong by beside that; milliseconds. */
type Moved = { readonly offsetMs: number; readonly skewMs: number };

/**
 * This machine's clock plus what the run moved it by: for Discord, the venues and the traders. It only moves forward.
 * What the bot's host believes may be wrong by `skewMs`, either way.
 */
export type Clock = ReturnType<typeof createClock>;

/** @param show - Told of every change. */
export function createClock(show: (moved: Moved) => void = () => {}) {
  let offsetMs = 0;
  let skewMs = 0;
  const jumps = [{ at: machineMs(), offsetMs: 0 }];
  return {
    now: () => Date.now() + offsetMs,
    offsetMs: () => offsetMs,
    set: (ms: number): void => {
      offsetMs = Math.max(offsetMs, ms);
      jumps.push({ at: machineMs(), offsetMs });
      show({ offsetMs, skewMs });
    },
    /** The time that had passed by then for everybody whose clock is right; milliseconds since any moment. */
    passedAt: (machine: number) => machine + (jumps.findLast(({ at }) => at <= machine)?.offsetMs ?? 0),
    setSkew: (ms: number): void => {
      skewMs = ms;
      show({ offsetMs, skewMs });
    },
  };
}

/**
 * A file that shows the run's clock to the bot's process. Who is stopped while time moves knows it at the next look, as
 * on a real host; a message would come after whatever the process does first.
 */
export function createClockFile() {
  const directory = mkdtempSync(join(tmpdir(), 'levergate-clock-'));
  const path = join(directory, 'clock');
  const file = openSync(path, 'w', 0o600);
  const show = ({ offsetMs, skewMs }: Moved): void => {
    writeSync(file, new Uint8Array(Float64Array.of(offsetMs, skewMs).buffer), 0, undefined, 0);
  };
  show({ offsetMs: 0, skewMs: 0 });
  return {
    path,
    show,
    remove: (): void => {
      closeSync(file);
      rmSync(directory, { recursive: true });
    },
  };
}

/** @returns what the file shows, each time that it is called. */
export function openClockFile(path: string): () => Moved {
  const file = openSync(path, 'r');
  const shown = new Float64Array(2);
  const bytes = new Uint8Array(shown.buffer);
  return () => {
    readSync(file, bytes, 0, bytes.length, 0);
    const [offsetMs = 0, skewMs = 0] = shown;
    return { offsetMs, skewMs };
  };
}

/** Milliseconds that this machine has been running: the same for every process on it, whatever clocks are set to. */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
