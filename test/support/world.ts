import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fastify from 'fastify';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createLoopbackDiscord } from '../../simulators/discord/loopback-discord.ts';
import type { VisibleMessage } from '../../simulators/discord/view.ts';
import {
  type DemoCredential,
  demoCredentials,
  exchangeOf,
  mountExchanges,
  type OpenExchange,
  openExchanges,
  urlsAt,
} from '../../simulators/venues/index.ts';
import { type App, createApp, type Overrides } from '../../src/app.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { rowKinds } from '../../src/row-kinds.ts';
import { kindOf } from '../../src/store/sealed-rows.ts';
import type { VenueId } from '../../src/venues/index.ts';
import { createClock } from './clock.ts';
import { temporaryDirectory } from './temporary.ts';

export const people = { alice: '100000000000000001', bob: '100000000000000002', carol: '100000000000000003' } as const;
export const guild = '200000000000000001';
export const tradeDesk = '300000000000000001';
const applicationId = '400000000000000001';
const botToken = 'bot-token-canary.abcdef.0123456789abcdef0123456789';
const clientSecret = 'client-secret-canary-0123456789';
const metricsToken = 'metrics-token-canary-0123456789';

export type World = Awaited<ReturnType<typeof createWorld>>;

/**
 * The whole app on a loopback Discord and simulated venues: real HTTP and WebSocket, a real SQLite file, one clock that
 * moves only when told to.
 */
export async function createWorld(environment: Readonly<Record<string, string>> = {}, overrides: Overrides = {}) {
  const clock = createClock();
  const { now } = clock;
  const discord = createLoopbackDiscord({
    now,
    applicationId,
    botToken,
    clientSecret,
    people: Object.entries(people).map(([name, id]) => ({ id, username: name })),
    guilds: [
      {
        id: guild,
        name: 'Desk',
        channels: [{ id: tradeDesk, name: 'trade-desk' }],
        members: Object.values(people).map((userId) => ({ userId })),
      },
    ],
    globalPerSecond: 10_000,
  });
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const exchanges = openExchanges((venue) => venue.openDemo({ now, people, limits: 'none', changed }));
  const exchange = (id: VenueId): OpenExchange => exchangeOf(exchanges, id);

  const server = fastify({ forceCloseConnections: true });
  discord.onChange(changed);
  server.addHook('onRequest', async () => setImmediate(changed));
  await server.register(discord.plugin, { prefix: '/discord' });
  await mountExchanges(server, exchanges);
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const venueUrls = urlsAt(origin);
  onTestFinished(async () => {
    await server.close();
  });

  const env = {
    DISCORD_TOKEN: botToken,
    DISCORD_CLIENT_SECRET: clientSecret,
    METRICS_TOKEN: metricsToken,
    MASTER_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
    DATA_DIR: join(temporaryDirectory(), 'data'),
    ALLOWED_USERS: Object.values(people).join(','),
    WEB_PORT: '0',
    // The clock stands still in tests, so a budget would never refill.
    MUDREX_LIMITS: '100000/1s',
    KRAKEN_LIMITS: '1000000/10s',
    KRAKEN_UNIFIED_LIMITS: '1000000/30s',
    ...environment,
  };
  const lines: string[] = [];
  const log = createLog({
    level: 'debug',
    stream: {
      write: (line: string) => {
        lines.push(line);
        changed();
      },
    },
  });
  let app: App | undefined;

  function newApp(): App {
    return createApp(configFrom(env), {
      discordApi: `${origin}/discord/api`,
      venueUrls,
      now,
      monotonic: clock.elapsed,
      log,
      ...overrides,
    });
  }

  async function startBot(changed: Readonly<Record<string, string>> = {}) {
    Object.assign(env, changed);
    app = newApp();
    return app.start();
  }

  /** The bot as after kill -9: it can neither say nor send anything more, and its database is as it was. */
  async function crashBot(): Promise<void> {
    copyStore(env.DATA_DIR);
    await stopBot();
    restoreStore(env.DATA_DIR);
  }

  async function stopBot(): Promise<void> {
    await app?.stop();
    app = undefined;
  }
  onTestFinished(async () => {
    await stopBot();
    assertNoSecrets();
    assertKnownRows(env.DATA_DIR);
  });

  /** Every test that uses the world checks this: no secret in a log line, nor in anything that Discord was sent. */
  function assertNoSecrets(): void {
    const secrets = [
      botToken,
      clientSecret,
      metricsToken,
      env.MASTER_KEYS.slice(3),
      ...demoCredentials.map(({ secret }) => secret),
    ];
    const tokens = discord.interactions().map(({ payload }) => z.object({ token: z.string() }).parse(payload).token);
    const said = JSON.stringify(discord.interactions().flatMap(({ calls }) => calls.map(({ body }) => body)));
    const logged = lines.join('');
    expect(secrets.filter((secret) => said.includes(secret) || logged.includes(secret)).length, 'secrets found').toBe(
      0,
    );
    expect(tokens.filter((token) => logged.includes(token)).length, 'interaction tokens found').toBe(0);
  }

  /** Resolves once this holds; looked at again at every request, log line and message. */
  async function until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (holds()) resolve();
    };
    listeners.add(look);
    await promise.finally(() => listeners.delete(look));
  }

  /** What a person sees in a channel, newest last. */
  const messages = (viewer: string, channel: string = tradeDesk) => discord.messages(channel, viewer);

  /** Runs a command and waits for its reply. */
  async function command(
    user: string,
    name: string,
    options: Record<string, string | boolean> = {},
    channel = tradeDesk,
  ): Promise<VisibleMessage> {
    const { interactionId } = discord.as(user).command(channel, name, options);
    return discord.until(() =>
      messages(user, channel).find((one) => one.origin?.interactionId === interactionId && !one.isThinking),
    );
  }

  /** Presses the button with this label and waits until the message has become something else than "Setting …". */
  async function press(user: string, message: VisibleMessage, label: string | RegExp): Promise<VisibleMessage> {
    const before = messages(user, message.channelId).find(({ id }) => id === message.id);
    startPress(user, message, label);
    return discord.until(() => {
      const after = messages(user, message.channelId).find(({ id }) => id === message.id);
      const isDone = after !== undefined && after !== before && after.editedAt !== undefined;
      return (
        isDone &&
        JSON.stringify(after.embeds) !== JSON.stringify(before?.embeds) &&
        !/Setting .* …/.test(titleOf(after)) &&
        after
      );
    });
  }

  /** Presses without waiting. */
  function startPress(user: string, message: VisibleMessage, label: string | RegExp): string {
    return discord.as(user).press(message.id, buttonOf(message, label)).interactionId;
  }

  /** The message that answers an interaction beside the card, such as a refusal. */
  async function whisperTo(user: string, interactionId: string, channel: string = tradeDesk): Promise<VisibleMessage> {
    return discord.until(() => messages(user, channel).find((one) => one.origin?.interactionId === interactionId));
  }

  return {
    clock,
    discord,
    exchange,
    mudrex: exchange('mudrex'),
    kraken: exchange('kraken-futures'),
    unified: exchange('kraken'),
    origin,
    venueUrls,
    env,
    lines,
    startBot,
    stopBot,
    crashBot,
    /** The same message as it stands now. */
    latest: (viewer: string, message: VisibleMessage): VisibleMessage =>
      messages(viewer, message.channelId).find(({ id }) => id === message.id) ?? message,
    tick: async () => app?.tick(),
    messages,
    command,
    press,
    /** Resolves once the bot has logged this. */
    logged: (text: string) => until(() => lines.some((line) => line.includes(text))),
    /** Resolves once a request of this kind has reached one of the venues. */
    requested: (kind: 'read' | 'write') =>
      until(() => exchanges.some(({ requests }) => requests.some((one) => one.kind === kind))),
    startPress,
    whisperTo,
    /** Adds a demo key through the real page, and takes it into use. */
    addKey: async (
      user: string,
      which: { venue: VenueId; person: DemoCredential['person']; label?: string },
      label?: string,
    ) => {
      const credential = demoCredentials.find(
        (one) => one.venue === which.venue && one.person === which.person && one.label === (which.label ?? GOOD_LABEL),
      );
      if (credential === undefined) throw new TypeError('no such demo key');
      const reply = await command(user, 'keys add', { venue: which.venue, ...(label !== undefined && { label }) });
      await submitKey(linkOf(reply), credential);
      const waiting = await discord.until(() =>
        messages(user).find((one) => one.id === reply.id && titleOf(one).includes('Use this')),
      );
      return press(user, waiting, 'Use this key');
    },
  };
}

const storeFiles = ['levergate.db', 'levergate.db-wal'] as const;

/** Every row that a test of the world leaves is of a declared kind: a rotation of the master keys must know them all. */
function assertKnownRows(directory: string): void {
  const file = join(directory, 'levergate.db');
  if (!existsSync(file)) return;
  const database = new DatabaseSync(file);
  const keys = z.array(z.object({ key: z.string() })).parse(database.prepare('SELECT key FROM entry').all());
  database.close();
  expect(keys.filter(({ key }) => kindOf(rowKinds, key) === undefined)).toEqual([]);
}

function copyStore(directory: string): void {
  for (const name of storeFiles) copyFileSync(join(directory, name), join(directory, `${name}.crash`));
}

function restoreStore(directory: string): void {
  for (const name of storeFiles) renameSync(join(directory, `${name}.crash`), join(directory, name));
}

/** What the demo calls a key that works. */
const GOOD_LABEL = 'good';

function configFrom(env: Readonly<Record<string, string>>): Config {
  const loaded = loadConfig(env);
  if (loaded.kind === 'invalid') throw new TypeError(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** Fills in the link page as a browser on this machine would. @returns the page that answers. */
export async function submitKey(
  url: string,
  credential: Pick<DemoCredential, 'key' | 'secret' | 'venue'>,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const page = await fetch(url);
  const html = await page.text();
  const token = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
  const { key = '', secret } = credential;
  // The form says which of its fields is masked.
  const inputs = [...html.matchAll(/<input id="[^"]+" name="(?<name>[^"]+)" type="(?<type>password|text)"/g)];
  const fields = inputs.map(({ groups }) => [groups?.name ?? '', groups?.type === 'password' ? secret : key]);
  const cookie = page.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const body = new URLSearchParams({ csrf: token, ...Object.fromEntries(fields), ...more });
  const answer = await fetch(url, { method: 'POST', body, headers: { cookie, origin: new URL(url).origin } });
  return answer.text();
}

export function titleOf(message: VisibleMessage): string {
  return (message.embeds[0]?.title ?? '').replace(/\\([^a-zA-Z0-9\s])/g, '$1');
}

/** All that a message says, in one text. */
export function textOf(message: VisibleMessage): string {
  const [embed] = message.embeds;
  const fields = (embed?.fields ?? []).flatMap(({ name, value }) => [name, value]);
  const parts = [message.content, embed?.title, embed?.description, ...fields, embed?.footer?.text];
  // Markdown escapes are for Discord's renderer, not for readers.
  return parts
    .filter(Boolean)
    .join('\n')
    .replace(/\\([^a-zA-Z0-9\s])/g, '$1');
}

const buttonSchema = z.object({
  label: z.string().default(''),
  custom_id: z.string().default(''),
  url: z.string().default(''),
  style: z.number(),
});
const rowsSchema = z.array(z.object({ components: z.array(buttonSchema) }));

/** The buttons below a message, in order. */
export function buttonsOf(message: VisibleMessage) {
  return rowsSchema.parse(message.components).flatMap(({ components }) => components);
}

export function labelsOf(message: VisibleMessage): readonly string[] {
  return buttonsOf(message).map(({ label }) => label);
}

function buttonOf(message: VisibleMessage, label: string | RegExp): string {
  const found = buttonsOf(message).find((button) =>
    typeof label === 'string' ? button.label === label : label.test(button.label),
  );
  if (found === undefined) throw new TypeError(`no button ${label} in ${JSON.stringify(buttonsOf(message))}`);
  return found.custom_id;
}

export function linkOf(message: VisibleMessage): string {
  return buttonsOf(message).find(({ url }) => url !== '')?.url ?? '';
}
