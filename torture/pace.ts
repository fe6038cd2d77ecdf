/** How long things really take. */
export type Pace = {
  /** How long the bot waits for an exchange. Delays and everybody's patience are measured by it. */
  readonly deadlines: { readonly connectMs: number; readonly readMs: number; readonly writeMs: number };
  /** For how long the bot's process is really stopped when it is to be stopped for so long. */
  readonly stopMs: (ms: number) => number;
};

/**
 * Short, so that what hangs or is stopped does not hold up a run: a stopped process is told by every clock that it was
 * stopped for as long as it should have been.
 */
export const quick: Pace = {
  deadlines: { connectMs: 400, readMs: 800, writeMs: 800 },
  stopMs: (ms) => 60 + Math.round(ms / 300),
};

/** The product's own. */
export const real: Pace = { deadlines: { connectMs: 2_000, readMs: 3_000, writeMs: 4_000 }, stopMs: (ms) => ms };
