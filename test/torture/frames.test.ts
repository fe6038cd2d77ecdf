import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { overhear } from '../../torture/frames.ts';
import { freePort } from '../support/free-port.ts';

type Heard = { readonly sent: string[]; readonly received: string[] };

const listenTo = (socket: Socket, isUpgraded: boolean): Heard => {
  const heard: Heard = { sent: [], received: [] };
  overhear(
    socket,
    { isUpgraded },
    { onSent: (text) => heard.sent.push(text), onReceived: (text) => heard.received.push(text) },
  );
  return heard;
};

/** A server that answers each message in capitals, overheard at both ends. */
async function openEcho() {
  const server = createServer((_request, response) => response.end('not a socket'));
  const sockets = new WebSocketServer({ noServer: true });
  const atServer: Heard[] = [];
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    atServer.push(listenTo(request.socket, true));
    sockets.handleUpgrade(request, socket, head, (open) => {
      open.on('message', (data) => open.send(String(data).toUpperCase()));
    });
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    server.close();
  });
  return { port, atServer };
}

async function openClient(port: number) {
  const socket = connect({ port, host: '127.0.0.1' });
  const heard = listenTo(socket, false);
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, { createConnection: () => socket });
  onTestFinished(() => client.terminate());
  await once(client, 'open');
  return { client, heard };
}

test.each([1, 125, 126, 65_535, 65_536, 300_000])(
  'a text of %i bytes is overheard whole at both ends',
  async (size) => {
    const { port, atServer } = await openEcho();
    const { client, heard } = await openClient(port);
    const text = 'é'.repeat(Math.floor(size / 2)) + 'x'.repeat(size % 2);
    client.send(text);
    await once(client, 'message');
    expect(heard).toEqual({ sent: [text], received: [text.toUpperCase()] });
    expect(atServer).toEqual([{ sent: [text.toUpperCase()], received: [text] }]);
  },
);

test('fragments are one text, and pings are none', async () => {
  const { port, atServer } = await openEcho();
  const { client } = await openClient(port);
  client.send('one ', { fin: false });
  client.ping('between');
  client.send('text', { fin: true });
  await once(client, 'message');
  client.send('and another');
  await once(client, 'message');
  expect(atServer).toEqual([{ sent: ['ONE TEXT', 'AND ANOTHER'], received: ['one text', 'and another'] }]);
});

test('what never becomes a socket is passed by', async () => {
  const { port } = await openEcho();
  const socket = connect({ port, host: '127.0.0.1' });
  const heard = listenTo(socket, false);
  socket.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
  expect(heard).toEqual({ sent: [], received: [] });
});
