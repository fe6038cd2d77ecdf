import { REST } from '@discordjs/rest';
import { type SessionInfo, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import { fastify } from 'fastify';
import { expect, onTestFinished } from 'vitest';
import { createLoopbackDiscord, type LoopbackDiscordOptions } from '../../../simulators/discord/loopback-discord.ts';
import type { InteractionRecord } from '../../../simulators/discord/view.ts';

export const applicationId = '900000000000000001';
export const botToken = 'OTAw.loopback.bot-token';
export const clientSecret = 'loopback-client-secret';
export const alice = { id: '100000000000000001', username: 'alice', globalName: 'Alice' };
export const bob = { id: '100000000000000002', username: 'bob', globalName: 'Bob <b>' };
export const hermit = { id: '100000000000000003', username: 'hermit', acceptsDms: false };
export const guildId = '200000000000000001';
export const general = '300000000000000001';
export const desk = '300000000000000002';
export const readOnly = '300000000000000003';
export const hidden = '300000000000000004';

const VIEW_CHANNEL = '1024';

/** A loopback Discord on a free port, with a clock that only moves by hand. */
export async function startDiscord(more: Partial<LoopbackDiscordOptions> = {}) {
  const clock = { ms: Date.UTC(2026, 10, 21) };
  const discord = createLoopbackDiscord({
    now: () => clock.ms,
    applicationId,
    botToken,
    clientSecret,
    people: [alice, bob, hermit],
    guilds: [
      {
        id: guildId,
        name: 'Desk',
        locale: 'de',
        channels: [
          { id: general, name: 'general' },
          { id: desk, name: 'desk', memberIds: [alice.id] },
          { id: readOnly, name: 'news', appPermissions: VIEW_CHANNEL },
          { id: hidden, name: 'board', appPermissions: '0' },
        ],
        members: [{ userId: alice.id, roles: ['400000000000000001'] }, { userId: bob.id }],
      },
    ],
    ...more,
  });
  const server = fastify();
  await server.register(discord.plugin, { prefix: '/discord' });
  const origin = await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => server.close());
  const api = `${origin}/discord/api`;
  const rest = new REST({ api, version: '10', retries: 0 }).setToken(botToken);
  return { discord, clock, origin, api, rest, ...requests(`${api}/v10`) };
}

function requests(base: string) {
  return {
    /** A plain request, for what the library would not send. */
    async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const json = body === undefined ? {} : { body: JSON.stringify(body) };
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const response = await fetch(`${base}${path}`, { method, headers: { ...type, ...headers }, ...json });
      const text = await response.text();
      const answer: unknown = text === '' ? undefined : JSON.parse(text);
      return { status: response.status, headers: response.headers, answer };
    },
  };
}

export const asBot = { authorization: `Bot ${botToken}` };

type Loopback = Awaited<ReturnType<typeof startDiscord>>;

/** The bot's real gateway library, with a session store of its own and no wait between identifies. */
export async function connectBot({ rest }: Pick<Loopback, 'rest'>, more: { token?: string; intents?: number } = {}) {
  const sessions = new Map<number, SessionInfo>();
  const manager = new WebSocketManager({
    token: more.token ?? botToken,
    intents: more.intents ?? 0,
    rest,
    retrieveSessionInfo: (shard) => sessions.get(shard) ?? null,
    updateSessionInfo(shard, info) {
      if (info === null) sessions.delete(shard);
      else sessions.set(shard, info);
    },
    buildIdentifyThrottler: () => ({ waitForIdentify: async () => undefined }),
  });
  const seen: { readonly t: string; readonly s: number; readonly d: unknown }[] = [];
  const closed: number[] = [];
  const errors: unknown[] = [];
  manager.on(WebSocketShardEvents.Dispatch, ({ data }) => void seen.push({ t: data.t, s: data.s, d: data.d }));
  manager.on(WebSocketShardEvents.Closed, ({ code }) => void closed.push(code));
  manager.on(WebSocketShardEvents.Error, ({ error }) => void errors.push(error));
  // Only once it is ready: destroying a shard that waits for READY hangs in @discordjs/ws 1.2.3, and reconnects.
  onTestFinished(() => (seen.length > 0 ? manager.destroy() : undefined));
  return { manager, seen, closed, errors };
}

export const testCommands = [
  {
    name: 'leverage',
    description: 'Leverage',
    options: [
      {
        type: 1,
        name: 'set',
        description: 'Set it',
        options: [
          {
            type: 3,
            name: 'venue',
            description: 'Where',
            required: true,
            choices: [{ name: 'Kraken', value: 'kraken' }],
          },
          { type: 3, name: 'market', description: 'Which', required: true, autocomplete: true, max_length: 20 },
          { type: 10, name: 'leverage', description: 'How much', required: true, min_value: 1, max_value: 100 },
          { type: 5, name: 'share', description: 'Show all' },
        ],
      },
    ],
  },
  { name: 'ping', description: 'Pong', options: [{ type: 4, name: 'times', description: 'How often' }] },
  { name: 'admin', description: 'For administrators', default_member_permissions: '8' },
];

export async function registerCommands({ call }: Pick<Loopback, 'call'>): Promise<void> {
  const { status } = await call('PUT', `/applications/${applicationId}/commands`, testCommands, asBot);
  if (status !== 200) throw new Error(`commands were refused with ${status}`);
}

/** Alice types /ping; nobody is connected, so the test answers by hand. */
export async function openInteraction(loopback: Loopback, userId = alice.id, channelId = general) {
  await registerCommands(loopback);
  const { interactionId } = loopback.discord.as(userId).command(channelId, 'ping');
  return paths(loopback, interactionId);
}

export function paths({ discord, call }: Pick<Loopback, 'discord' | 'call'>, interactionId: string) {
  const token = tokenOf(discord.interactions(), interactionId);
  const webhook = `/webhooks/${applicationId}/${token}`;
  return {
    interactionId,
    token,
    webhook,
    respond: (type: number, data?: unknown) =>
      call('POST', `/interactions/${interactionId}/${token}/callback`, { type, data }),
    edit: (body: unknown) => call('PATCH', `${webhook}/messages/@original`, body),
    followUp: (body: unknown) => call('POST', webhook, body),
  };
}

function tokenOf(records: readonly InteractionRecord[], id: string): string {
  return String(records.find((record) => record.id === id)?.payload.token);
}

export function button(custom_id: string, more: Record<string, unknown> = {}) {
  return { type: 2, style: 1, label: 'Press', custom_id, ...more };
}

export function row(...components: unknown[]) {
  return { type: 1, components };
}

export const letters = (count: number) => 'a'.repeat(count);
export const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

/** The errors object of one field, as Discord nests it. */
export function nested(at: string, code: string): unknown {
  const path = at === '' ? [] : at.split('.');
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), {
    _errors: expect.arrayContaining([expect.objectContaining({ code })]),
  });
}
