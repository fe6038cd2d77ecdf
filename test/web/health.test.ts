import { networkInterfaces } from 'node:os';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import { type HealthOptions, serveHealth } from '../../src/web/health.ts';
import { openWeb, send } from './support.ts';

async function openHealth(more: Partial<HealthOptions>) {
  const app = Fastify();
  const store = { get: async () => undefined };
  serveHealth(app, { discordState: () => 'ok', store, metrics: createMetrics(), isMetricsPublic: false, ...more });
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

test('metrics answer this machine', async () => {
  const { port } = await openWeb();
  const { status, headers, body } = await send(port, '/metrics');
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(body).toContain('levergate_gateway_ready');
});

test('metrics answer nobody whom a proxy forwards, and no other host name', async () => {
  const { port } = await openWeb({ trustProxy: ['127.0.0.1'] });
  for (const headers of [{ 'x-forwarded-for': '127.0.0.1' }, { via: '1.1 proxy' }, { host: 'bot.example.com' }]) {
    const answer = await send(port, '/metrics', { headers: { ...headers } });
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('levergate_');
  }
});

test('metrics answer everybody where the operator says so', async () => {
  const { port } = await openWeb({ isMetricsPublic: true });
  expect((await send(port, '/metrics', { headers: { 'x-forwarded-for': '203.0.113.5' } })).status).toBe(200);
});

const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

test.skipIf(outside === undefined)('metrics answer no other machine', async () => {
  const { port } = await openWeb({ host: '0.0.0.0' });
  expect((await send(port, '/metrics', { host: outside ?? '' })).status).toBe(404);
});
