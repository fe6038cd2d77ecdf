import type { PressReply } from '../press.ts';
import type { Proposal } from './proposal.ts';

/** The executions that this process has under way. */
export type Running = {
  /** Runs one claimed proposal; its result is there for every further press until it ends. */
  readonly run: (proposal: Proposal, task: () => Promise<PressReply>) => Promise<PressReply>;
  readonly has: (id: string) => boolean;
  readonly resultOf: (id: string) => Promise<PressReply | undefined>;
  /** Resolves once nothing of this user (of anybody, when absent) runs any more. Never rejects. */
  readonly whenIdle: (user?: string) => Promise<void>;
};

export function createRunning(): Running {
  const tasks = new Map<string, { readonly user: string; readonly result: Promise<PressReply> }>();

  async function whenIdle(user?: string): Promise<void> {
    const mine = [...tasks.values()].filter((task) => user === undefined || task.user === user);
    await Promise.allSettled(mine.map(({ result }) => result));
  }

  return {
    run: async ({ id, by }, task) => {
      const result = task();
      tasks.set(id, { user: by, result });
      try {
        return await result;
      } finally {
        tasks.delete(id);
      }
    },
    has: (id) => tasks.has(id),
    resultOf: async (id) => tasks.get(id)?.result,
    whenIdle,
  };
}
