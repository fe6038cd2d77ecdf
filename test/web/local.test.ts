import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { isLocalRequest, localUrl } from '../../src/web/local.ts';

async function openServer() {
  const app = Fastify({ trustProxy: true });
  onTestFinished(() => app.close());
  app.get('/', async (request) => ({ isLocal: isLocalRequest(request) }));
  /** A request from this address, with these headers. */
  return async (remoteAddress: string, headers: Readonly<Record<string, string>> = {}) => {
    const { isLocal } = (
      await app.inject({ url: '/', remoteAddress, headers: { host: '127.0.0.1', ...headers } })
    ).json();
    return isLocal;
  };
}

test.each(['192.0.2.1', '10.0.0.5', '::ffff:192.0.2.1', '2001:db8::1', '128.0.0.1'])(
  'a request from %j is from another machine, whatever host it names',
  async (address) => {
    const ask = await openServer();
    for (const host of ['127.0.0.1', 'localhost', '[::1]:8080']) expect(await ask(address, { host })).toBe(false);
  },
);

test.each(['127.0.0.1', '127.8.0.1', '::1', '::ffff:127.0.0.1'])(
  'a request from %j is from this one',
  async (address) => {
    const ask = await openServer();
    expect(await ask(address)).toBe(true);
    expect(await ask(address, { host: 'bot.example.com' })).toBe(false);
    expect(await ask(address, { 'x-forwarded-for': '127.0.0.1' })).toBe(false);
  },
);

test('a page that listens on an outside address only has no address on this machine', () => {
  expect(localUrl('192.0.2.1', 8080)).toBeUndefined();
  expect(localUrl('0.0.0.0', 8080)).toBe('http://127.0.0.1:8080');
});
