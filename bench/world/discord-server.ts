import fastify from 'fastify';
import { createLoopbackDiscord } from '../../simulators/discord/loopback-discord.ts';
import { guildCreate, guilds } from './guilds.ts';
import { applicationId, botToken, traders } from './people.ts';
import { watchRequests } from './watched-requests.ts';

export type DiscordServer = Awaited<ReturnType<typeof openDiscordServer>>;

/** The loopback Discord with servers of an ordinary size, and an eye on every request of the bot. */
export async function openDiscordServer(size: { readonly people: number; readonly guilds: number }) {
  const discord = createLoopbackDiscord({
    now: Date.now,
    ...{ applicationId, botToken, clientSecret: 'bench-client-secret-0123456789' },
    people: traders(size.people).map(({ id, name }) => ({ id, username: name })),
    guilds: guilds(size.guilds, size.people),
    guildCreate,
    globalPerSecond: 10_000,
  });
  const server = fastify();
  const watched = watchRequests(server);
  await server.register(discord.plugin, { prefix: '/discord' });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  return { discord, watched, api: `${origin}/discord/api` };
}
