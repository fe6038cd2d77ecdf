import formbody from '@fastify/formbody';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { demoCredentials, mountExchanges, openExchanges } from '../../../simulators/venues/index.ts';
import { connectRaw, unifiedCall } from './kraken-unified-client.ts';
import { krakenCall, request } from './open-venue.ts';

it('all exchanges share one server with plugins that parse bodies', async () => {
  const people = { alice: '1', bob: '2', carol: '3' };
  const exchanges = openExchanges((venue) => venue.openDemo({ now: () => 1_780_000_000_000, people }));
  const app = Fastify();
  await app.register(formbody);
  await mountExchanges(app, exchanges);
  app.post('/form', (incoming) => incoming.body);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });

  const secretOf = (venue: string) => demoCredentials.find((known) => known.venue === venue && known.person === 'bob');
  const write = await request(`${origin}/mudrex/fapi/v1/futures/ETHUSDT/leverage?is_symbol`, {
    method: 'POST',
    headers: { 'X-Authentication': secretOf('mudrex')?.secret ?? '', 'Content-Type': 'application/json' },
    body: '{"leverage":4}',
  });
  const call = {
    method: 'PUT',
    path: '/derivatives/api/v3/leveragepreferences',
    body: 'symbol=PF_ETHUSD&maxLeverage=4',
  };
  const put = async (host: string, venue: string) => {
    const { key = '', secret = '' } = secretOf(venue) ?? {};
    return krakenCall(`${origin}/${host}`, { key, secret }, call);
  };
  const live = await put('kraken', 'kraken-futures');
  const { key = '', secret = '' } = secretOf('kraken') ?? {};
  const issued = (await unifiedCall(`${origin}/kraken-api`, { key, secret, nonce: '1' })).text;
  const socket = await connectRaw(`${origin.replace('http', 'ws')}/kraken-uws/v2/private`);
  const params = {
    ...{ asset_class: 'derivatives', token: /"token":"([^"]+)"/.exec(issued)?.[1] },
    leverage_mode: { symbol: 'PF_ETHUSD', max_leverage: 4 },
  };
  const set = await socket.ask({ method: 'set_preference', req_id: 1, params });
  const form = await request(`${origin}/form`, { method: 'POST', body: new URLSearchParams({ a: '1' }) });
  await app.close();

  expect([write.status, live.status]).toEqual([200, 200]);
  expect(set).toMatchObject({ success: true });
  expect(await socket.closed).toBe(1006);
  expect(exchanges.map(({ writeCount }) => writeCount('2'))).toEqual([1, 1, 1]);
  expect(form.json).toEqual({ a: '1' });
});
