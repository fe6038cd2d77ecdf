import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import {
  openSocket,
  type SocketEnding,
  type SocketFrame,
  type SocketOpening,
  type SocketOptions,
  type SocketWrite,
  type VenueSocket,
} from '../../src/venues/socket.ts';
import { openLoopback, openTcp, unusedPort } from '../support/loopback.ts';
import { openRawSocketServer, openSocketServer, rawFrame, type Serve } from '../support/socket-server.ts';
import { turnsWhile } from '../support/turns.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(answer?: Serve, greet?: (client: WebSocket) => unknown) {
  const server = await openSocketServer(answer, greet);
  closing.push(server.close);
  return server;
}

async function dial(url: string, more: Partial<SocketOptions> = {}): Promise<SocketOpening> {
  const opening = await openSocket({ url, connectMs: 5_000, elapsed: () => 0, onFrame: () => {}, ...more });
  if (opening.kind === 'open') closing.push(opening.socket.terminate);
  return opening;
}

/** Opens a connection to a server that is there, and remembers what it hears. */
async function open(url: string, more: Partial<SocketOptions> = {}) {
  const heard: string[] = [];
  const endings: SocketEnding[] = [];
  const opening = await dial(url, {
    onFrame: (text) => heard.push(text),
    onEnd: (ending) => endings.push(ending),
    ...more,
  });
  if (opening.kind !== 'open') throw new Error(`not open but ${opening.kind}`);
  return { socket: opening.socket, heard, endings };
}

/** A frame that is answered by one with the same number. */
const numbered = (id: number, deadlineMs = 8_000): SocketFrame => ({
  text: () => JSON.stringify({ req_id: id }),
  answers: (text) => new RegExp(`"req_id":${id}\\b`).test(text),
  deadlineMs,
});
const write = (more: Partial<SocketWrite> = {}): SocketWrite => ({ ...numbered(1), isInTime: () => true, ...more });

const notSent = { kind: 'not-sent' };
const silent = (silence: string) => ({ kind: 'silent', silence });
const reply = '{"req_id":1,"success":true}';
const answered = { kind: 'answered', status: 200, text: reply };
const mebibyte = 1024 * 1024;

describe('a connection that does not come about', () => {
  test('refused', async () => {
    expect(await dial(`ws://127.0.0.1:${await unusedPort()}`)).toEqual(notSent);
  });

  test('a name that does not exist', async () => {
    expect(await dial('ws://levergate.invalid', { connectMs: 2_000 })).toEqual(notSent);
  });

  test('a TLS handshake that fails', async () => {
    const server = await openTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    closing.push(server.close);
    expect(await dial(`wss://${server.host}`)).toEqual(notSent);
  });

  test.each([
    ['says nothing', ''],
    ['drips headers without end', 'HTTP/1.1 101 Switching Protocols\r\n'],
  ])('one that %s, at the connect deadline', async (_title, first) => {
    const server = await openTcp((socket) => {
      socket.write(first);
      const drip = setInterval(() => first && socket.write('x: y\r\n'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    closing.push(server.close);
    expect(await dial(`ws://${server.host}`, { connectMs: 150 })).toEqual(notSent);
  });

  test.each([
    ['another protocol', 'SSH-2.0-nope\r\n\r\n'],
    ['an upgrade without proof', 'HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'],
    ['headers without end', `HTTP/1.1 101 x\r\n${'x: y\r\n'.repeat(20_000)}`],
    ['a close', undefined],
  ])('%s', async (_title, text) => {
    const server = await openTcp((socket) => socket.end(text ?? ''));
    closing.push(server.close);
    expect(await dial(`ws://${server.host}`)).toEqual(notSent);
  });

  test('one that is given up', async () => {
    const server = await openTcp(() => {});
    closing.push(server.close);
    const giveUp = new AbortController();
    const opening = dial(`ws://${server.host}`, { signal: giveUp.signal });
    giveUp.abort();
    expect(await opening).toEqual(notSent);
    expect(await dial(`ws://${server.host}`, { signal: AbortSignal.abort() })).toEqual(notSent);
  });

  test.each([
    [403, {}],
    [429, { 'retry-after': '7' }],
    [503, { 'retry-after': 'Sat, 21 Nov 2026 12:00:00 GMT' }],
    [301, { location: 'ws://127.0.0.1:1/' }],
    [200, {}],
  ])('one that is answered with %i is told apart from an outage', async (status, headers) => {
    const server = await openLoopback((response) => response.writeHead(status, headers).end('no'));
    closing.push(server.close);
    const retryAfter = 'retry-after' in headers ? { retryAfter: headers['retry-after'] } : {};
    expect(await dial(server.url.replace('http', 'ws'))).toEqual({ kind: 'turned-away', status, ...retryAfter });
    expect(server.seen).toMatchObject([{ headers: { 'user-agent': 'levergate', upgrade: 'websocket' } }]);
    expect(server.seen[0]?.headers).not.toHaveProperty('sec-websocket-extensions');
  });
});

type Fault = {
  readonly fault: string;
  readonly answer: Serve;
  readonly comes: object;
  readonly deadlineMs?: number;
};

const sendAll =
  (...texts: readonly string[]): Serve =>
  (client) => {
    for (const text of texts) client.send(text);
  };

/** What a venue can do with a write that it has received: the verdict of section "silence" in each case. */
const faults: readonly Fault[] = [
  { fault: 'no reply', answer: () => {}, comes: silent('timeout'), deadlineMs: 200 },
  { fault: 'a close with 1000', answer: (client) => client.close(1000), comes: silent('reset') },
  { fault: 'a close with 1008', answer: (client) => client.close(1008, 'policy'), comes: silent('reset') },
  { fault: 'a close with 1012', answer: (client) => client.close(1012), comes: silent('reset') },
  { fault: 'a close without a frame (1006)', answer: (client) => client.terminate(), comes: silent('reset') },
  { fault: 'broken JSON', answer: (client) => client.send('{"req_id'), comes: silent('timeout'), deadlineMs: 200 },
  { fault: 'an empty frame', answer: (client) => client.send(''), comes: silent('timeout'), deadlineMs: 200 },
  {
    fault: 'a reply to something else',
    answer: (client) => client.send('{"req_id":99,"success":true}'),
    comes: silent('timeout'),
    deadlineMs: 200,
  },
  {
    fault: 'a reply after the deadline',
    answer: (client) => setTimeout(() => client.send(reply), 400),
    comes: silent('timeout'),
    deadlineMs: 200,
  },
  { fault: 'a binary frame', answer: (client) => client.send(Buffer.from(reply)), comes: silent('unreadable') },
  {
    fault: 'a frame of more than 1 MiB',
    answer: (client) => client.send(`{"req_id":1,"x":"${'x'.repeat(mebibyte)}"}`),
    comes: silent('too-large'),
  },
  {
    fault: 'a frame in more than a thousand pieces',
    answer: (client) => {
      for (let piece = 0; piece < 2_000; piece += 1) client.send('x', { fin: false });
    },
    comes: silent('too-large'),
  },
  {
    fault: 'a reply in pieces',
    answer: (client) => {
      for (const [at, piece] of [...reply].entries()) client.send(piece, { fin: at === reply.length - 1 });
    },
    comes: answered,
  },
  {
    fault: 'a reply between others',
    answer: sendAll('{"channel":"heartbeat"}', '{"req_id":2}', reply),
    comes: answered,
  },
  {
    fault: 'a doubled reply',
    answer: sendAll(reply, reply),
    comes: answered,
  },
];

describe('a change that was handed to an open connection', () => {
  test.each(faults)('$fault', async ({ answer, comes, deadlineMs = 8_000 }) => {
    const server = await serve(answer);
    const { socket } = await open(server.url);
    expect(await socket.write(write({ deadlineMs }))).toEqual(comes);
    expect(server.frames).toEqual(['{"req_id":1}']);
    expect(await socket.write(write())).toEqual(notSent);
    expect(server.frames).toHaveLength(1);
  });

  test.each([
    ['text that is no UTF-8', rawFrame('text', Buffer.from([0xff, 0xfe])), 'unreadable'],
    ['a frame with reserved bits', Buffer.from([0xf1, 0x00]), 'unreadable'],
    ['a length that nobody can have', Buffer.from([0x81, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]), 'unreadable'],
    ['half a frame and the end', rawFrame('text', 'x'.repeat(1_000)).subarray(0, 500), 'reset'],
  ])('%s', async (_title, bytes, silence) => {
    const server = await openRawSocketServer((socket) => socket.once('data', () => socket.end(bytes)));
    closing.push(server.close);
    const { socket, heard } = await open(server.url);
    expect(await socket.write(write())).toEqual(silent(silence));
    expect(heard).toEqual([]);
  });

  test('that the venue does not read never goes out after its deadline', async () => {
    const seen: number[] = [];
    const { promise: upgraded, resolve } = Promise.withResolvers<NodeJS.ReadableStream>();
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    const server = await openRawSocketServer((socket) => {
      socket
        .pause()
        .on('close', close)
        .on('data', ({ length }) => seen.push(length));
      resolve(socket);
    });
    closing.push(server.close);
    const { socket } = await open(server.url);
    const peer = await upgraded;
    // More than the network's own buffers hold.
    const filling = socket.ask({ ...numbered(7, 60_000), text: () => 'x'.repeat(32 * mebibyte) });
    expect(await socket.write(write({ deadlineMs: 200 }))).toEqual(silent('timeout'));
    expect(await filling).toEqual(silent('timeout'));
    expect(socket.isOpen()).toBe(false);
    peer.resume();
    await closed;
    expect(seen.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(32 * mebibyte);
  });
});

describe('a change that was not sent reaches no byte of the venue', () => {
  test('when it is not in time any more, which is asked once', async () => {
    const server = await serve((client) => client.send(reply));
    const { socket } = await open(server.url);
    let asked = 0;
    const isInTime = () => {
      asked += 1;
      return false;
    };
    expect(await socket.write(write({ isInTime }))).toEqual(notSent);
    expect([asked, socket.hasWritten()]).toEqual([1, false]);
    // What was never sent has not used up the connection.
    expect(await socket.write(write())).toEqual(answered);
    expect(server.frames).toHaveLength(1);
  });

  test('when its deadline is over, and nobody is asked whether it is in time', async () => {
    const server = await serve();
    const { socket } = await open(server.url);
    const isInTime = () => {
      throw new Error('asked');
    };
    expect(await socket.write(write({ deadlineMs: 0, isInTime }))).toEqual(notSent);
    expect(server.frames).toEqual([]);
  });

  test.each([
    ['with 1000', (client: WebSocket) => client.close(1000), 1000],
    ['with 1008', (client: WebSocket) => client.close(1008), 1008],
    ['with 1012', (client: WebSocket) => client.close(1012), 1012],
    ['without a word', (client: WebSocket) => client.terminate(), 1006],
  ])('when the venue has closed the connection %s', async (_title, hangUp, code) => {
    const server = await serve(undefined, hangUp);
    const { socket, endings } = await open(server.url);
    await expect.poll(() => endings).toEqual([{ code, silence: 'reset' }]);
    expect(socket.isOpen()).toBe(false);
    expect(await socket.write(write())).toEqual(notSent);
    expect(await socket.ask(numbered(2))).toEqual(notSent);
    expect(server.frames).toEqual([]);
  });

  test('after the connection was ended here, which is told once', async () => {
    const server = await serve();
    const { socket, endings } = await open(server.url);
    socket.terminate();
    socket.terminate();
    expect(await socket.write(write())).toEqual(notSent);
    expect(endings).toEqual([{ code: 1006, silence: 'reset' }]);
    expect(server.frames).toEqual([]);
  });

  test('when another one has gone out on it, at the same time or before', async () => {
    const server = await serve((client) => client.send(reply));
    const { socket } = await open(server.url);
    expect(await Promise.all([socket.write(write()), socket.write(write()), socket.write(write())])).toEqual([
      answered,
      notSent,
      notSent,
    ]);
    expect(server.frames).toHaveLength(1);
  });
});

describe('a question', () => {
  const echo: Serve = (client, frame) => client.send(frame);
  const said = (id: number) => ({ kind: 'answered', status: 200, text: `{"req_id":${id}}` });

  test('is answered by its own frame, in whatever order they come', async () => {
    const held: string[] = [];
    const server = await serve((client, frame) => {
      held.push(frame);
      if (held.length === 3) for (const text of held.reverse()) client.send(text);
    });
    const { socket, heard } = await open(server.url);
    expect(await Promise.all([1, 2, 3].map((id) => socket.ask(numbered(id))))).toEqual([1, 2, 3].map(said));
    expect(heard).toEqual(['{"req_id":3}', '{"req_id":2}', '{"req_id":1}']);
  });

  test('may be asked again and again on one connection, also after a change', async () => {
    const server = await serve(echo);
    const { socket } = await open(server.url);
    expect(await socket.write(write())).toEqual(said(1));
    for (const id of [2, 3]) expect(await socket.ask(numbered(id))).toEqual(said(id));
    expect(server.frames).toHaveLength(3);
  });

  test('that is over is not answered by a late or doubled frame, and neither is the next one', async () => {
    const server = await serve((client, frame) => {
      if (frame === '{"req_id":2}') for (const text of ['{"req_id":1}', '{"req_id":1}', frame]) client.send(text);
    });
    const { socket } = await open(server.url);
    expect(await socket.ask(numbered(1, 100))).toEqual(silent('timeout'));
    expect(await socket.ask(numbered(2))).toEqual(said(2));
    expect(socket.isOpen()).toBe(true);
  });

  test('has its answer though the same frame is one to somebody else, who takes any', async () => {
    const server = await serve((client, frame) => frame === '{"req_id":2}' && client.send(frame));
    const { socket } = await open(server.url);
    const anybody = socket.ask({ ...numbered(1), answers: () => true });
    expect(await socket.ask(numbered(2))).toEqual(said(2));
    expect(await anybody).toEqual(said(2));
  });

  test('hears its answer as a frame before it has it', async () => {
    const server = await serve(echo);
    const { socket, heard } = await open(server.url);
    const order = socket.ask(numbered(1)).then(() => [...heard]);
    expect(await order).toEqual(['{"req_id":1}']);
  });

  test('is silent when the frame before it could not be taken in', async () => {
    const server = await serve(echo);
    const onFrame = () => {
      throw new Error('a parser that fails');
    };
    const { socket, endings } = await open(server.url, { onFrame });
    expect(await socket.ask(numbered(1))).toEqual(silent('unreadable'));
    expect(endings).toEqual([{ code: 1006, silence: 'unreadable' }]);
  });

  test('is built when it is sent, so that no secret lies about before', async () => {
    const server = await serve(echo);
    const { socket } = await open(server.url);
    socket.terminate();
    await socket.ask({ ...numbered(1), text: () => 'built' });
    expect(server.frames).toEqual([]);
  });
});

describe('a frame', () => {
  test('may be up to 16 MiB long where that was said, and not longer', async () => {
    const long = 'x'.repeat(15 * mebibyte);
    const server = await serve((client, frame) =>
      client.send(frame === '{"req_id":1}' ? `{"req_id":1}${long}` : long.repeat(2)),
    );
    const { socket } = await open(server.url, { maxBytes: 2 ** 40 });
    expect(await socket.ask(numbered(1))).toMatchObject({ kind: 'answered' });
    expect(await socket.ask(numbered(2))).toEqual(silent('too-large'));
  });
});

test('nothing is taken in that came together with what ended the connection', async () => {
  const frames = ['1', '2', '3'].map((text) => rawFrame('text', text));
  const server = await openRawSocketServer((socket) => socket.write(Buffer.concat(frames)));
  closing.push(server.close);
  const taken: string[] = [];
  const { endings } = await open(server.url, {
    onFrame: (text) => {
      taken.push(text);
      throw new Error('a parser that fails');
    },
  });
  await expect.poll(() => endings).toEqual([{ code: 1006, silence: 'unreadable' }]);
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  expect(taken).toEqual(['1']);
});

test('frames that came together and take long to read leave others their turn between them (P49)', async () => {
  const frames = Array<Buffer>(40).fill(rawFrame('text', '{}'));
  const server = await openRawSocketServer((socket) => socket.write(Buffer.concat(frames)));
  closing.push(server.close);
  let taken = 0;
  const { longestMs } = await turnsWhile(async () => {
    await open(server.url, {
      onFrame: () => {
        taken += 1;
        const start = process.threadCpuUsage();
        for (let used = 0; used < 10_000; ) {
          const { user, system } = process.threadCpuUsage(start);
          used = user + system;
        }
      },
    });
    await expect.poll(() => taken, { interval: 5, timeout: 40_000 }).toBe(40);
  });
  expect(longestMs).toBeLessThan(250);
});

describe('a server that floods', () => {
  const flood = (bytes: Buffer, times: number) => async () => {
    const server = await openRawSocketServer(async (socket) => {
      for (let round = 0; round < times && socket.writable; round += 1) {
        if (!socket.write(bytes)) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
        await nextTurn();
      }
    });
    closing.push(server.close);
    return server;
  };
  const many = (frame: Buffer) => Buffer.concat(Array<Buffer>(20_000).fill(frame));
  const wide = rawFrame('text', `[${'[],'.repeat(300_000)}0]`);

  test.each([
    { what: 'small frames', server: flood(many(rawFrame('text', '{}')), 50), most: 1_000 },
    { what: 'empty frames', server: flood(many(rawFrame('text', '')), 50), most: 1_000 },
    { what: 'pings', server: flood(many(rawFrame('ping', 'x')), 50), most: 0 },
    { what: 'frames just under 1 MiB', server: flood(wide, 200), most: 2 },
    {
      what: 'frames in tiny pieces',
      server: flood(Buffer.concat([rawFrame('text', '[', false), many(rawFrame('continued', '1', false))]), 50),
      most: 0,
    },
    {
      what: 'frames in empty pieces',
      server: flood(Buffer.concat([rawFrame('text', '', false), many(rawFrame('continued', '', false))]), 50),
      most: 0,
    },
  ])('with $what is left before it holds anybody up (P49)', async ({ server, most }) => {
    const { url } = await server();
    let ended: SocketEnding | undefined;
    const heard: number[] = [];
    const before = process.memoryUsage().rss;
    const { longestMs } = await turnsWhile(async () => {
      const opening = await dial(url, {
        onFrame: ({ length }) => heard.push(length),
        onEnd: (ending) => (ended = ending),
      });
      expect(opening.kind).toBe('open');
      await expect.poll(() => ended, { interval: 5 }).toBeDefined();
    });
    expect(ended).toEqual({ code: 1006, silence: 'too-large' });
    expect(heard).toHaveLength(most);
    expect(longestMs).toBeLessThan(250);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * mebibyte);
  });
});

test('a server that says much, but not in one second, is listened to', async () => {
  let passed = 0;
  const server = await serve(
    () => {},
    (client) => {
      for (let count = 0; count < 1_500; count += 1) client.send('{}');
    },
  );
  const { socket, heard } = await open(server.url, { elapsed: () => (passed += 1) });
  await expect.poll(() => heard.length).toBe(1_500);
  expect(socket.isOpen()).toBe(true);
});

test('what waits when a connection ends is silent, once and for all', async () => {
  const server = await serve();
  const { socket } = await open(server.url);
  const waiting: readonly ReturnType<VenueSocket['ask']>[] = [socket.ask(numbered(2)), socket.write(write())];
  await expect.poll(() => server.frames.length).toBe(2);
  for (const client of server.clients) client.terminate();
  expect(await Promise.all(waiting)).toEqual([silent('reset'), silent('reset')]);
});
