import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { z } from 'zod';

const request = z.object({ id: z.number(), what: z.string(), data: z.unknown() });
const reply = z.object({
  id: z.number(),
  value: z.unknown().optional(),
  error: z.object({ message: z.string(), stack: z.string().optional() }).optional(),
});

export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A program in a process of its own, so that it can be killed, and its processor time and memory are nobody else's. */
export type Child = {
  readonly pid: number | undefined;
  readonly signal: (signal: NodeJS.Signals) => void;
  /**
   * Has the child do something.
   *
   * @throws Error with the child's own message and stack
   * @throws ChildSilent when no answer comes within `withinMs`, ChildEnded when it ends first
   */
  readonly ask: <S extends z.ZodType>(
    what: string,
    data: unknown,
    answer: S,
    withinMs?: number,
  ) => Promise<z.output<S>>;
  /** Lets it end by itself, and sees to it that it has. */
  readonly end: () => Promise<Ending>;
  /** A signal that it does not obey within `withinMs` is followed by the one it cannot refuse. */
  readonly kill: (signal: 'SIGTERM' | 'SIGKILL', withinMs: number) => Promise<Ending>;
  /** Resolves once it is gone, whoever ended it. */
  readonly ended: Promise<Ending>;
};

/** The process is gone, so there will be no answer. */
export class ChildEnded extends Error {}
/** It did not answer in time, and may still do what it was asked. */
export class ChildSilent extends Error {}

/** A pipe beside its output: what a process writes there has left even when it is stopped right after. */
export const NOTES_FD = 4;

export type ChildOptions = {
  readonly args?: readonly string[];
  /** Which Node runs it; the one that runs this unless told. */
  readonly node?: string;
  /** For Node itself. */
  readonly flags?: readonly string[];
  /** All of it; that of this process unless told. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Gets every line that it prints; without it, only its errors are shown. */
  readonly onLine?: (line: string) => void;
  /** Gets every line that it writes to {@link NOTES_FD}. */
  readonly onNote?: (line: string) => void;
};

type Waiting = Map<number, PromiseWithResolvers<unknown>>;

export function openChild(program: URL, options: ChildOptions = {}): Child {
  const { args = [], node = process.execPath, flags = [], environment = process.env, onLine, onNote } = options;
  const child = fork(program, [...args], {
    execPath: node,
    execArgv: [...flags],
    env: environment,
    stdio: [
      'ignore',
      ...(onLine === undefined ? (['ignore', 'inherit'] as const) : (['pipe', 'pipe'] as const)),
      'ipc',
      onNote === undefined ? 'ignore' : 'pipe',
    ],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream && onLine) createInterface(stream).on('line', onLine);
  }
  const notes = child.stdio[NOTES_FD];
  if (notes instanceof Readable && onNote) createInterface(notes).on('line', onNote);
  const waiting: Waiting = new Map();
  const ended = endingOf(child).then((ending) => {
    const gone = new ChildEnded(`it ended with ${ending.signal ?? ending.code}`);
    for (const { reject } of waiting.values()) reject(gone);
    return ending;
  });
  child.on('message', (message) => settle(waiting, message));
  let asked = 0;
  return {
    pid: child.pid,
    signal: (signal) => void child.kill(signal),
    ended,
    ask: async (what, data, answer, withinMs) => {
      asked += 1;
      return answer.parse(await ask(child, waiting, { id: asked, what, data }, withinMs));
    },
    async end() {
      if (child.connected) child.disconnect();
      return ended;
    },
    async kill(signal, withinMs) {
      child.kill(signal);
      const impatience = setTimeout(() => child.kill('SIGKILL'), withinMs);
      return ended.finally(() => clearTimeout(impatience));
    },
  };
}

async function endingOf(child: ChildProcess): Promise<Ending> {
  await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

function settle(waiting: Waiting, message: unknown): void {
  const { id, value, error } = reply.parse(message);
  const asker = waiting.get(id);
  if (error === undefined) asker?.resolve(value);
  else asker?.reject(Object.assign(new Error(error.message), error));
}

async function ask(
  child: ChildProcess,
  waiting: Waiting,
  message: z.infer<typeof request>,
  withinMs: number | undefined,
): Promise<unknown> {
  // A process that is just ending may have closed the channel already.
  if (!child.connected) throw new ChildEnded('it has ended');
  const asker = Promise.withResolvers<unknown>();
  waiting.set(message.id, asker);
  const late = () => asker.reject(new ChildSilent(`no answer to ${message.what} within ${withinMs} ms`));
  const patience = withinMs === undefined ? undefined : setTimeout(late, withinMs);
  child.send(message, () => {});
  return asker.promise.finally(() => {
    clearTimeout(patience);
    waiting.delete(message.id);
  });
}

/**
 * In the child: answers its parent until that goes away.
 *
 * @param handlers - By what is asked; what one throws reaches the asker.
 * @param onGone - What follows when nobody listens any more.
 */
export function serveParent(
  handlers: Readonly<Record<string, (data: unknown) => unknown>>,
  onGone: () => unknown = () => process.exit(),
): void {
  process.on('message', async (message) => {
    const { id, what, data } = request.parse(message);
    const answer = await answerTo(handlers[what], what, data);
    if (process.connected) process.send?.({ id, ...answer });
  });
  process.on('disconnect', onGone);
}

type Handler = (data: unknown) => unknown;

async function answerTo(handler: Handler | undefined, what: string, data: unknown) {
  try {
    if (handler === undefined) throw new Error(`nothing answers ${what}`);
    return { value: await handler(data) };
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { error: { message, stack } };
  }
}
