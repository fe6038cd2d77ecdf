import { expect, test } from 'vitest';
import { alice, connectBot, general, openInteraction, registerCommands, startDiscord } from './support.ts';

test('the real gateway library becomes ready without intents', async () => {
  const loopback = await startDiscord();
  const { manager, seen } = await connectBot(loopback);
  await manager.connect();
  expect(seen.map(({ t }) => t)).toEqual(['READY']);
  expect(seen[0]?.d).toMatchObject({
    v: 10,
    guilds: [{ unavailable: true }],
    application: { flags: 0 },
    user: { bot: true },
  });
  expect(loopback.discord.sessions()).toMatchObject([{ intents: 0, shard: [0, 1] }]);
  expect(loopback.discord.identifies()).toBe(1);
});

test('guilds are told about only when the intents ask for them', async () => {
  const loopback = await startDiscord();
  const { manager, seen } = await connectBot(loopback, { intents: 1 });
  await manager.connect();
  await expect.poll(() => seen.map(({ t }) => t)).toEqual(['READY', 'GUILD_CREATE']);
});

test.each([
  { fault: 'a wrong token', bot: { token: 'wrong' }, code: 4004 },
  { fault: 'a privileged intent', bot: { intents: 1 << 15 }, code: 4014 },
  { fault: 'an unknown intent', bot: { intents: 1 << 30 }, code: 4013 },
])('$fault closes the connection with $code', async ({ bot, code }) => {
  const loopback = await startDiscord();
  const { manager, closed, errors } = await connectBot(loopback, bot);
  manager.connect().catch(() => undefined);
  await expect.poll(() => closed).toContain(code);
  expect(errors).toHaveLength(1);
});

test('an interaction reaches the bot with the fields that Discord sends', async () => {
  const loopback = await startDiscord();
  await registerCommands(loopback);
  const { manager, seen } = await connectBot(loopback);
  await manager.connect();
  const options = { venue: 'kraken', market: 'PF_XBTUSD', leverage: 2.5, share: true };
  loopback.discord.as(alice.id).command(general, 'leverage set', options);
  await expect.poll(() => seen.length).toBe(2);
  expect(seen[1]).toMatchObject({
    t: 'INTERACTION_CREATE',
    s: 2,
    d: {
      type: 2,
      version: 1,
      context: 0,
      guild_locale: 'de',
      locale: 'en-US',
      channel: { id: general, type: 0, name: 'general' },
      member: { user: { id: alice.id }, roles: ['400000000000000001'], permissions: expect.stringMatching(/^\d+$/) },
      app_permissions: expect.stringMatching(/^\d+$/),
      data: {
        name: 'leverage',
        type: 1,
        options: [
          {
            name: 'set',
            type: 1,
            options: [{ type: 3 }, { type: 3 }, { value: 2.5, type: 10 }, { value: true, type: 5 }],
          },
        ],
      },
    },
  });
});

test('in direct messages the user stands alone', async () => {
  const loopback = await startDiscord();
  await registerCommands(loopback);
  const actor = loopback.discord.as(alice.id);
  actor.command(actor.inbox, 'ping', { times: 3 });
  const payload = loopback.discord.interactions()[0]?.payload;
  expect(payload).toMatchObject({ user: { id: alice.id }, context: 1, channel: { type: 1 }, channel_id: actor.inbox });
  expect(payload).not.toHaveProperty('member');
  expect(payload).not.toHaveProperty('guild_id');
});

test('what happened while the bot was away is replayed when it resumes', async () => {
  const loopback = await startDiscord();
  const { discord } = loopback;
  const { manager, seen, closed } = await connectBot(loopback);
  await manager.connect();
  discord.faults.gateway.drop(4000);
  await discord.until(() => discord.sessions().length === 0);
  await openInteraction(loopback);
  expect(discord.interactions()[0]?.delivered).toBe(0);
  await expect
    .poll(() => seen.map(({ t, s }) => `${s} ${t}`), { timeout: 5000 })
    .toEqual(['1 READY', '2 INTERACTION_CREATE', '3 RESUMED']);
  expect(closed).toEqual([4000]);
  expect(discord.identifies()).toBe(1);
});

test('a forgotten session is identified anew', async () => {
  const loopback = await startDiscord();
  const { discord } = loopback;
  const { manager, seen } = await connectBot(loopback);
  await manager.connect();
  discord.faults.gateway.forgetSessions();
  discord.faults.gateway.cut();
  await expect.poll(() => seen.map(({ t }) => t), { timeout: 5000 }).toEqual(['READY', 'READY']);
  expect(discord.identifies()).toBe(2);
});

test('a session that was dropped long ago is over', async () => {
  const loopback = await startDiscord();
  const { discord, clock } = loopback;
  const { manager, seen } = await connectBot(loopback);
  await manager.connect();
  discord.faults.gateway.drop(4000);
  await discord.until(() => discord.sessions().length === 0);
  clock.ms += 3 * 60_000;
  await expect.poll(() => seen.map(({ t }) => t), { timeout: 5000 }).toEqual(['READY', 'READY']);
  expect(discord.identifies()).toBe(2);
});

test('op 7 makes the bot come back and resume', async () => {
  const loopback = await startDiscord();
  const { manager, seen } = await connectBot(loopback);
  await manager.connect();
  loopback.discord.faults.gateway.askToReconnect();
  await expect.poll(() => seen.map(({ t }) => t), { timeout: 5000 }).toEqual(['READY', 'RESUMED']);
});

test.each([
  { resumable: true, events: ['READY', 'RESUMED'], identifies: 1 },
  { resumable: false, events: ['READY', 'READY'], identifies: 2 },
])('op 9 with resumable=$resumable ends in $events.1', async ({ resumable, events, identifies }) => {
  const loopback = await startDiscord();
  const { manager, seen } = await connectBot(loopback);
  await manager.connect();
  loopback.discord.faults.gateway.invalidateSessions(resumable);
  await expect.poll(() => seen.map(({ t }) => t), { timeout: 5000 }).toEqual(events);
  expect(loopback.discord.identifies()).toBe(identifies);
});

test('a doubled event is the same interaction under two sequence numbers', async () => {
  const loopback = await startDiscord();
  const { manager, seen } = await connectBot(loopback);
  await manager.connect();
  loopback.discord.faults.gateway.duplicateNext();
  await openInteraction(loopback);
  await expect.poll(() => seen.map(({ s }) => s)).toEqual([1, 2, 3]);
  expect(seen[1]?.d).toEqual(seen[2]?.d);
});

test('heartbeats are acknowledged', async () => {
  const loopback = await startDiscord({ heartbeatIntervalMs: 50 });
  const { manager } = await connectBot(loopback);
  let beats = 0;
  manager.on('heartbeat', () => {
    beats += 1;
  });
  await manager.connect();
  await expect.poll(() => beats).toBeGreaterThan(2);
  expect(loopback.discord.sessions()).toHaveLength(1);
});

test.each([
  { mode: '503', status: 503 },
  { mode: '401', status: 401 },
  { mode: '429', status: 429 },
] as const)('GET /gateway/bot can be refused with $mode', async ({ mode, status }) => {
  const { discord, rest } = await startDiscord();
  discord.faults.gatewayBot.set(mode);
  const failing = rest.get('/gateway/bot', { signal: AbortSignal.timeout(400) });
  await expect(failing).rejects.toMatchObject(status === 429 ? { name: 'AbortError' } : { status });
});

test('a new connection can be refused, and the next one is taken', async () => {
  const loopback = await startDiscord();
  loopback.discord.faults.webSocket.set('503');
  const { manager, errors, seen } = await connectBot(loopback);
  manager.connect().catch(() => undefined);
  await expect.poll(() => seen.length, { timeout: 5000 }).toBe(1);
  expect(errors.length).toBeGreaterThan(0);
});
