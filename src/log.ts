import { pino } from 'pino';
import { createScrubber } from './log-scrubber.ts';
import { createLogStream } from './log-stream.ts';
import { toPlain } from './log-values.ts';
import type { Secret } from './secret.ts';

/** How much is logged, least first. */
export type LogLevel = (typeof logLevels)[number];
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/** What stands beside the message in a line; errors may be given under any name. */
type LogFields = Readonly<Record<string, unknown>>;

type Write = (fields: LogFields, message: string) => void;

/**
 * The log: one JSON line an event. Errors keep their name, message, stack and code; known secrets, bot tokens,
 * interaction tokens and link tokens are scrubbed from every finished line.
 */
export type Log = {
  readonly trace: Write;
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
  /** Scrubs this value from every line from now on, however it got there. Only the latest 1000 are remembered. */
  readonly protect: (secret: Secret) => void;
  /** The same for as long as the process lives: for the secrets that an operator configures. */
  readonly pin: (secret: Secret) => void;
};

/**
 * @param options.stream - Where lines go; standard output unless a test gives another.
 */
export function createLog(options: {
  readonly level: LogLevel;
  readonly stream?: { readonly write: (line: string) => unknown };
}): Log {
  const { level, stream = createLogStream() } = options;
  const scrubber = createScrubber();
  const lines = pino({ level, base: null }, { write: (line) => void stream.write(scrubber.scrub(line)) });

  const write =
    (at: LogLevel): Write =>
    (fields, message) => {
      if (lines.isLevelEnabled(at)) lines[at](readable(fields), message);
    };

  return {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    protect: scrubber.protect,
    pin: scrubber.pin,
  };
}

/** A log call must never be what fails: a getter or a proxy among the fields may throw. */
function readable(fields: LogFields): Record<string, unknown> {
  try {
    return toPlain(fields);
  } catch {
    return { fields: '[unreadable]' };
  }
}
