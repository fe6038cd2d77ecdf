/** This machine's clock plus what the run moved it by. It only moves forward. */
export type Clock = ReturnType<typeof createClock>;

export function createClock() {
  let offsetMs = 0;
  return {
    now: () => Date.now() + offsetMs,
    offsetMs: () => offsetMs,
    set: (ms: number): void => {
      offsetMs = Math.max(offsetMs, ms);
    },
  };
}
