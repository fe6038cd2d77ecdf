export type Clock = { readonly now: () => number; readonly advance: (ms: number) => void };

/** A clock that only moves when told to. Starts at a fixed date. */
export function createClock(start = Date.UTC(2026, 10, 21, 12)): Clock {
  let time = start;
  return {
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
  };
}
