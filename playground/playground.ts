import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLoopbackDiscord } from '../simulators/discord/loopback-discord.ts';
import { demoCredentials, exchangeOf, type OpenExchange, openExchanges, urlsAt } from '../simulators/venues/index.ts';
import type { VenueId } from '../src/venues/index.ts';
import { createBotProcess } from './bot-process.ts';
import { createClock } from './clock.ts';
import { createHub } from './hub.ts';
import { createOperator } from './operator.ts';
import { applicationId, auditChannelId, demoGuild, demoPeople, everybody } from './people.ts';
import { createServer } from './server.ts';
import { loopbackHosts } from './settings.ts';
import { describeState, type PlaygroundState } from './state.ts';

export type PlaygroundOptions = {
  /** 0 lets the system choose; the bot's own pages are on the next port, or on any free one. */
  readonly port?: number;
  readonly host?: string;
  /** More of the bot's variables, such as `CARD_SECONDS`, as an operator would set them. */
  readonly variables?: Readonly<Record<string, string>>;
};

const READY_WITHIN_MS = 30_000;

export type Playground = Awaited<ReturnType<typeof createPlayground>>;
type Run = Awaited<ReturnType<typeof createRun>>;

/**
 * The whole product on this machine without any account: the real bot in a process of its own, a loopback Discord,
 * simulated exchanges and the page, on one origin. Nothing runs before `start`.
 *
 * @throws Error when `host` is not loopback.
 */
export async function createPlayground(options: PlaygroundOptions = {}) {
  const { port = 4400, host = '127.0.0.1' } = options;
  if (!loopbackHosts.includes(host)) throw new Error('The playground listens on loopback only.');
  let resets = 0;
  let resetting: Promise<void> | undefined;
  const open = (ports: Ports) => createRun({ ...options, host, ports, reset, resets: () => resets });
  let run: Run = await open({ port, webPort: port === 0 ? 0 : port + 1 });

  async function startOver(): Promise<void> {
    const ports = run.ports();
    await run.stop();
    resets += 1;
    run = await open(ports);
    await run.start();
  }

  /** Everything from the beginning, at the same addresses; asked for twice, it happens once. */
  function reset(): Promise<void> {
    resetting ??= startOver().finally(() => {
      resetting = undefined;
    });
    return resetting;
  }

  return {
    get discord() {
      return run.discord;
    },
    get bot() {
      return run.bot;
    },
    get clock() {
      return run.clock;
    },
    reset,
    forward: (ms: number) => run.forward(ms),
    isReady: () => run.isReady(),
    /** The page's address; empty before `start`. */
    url: () => run.url(),
    /** Where the bot's own pages are. */
    webUrl: () => run.webUrl(),
    exchange: (id: VenueId): OpenExchange => run.exchange(id),
    state: (): PlaygroundState => run.state(),
    /** Serves at once; the bot is ready when this resolves. @throws Error when a port is in use or the bot cannot start */
    start: () => run.start(),
    stop: () => run.stop(),
  };
}

type Ports = { readonly port: number; readonly webPort: number };
type RunOptions = Omit<PlaygroundOptions, 'port'> & {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly ports: Ports;
  readonly reset: () => Promise<void>;
  readonly resets: () => number;
};

/** One life of the playground, from a fresh database and fresh exchanges on. */
async function createRun({ host, ports, variables = {}, reset, resets }: RunOptions) {
  const secrets = createSecrets();
  const clock = createClock();
  const hub = createHub();
  const operator = createOperator();
  let origin = '';
  let { webPort } = ports;
  // Kept until the end, so that a bot that is started again finds its database.
  let dataDir = '';
  const webUrl = () => `http://127.0.0.1:${webPort}`;

  const discord = createLoopbackDiscord({
    now: clock.now,
    applicationId,
    botToken: secrets.token,
    clientSecret: secrets.client,
    people: everybody,
    guilds: [demoGuild],
  });
  const people = { alice: demoPeople.alice.id, bob: demoPeople.bob.id, carol: demoPeople.carol.id };
  const exchanges = openExchanges((venue) => venue.openDemo({ now: clock.now, people, changed: hub.changed }));
  const bot = createBotProcess({
    changed: hub.changed,
    offsetMs: clock.offsetMs,
    setup: () => ({
      variables: {
        DISCORD_TOKEN: secrets.token,
        DISCORD_CLIENT_SECRET: secrets.client,
        MASTER_KEYS: secrets.masterKeys,
        DATA_DIR: dataDir,
        WEB_PORT: String(webPort),
        ALLOWED_USERS: everybody.map(({ id }) => id).join(','),
        AUDIT_CHANNEL_ID: auditChannelId,
        ...variables,
        ...operator.variables(),
      },
      discordApi: `${origin}/discord/api`,
      venueUrls: urlsAt(origin),
      publicUrl: webUrl(),
    }),
  });
  const isReady = () => bot.state() === 'ready' && discord.sessions().length > 0 && discord.commands().length > 0;
  const world = { bot, clock, exchanges, credentials: demoCredentials, discord, hub, operator };
  const parts = { ...world, origin: () => origin, webUrl, isReady, forward, reset, resets };
  const server = await createServer(parts);
  discord.onChange(hub.changed);

  /** Moves everybody's clock forward, and lets the bot look after what is due. */
  async function forward(ms: number): Promise<void> {
    clock.forward(ms);
    await bot.moveClock();
    hub.changed();
  }

  return {
    discord,
    bot,
    clock,
    forward,
    isReady,
    url: () => origin,
    webUrl,
    ports: (): Ports => ({ port: portOf(server.server.address()), webPort }),
    exchange: (id: VenueId): OpenExchange => exchangeOf(exchanges, id),
    state: (): PlaygroundState => describeState(parts),
    async start(): Promise<{ readonly url: string; readonly webUrl: string }> {
      await server.listen({ port: ports.port, host });
      dataDir = await mkdtemp(join(tmpdir(), 'levergate-playground-'));
      const bound = portOf(server.server.address());
      origin = `http://127.0.0.1:${bound}`;
      if (webPort === 0) webPort = await freePort();
      await bot.start();
      const problem = bot.problem();
      if (problem !== undefined) throw new Error(`The bot could not start: ${problem}`);
      await discord.until(isReady, READY_WITHIN_MS);
      return { url: origin, webUrl: webUrl() };
    },
    async stop(): Promise<void> {
      for (const exchange of exchanges) exchange.releaseHangs();
      await bot.stop();
      await server.close();
      if (dataDir !== '') await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Fresh at every start, in the form of real ones. */
function createSecrets() {
  const random = (bytes: number) => randomBytes(bytes).toString('base64url');
  return {
    token: `${Buffer.from(applicationId).toString('base64url')}.${random(4)}.${random(24)}`,
    client: random(24),
    masterKeys: `playground:${random(32)}`,
  };
}

function portOf(address: ReturnType<ReturnType<typeof createNetServer>['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/**
 * A port that is free now. Below the range from which systems take the ports of outgoing connections: one of those
 * could be gone by the time the bot listens on it.
 */
async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_000);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const probe = createNetServer().once('error', reject);
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  return promise.then(
    () => port,
    () => freePort(),
  );
}
