/**
 * This machine's clock plus what the run moved it by: for Discord, the venues and the traders. It only moves forward.
 * What the bot's host believes may be wrong by `skewMs`, either way.
 */
export type Clock = ReturnType<typeof createClock>;

export function createClock() {
  let offsetMs = 0;
  let skewMs = 0;
  return {
    now: () => Date.now() + offsetMs,
    offsetMs: () => offsetMs,
    set: (ms: number): void => {
      offsetMs = Math.max(offsetMs, ms);
    },
    skewMs: () => skewMs,
    setSkew: (ms: number): void => {
      skewMs = ms;
    },
  };
}
