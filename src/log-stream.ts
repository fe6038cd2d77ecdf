import { fstatSync, writeSync } from 'node:fs';
import { atMost } from './at-most.ts';

/** Where finished lines go. Neither a full disk nor a reader that stopped reading holds up the bot or ends it. */
export type LogStream = {
  /** Never throws and never waits: a line that cannot be taken is lost, and counted. */
  readonly write: (line: string) => void;
  /** Waits until what was written has left this process, but not longer than this. */
  readonly flush: (withinMs: number) => Promise<void>;
};

/** What lines meet on their way out. */
type Sink = {
  /** @param onLost - Called, now or later, when the text did not go out. */
  readonly write: (text: string, onLost: () => void) => void;
  /** How much waits for its reader. */
  readonly pendingBytes: () => number;
  readonly flush: (withinMs: number) => Promise<void>;
};

const STANDARD_OUTPUT = 1;
const MOST_PENDING_BYTES = 1024 * 1024;
const WARNING = 40;

/** Standard output as a log. What was lost is said with the next line that goes out. */
export function createLogStream(): LogStream {
  const info = fstatSync(STANDARD_OUTPUT);
  const waitsForReader = info.isFIFO() || info.isSocket() || process.stdout.isTTY;
  const sink = waitsForReader ? createPipeSink(() => say()) : createFileSink();
  let lost = 0;

  const countLost = () => {
    lost += 1;
  };

  function isFull(): boolean {
    // Once something was lost it waits for all of it to be read: else it would lose every other line.
    return sink.pendingBytes() > (lost > 0 ? 0 : MOST_PENDING_BYTES);
  }

  function say(): void {
    if (lost === 0 || isFull()) return;
    const count = lost;
    lost = 0;
    const line = { level: WARNING, time: Date.now(), lost: count, msg: `${count} lines were lost` };
    sink.write(`${JSON.stringify(line)}\n`, () => {
      lost += count;
    });
  }

  return {
    write: (line) => {
      say();
      if (isFull()) countLost();
      else sink.write(line, countLost);
    },
    flush: sink.flush,
  };
}

/** Node writes to a pipe as far as there is room, and the rest when there is room again. */
function createPipeSink(onEmpty: () => void): Sink {
  const { stdout } = process;
  // Without a listener a reader that has left would end the process; each lost write is told of below.
  stdout.on('error', () => {});
  stdout.on('drain', onEmpty);
  return {
    write: (text, onLost) => void stdout.write(text, (error) => error && onLost()),
    pendingBytes: () => stdout.writableLength,
    flush: (withinMs) => atMost(withinMs, new Promise((resolve) => stdout.write('', resolve))),
  };
}

/** A file or a device: Node's own stream for it would never write again after one failed write. */
function createFileSink(): Sink {
  let isTorn = false;

  function write(text: string, onLost: () => void): void {
    const bytes = Buffer.from(isTorn ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(STANDARD_OUTPUT, bytes, written);
      isTorn = false;
    } catch {
      isTorn ||= written > 0;
      onLost();
    }
  }

  return { write, pendingBytes: () => 0, flush: async () => {} };
}
