import { inspect } from 'node:util';
import { fastify } from 'fastify';
import { expect, onTestFinished } from 'vitest';
import { createLoopbackDiscord, type LoopbackDiscordOptions } from '../../simulators/discord/loopback-discord.ts';
import type { VisibleMessage } from '../../simulators/discord/view.ts';
import { type Command, optionalBoolean, optionalText, subcommand, textOption, venueOption } from '../../src/command.ts';
import { createDiscordClient, type DiscordClientOptions } from '../../src/discord/client.ts';
import { createDiscord, type DiscordOptions } from '../../src/discord/discord.ts';
import { closeRest, createRest, type Rest } from '../../src/discord/rest.ts';
import type { StartError } from '../../src/discord/start-error.ts';
import type { Log } from '../../src/log.ts';
import type { PressHandler } from '../../src/press.ts';
import { Secret } from '../../src/secret.ts';
import type { View } from '../../src/view.ts';
import { alice, applicationId, bob, botToken, clientSecret, general, guildId } from '../simulators/discord/support.ts';

export { alice, applicationId, bob, botToken, general, guildId } from '../simulators/discord/support.ts';

export const venues = [
  { id: 'mudrex', label: 'Mudrex' },
  { id: 'kraken-futures', label: 'Kraken Futures' },
] as const;
export const cardId = 'AAAAAAAAAAAAAAAAAAAAAA';
export const view = (title: string, more: Partial<View> = {}): View => ({ tone: 'plain', title, ...more });
export const card = (title: string): View =>
  view(title, {
    tone: 'ask',
    buttons: [{ kind: 'press', verb: 'confirm', id: cardId, label: 'Set 5x', style: 'primary' }],
  });
export const confirmId = `v1.confirm.${cardId}`;

/** `/leverage set`, which answers with what `run` makes of the call. */
export function leverageSet(run: Run, complete?: Complete): readonly Command[] {
  const set = subcommand({
    name: 'set',
    description: 'Set isolated margin at a leverage',
    options: {
      venue: venueOption('Where'),
      market: textOption('Which market', { maxLength: 20, completes: true }),
      account: optionalText('Which key', { maxLength: 10 }),
      share: optionalBoolean('Show it to everybody here'),
    },
    run: async (call, values) => run(call, values),
    ...(complete === undefined ? {} : { complete }),
  });
  return [{ name: 'leverage', description: 'Leverage', subcommands: [set] }];
}
type Subcommand = Extract<Command, { readonly run: unknown }>;
type Run = (...args: Parameters<Subcommand['run']>) => View | Promise<View>;
type Complete = NonNullable<Subcommand['complete']>;

export const options = { venue: 'mudrex', market: 'BTCUSDT' };

/** A loopback Discord on a free port, with a clock that only moves by hand. */
export async function openDiscord(more: Partial<LoopbackDiscordOptions> = {}) {
  const clock = { ms: Date.UTC(2026, 10, 21) };
  const discord = createLoopbackDiscord({
    now: () => clock.ms,
    applicationId,
    botToken,
    clientSecret,
    people: [alice, bob],
    guilds: [
      {
        id: guildId,
        name: 'Desk',
        channels: [{ id: general, name: 'general' }],
        members: [{ userId: alice.id }, { userId: bob.id }],
      },
    ],
    ...more,
  });
  // After a request that was broken off undici keeps a connection open on which nothing was sent yet; it is not "idle".
  const server = fastify({ forceCloseConnections: true });
  await server.register(discord.plugin, { prefix: '/discord' });
  const origin = await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => server.close());
  const api = `${origin}/discord/api`;

  /** A request of the test's own, with the bot's token. */
  async function call(method: string, path: string, body: unknown): Promise<number> {
    const headers = { authorization: `Bot ${botToken}`, 'content-type': 'application/json' };
    return (await fetch(`${api}/v10${path}`, { method, headers, body: JSON.stringify(body) })).status;
  }
  return { discord, clock, api, call };
}
type Loopback = Awaited<ReturnType<typeof openDiscord>>;

type More = Partial<DiscordOptions & DiscordClientOptions> & { readonly loopback?: Partial<LoopbackDiscordOptions> };

/** Everything that was logged, as deep as it goes: nothing may rely on the log to hide a secret. */
export function createTestLog() {
  const lines: string[] = [];
  const write = (level: string) => (fields: unknown, message: string) =>
    void lines.push(`${level} ${message} ${inspect(fields, { depth: 20, showHidden: true })}`);
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** A loopback Discord and a bot for it that has not started yet. */
export async function prepareBot({ loopback: loopbackOptions = {}, ...more }: More = {}) {
  const loopback = await openDiscord(loopbackOptions);
  const log = createTestLog();
  const fatal: StartError[] = [];
  const readiness: boolean[] = [];
  const seen: { readonly kind: string; readonly [name: string]: unknown }[] = [];
  const references = [1, 2, 3, 4, 5].map((number) => `ref-${number}`);
  const press: PressHandler = async () => ({});
  const client = createDiscordClient({
    token: new Secret(botToken),
    api: loopback.api,
    log,
    now: () => loopback.clock.ms,
    onFatal: (error) => void fatal.push(error),
    pause: yieldOnce,
    ackTimeoutMs: 5_000,
    ...more,
  });
  const discord = createDiscord({
    client,
    token: new Secret(botToken),
    commands: leverageSet(() => card('BTCUSDT on Mudrex')),
    venues,
    press,
    news: async () => [],
    log,
    now: () => loopback.clock.ms,
    elapsed: () => loopback.clock.ms,
    newReference: () => references.shift() ?? 'ref-many',
    metrics: {
      interactionArrived: (arrived) => void seen.push({ ...arrived, hook: 'arrival' }),
      interactionAcknowledged: (acknowledged) => void seen.push({ ...acknowledged, hook: 'ack' }),
      interactionEnded: (ended) => void seen.push({ ...ended, hook: 'done' }),
    },
    onReadiness: (isReady) => void readiness.push(isReady),
    ...more,
  });
  const bot = { ...client, ...discord };
  onTestFinished(async () => {
    await bot.stop();
    expectNoSecrets([...log.lines, ...fatal.map((error) => inspect(error))], loopback);
  });
  return { ...loopback, bot, log, fatal, readiness, seen };
}

/** A pause without its length: only what else is going on gets its turn. */
async function yieldOnce(_ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

/** A REST client of a test's own for a loopback Discord. */
export function openRest({ api, log }: { readonly api: string; readonly log: Pick<Log, 'warn'> }): Rest {
  const pause = async () => undefined;
  const rest = createRest({
    token: new Secret(botToken),
    api,
    ackTimeoutMs: 2_000,
    pause,
    log,
    onUnauthorized: () => {},
  });
  onTestFinished(() => closeRest(rest));
  return rest;
}

/** The same, connected and with its commands registered. */
export async function startBot(more: More = {}) {
  const prepared = await prepareBot(more);
  await prepared.bot.start();
  const { discord, seen } = prepared;
  const asAlice = discord.as(alice.id);

  /** Waits until the bot is through with an interaction. */
  const done = (count = 1) => until(() => seen.filter(({ hook }) => hook === 'done').length >= count);
  const shown = (viewer: string = alice.id): readonly VisibleMessage[] => discord.messages(general, viewer);
  const set = (more: Readonly<Record<string, string | boolean>> = {}) =>
    asAlice.command(general, 'leverage set', { ...options, ...more });

  /** Puts a card into the channel, as an earlier command would have done. */
  async function openCard(isShared = false): Promise<VisibleMessage> {
    const before = seen.filter(({ hook }) => hook === 'done').length;
    set(isShared ? { share: true } : {});
    await done(before + 1);
    const found = shown().findLast(({ components }) => components.length > 0);
    if (found === undefined) throw new Error('no card was shown');
    seen.length = 0;
    return found;
  }

  return { ...prepared, asAlice, done, shown, set, openCard };
}

export function expectNoSecrets(texts: readonly string[], { discord }: Pick<Loopback, 'discord'>): void {
  const secrets = [botToken, ...discord.interactions().map(({ payload }) => String(payload.token))];
  const leaks = texts.filter((text) => secrets.some((secret) => text.includes(secret)));
  expect(leaks).toEqual([]);
}

export const titles = (messages: readonly VisibleMessage[]): readonly (string | undefined)[] =>
  messages.map(({ embeds }) => embeds[0]?.title ?? undefined);

/** Waits for something that no change of the loopback announces, in turns of the event loop. */
export async function until(isTrue: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`nothing came within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
