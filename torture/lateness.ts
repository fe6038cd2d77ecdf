const LOOK_EVERY_MS = 20;

/** How much later than asked for things happen here, because others keep the processors busy. */
export type Lateness = {
  /** By how much this process's own timers were late since it began, together; milliseconds. */
  readonly sumMs: () => number;
  readonly stop: () => void;
};

/** What has to end within a time may take longer by this: a bot on the same machine waits for its turn as often. */
export function createLateness(): Lateness {
  let sum = 0;
  let last = performance.now();
  const late = () => Math.max(0, performance.now() - last - LOOK_EVERY_MS);
  const timer = setInterval(() => {
    sum += late();
    last = performance.now();
  }, LOOK_EVERY_MS);
  return { sumMs: () => sum + late(), stop: () => clearInterval(timer) };
}
