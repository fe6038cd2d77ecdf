import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Hub } from './hub.ts';

const GATHER_MS = 30;
const PATH = '/api/screen';

/**
 * Follows one person's screen over a WebSocket: a fresh snapshot after every change, changes that come together in one.
 * Browsers open six connections to one host at most, event streams among them; WebSockets do not count.
 *
 * @param snapshot - What the person with this id sees; undefined for nobody.
 * @returns what ends every connection.
 */
export function serveScreens(server: Server, hub: Hub, snapshot: (viewerId: string) => unknown): () => void {
  const sockets = new WebSocketServer({ noServer: true });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://playground');
    if (pathname !== PATH) return;
    const viewerId = searchParams.get('as') ?? '';
    if (!isOwnPage(request) || snapshot(viewerId) === undefined) return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (open) => follow(open, hub, () => snapshot(viewerId)));
  };
  server.on('upgrade', upgrade);
  return () => {
    server.off('upgrade', upgrade);
    for (const socket of sockets.clients) socket.terminate();
  };
}

/** Browsers let every site open a WebSocket anywhere, and say which one it was. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}

function follow(socket: WebSocket, hub: Hub, snapshot: () => unknown): void {
  let last = '';
  let gathering: NodeJS.Timeout | undefined;
  const send = () => {
    gathering = undefined;
    const text = JSON.stringify(snapshot());
    if (text !== last) socket.send(text);
    last = text;
  };
  const silence = hub.listen(() => {
    gathering ??= setTimeout(send, GATHER_MS);
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    silence();
    clearTimeout(gathering);
  });
  send();
}
