import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const request = z.object({ id: z.number(), what: z.string(), data: z.unknown() });
const reply = z.object({ id: z.number(), value: z.unknown().optional(), error: z.string().optional() });

/** A process of its own, so that its CPU time and memory are nobody else's. */
export type Child = {
  /** Has the child do something. @throws Error with the child's own stack */
  readonly ask: <S extends z.ZodType>(what: string, data: unknown, answer: S) => Promise<z.output<S>>;
  readonly end: () => Promise<void>;
};

export type NodeSettings = {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

/**
 * Starts one of this folder's programs.
 *
 * @param file - Relative to this folder.
 * @param settings - Plain data that the program finds with {@link readSettings}, so that it need not wait for it.
 * @param node - How Node itself runs it.
 */
export function openChild(file: string, settings: unknown = {}, node: NodeSettings = {}): Child {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(program, [JSON.stringify(settings)], {
    execArgv: ['--expose-gc', ...(node.flags ?? [])],
    env: { ...process.env, ...node.environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = 0;
  child.on('message', (message) => {
    const { id, value, error } = reply.parse(message);
    const asker = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asker?.resolve(value);
    else asker?.reject(new Error(`${file}: ${error}`));
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code}`));
  });
  return {
    ask: async (what, data, answer) => {
      const asker = Promise.withResolvers<unknown>();
      asked += 1;
      waiting.set(asked, asker);
      child.send({ id: asked, what, data });
      return answer.parse(await asker.promise);
    },
    end: () => endChild(child),
  };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.disconnect();
  await gone;
}

export function readSettings<S extends z.ZodType>(schema: S): z.output<S> {
  return schema.parse(JSON.parse(process.argv[2] ?? '{}'));
}

const usage = () => {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1_000 };
};

/** RSS as it stands, and what is left of the heap after a collection. */
const memory = () => {
  const { rss } = process.memoryUsage();
  globalThis.gc?.();
  return { rss, heap: process.memoryUsage().heapUsed };
};

export const usageAnswer = z.object({ cpuMs: z.number() });
export const memoryAnswer = z.object({ rss: z.number(), heap: z.number() });

/** Answers the parent until it goes away; every program can tell its CPU time and memory. */
export function serveParent(handlers: Readonly<Record<string, (data: unknown) => unknown>>): void {
  const all: typeof handlers = { usage, memory, ...handlers };
  process.on('message', async (message) => {
    const { id, what, data } = request.parse(message);
    try {
      const handler = all[what];
      if (handler === undefined) throw new Error(`nothing answers ${what}`);
      process.send?.({ id, value: await handler(data) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? `${error.stack}` : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}
