export type Clock = {
  readonly now: () => number;
  /** What has passed, whatever the clock was set to. */
  readonly elapsed: () => number;
  /** Lets time pass. */
  readonly advance: (ms: number) => void;
  /** Sets the clock, as an operator or time synchronisation does: no time passes. */
  readonly step: (ms: number) => void;
};

/** A clock that only moves when told to. Starts at a fixed date. */
export function createClock(start = Date.UTC(2026, 10, 21, 12)): Clock {
  let time = start;
  let elapsed = 0;
  return {
    now: () => time,
    elapsed: () => elapsed,
    advance: (ms) => {
      time += ms;
      elapsed += ms;
    },
    step: (ms) => {
      time += ms;
    },
  };
}
