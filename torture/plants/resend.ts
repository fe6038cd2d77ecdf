import { once } from 'node:events';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { BotSetup, VenueName } from '../bot-messages.ts';
import { parse } from './wires.ts';

type VenueUrl = BotSetup['venueUrls'][VenueName];

const WRITE = 'set_preference';
const message = z.object({ method: z.string() });
const isWrite = (text: string) => message.safeParse(parse(text)).data?.method === WRITE;

/** A client that connects again by itself, and sends once more what was not answered. Speaks Kraken only. */
export async function resendAfterReconnect(url: VenueUrl): Promise<VenueUrl> {
  if (typeof url === 'string') return url;
  const { origin, pathname } = new URL(url.socket);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (client, request) => relay(client, `${origin}${request.url}`));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { ...url, socket: `ws://127.0.0.1:${port}${pathname}` };
}

function relay(client: WebSocket, upstream: string): void {
  const early: string[] = [];
  let unanswered: string | undefined;
  let venue = connect();

  function connect(): WebSocket {
    const socket = new WebSocket(upstream, { perMessageDeflate: false });
    socket.on('open', () => {
      for (const text of early.splice(0)) socket.send(text);
    });
    socket.on('message', (data) => {
      const text = textOf(data);
      if (isWrite(text)) unanswered = undefined;
      client.send(text);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (unanswered === undefined) return client.terminate();
      early.push(unanswered);
      unanswered = undefined;
      venue = connect();
    });
    return socket;
  }

  client.on('message', (data) => {
    const text = textOf(data);
    if (isWrite(text)) unanswered = text;
    if (venue.readyState === WebSocket.OPEN) venue.send(text);
    else early.push(text);
  });
  client.on('error', () => {});
  client.on('close', () => unanswered === undefined && venue.terminate());
}

function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : '';
}
