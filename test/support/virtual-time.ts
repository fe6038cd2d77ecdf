import { setImmediate } from 'node:timers/promises';

export type VirtualTime = {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Jumps from one sleeper to the next until nobody sleeps any more, or until `untilMs` after the start. */
  readonly run: (untilMs?: number) => Promise<void>;
  /** Moves the clock without waking anybody, as when a machine's clock is set. */
  readonly set: (ms: number) => void;
};

/** Time that passes only when everybody waits for it. */
export function createVirtualTime(start = Date.UTC(2026, 10, 21, 12)): VirtualTime {
  let time = start;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => time,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ at: time + Math.max(0, ms), wake });
      }),
    run: async (untilMs = Number.POSITIVE_INFINITY) => {
      for (;;) {
        await setImmediate();
        sleepers.sort((a, b) => a.at - b.at);
        const next = sleepers[0];
        if (!next || next.at > start + untilMs) return;
        sleepers.shift();
        time = Math.max(time, next.at);
        next.wake();
      }
    },
    set: (ms) => {
      time = ms;
    },
  };
}
