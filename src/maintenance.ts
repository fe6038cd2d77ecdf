import type { Log } from './log.ts';

const HOUR_MS = 60 * 60_000;

type Tasks = Readonly<Record<string, () => Promise<void>>>;

export type Maintenance = { readonly start: () => void; readonly stop: () => void };

/**
 * Runs housekeeping at the start and then every hour; a task that fails is logged and tried again the next time.
 *
 * @param options.once - Tasks for the start only.
 */
export function createMaintenance(options: {
  readonly tasks: Tasks;
  readonly once: Tasks;
  readonly log: Log;
}): Maintenance {
  const { tasks, once, log } = options;
  let timer: NodeJS.Timeout | undefined;

  async function run(named: Tasks): Promise<void> {
    for (const [name, task] of Object.entries(named)) {
      await task().catch((error: unknown) => log.error({ error }, `${name} failed`));
    }
  }

  return {
    start: () => {
      timer = setInterval(() => void run(tasks), HOUR_MS);
      void run({ ...once, ...tasks });
    },
    stop: () => clearInterval(timer),
  };
}
