type Slots = {
  /** @returns what gives the slot back, or undefined when none came free within `maxWaitMs`. */
  readonly take: (maxWaitMs: number) => Promise<(() => void) | undefined>;
};

/** Lets so many run at once, first come first served. */
export function createSlots(most: number): Slots {
  let free = most;
  const waiting = new Set<() => void>();

  function giveBack(): void {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else next();
  }

  return {
    take: (maxWaitMs) => {
      if (free > 0) {
        free -= 1;
        return Promise.resolve(giveBack);
      }
      return new Promise((resolve) => {
        const start = () => {
          waiting.delete(start);
          clearTimeout(timer);
          resolve(giveBack);
        };
        const timer = setTimeout(() => {
          waiting.delete(start);
          resolve(undefined);
        }, maxWaitMs);
        waiting.add(start);
      });
    },
  };
}
