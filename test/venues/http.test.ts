import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttp, type HttpReply, type HttpRequest } from '../../src/venues/http.ts';
import { json, openLoopback, openTcp, unusedPort } from '../support/loopback.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function http(connectMs = 5_000, connections = 16) {
  const built = createHttp({ connectMs, connections });
  closing.push(built.close);
  return built;
}

async function serve(answer: (response: ServerResponse) => unknown) {
  const server = await openLoopback(answer);
  closing.push(server.close);
  return server;
}

const put = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  kind: 'write',
  method: 'PUT',
  url,
  headers: { 'X-Authentication': 'canary' },
  deadlineMs: 8_000,
  ...more,
});

const html = '<!doctype html><title>Bad gateway</title>';
const silent = (silence: string) => ({ kind: 'silent', silence });

const late = silent('timeout');

type Row = { readonly fault: string; readonly answer: (response: ServerResponse) => unknown; readonly reply: object };

const rows: readonly Row[] = [
  {
    fault: 'a 5xx page is an answer: its reader decides',
    answer: (response) => response.writeHead(502, { 'content-type': 'text/html' }).end(html),
    reply: { kind: 'answered', status: 502, text: html },
  },
  {
    fault: 'a 204 is an answer without text',
    answer: (response) => response.writeHead(204).end(),
    reply: { kind: 'answered', status: 204, text: '' },
  },
  {
    fault: 'half a body',
    answer: (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"result":', () => response.socket?.destroy());
    },
    reply: silent('reset'),
  },
  {
    fault: 'a body that ends before its length',
    answer: (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"result":', () => response.socket?.end());
    },
    reply: silent('reset'),
  },
  {
    fault: 'a huge body',
    answer: (response) => response.writeHead(200).end(' '.repeat(1024 * 1024 + 1)),
    reply: silent('too-large'),
  },
  {
    fault: 'headers without end',
    answer: (response) => {
      for (let line = 0; line < 3_000; line += 1)
        response.socket?.write(line === 0 ? 'HTTP/1.1 200 OK\r\n' : `x-${line}: y\r\n`);
    },
    reply: silent('too-large'),
  },
  { fault: 'no headers', answer: () => {}, reply: late },
  {
    fault: 'no end of the body',
    answer: (response) => response.writeHead(200).write('{'),
    reply: late,
  },
  {
    fault: 'a body that drips in',
    answer: (response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    },
    reply: late,
  },
  { fault: 'a reset', answer: (response) => response.socket?.resetAndDestroy(), reply: silent('reset') },
  { fault: 'a close without an answer', answer: (response) => response.socket?.end(), reply: silent('reset') },
  {
    fault: 'something that is not HTTP',
    answer: (response) => response.socket?.end('SSH-2.0-nope\r\n\r\n'),
    reply: silent('unreadable'),
  },
  {
    fault: 'a redirect',
    answer: (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    reply: silent('redirect'),
  },
  { fault: 'a 304', answer: (response) => response.writeHead(304).end(), reply: silent('redirect') },
  {
    fault: 'an upgrade nobody asked for',
    answer: (response) =>
      response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    reply: silent('reset'),
  },
];

describe('reads share the connections to a venue', () => {
  const get = (url: string, more: Partial<HttpRequest> = {}) =>
    put(url, { kind: 'read', method: 'GET', deadlineMs: 60_000, ...more });

  /** Answers nobody until told. */
  async function serveOnDemand() {
    const held: ServerResponse[] = [];
    const server = await serve((response) => held.push(response));
    const answerAll = () => {
      for (const response of held.splice(0)) response.end('{}');
    };
    return { ...server, answerAll, held };
  }

  test('one that waits for a connection is not one that cannot connect, however long it waits', async () => {
    const server = await serve((response) => setTimeout(() => response.end('{}'), 120));
    const { send } = http(1_000, 2);
    const replies = await Promise.all(Array.from({ length: 24 }, () => send(get(server.url))));
    expect(replies.map(({ kind }) => kind)).toEqual(Array(24).fill('answered'));
  });

  test('never more than allowed are under way, first come first served', async () => {
    const server = await serveOnDemand();
    const { send } = http(5_000, 2);
    const replies = Promise.all(['/1', '/2', '/3', '/4'].map((path) => send(get(server.url + path))));
    for (let done = 0; done < 4; done += 2) {
      await expect.poll(() => server.held.length).toBe(2);
      expect(server.seen).toHaveLength(done + 2);
      server.answerAll();
    }
    expect((await replies).map(({ kind }) => kind)).toEqual(Array(4).fill('answered'));
    expect(
      server.seen
        .map(({ url }) => url)
        .slice(0, 2)
        .toSorted(),
    ).toEqual(['/1', '/2']);
  });

  test('one that finds none in half of its deadline is busy, and nothing was sent', async () => {
    const server = await serveOnDemand();
    const { send } = http(5_000, 1);
    const first = send(get(server.url));
    await expect.poll(() => server.held.length).toBe(1);
    expect(await send(get(server.url, { deadlineMs: 100 }))).toEqual({ kind: 'busy' });
    expect(server.seen).toHaveLength(1);
    server.answerAll();
    expect(await first).toMatchObject({ kind: 'answered' });
    const later = send(get(`${server.url}/later`));
    await expect.poll(() => server.held.length).toBe(1);
    server.answerAll();
    expect(await later).toMatchObject({ kind: 'answered' });
    expect(server.seen.map(({ url }) => url)).toEqual(['/', '/later']);
  });

  test('one that failed gives its connection back', async () => {
    const server = await serve((response) => response.socket?.destroy());
    const { send } = http(5_000, 1);
    for (let count = 0; count < 5; count += 1) expect(await send(get(server.url))).toEqual(silent('reset'));
    const hanging = await serve(() => {});
    for (let count = 0; count < 3; count += 1) {
      expect(await send(get(hanging.url, { deadlineMs: 100 }))).toEqual(silent('timeout'));
    }
  });

  test('a POST that changes nothing shares them, and goes out with its body', async () => {
    const server = await serveOnDemand();
    const { send } = http(5_000, 1);
    const first = send(get(server.url, { method: 'POST', body: 'nonce=1' }));
    await expect.poll(() => server.held.length).toBe(1);
    expect(await send(get(server.url, { method: 'POST', body: 'nonce=2', deadlineMs: 100 }))).toEqual({ kind: 'busy' });
    server.answerAll();
    expect(await first).toMatchObject({ kind: 'answered' });
    expect(server.seen).toMatchObject([{ method: 'POST', body: 'nonce=1', headers: { connection: 'keep-alive' } }]);
  });

  test('a write has a connection of its own, and waits for no read', async () => {
    const server = await serveOnDemand();
    const { send } = http(5_000, 1);
    const read = send(get(server.url));
    await expect.poll(() => server.held.length).toBe(1);
    const write = send(put(server.url));
    await expect.poll(() => server.held.length).toBe(2);
    server.answerAll();
    expect([await read, await write]).toMatchObject([{ kind: 'answered' }, { kind: 'answered' }]);
  });
});

describe('a request that reached the venue (P12)', () => {
  test.each(rows)('$fault', async ({ answer, reply }) => {
    const server = await serve(answer);
    const deadlineMs = reply === late ? 400 : 8_000;
    expect(await http().send(put(`${server.url}/write?a=1`, { deadlineMs }))).toEqual(reply);
    expect(server.seen).toHaveLength(1);
  });

  test('a call may raise its own cap, but not beyond 16 MiB', async () => {
    const server = await serve((response) => response.end(' '.repeat(2 * 1024 * 1024)));
    const big = await http().send(
      put(server.url, { kind: 'read', method: 'GET', maxBytes: 3 * 1024 * 1024, deadlineMs: 3_000 }),
    );
    expect(big).toMatchObject({ kind: 'answered', status: 200 });
    const huge = await serve((response) => response.end(Buffer.alloc(17 * 1024 * 1024, 32)));
    const reply = await http().send(
      put(huge.url, { kind: 'read', method: 'GET', maxBytes: 2 ** 40, deadlineMs: 5_000 }),
    );
    expect(reply).toEqual(silent('too-large'));
  });

  test('the path, the query, the headers and the body arrive as they were given', async () => {
    const server = await serve(json(200, {}));
    await http().send(put(`${server.url}/a/b?symbol=PF_XBTUSD&maxLeverage=2.5`, { body: '{"leverage":50}' }));
    await http().send(put(`${server.url}/a?is_symbol`, { kind: 'read', method: 'GET' }));
    const [write, read] = server.seen;
    expect(write).toMatchObject({
      method: 'PUT',
      url: '/a/b?symbol=PF_XBTUSD&maxLeverage=2.5',
      body: '{"leverage":50}',
      headers: { 'x-authentication': 'canary', 'user-agent': 'levergate', connection: 'close' },
    });
    expect(read).toMatchObject({ method: 'GET', url: '/a?is_symbol', body: '' });
    expect(read?.headers).not.toHaveProperty('content-type');
  });

  test('the wait that a venue asks for is passed on', async () => {
    const server = await serve(json(429, {}, { 'retry-after': '7' }));
    expect(await http().send(put(server.url))).toMatchObject({ status: 429, retryAfter: '7' });
  });
});

describe('a request that was not sent (P12)', () => {
  const notSent: HttpReply = { kind: 'not-sent' };

  test('refused', async () => {
    expect(await http().send(put(`http://127.0.0.1:${await unusedPort()}/`))).toEqual(notSent);
  });

  test('a name that does not exist', async () => {
    expect(await http(2_000).send(put('http://levergate.invalid/', { deadlineMs: 2_000 }))).toEqual(notSent);
  });

  test('a TLS handshake that fails', async () => {
    const server = await openTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    closing.push(server.close);
    expect(await http().send(put(`https://${server.host}/`))).toEqual(notSent);
  });

  test('a TLS handshake that never ends, at the connect timeout', async () => {
    const server = await openTcp(() => {});
    closing.push(server.close);
    expect(await http(100).send(put(`https://${server.host}/`, { deadlineMs: 10_000 }))).toEqual(notSent);
  });

  test('after the connections were closed', async () => {
    const server = await serve(json(200, {}));
    const closed = createHttp({ connectMs: 100 });
    await closed.close();
    expect(await closed.send(put(server.url))).toEqual(notSent);
    expect(server.seen).toHaveLength(0);
  });
});

describe('a request that is asked whether it may still go out', () => {
  test('and may not reaches no byte of the server, which it has connected to', async () => {
    const bytes: number[] = [];
    const { promise: connected, resolve } = Promise.withResolvers<void>();
    const server = await openTcp((socket) => {
      socket.on('data', ({ length }) => bytes.push(length));
      socket.on('close', () => resolve());
    });
    closing.push(server.close);
    expect(await http().send(put(`http://${server.host}/`, { isInTime: () => false }))).toEqual({ kind: 'not-sent' });
    await connected;
    expect(bytes).toEqual([]);
  });

  test('and may is asked once, when its connection is there', async () => {
    const server = await serve(json(200, {}));
    let asked = 0;
    const isInTime = () => {
      asked += 1;
      return true;
    };
    expect(await http().send(put(server.url, { isInTime }))).toMatchObject({ kind: 'answered', status: 200 });
    expect(asked).toBe(1);
  });
});

test('credentials never follow a redirect to another origin (P13)', async () => {
  const elsewhere = await serve(json(200, {}));
  const server = await serve((response) => response.writeHead(307, { location: `${elsewhere.url}/stolen` }).end());
  const kinds = [
    ['read', 'GET'],
    ['read', 'POST'],
    ['write', 'PUT'],
    ['write', 'POST'],
  ] as const;
  for (const [kind, method] of kinds) {
    expect(await http().send(put(server.url, { kind, method, body: '' }))).toEqual(silent('redirect'));
  }
  expect(server.seen).toHaveLength(4);
  expect(elsewhere.seen).toHaveLength(0);
});

test('an idle connection that the venue closes never swallows a write', async () => {
  const server = await serve((response) => {
    response.setHeader('keep-alive', 'timeout=60');
    response.end('{}', () => response.socket?.end());
  });
  const client = http();
  for (let round = 0; round < 50; round += 1) {
    expect(await client.send(put(server.url, { deadlineMs: 3_000 }))).toMatchObject({ kind: 'answered' });
  }
  expect(server.seen).toHaveLength(50);
});
