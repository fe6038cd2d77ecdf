import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { urlsAt } from '../../simulators/venues/index.ts';
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { readSettings, serveParent } from '../processes.ts';
import { botToken } from '../world/people.ts';
import { masterKey } from '../world/seeded-store.ts';
import { timeCommits } from './timed-store.ts';

// A program: the whole bot as it runs in production, but for where Discord and the venues are.
const settings = readSettings(
  z.object({
    discordApi: z.string(),
    venuesOrigin: z.string(),
    dataDir: z.string(),
    environment: z.record(z.string(), z.string()).default({}),
  }),
);
const loaded = loadConfig({
  DISCORD_TOKEN: botToken,
  MASTER_KEYS: `${masterKey.id}:${masterKey.key}`,
  DATA_DIR: settings.dataDir,
  WEB_PORT: '0',
  // Ten thousand people use it, so nobody is named; nothing is reached under this address.
  PUBLIC_URL: 'https://bot.example.com',
  DISCORD_CLIENT_SECRET: randomBytes(16).toString('hex'),
  // Those that are simulated; nothing of the bench leaves this machine.
  VENUES: 'mudrex,kraken-futures',
  CARD_SECONDS: '600',
  ...settings.environment,
});
if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems));
const store = timeCommits(createSqliteStore({ file: join(settings.dataDir, 'levergate.db'), now: Date.now }));
const app = createApp(loaded.config, {
  discordApi: settings.discordApi,
  venueUrls: urlsAt(settings.venuesOrigin),
  store,
  // Two people do here what hundreds would do.
  bounds: { command: Infinity, press: Infinity, autocomplete: Infinity },
});
await app.start();
// Since the process began, so loading every module is in it.
const readyMs = performance.now();

serveParent({
  readyMs: () => readyMs,
  commits: store.commits,
  stop: app.stop,
});
