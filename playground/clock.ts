/** The clock of everything here: this machine's, plus what somebody moved it by. It only moves forward. */
export type Clock = ReturnType<typeof createClock>;

export function createClock() {
  let offsetMs = 0;
  return {
    now: () => Date.now() + offsetMs,
    offsetMs: () => offsetMs,
    forward(ms: number): number {
      offsetMs += ms;
      return offsetMs;
    },
  };
}
