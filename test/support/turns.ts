import { setImmediate as nextTurn } from 'node:timers/promises';

/** How often others had their turn on the event loop while something ran. */
export async function turnsWhile(run: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const others = (async () => {
    while (!isDone) {
      await nextTurn();
      turns += 1;
    }
  })();
  await run();
  isDone = true;
  await others;
  return turns;
}
