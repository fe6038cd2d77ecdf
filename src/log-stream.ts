import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { atMost } from './at-most.ts';

/** Where finished lines go. Neither a full disk nor a reader that stopped reading holds up the bot or ends it. */
type LogStream = {
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
/** How often a terminal that takes nothing is tried again. */
const TRY_AGAIN_MS = 10;

const isFull = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EAGAIN';

/** Standard output as a log. What was lost is said with the next line that goes out. */
export function createLogStream(): LogStream {
  const info = fstatSync(STANDARD_OUTPUT);
  const isPipe = info.isFIFO() || info.isSocket();
  const onEmpty = () => say();
  const sink = isPipe ? createPipeSink(onEmpty) : createFileSink(openOutput(), onEmpty);
  let lost = 0;

  const countLost = () => {
    lost += 1;
  };

  function isBehind(): boolean {
    // Once something was lost it waits for all of it to be read: else it would lose every other line.
    return sink.pendingBytes() > (lost > 0 ? 0 : MOST_PENDING_BYTES);
  }

  function say(): void {
    if (lost === 0 || isBehind()) return;
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
      if (isBehind()) countLost();
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

/**
 * A terminal is opened anew, so that it can say that it is full: once its user stops it (Ctrl-S), Node's own stream would
 * wait until it goes on, and the whole process with it.
 */
function openOutput(): number {
  if (!isatty(STANDARD_OUTPUT)) return STANDARD_OUTPUT;
  try {
    return openSync('/dev/stdout', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // The terminal of another user.
    return STANDARD_OUTPUT;
  }
}

/** A file that lines wait for. */
type Outlet = {
  readonly output: number;
  readonly onEmpty: () => void;
  readonly waiting: { readonly bytes: Buffer; readonly onLost: () => void }[];
  pendingBytes: number;
  /** Of the line that is being written. */
  written: number;
  /** Whether a line was lost after a part of it went out. */
  isTorn: boolean;
  timer: NodeJS.Timeout | undefined;
  onFlushed: () => void;
};

/** A file, a device or a terminal: Node's own stream for a file would never write again after one failed write. */
function createFileSink(output: number, onEmpty: () => void): Sink {
  const outlet: Outlet = {
    output,
    onEmpty,
    waiting: [],
    pendingBytes: 0,
    written: 0,
    isTorn: false,
    timer: undefined,
    onFlushed: () => {},
  };
  return {
    write: (text, onLost) => append(outlet, text, onLost),
    pendingBytes: () => outlet.pendingBytes,
    flush: (withinMs) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      outlet.onFlushed = resolve;
      writeAll(outlet);
      return atMost(withinMs, promise);
    },
  };
}

function append(outlet: Outlet, text: string, onLost: () => void): void {
  const bytes = Buffer.from(outlet.isTorn ? `\n${text}` : text);
  outlet.waiting.push({ bytes, onLost });
  outlet.pendingBytes += bytes.length;
  if (outlet.waiting.length === 1) writeAll(outlet);
}

function writeAll(outlet: Outlet): void {
  const { waiting } = outlet;
  clearTimeout(outlet.timer);
  for (let [first] = waiting; first !== undefined; [first] = waiting) {
    if (!writeFirst(outlet, first.bytes, first.onLost)) {
      outlet.timer = setTimeout(tryAgain, TRY_AGAIN_MS, outlet);
      return;
    }
    waiting.shift();
    outlet.pendingBytes -= first.bytes.length;
  }
  outlet.onFlushed();
}

/** @returns false when there is no room. */
function writeFirst(outlet: Outlet, bytes: Buffer, onLost: () => void): boolean {
  try {
    while (outlet.written < bytes.length) outlet.written += writeSync(outlet.output, bytes, outlet.written);
    outlet.isTorn = false;
  } catch (error) {
    if (isFull(error)) return false;
    outlet.isTorn ||= outlet.written > 0;
    onLost();
  }
  outlet.written = 0;
  return true;
}

function tryAgain(outlet: Outlet): void {
  writeAll(outlet);
  if (outlet.pendingBytes === 0) outlet.onEmpty();
}
