import { join } from 'node:path';
import { serveParent } from '../simulators/child.ts';
import { type App, createApp, type Overrides } from '../src/app.ts';
import { type Config, loadConfig } from '../src/config.ts';
import { rowKeys } from '../src/confirm/proposal-rows.ts';
import { createLog, type Log } from '../src/log.ts';
import { createSqliteStore } from '../src/store/sqlite.ts';
import type { Store } from '../src/store/store.ts';
import { type BotSetup, botSetupSchema, stopSchema } from './bot-messages.ts';
import { openClockFile } from './clock.ts';
import { plants } from './plants/plants.ts';
import { createWitness, type Witness } from './witness.ts';

// The real bot as a process that can be killed and stopped. It meets the harness over HTTP and WebSocket; from a file
// comes its clock, and by message the wish to look after what is due now instead of within a second.

let app: App | undefined;
let store: Store | undefined;
let witness: Witness | undefined;
let moved: ReturnType<typeof openClockFile> | undefined;
let isEnding = false;

function now(): number {
  const { offsetMs = 0, skewMs = 0 } = moved?.() ?? {};
  return Date.now() + offsetMs + skewMs;
}

function monotonic(): number {
  return performance.now() + (moved?.().offsetMs ?? 0);
}

serveParent(
  {
    start: (data) => start(botSetupSchema.parse(data)).catch(giveUp),
    async tick() {
      await app?.tick();
      return countOpen();
    },
    stopAt(data) {
      const { at, nth } = stopSchema.parse(data);
      witness?.stopAt(at, nth);
    },
  },
  () => end(0),
);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(0));
// Its default would end the process; with a handler a file over its limit is a failed write, as on a full disk.
process.on('SIGXFSZ', () => {});

/** What has not ended, and ends that nobody has been told of for the record. */
async function countOpen(): Promise<number> {
  try {
    const lists = await Promise.all([rowKeys.open(), rowKeys.audit()].map((prefix) => store?.list(prefix)));
    return lists.reduce((sum, list) => sum + (list?.length ?? 1), 0);
  } catch {
    return -1;
  }
}

/** @returns where its pages are */
async function start(setup: BotSetup): Promise<string> {
  moved = openClockFile(setup.clockFile);
  const loaded = loadConfig(setup.variables);
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems));
  const log = createLog({ level: loaded.config.logLevel });
  guard(log);
  try {
    app = createApp(loaded.config, await overridesFor(setup, loaded.config, log));
    return (await app.start()).webUrl;
  } catch (error) {
    if (!isEnding) log.fatal({ error }, 'not started');
    throw error;
  }
}

async function overridesFor(setup: BotSetup, config: Config, log: Log): Promise<Overrides> {
  const { discordApi, venueUrls, deadlines } = setup;
  witness = createWitness(venueUrls);
  store = witness.watch(createSqliteStore({ file: join(config.dataDir, 'levergate.db'), now, monotonic }));
  const onFatal = () => void end(1);
  const overrides = { discordApi, venueUrls, deadlines, store, now, monotonic, log, onFatal };
  return setup.plant === undefined ? overrides : { ...overrides, ...(await plants[setup.plant].plant?.(overrides)) };
}

function guard(log: Log): void {
  process.on('unhandledRejection', (error) => log.error({ error }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => log.error({ error }, 'uncaught exception'));
}

/** Ends once the harness has been told why. */
function giveUp(error: unknown): never {
  setImmediate(() => end(1));
  throw error;
}

async function end(code: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await app?.stop().catch((error: unknown) => console.error(error));
  process.exit(code);
}
