import { serveParent } from '../simulators/child.ts';
import { type App, createApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import { createLog, type Log } from '../src/log.ts';
import { type BotSetup, botSetupSchema, clockSchema } from './bot-messages.ts';

// The bot as a process of its own: it meets the playground over HTTP and WebSocket only, and can be killed.
// Only the clock comes by message.

let app: App | undefined;
let offsetMs = 0;
let isEnding = false;

serveParent(
  {
    start: (data) => start(botSetupSchema.parse(data)).catch(giveUp),
    /** Looks after what is due by the new time. */
    async clock(data) {
      ({ offsetMs } = clockSchema.parse(data));
      await app?.tick();
    },
  },
  end,
);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end());

async function start(setup: BotSetup): Promise<void> {
  const { variables, discordApi, venueUrls, publicUrl } = setup;
  ({ offsetMs } = setup);
  const loaded = loadConfig(variables);
  if (loaded.kind === 'invalid') {
    throw new Error(loaded.problems.map(({ variable, problem }) => `${variable} ${problem}`).join('; '));
  }
  const log = createLog({ level: loaded.config.logLevel });
  guard(log);
  const now = () => Date.now() + offsetMs;
  app = createApp(loaded.config, { discordApi, venueUrls, publicUrl, now, log, onFatal: () => void end() });
  await app.start().catch((error: unknown) => {
    if (!isEnding) log.fatal({ error }, 'not started');
    throw error;
  });
}

function guard(log: Log): void {
  process.on('unhandledRejection', (error) => log.error({ error }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => log.error({ error }, 'uncaught exception'));
}

/** Ends once the playground has been told why. */
function giveUp(error: unknown): never {
  process.exitCode = 1;
  setImmediate(end);
  throw error;
}

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await app?.stop().catch((error: unknown) => console.error(error));
  process.exit();
}
