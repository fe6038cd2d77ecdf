import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyCheck } from '../../src/leverage/venue.ts';
import { csrfOf, goodKey, openWeb, publicAccess, send } from './support.ts';

describe('every answer', () => {
  test.each([
    ['a link', '/link/x'],
    ['a check', '/healthz'],
    ['metrics', '/metrics'],
    ['nothing', '/nothing'],
    ['no sign-in', '/sign-in'],
    ['a malformed address', '/link/%zz'],
    ['another malformed address', '/%ff'],
    ['a long address', `/link/${'a'.repeat(15_000)}`],
  ])('about %s has the strict headers', async (_what, path) => {
    const { port } = await openWeb();
    const { headers } = await send(port, path);
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none';style-src 'sha256-[\w+/]{43}=';form-action 'self';frame-ancestors 'none';base-uri 'none'$/,
    );
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('server');
  });

  test('allows exactly the one stylesheet by its hash', async () => {
    const { createLink, port } = await openWeb();
    const { headers, body } = await send(port, (await createLink()).path);
    const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']).toContain(`'sha256-${hash}'`);
  });

  test('asks for https for ever only where the bot has an https address', async () => {
    const local = await openWeb();
    expect((await send(local.port, '/healthz')).headers).not.toHaveProperty('strict-transport-security');
    const shared = await openWeb({ access: publicAccess('http://127.0.0.1:1/api') });
    expect((await send(shared.port, '/healthz')).headers['strict-transport-security']).toBe('max-age=15552000');
  });
});

describe('links', () => {
  test('point to this machine without a public address', async () => {
    const { createLink, port } = await openWeb();
    const { url, isLocal } = await createLink();
    expect(url.startsWith(`http://127.0.0.1:${port}/link/`)).toBe(true);
    expect(isLocal).toBe(true);
  });

  test('cannot be made while the server is not listening', async () => {
    const { web, createLink } = await openWeb();
    await web.stop();
    await expect(createLink()).rejects.toMatchObject({ data: { code: 'LINKS_OFF' } });
  });
});

describe('hostile requests', () => {
  test('too many from one address are turned away, and counted per address behind the operator’s proxy', async () => {
    const { port } = await openWeb({ access: publicAccess('http://127.0.0.1:1/api'), trustProxy: ['127.0.0.1'] });
    const visit = (address: string) => send(port, '/link/x', { headers: { 'x-forwarded-for': address } });
    const statuses: number[] = [];
    for (let index = 0; index < 61; index += 1) statuses.push((await visit('203.0.113.1')).status);
    expect(statuses.slice(0, 60).every((status) => status === 404)).toBe(true);
    const turnedAway = await visit('203.0.113.1');
    expect([statuses[60], turnedAway.status]).toEqual([429, 429]);
    expect(turnedAway.headers).toHaveProperty('retry-after');
    expect(turnedAway.body).toContain('Too many requests');
    expect((await visit('203.0.113.2')).status).toBe(404);
    expect((await send(port, '/healthz')).status).toBe(200);
  });

  test('an address that an untrusted client claims is not believed', async () => {
    const { port } = await openWeb({ access: publicAccess('http://127.0.0.1:1/api') });
    const statuses: number[] = [];
    for (let index = 0; index < 61; index += 1) {
      statuses.push((await send(port, '/link/x', { headers: { 'x-forwarded-for': `203.0.113.${index}` } })).status);
    }
    expect(statuses.at(-1)).toBe(429);
  });

  test('a body that is too long, of another type or doubled changes nothing', async () => {
    const { createLink, browser, vault } = await openWeb();
    const { path } = await createLink();
    const visitor = browser();
    const csrf = csrfOf((await visitor.visit(path)).body);
    expect((await visitor.post(path, { csrf, ...goodKey, more: 'x'.repeat(9000) })).status).toBe(413);
    const headers = { 'content-type': 'application/json' };
    expect((await visitor.visit(path, { method: 'POST', form: { csrf }, headers })).status).toBe(400);
    const xml = { 'content-type': 'application/xml' };
    expect((await visitor.visit(path, { method: 'POST', form: { csrf }, headers: xml })).status).toBe(415);
    const doubled = { apiKey: 'a'.repeat(16), 'apiSecret&apiSecret': 'b' };
    expect((await visitor.post(path, { csrf, ...doubled })).status).toBe(422);
    expect(await vault.list('100000000000000001')).toEqual([]);
  });

  test('no path and no method brings an error of the inside to light', async () => {
    const { port, logged } = await openWeb();
    const path = fc.stringMatching(/^[!-~]{0,40}$/).map((text) => `/${text}`);
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH');
    await fc.assert(
      fc.asyncProperty(path, method, async (at, by) => {
        const { status, body } = await send(port, at, { method: by });
        expect(status).toBeLessThan(500);
        expect(body).not.toMatch(/at .*\.ts|node_modules|FST_|statusCode/);
      }),
      { numRuns: 300 },
    );
    expect(logged.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  test('what comes in a path or a form comes back escaped or not at all', async () => {
    const { createLink, browser, port } = await openWeb();
    const hostile = '<img src=x onerror=alert(1)>';
    expect((await send(port, `/link/${encodeURIComponent(hostile)}`)).body).not.toContain('<img');
    const { path } = await createLink();
    const { body } = await browser().submit(path, { apiKey: hostile, apiSecret: hostile });
    expect(body).not.toContain('<img');
  });

  test.each(['__proto__', 'constructor', 'hasOwnProperty'])('a field called %s is nothing special', async (name) => {
    const { createLink, browser, saved } = await openWeb();
    expect((await browser().submit((await createLink()).path, { ...goodKey, [name]: 'x' })).status).toBe(200);
    expect(saved).toHaveLength(1);
  });

  test('raw noise is answered and the server lives on', async () => {
    const { port } = await openWeb();
    const socket = connect(port, '127.0.0.1', () => socket.end('\u0000\u0001GET / HTTP/9.9\r\n\r\n'));
    const { promise, resolve } = Promise.withResolvers<void>();
    socket
      .on('close', () => resolve())
      .on('error', () => resolve())
      .resume();
    await promise;
    expect((await send(port, '/healthz')).status).toBe(200);
  });
});

describe('slow clients', () => {
  const limits = { headersMs: 150, requestMs: 300, idleMs: 400, checkEveryMs: 20, connections: 3 };
  const head = 'POST /link/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n';

  /** Sends `start`, then `drip` every ten milliseconds for as long as it may. @returns what came back, and when it was over. */
  async function dripInto(port: number, start: string, drip: string) {
    const startedAt = performance.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    const received: string[] = [];
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(start);
    const dripping = setInterval(() => socket.write(drip), 10);
    socket
      .on('data', (data) => received.push(data.toString()))
      .on('error', () => resolve())
      .on('close', () => resolve());
    await promise;
    clearInterval(dripping);
    return { received: received.join(''), ms: performance.now() - startedAt };
  }

  test.each([
    ['headers', `${head}X-Slow: `, 'x'],
    ['a body', `${head}Content-Length: 8000\r\n\r\n`, 'x'],
    ['a chunked body', `${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
  ])('that drip %s are cut off', async (_what, start, drip) => {
    const { port, logged } = await openWeb({ limits });
    const { received, ms } = await dripInto(port, start, drip);
    expect(received).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect(ms).toBeLessThan(3000);
    expect(logged.filter((line) => line.includes('"level":50'))).toEqual([]);
    expect((await send(port, '/healthz')).status).toBe(200);
  });

  test('that send nothing at all are cut off', async () => {
    const { port } = await openWeb({ limits });
    expect((await dripInto(port, '', '')).ms).toBeLessThan(3000);
  });

  test('hold no more connections than there are places, and give them back', async () => {
    const { port } = await openWeb({ limits: { ...limits, headersMs: 60_000, requestMs: 60_000, idleMs: 60_000 } });
    const held = await Promise.all(Array.from({ length: limits.connections }, () => hold(port)));
    await expect(send(port, '/healthz')).rejects.toThrow();
    for (const socket of held) socket.destroy();
    await expect.poll(() => send(port, '/healthz').catch(() => undefined)).toMatchObject({ status: 200 });
  });

  async function hold(port: number) {
    const socket = connect(port, '127.0.0.1');
    // Answered, so the server has taken it.
    const answered = once(socket, 'data');
    socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await answered;
    return socket;
  }

  test('that go away in the middle are no errors of the bot', async () => {
    const asked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<KeyCheck>();
    const checkKey = () => {
      asked.resolve();
      return gate.promise;
    };
    const { createLink, browser, port, logged, saved } = await openWeb({ checkKey });
    const { path } = await createLink();
    for (const start of [
      `${head}X-Slow: `,
      `${head}Content-Length: 8000\r\n\r\nx`,
      `${head}Transfer-Encoding: chunked\r\n\r\n1\r\nx`,
    ]) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      await new Promise((resolve) => socket.write(start.replace('/link/x', path), resolve));
      await new Promise((resolve) => socket.resetAndDestroy().once('close', resolve));
    }
    const visitor = browser();
    const csrf = csrfOf((await visitor.visit(path)).body);
    const leaving = new AbortController();
    const submitted = visitor.visit(path, { method: 'POST', form: { csrf, ...goodKey }, signal: leaving.signal });
    await asked.promise;
    leaving.abort();
    await expect(submitted).rejects.toThrow();
    gate.resolve({ kind: 'usable', notes: [] });
    await expect.poll(() => saved.length).toBe(1);
    expect((await send(port, '/healthz')).status).toBe(200);
    expect(logged.filter((line) => /"level":[4-6]0/.test(line))).toEqual([]);
  });
});

describe('stopping', () => {
  test('lets a submission under way finish, and takes nothing new', async () => {
    const gate = Promise.withResolvers<KeyCheck>();
    const asked = Promise.withResolvers<void>();
    const { createLink, browser, saved, web, port } = await openWeb({
      checkKey: () => {
        asked.resolve();
        return gate.promise;
      },
    });
    const submitted = browser().submit((await createLink()).path);
    await asked.promise;
    const stopped = web.stop();
    gate.resolve({ kind: 'usable', notes: [] });
    expect(await submitted).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await stopped;
    expect(saved).toHaveLength(1);
    await expect(send(port, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });

  test('is harmless before starting and when done twice', async () => {
    const { web } = await openWeb();
    await web.stop();
    await web.stop();
  });
});
