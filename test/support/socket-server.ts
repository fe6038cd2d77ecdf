import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { openTcp } from './loopback.ts';

export type SocketServer = {
  /** `ws://127.0.0.1:…` */
  readonly url: string;
  /** Every frame that arrived whole, oldest first. */
  readonly frames: readonly string[];
  /** Every connection that was upgraded, oldest first. */
  readonly clients: readonly WebSocket[];
  readonly requests: readonly IncomingMessage[];
  readonly close: () => Promise<void>;
};

/** Answers frames on one connection. */
export type Serve = (client: WebSocket, frame: string) => unknown;

/**
 * A WebSocket server on a free port of this machine.
 *
 * @param answer - Called with each frame.
 * @param greet - Called with each new connection.
 */
export async function openSocketServer(answer: Serve = () => {}, greet: (client: WebSocket) => unknown = () => {}) {
  const frames: string[] = [];
  const clients: WebSocket[] = [];
  const requests: IncomingMessage[] = [];
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (client, request) => {
    clients.push(client);
    requests.push(request);
    client
      .on('error', () => {})
      .on('message', (data) => {
        const text = String(data);
        frames.push(text);
        answer(client, text);
      });
    greet(client);
  });
  await new Promise<void>((resolve) => {
    server.on('listening', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const opened: SocketServer = {
    ...{ url: `ws://127.0.0.1:${port}`, frames, clients, requests },
    close: () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(() => resolve());
      }),
  };
  return opened;
}

/** A server that upgrades by hand, for what no WebSocket library would send. */
export async function openRawSocketServer(upgraded: (socket: Duplex) => unknown) {
  const server = await openTcp((socket) => {
    socket.once('data', (head) => {
      const [, key = ''] = /sec-websocket-key: *(\S+)/i.exec(String(head)) ?? [];
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
      );
      upgraded(socket);
    });
  });
  return { ...server, url: `ws://${server.host}` };
}

const codes = { continued: 0x0, text: 0x1, binary: 0x2, ping: 0x9 } as const;

/** One frame as bytes, unmasked as servers send them (RFC 6455, 5.2). */
export function rawFrame(kind: keyof typeof codes, payload: string | Buffer, isLast = true): Buffer {
  const body = Buffer.from(payload);
  const first = (isLast ? 0x80 : 0) | codes[kind];
  if (body.length < 126) return Buffer.concat([Buffer.from([first, body.length]), body]);
  const head = Buffer.alloc(10);
  head.writeUInt8(first, 0);
  head.writeUInt8(127, 1);
  head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, body]);
}
