import type { Pause } from './rest.ts';

const MINUTE_MS = 60_000;
const WINDOW_MS = 15 * MINUTE_MS;
const SHORTEST_MS = 5_000;
// One IDENTIFY every two minutes stays below Discord's 1000 a day, beyond which it resets the bot's token.
const LONGEST_MS = 2 * MINUTE_MS;

/** How many sessions may still be opened, and when that number is restored; `undefined` when Discord does not say. */
export type SessionBudget = { readonly remaining: number; readonly resetAfterMs: number };

/**
 * Spaces out IDENTIFY: at least five seconds apart, twice as long for each one of the last quarter of an hour, and
 * none while Discord's own budget is used up.
 */
export function createIdentifyThrottle(options: {
  readonly now: () => number;
  readonly pause: Pause;
  readonly readBudget: () => Promise<SessionBudget | undefined>;
}) {
  const { now, pause, readBudget } = options;
  const history = new Map<number, readonly number[]>();
  let latest = Number.NEGATIVE_INFINITY;
  let queue: Promise<void> = Promise.resolve();

  async function take(shard: number, signal: AbortSignal): Promise<void> {
    const recent = (history.get(shard) ?? []).filter((at) => at > now() - WINDOW_MS);
    const own = (recent.at(-1) ?? Number.NEGATIVE_INFINITY) + spacingAfter(recent.length);
    const waitMs = Math.max(latest + SHORTEST_MS, own) - now();
    if (waitMs > 0) await pause(waitMs, signal);
    if (recent.length > 0) await awaitBudget(signal);
    signal.throwIfAborted();
    latest = now();
    history.set(shard, [...recent, latest]);
  }

  async function awaitBudget(signal: AbortSignal): Promise<void> {
    for (;;) {
      const budget = await readBudget();
      if (budget === undefined || budget.remaining > 0) return;
      await pause(Math.max(budget.resetAfterMs, SHORTEST_MS), signal);
    }
  }

  return {
    /** Resolves when this shard may identify; rejects only when the signal fires, as the library demands. */
    async waitForIdentify(shard: number, signal: AbortSignal): Promise<void> {
      const turn = queue.then(() => take(shard, signal));
      queue = turn.catch(() => undefined);
      await turn;
    },
  };
}

function spacingAfter(count: number): number {
  return count === 0 ? 0 : Math.min(SHORTEST_MS * 2 ** (count - 1), LONGEST_MS);
}

/** How long to wait before the next of several attempts: at once, then ever longer up to half a minute. */
export function createBackoff({ now }: { readonly now: () => number }) {
  let recent: readonly number[] = [];
  return {
    next(): number {
      recent = [...recent.filter((at) => at > now() - 5 * MINUTE_MS), now()];
      const many = recent.length - FREE_ATTEMPTS;
      return many <= 0 ? 0 : Math.min(500 * 2 ** many, MINUTE_MS / 2);
    },
  };
}

const FREE_ATTEMPTS = 3;
