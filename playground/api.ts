import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ClientRefusal } from '../simulators/discord/client/client-refusal.ts';
import type { LoopbackDiscord } from '../simulators/discord/loopback-discord.ts';
import { Refusal } from '../simulators/discord/refusal.ts';
import type { Hub } from './hub.ts';
import { describeScreen, describeWire, type ScreenParts } from './screen.ts';
import { serveScreens } from './screen-socket.ts';
import { describeState } from './state.ts';
import { knobs } from './trouble.ts';

export type ApiParts = ScreenParts & { readonly hub: Hub };

const person = z.object({ userId: z.string() });
const optionValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const command = z.object({ channelId: z.string(), name: z.string(), options: optionValues.default({}) });
const half = command.extend({ focused: z.string() });
const press = z.object({ messageId: z.string(), customId: z.string() });

/** `/healthz`, `/api/state`, and what the page needs to show Discord and to act as somebody in it. */
export function serveApi(app: FastifyInstance, parts: ApiParts): void {
  const { discord, hub } = parts;
  answerErrors(app);
  refuseOtherSites(app);

  app.get('/healthz', async (_request, reply) =>
    reply.code(parts.isReady() ? 200 : 503).send({ ready: parts.isReady(), bot: parts.bot.state() }),
  );
  app.get('/api/state', async () => describeState(parts));
  app.get('/api/knobs', async () => knobs);
  const isPerson = (userId: string) => discord.people().some(({ id }) => id === userId);
  const end = serveScreens(app.server, hub, (viewerId) =>
    isPerson(viewerId) ? describeScreen(parts, viewerId) : undefined,
  );
  app.addHook('preClose', async () => end());
  app.get('/api/interactions/:id', async (request, reply) => {
    const { id } = z.object({ id: z.string() }).parse(request.params);
    return describeWire(discord, id) ?? reply.code(404).send({ problem: 'no such interaction' });
  });

  app.post('/api/as/:userId/command', async (request) => {
    const { channelId, name, options } = command.parse(request.body);
    return actor(discord, request).command(channelId, name, options);
  });
  app.post('/api/as/:userId/autocomplete', async (request) => {
    const { channelId, name, ...typed } = half.parse(request.body);
    return actor(discord, request).autocomplete(channelId, name, typed);
  });
  app.post('/api/as/:userId/press', async (request) => {
    const { messageId, customId } = press.parse(request.body);
    return actor(discord, request).press(messageId, customId);
  });
}

function actor(discord: LoopbackDiscord, request: FastifyRequest) {
  const { userId } = person.parse(request.params);
  assertPerson(discord, userId);
  return discord.as(userId);
}

function assertPerson(discord: LoopbackDiscord, userId: string): void {
  if (!discord.people().some(({ id }) => id === userId))
    throw new ClientRefusal('unknown-channel', 'nobody has this id');
}

/** 422 for what Discord's client would not let a person do, with its reason in a word. */
function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ClientRefusal) return reply.code(422).send({ reason: error.reason, problem: error.message });
    if (error instanceof Refusal) return reply.code(422).send({ reason: 'refused', problem: error.message });
    if (error instanceof z.ZodError) return reply.code(400).send({ problem: z.prettifyError(error) });
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    const problem = error instanceof Error ? error.message : 'unknown';
    return reply.code(status >= 400 && status < 600 ? status : 500).send({ problem });
  });
}

/** Another site could reach this machine through the browser: it may neither act nor look. */
function refuseOtherSites(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const site = request.headers['sec-fetch-site'];
    const isOther = site !== undefined && site !== 'same-origin' && site !== 'none';
    if (isOther) return reply.code(403).send({ problem: 'only the playground’s own page may use this' });
    reply.header('cache-control', 'no-store');
    return undefined;
  });
}
