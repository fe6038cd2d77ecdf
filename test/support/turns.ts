import { setImmediate as nextTurn } from 'node:timers/promises';

/** What others on the event loop met while something ran. */
export type Turns = {
  /** How often they had their turn. */
  readonly count: number;
  /** The longest that they waited for one, in milliseconds of this thread's processor time: no other process counts. */
  readonly longestMs: number;
};

export async function turnsWhile(run: () => Promise<unknown>): Promise<Turns> {
  let count = 0;
  let longestMs = 0;
  let isDone = false;
  const others = (async () => {
    for (let before = process.threadCpuUsage(); !isDone; before = process.threadCpuUsage()) {
      await nextTurn();
      const { user, system } = process.threadCpuUsage(before);
      longestMs = Math.max(longestMs, (user + system) / 1_000);
      count += 1;
    }
  })();
  await run();
  isDone = true;
  await others;
  return { count, longestMs };
}
