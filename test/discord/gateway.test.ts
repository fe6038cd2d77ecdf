import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { json, openLoopback, openTcp, unusedPort } from '../support/loopback.ts';
import { applicationId, openDiscord, prepareBot, startBot, until } from './support.ts';

const FOREVER = Number.POSITIVE_INFINITY;

test('the bot connects without intents and says who it is', async () => {
  const { bot, discord, readiness } = await prepareBot();
  expect(bot.isReady()).toBe(false);
  expect(await bot.start()).toBe(applicationId);
  expect(bot.applicationId()).toBe(applicationId);
  expect(bot.isReady()).toBe(true);
  expect(readiness).toEqual([true]);
  expect(discord.sessions()).toMatchObject([{ intents: 0, shard: [0, 1] }]);
});

test('which application it is the bot knows from REST, before any gateway answers', async () => {
  const { bot, discord } = await prepareBot();
  discord.faults.webSocket.set('503', FOREVER);
  const started = bot.start().catch((error: unknown) => error);
  await until(() => bot.applicationId() === applicationId);
  expect(discord.sessions()).toEqual([]);
  await bot.stop();
  expect(await started).toMatchObject({ problem: { reason: 'unreachable' } });
});

test('stopping says goodbye, so that Discord ends the session at once', async () => {
  const { bot, discord, readiness } = await startBot();
  await bot.stop();
  await discord.until(() => discord.sessions().length === 0);
  expect(bot.isReady()).toBe(false);
  expect(readiness).toEqual([true, false]);
});

type Bot = Awaited<ReturnType<typeof startBot>>;

const resumed: readonly (readonly [string, (bot: Bot) => void])[] = [
  ['op 7', ({ discord }) => discord.faults.gateway.askToReconnect()],
  ['a cut connection', ({ discord }) => discord.faults.gateway.cut()],
  ['close code 4000', ({ discord }) => discord.faults.gateway.drop(4000)],
  ['close code 4009', ({ discord }) => discord.faults.gateway.drop(4009)],
  ['close code 1011', ({ discord }) => discord.faults.gateway.drop(1011)],
];

test.each(resumed)('%s is followed by a resume that brings what was missed', async (_what, disturb) => {
  const bot = await startBot();
  disturb(bot);
  await until(() => !bot.bot.isReady());
  bot.set();
  await bot.done();
  expect(bot.shown()).toHaveLength(1);
  expect(bot.discord.identifies()).toBe(1);
  expect(bot.readiness).toEqual([true, false, true]);
  expect(bot.bot.isReady()).toBe(true);
});

const identified: readonly (readonly [string, (bot: Bot) => void])[] = [
  ['op 9 without resume', ({ discord }) => discord.faults.gateway.invalidateSessions(false)],
  ['close code 4007', ({ discord }) => discord.faults.gateway.drop(4007)],
  [
    'a session that Discord forgot',
    ({ discord }) => {
      discord.faults.gateway.forgetSessions();
      discord.faults.gateway.drop(4000);
    },
  ],
];

test.each(identified)('%s is followed by a new session, after a pause', async (_what, disturb) => {
  const pauses: number[] = [];
  const bot = await startBot({ pause: async (ms) => void pauses.push(ms) });
  pauses.length = 0;
  disturb(bot);
  await until(() => bot.discord.identifies() === 2 && bot.bot.isReady());
  bot.set();
  await bot.done();
  expect(bot.shown()).toHaveLength(1);
  expect(pauses).toEqual([5_000]);
  expect(bot.readiness).toEqual([true, false, true]);
});

test('op 9 with resume keeps the session', async () => {
  const bot = await startBot();
  bot.discord.faults.gateway.invalidateSessions(true);
  await bot.discord.until(() => bot.discord.sessions().some(({ sequence }) => sequence > 1));
  bot.set();
  await bot.done();
  expect(bot.discord.identifies()).toBe(1);
});

test('a gateway that is away for a while is tried again until it is back', async () => {
  const bot = await startBot();
  bot.discord.faults.webSocket.set('503', 2);
  bot.discord.faults.gateway.cut();
  await until(() => !bot.bot.isReady());
  await until(() => bot.bot.isReady());
  bot.set();
  await bot.done();
  expect(bot.shown()).toHaveLength(1);
  expect(bot.fatal).toEqual([]);
});

test('a bot whose sessions are used up does not identify before they are restored', async () => {
  const restored = Promise.withResolvers<void>();
  const pauses: number[] = [];
  const bot = await startBot({
    loopback: { sessionStartLimit: 1 },
    pause: async (ms) => {
      pauses.push(ms);
      if (ms > 120_000) await restored.promise;
    },
  });
  bot.discord.faults.gateway.invalidateSessions(false);
  await until(() => pauses.includes(86_400_000));
  expect(bot.discord.identifies()).toBe(1);
  expect(bot.bot.isReady()).toBe(false);
});

test.each([
  [4004, { reason: 'bad-token' }, 'DISCORD_TOKEN'],
  [4014, { reason: 'refused', code: 4014 }, '4014'],
  [4010, { reason: 'refused', code: 4010 }, '4010'],
])('close code %i after the start is fatal and not followed by another attempt', async (code, problem, words) => {
  const bot = await startBot();
  bot.discord.faults.gateway.drop(code);
  await until(() => bot.fatal.length > 0);
  expect(bot.fatal).toMatchObject([{ problem }]);
  expect(bot.fatal[0]?.message).toContain(words);
  await until(() => bot.discord.sessions().length === 0);
  expect(bot.bot.isReady()).toBe(false);
  expect(bot.discord.identifies()).toBe(1);
});

const unreachable = {
  name: 'StartError',
  problem: { reason: 'unreachable' },
  message: expect.stringMatching(/unreachable.*not checked/),
};
const badToken = {
  name: 'StartError',
  problem: { reason: 'bad-token' },
  message: expect.stringContaining('DISCORD_TOKEN'),
};

test('a start without anybody at the other end gives up in time', async () => {
  const { bot } = await prepareBot({ api: `http://127.0.0.1:${await unusedPort()}/api`, startTimeoutMs: 200 });
  await expect(bot.start()).rejects.toMatchObject(unreachable);
});

const routes = ['application', 'gatewayBot'] as const;
const busy = routes.flatMap((route) => [{ route, mode: '503' } as const, { route, mode: '429' } as const]);

test.each(busy)('a start that only ever meets $mode at $route gives up in time', async ({ route, mode }) => {
  const { bot, discord } = await prepareBot({ startTimeoutMs: 200 });
  discord.faults[route].set(mode, FOREVER);
  await expect(bot.start()).rejects.toMatchObject({ problem: { reason: 'unreachable' } });
  expect(discord.identifies()).toBe(0);
});

test.each(['503', 'reset'] as const)('a start whose gateway only ever answers %s gives up in time', async (mode) => {
  const { bot, discord } = await prepareBot({ startTimeoutMs: 700 });
  discord.faults.webSocket.set(mode, FOREVER);
  await expect(bot.start()).rejects.toMatchObject({ problem: { reason: 'unreachable' } });
  expect(discord.identifies()).toBe(0);
});

test.each(busy)('a start that meets $mode at $route twice succeeds', async ({ route, mode }) => {
  const { bot, discord } = await prepareBot();
  discord.faults[route].set(mode, 2);
  await expect(bot.start()).resolves.toBe(applicationId);
});

test.each(['503', 'reset'] as const)('a start whose gateway answers %s once succeeds', async (mode) => {
  const { bot, discord } = await prepareBot();
  discord.faults.webSocket.set(mode);
  await expect(bot.start()).resolves.toBe(applicationId);
  expect(bot.isReady()).toBe(true);
});

test.each(routes)('a start whose token the REST API refuses at %s ends at once', async (route) => {
  const { bot, discord, fatal } = await prepareBot();
  discord.faults[route].set('401');
  await expect(bot.start()).rejects.toMatchObject(badToken);
  expect(fatal).toEqual([]);
});

/** An API that knows two things: which application asks, and where the gateway is. */
async function openApi(gateway: string) {
  const limits = { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 };
  const body = { id: applicationId, url: gateway, shards: 1, session_start_limit: limits };
  const server = await openLoopback(json(200, body));
  onTestFinished(server.close);
  return `${server.url}/api`;
}

test('a start whose token only the gateway refuses ends at once', async () => {
  const { api, discord } = await openDiscord();
  const gateway = api.replace(/^http/, 'ws').replace(/api$/, 'gateway');
  const { bot } = await prepareBot({ api: await openApi(gateway), token: new Secret('another-token') });
  await expect(bot.start()).rejects.toMatchObject(badToken);
  expect(discord.identifies()).toBe(1);
});

test('a start at an address that never says a word gives up in time', async () => {
  const silent = await openTcp(() => {});
  onTestFinished(silent.close);
  const { bot } = await prepareBot({ api: `http://${silent.host}/api`, startTimeoutMs: 200 });
  await expect(bot.start()).rejects.toMatchObject(unreachable);
});

test('a start whose gateway never says a word gives up in time', async () => {
  const silent = await openTcp(() => {});
  onTestFinished(silent.close);
  const { bot } = await prepareBot({ api: await openApi(`ws://${silent.host}`), startTimeoutMs: 200 });
  await expect(bot.start()).rejects.toMatchObject(unreachable);
});

test('a bot that gave up does not come back, although the library would', async () => {
  const arrivals = { first: 0, second: 0 };
  const prepareAt = async (name: keyof typeof arrivals, startTimeoutMs: number) => {
    const hostile = await openTcp((socket) => {
      arrivals[name] += 1;
      socket.destroy();
    });
    onTestFinished(hostile.close);
    return prepareBot({ api: await openApi(`ws://${hostile.host}`), startTimeoutMs });
  };
  const first = await prepareAt('first', 400);
  await expect(first.bot.start()).rejects.toMatchObject(unreachable);
  // The library comes back after half a second: once the second bot was seen to do so, the first would have been.
  const second = await prepareAt('second', 10_000);
  const started = second.bot.start().catch((error: unknown) => error);
  await until(() => arrivals.second > 1);
  await second.bot.stop();
  expect(await started).toMatchObject(unreachable);
  expect(arrivals.first).toBe(1);
});

test('a gateway address that is none is not followed', async () => {
  const { bot } = await prepareBot({ api: await openApi('http://127.0.0.1:1'), startTimeoutMs: 200 });
  await expect(bot.start()).rejects.toMatchObject(unreachable);
});

test('a start without a session left says when there will be one', async () => {
  const { bot } = await prepareBot({ loopback: { sessionStartLimit: 0 } });
  await expect(bot.start()).rejects.toMatchObject({
    problem: { reason: 'sessions-used-up', resetAfterMs: 86_400_000 },
    message: expect.stringContaining('1440 minutes'),
  });
});
