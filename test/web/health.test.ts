import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import { Secret } from '../../src/secret.ts';
import { type HealthOptions, serveHealth } from '../../src/web/health.ts';
import { openWeb, send } from './support.ts';

async function openHealth(more: Partial<HealthOptions>) {
  const app = Fastify();
  const store = { get: async () => undefined };
  serveHealth(app, { discordState: () => 'ok', store, metrics: createMetrics(), ...more });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('a live process says so', async () => {
  const { port } = await openWeb({ discordState: () => 'not connected' });
  expect(await send(port, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
});

test('a bot that is connected and has its store is ready', async () => {
  const { port } = await openWeb();
  expect(await send(port, '/readyz')).toMatchObject({ status: 200, body: 'discord: ok\nstore: ok\n' });
});

test('a bot without Discord is not ready', async () => {
  const port = await openHealth({ discordState: () => 'not connected' });
  expect(await send(port, '/readyz')).toMatchObject({ status: 503, body: 'discord: not connected\nstore: ok\n' });
});

test('a bot whose commands Discord has not taken yet is not ready', async () => {
  const port = await openHealth({ discordState: () => 'commands not registered' });
  expect(await send(port, '/readyz')).toMatchObject({
    status: 503,
    body: 'discord: commands not registered\nstore: ok\n',
  });
});

test.each([
  ['fails', () => Promise.reject(new Error('canary'))],
  ['never answers', () => Promise.withResolvers<undefined>().promise],
])('a bot whose store %s is not ready', async (_what, get) => {
  const port = await openHealth({ store: { get }, storeDeadlineMs: 20 });
  expect(await send(port, '/readyz')).toMatchObject({ status: 503, body: 'discord: ok\nstore: no answer\n' });
});

const metricsToken = new Secret('canary-metrics-token-0123456789');
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('metrics answer whoever brings their token', async () => {
  const { port } = await openWeb({ metricsToken });
  for (const more of [{}, { 'x-forwarded-for': '203.0.113.5', host: 'bot.example.com' }]) {
    const { status, headers, body } = await send(port, '/metrics', {
      headers: { ...bearer(metricsToken.reveal()), ...more },
    });
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body).toContain('levergate_gateway_ready');
  }
});

// A plain proxy_pass of nginx adds no header and names the bot's own address: what it forwards looks like this.
test.each([
  ['no token', {}],
  ['an empty one', { authorization: 'Bearer ' }],
  ['a wrong one', bearer('canary-metrics-token-012345678X')],
  ['part of it', bearer('canary-metrics-token')],
  ['it as a password', { authorization: `Basic ${btoa(`:${metricsToken.reveal()}`)}` }],
])('metrics answer nobody with %s, from this machine neither', async (_what, headers) => {
  const { port } = await openWeb({ metricsToken });
  const answer = await send(port, '/metrics', { headers: { ...headers, host: `127.0.0.1:${port}` } });
  expect(answer.status).toBe(404);
  expect(answer.body).not.toContain('levergate_');
});

test.each(['', 'undefined', 'x'])('metrics without a token of their own answer nobody, %j as little', async (token) => {
  const { port } = await openWeb();
  for (const headers of [{}, bearer(token)]) {
    expect((await send(port, '/metrics', { headers })).status).toBe(404);
  }
});
