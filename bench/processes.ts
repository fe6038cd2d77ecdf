import { z } from 'zod';
import * as child from '../simulators/child.ts';

export type { Child } from '../simulators/child.ts';

export type NodeSettings = {
  readonly flags?: readonly string[];
  /** Beside the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
};

/**
 * Starts one of this folder's programs.
 *
 * @param file - Relative to this folder.
 * @param settings - Plain data that the program finds with {@link readSettings}, so that it need not wait for it.
 * @param node - How Node itself runs it.
 */
export function openChild(file: string, settings: unknown = {}, node: NodeSettings = {}): child.Child {
  return child.openChild(new URL(file, import.meta.url), {
    args: [JSON.stringify(settings)],
    flags: ['--expose-gc', ...(node.flags ?? [])],
    environment: { ...process.env, ...node.environment },
  });
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
export function serveParent(handlers: Parameters<typeof child.serveParent>[0]): void {
  child.serveParent({ usage, memory, ...handlers });
}
