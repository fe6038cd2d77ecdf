import fastify, { type FastifyInstance } from 'fastify';
import { mountExchanges } from '../simulators/venues/index.ts';
import { type ApiParts, serveApi } from './api.ts';
import { serveStatic } from './static.ts';
import { serveTrouble } from './trouble-api.ts';

type ServerParts = ApiParts & {
  readonly forward: (ms: number) => Promise<void>;
  /** Puts everything back to its beginning, this server included. */
  readonly reset: () => Promise<void>;
};

const ownHost = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

/** One origin for everything but the bot's own pages: the page, the exchanges and Discord. */
export async function createServer(parts: ServerParts): Promise<FastifyInstance> {
  const { discord, exchanges, hub } = parts;
  // Event streams and hanging requests must not keep it open.
  const app = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 200 } });
  refuseOtherNames(app);
  await app.register(discord.plugin, { prefix: '/discord' });
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (_request, reply) => {
      setImmediate(hub.changed);
      reply.raw.once('close', hub.changed);
    });
    await mountExchanges(scope, exchanges);
  });
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (_request, reply) => {
      reply.headers({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
    });
    serveApi(scope, parts);
    serveTrouble(scope, parts);
    serveStatic(scope);
  });
  return app;
}

/** A name of somebody else's that points to this machine would let their page in: DNS rebinding. */
function refuseOtherNames(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (ownHost.test(request.headers.host ?? '')) return undefined;
    return reply.code(421).type('text/plain').send('The playground answers to this machine only.\n');
  });
  app.server.prependListener('upgrade', (request, socket) => {
    if (!ownHost.test(request.headers.host ?? '')) socket.destroy();
  });
}
