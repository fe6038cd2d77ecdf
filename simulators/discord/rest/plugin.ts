import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { LoopbackDiscordOptions, LoopbackParts } from '../parts.ts';
import { serveSignIn } from '../sign-in/sign-in-page.ts';
import type { JsonObject } from '../wire.ts';
import { createCallback } from './callback.ts';
import { createChannelRoutes } from './channel.ts';
import { readBodies } from './http.ts';
import { createRateLimit } from './rate-limit.ts';
import { type RouteParts, serveRest } from './routes.ts';
import { serveGateway } from './serve.ts';
import { createWebhook } from './webhook.ts';

/** The whole HTTP and WebSocket side as one fastify plugin, and what ends its open connections. */
export function createPlugin(parts: LoopbackParts, options: LoopbackDiscordOptions) {
  const { world, oauth, gateway, address } = parts;
  const held = new Set<Socket>();
  const routes = createRoutes(parts, options, (socket) => void held.add(socket));
  const close = (): void => {
    gateway.close();
    for (const socket of held) socket.destroy();
    held.clear();
  };

  const plugin: FastifyPluginAsync = async (app) => {
    app.addHook('onRequest', async ({ headers }) => address.learn(headers.host ?? '', app.prefix));
    app.addHook('preClose', async () => close());
    readBodies(app);
    const rest = async (scope: FastifyInstance) => {
      serveRest(scope, routes);
      serveSignIn(scope, { oauth, world });
    };
    await app.register(rest, { prefix: '/api/v10' });
    await app.register(rest, { prefix: '/api' });
    serveSignIn(app, { oauth, world });
    serveGateway(app, gateway);
  };
  return { plugin, close };
}

function createRoutes(
  parts: LoopbackParts,
  options: LoopbackDiscordOptions,
  hold: (socket: Socket) => void,
): RouteParts {
  const { now, globalPerSecond = 50, sessionStartLimit = 1_000 } = options;
  return {
    ...parts,
    hold,
    botToken: options.botToken,
    globalLimit: createRateLimit({ now, limit: globalPerSecond, windowMs: 1_000 }),
    callback: createCallback(parts),
    webhook: createWebhook(parts),
    channel: createChannelRoutes(parts),
    gatewayInfo: () => ({
      url: parts.address.gateway(),
      shards: 1,
      session_start_limit: sessionStarts(sessionStartLimit, parts.gateway.identifies()),
    }),
  };
}

function sessionStarts(total: number, used: number): JsonObject {
  return { total, remaining: Math.max(0, total - used), reset_after: 86_400_000, max_concurrency: 1 };
}
