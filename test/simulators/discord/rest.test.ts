import { describe, expect, test } from 'vitest';
import {
  alice,
  applicationId,
  asBot,
  bob,
  general,
  hermit,
  hidden,
  openInteraction,
  readOnly,
  registerCommands,
  startDiscord,
} from './support.ts';

const EPHEMERAL = 64;

describe('channel routes', () => {
  const path = (channel: string) => `/channels/${channel}/messages`;

  test('write and edit the bot’s own messages', async () => {
    const { rest, discord } = await startDiscord();
    const made = await rest.post(`/channels/${general}/messages`, { body: { content: 'audit' } });
    expect(made).toMatchObject({ content: 'audit', type: 0, author: { bot: true } });
    const [{ id } = { id: '' }] = discord.messages(general, bob.id);
    await rest.patch(`/channels/${general}/messages/${id}`, { body: { content: 'audited' } });
    expect(discord.messages(general, bob.id)).toMatchObject([
      { content: 'audited', author: { isBot: true }, origin: undefined },
    ]);
  });

  test('do not know ephemeral messages', async () => {
    const loopback = await startDiscord();
    const { respond } = await openInteraction(loopback);
    await respond(4, { content: 'psst', flags: EPHEMERAL });
    const [{ id } = { id: '' }] = loopback.discord.messages(general, alice.id);
    expect(await loopback.call('PATCH', `${path(general)}/${id}`, { content: 'x' }, asBot)).toMatchObject({
      status: 404,
      answer: { code: 10008 },
    });
  });

  test.each([
    { where: 'a channel that is not there', channel: () => '1', status: 404, code: 10003 },
    { where: 'a channel the bot cannot see', channel: () => hidden, status: 403, code: 50001 },
    { where: 'a channel the bot may only read', channel: () => readOnly, status: 403, code: 50013 },
    { where: 'a closed inbox', channel: (inbox: string) => inbox, status: 403, code: 50007 },
  ])('refuse to write to $where', async ({ channel, status, code }) => {
    const { call, discord } = await startDiscord();
    const target = path(channel(discord.as(hermit.id).inbox));
    expect(await call('POST', target, { content: 'x' }, asBot)).toMatchObject({ status, answer: { code } });
  });
});

describe('the bot token', () => {
  test.each([
    ['GET', '/gateway/bot'],
    ['GET', '/applications/@me'],
    ['PUT', `/applications/${applicationId}/commands`],
    ['POST', `/channels/${general}/messages`],
  ])('is needed for %s %s', async (method, path) => {
    const { call } = await startDiscord();
    const answer = { message: '401: Unauthorized', code: 0 };
    expect(await call(method, path, method === 'GET' ? undefined : [])).toMatchObject({ status: 401, answer });
    expect(await call(method, path, method === 'GET' ? undefined : [], { authorization: 'Bot wrong' })).toMatchObject({
      status: 401,
      answer,
    });
  });

  test('opens what the bot asks at start, with and without a version', async () => {
    const { rest, origin, api } = await startDiscord();
    const url = `${origin.replace('http', 'ws')}/discord/gateway`;
    expect(await rest.get('/gateway/bot')).toMatchObject({
      url,
      shards: 1,
      session_start_limit: { total: 1000, remaining: 1000, max_concurrency: 1 },
    });
    const unversioned = await fetch(`${api}/applications/@me`, { headers: asBot });
    expect(await unversioned.json()).toMatchObject({ id: applicationId });
  });

  test('has fifty requests a second, from which interactions are exempt', async () => {
    const loopback = await startDiscord();
    const { respond } = await openInteraction(loopback);
    const ask = () => loopback.call('GET', '/applications/@me', undefined, asBot);
    for (let turn = 1; turn < 50; turn += 1) await ask();
    const { status, headers, answer } = await ask();
    expect([status, answer, headers.get('x-ratelimit-global')]).toMatchObject([
      429,
      { retry_after: 1, global: true },
      'true',
    ]);
    expect((await respond(5)).status).toBe(204);
    loopback.clock.ms += 1000;
    expect((await ask()).status).toBe(200);
  });
});

describe('bodies', () => {
  test('that are no JSON are refused', async () => {
    const { origin } = await startDiscord();
    const headers = { ...asBot, 'content-type': 'application/json' };
    const response = await fetch(`${origin}/discord/api/v10/channels/${general}/messages`, {
      method: 'POST',
      headers,
      body: '{',
    });
    expect([response.status, await response.json()]).toMatchObject([400, { code: 50109 }]);
  });

  test('to nowhere are 404', async () => {
    const { call } = await startDiscord();
    expect(await call('POST', '/nowhere', {})).toMatchObject({
      status: 404,
      answer: { message: '404: Not Found', code: 0 },
    });
  });
});

describe('registered commands', () => {
  test('keep their ids', async () => {
    const { rest, discord, ...loopback } = await startDiscord();
    await registerCommands(loopback);
    const before = discord.commands().map(({ id }) => id);
    await registerCommands(loopback);
    expect(discord.commands().map(({ id }) => id)).toEqual(before);
    expect(await rest.get(`/applications/${applicationId}/commands`)).toHaveLength(3);
  });
});
