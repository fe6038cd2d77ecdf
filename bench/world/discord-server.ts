import { randomBytes } from 'node:crypto';
import fastify from 'fastify';
import { createActor } from '../../simulators/discord/client/actor.ts';
import { createGateway } from '../../simulators/discord/gateway/gateway.ts';
import { createParts } from '../../simulators/discord/parts.ts';
import { createPlugin } from '../../simulators/discord/rest/plugin.ts';
import { guildCreate, guilds } from './guilds.ts';
import { applicationId, botToken, traders } from './people.ts';
import { watchRequests } from './watched-requests.ts';

export type DiscordServer = Awaited<ReturnType<typeof openDiscordServer>>;

/** The loopback Discord with servers of an ordinary size, and an eye on every request of the bot. */
export async function openDiscordServer(size: { readonly people: number; readonly guilds: number }) {
  const servers = guilds(size.guilds, size.people);
  const options = {
    now: Date.now,
    ...{ applicationId, botToken, clientSecret: 'bench-client-secret-0123456789' },
    people: traders(size.people).map(({ id, name }) => ({ id, username: name })),
    guilds: servers,
    ...{ globalPerSecond: 10_000, heartbeatIntervalMs: 41_250 },
  };
  const made = createParts(options);
  const gateway = createGateway({
    ...{ now: Date.now, newSecret: () => randomBytes(16).toString('hex'), botToken, grantedIntents: 0 },
    ...{ heartbeatIntervalMs: options.heartbeatIntervalMs, fault: made.faults.webSocket, changed: made.listeners.tell },
    ready: () => ({
      ready: {
        user: made.wire.bot(),
        application: { id: applicationId, flags: 0 },
        guilds: servers.map(({ id }) => ({ id, unavailable: true })),
        ...{ private_channels: [], relationships: [] },
      },
      guilds: servers.map(guildCreate),
    }),
  });
  const parts = { ...made, gateway };
  const { plugin } = createPlugin(parts, options);
  const server = fastify();
  const watched = watchRequests(server);
  await server.register(plugin, { prefix: '/discord' });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const actorParts = { ...parts, onChange: made.listeners.add, patienceMs: 3_000 };

  return {
    ...{ parts, watched },
    api: `${origin}/discord/api`,
    as: (userId: string) => createActor(actorParts, userId),
  };
}
