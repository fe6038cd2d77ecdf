import type { Log } from './log.ts';

const HOUR_MS = 60 * 60_000;

type Tasks = Readonly<Record<string, () => Promise<void>>>;

export type Maintenance = {
  /** Runs everything once; from then on `tick` does what is due. */
  readonly start: () => void;
  /** Runs the tasks where an hour has passed since they were last begun. Never rejects. */
  readonly tick: () => Promise<void>;
  readonly stop: () => void;
};

/**
 * Runs housekeeping at the start and then every hour; a task that fails is logged and tried again the next time.
 *
 * @param options.once - Tasks for the start only.
 * @param options.elapsed - Milliseconds that have passed, whatever a clock was set to.
 */
export function createMaintenance(options: {
  readonly tasks: Tasks;
  readonly once: Tasks;
  readonly elapsed: () => number;
  readonly log: Log;
}): Maintenance {
  const { tasks, once, elapsed, log } = options;
  let nextAt = Number.POSITIVE_INFINITY;
  /** Tasks that take longer than an hour are not begun again beside themselves. */
  let running = Promise.resolve();

  async function runAll(named: Tasks): Promise<void> {
    for (const [name, task] of Object.entries(named)) {
      await task().catch((error: unknown) => log.error({ error }, `${name} failed`));
    }
  }

  function run(named: Tasks): Promise<void> {
    nextAt = elapsed() + HOUR_MS;
    running = running.then(() => runAll(named));
    return running;
  }

  return {
    start: () => void run({ ...once, ...tasks }),
    tick: async () => {
      if (elapsed() >= nextAt) await run(tasks);
    },
    stop: () => {
      nextAt = Number.POSITIVE_INFINITY;
    },
  };
}
