export type Clock = {
  /** Milliseconds since the epoch; never goes back, and never passes slower than time itself. */
  readonly now: () => number;
  /** Milliseconds that have passed, whatever the host's clock was set to; for durations within one process. */
  readonly elapsed: () => number;
};

/** @returns whether no more than `ms` have passed since this call, by either clock: one stands still while a machine is suspended. */
export function within({ now, elapsed }: Clock, ms: number): () => boolean {
  const [since, elapsedBefore] = [now(), elapsed()];
  return () => now() - since <= ms && elapsed() - elapsedBefore <= ms;
}

/** A smaller correction is what time synchronisation does every day. */
const WORTH_TELLING_MS = 1_000;

/**
 * One process's time. A host's clock that is set back changes nothing; one that is set forward is followed, because a
 * machine that was suspended wakes up like that: the monotonic clock stood still meanwhile.
 *
 * @param options.wall - What the host believes the time to be, milliseconds since the epoch.
 * @param options.monotonic - Milliseconds since any moment; without it the forward steps of `wall` are what passes.
 * @param options.onSetBack - Told once of each time that `wall` was set back by more than a second.
 */
export function createClock(options: {
  readonly wall: () => number;
  readonly monotonic?: (() => number) | undefined;
  readonly onSetBack?: (byMs: number) => void;
}): Clock {
  const { wall, monotonic = followForward(wall), onSetBack } = options;
  let offset = Number.NEGATIVE_INFINITY;
  let told = 0;

  function tellOf(behindMs: number): void {
    if (behindMs > told + WORTH_TELLING_MS) onSetBack?.(behindMs);
    told = behindMs > WORTH_TELLING_MS ? Math.max(told, behindMs) : 0;
  }

  return {
    now: () => {
      const passed = monotonic();
      const found = wall() - passed;
      tellOf(offset - found);
      offset = Math.max(offset, found);
      return Math.floor(passed + offset);
    },
    // The store keeps whole milliseconds only.
    elapsed: () => Math.floor(monotonic()),
  };
}

/** What a clock has gone forward by, as time that passed: for clocks that are moved by hand. */
function followForward(wall: () => number): () => number {
  let passed = 0;
  let last = wall();
  return () => {
    const time = wall();
    passed += Math.max(0, time - last);
    last = time;
    return passed;
  };
}
