import type { Invocation } from './interaction.ts';

/** How many of each kind one person may send in ten seconds. */
export type Bounds = Readonly<Record<Invocation['kind'], number>>;

/** Far more than hands can do; a completion comes with every key that is typed. */
export const personalBounds: Bounds = { command: 20, press: 40, autocomplete: 100 };

const WINDOW_MS = 10_000;
/** Discord delivers nowhere near as many people in ten seconds. */
const MOST_REMEMBERED = 10_000;

/**
 * Keeps one person from making the bot late for others. What is refused does not count against them.
 *
 * @returns a function that admits one interaction, or gives the milliseconds after which the next one is.
 */
export function createFloodBound(options: { readonly elapsed: () => number; readonly bounds: Bounds }) {
  const { elapsed, bounds } = options;
  /** Those who were admitted last stand last. */
  const admitted = new Map<string, readonly number[]>();

  function forgetQuietOnes(now: number): void {
    for (const [key, times] of admitted) {
      const isQuiet = (times.at(-1) ?? 0) <= now - WINDOW_MS;
      if (!isQuiet && admitted.size <= MOST_REMEMBERED) return;
      admitted.delete(key);
    }
  }

  return (kind: Invocation['kind'], user: string): number | undefined => {
    const now = elapsed();
    forgetQuietOnes(now);
    const key = `${kind}/${user}`;
    const recent = (admitted.get(key) ?? []).filter((at) => at > now - WINDOW_MS);
    const [first] = recent;
    if (first !== undefined && recent.length >= bounds[kind]) return first + WINDOW_MS - now;
    admitted.delete(key);
    admitted.set(key, [...recent, now]);
    return undefined;
  };
}

/**
 * Lets each person's tasks run one after the other, so that a flood of refusals does not stand before other people's
 * answers.
 *
 * @param options.withinMs - A task whose turn comes later than this is left out.
 * @returns a function that gives the task's result, or undefined when it was left out. Tasks must not reject.
 */
export function createQueues(options: { readonly elapsed: () => number; readonly withinMs: number }) {
  const { elapsed, withinMs } = options;
  const last = new Map<string, Promise<unknown>>();

  return async <T>(user: string, task: () => Promise<T>): Promise<T | undefined> => {
    const dueBy = elapsed() + withinMs;
    const before = last.get(user) ?? Promise.resolve();
    const turn = before.then(() => (elapsed() > dueBy ? undefined : task()));
    last.set(user, turn);
    try {
      return await turn;
    } finally {
      if (last.get(user) === turn) last.delete(user);
    }
  };
}
