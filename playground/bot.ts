import { type App, createApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import { createLog, type Log } from '../src/log.ts';
import { type BotSetup, type FromBot, toBotSchema } from './bot-messages.ts';

// The bot as a process of its own: it meets the playground over HTTP and WebSocket only, and can be killed.
// Only the clock comes by message.

let app: App | undefined;
let offsetMs = 0;
let isEnding = false;

process.on('message', (raw) => void receive(raw));
process.on('disconnect', () => void end());
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end());

async function receive(raw: unknown): Promise<void> {
  const message = toBotSchema.parse(raw);
  offsetMs = message.kind === 'clock' ? message.offsetMs : message.setup.offsetMs;
  if (message.kind === 'start') return start(message.setup);
  await app?.tick();
  tell({ kind: 'clock-moved', id: message.id });
}

async function start({ variables, discordApi, venueUrls, publicUrl }: BotSetup): Promise<void> {
  const loaded = loadConfig(variables);
  if (loaded.kind === 'invalid') return fail(loaded.problems.map(({ variable, problem }) => `${variable} ${problem}`));
  const log = createLog({ level: loaded.config.logLevel });
  guard(log);
  const now = () => Date.now() + offsetMs;
  app = createApp(loaded.config, { discordApi, venueUrls, publicUrl, now, log, onFatal: () => void end() });
  try {
    const { webUrl } = await app.start();
    tell({ kind: 'ready', webUrl });
  } catch (error) {
    if (isEnding) return;
    log.fatal({ error }, 'not started');
    fail([error instanceof Error ? error.message : String(error)]);
  }
}

function guard(log: Log): void {
  process.on('unhandledRejection', (error) => log.error({ error }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => log.error({ error }, 'uncaught exception'));
}

function fail(problems: readonly string[]): void {
  tell({ kind: 'failed', problem: problems.join('; ') });
  process.exitCode = 1;
  void end();
}

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await app?.stop().catch((error: unknown) => console.error(error));
  process.exit();
}

function tell(message: FromBot): void {
  if (process.connected) process.send?.(message);
}
