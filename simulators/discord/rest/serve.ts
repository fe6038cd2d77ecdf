import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Gateway } from '../gateway/gateway.ts';
import type { Attachment } from '../messages.ts';
import { notFound } from '../refusal.ts';
import { refused, send } from './http.ts';

/** Answers `GET /attachments/:id/:name` with what the bot uploaded, never to be run by a browser. */
export function serveAttachments(app: FastifyInstance, all: () => readonly Attachment[]): void {
  app.get('/attachments/:id/:name', async (request, reply) => {
    const { id } = z.object({ id: z.string() }).parse(request.params);
    const found = all().find((attachment) => attachment.id === id);
    if (found === undefined) return send(reply, refused(notFound()));
    reply.header('x-content-type-options', 'nosniff').header('content-security-policy', 'sandbox');
    return reply.type(found.contentType || 'application/octet-stream').send(Buffer.from(found.bytes));
  });
}

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
