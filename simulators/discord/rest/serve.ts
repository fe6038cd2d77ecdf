import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';

/** Takes WebSocket upgrades of `/gateway`; leaves all other upgrades to whoever listens for them. */
export function serveGateway(app: FastifyInstance, gateway: Gateway): void {
  const path = `${app.prefix}/gateway`;
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const asked = new URL(request.url ?? '/', 'http://loopback').pathname;
    if (asked.replace(/\/$/, '') !== path) return;
    gateway.accept(request, socket, head, `ws://${request.headers.host ?? ''}${path}`);
  };
  app.server.on('upgrade', upgrade);
  app.addHook('preClose', async () => {
    app.server.off('upgrade', upgrade);
  });
}
