import formbody from '@fastify/formbody';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { createKrakenFuturesSimulator } from '../../../simulators/venues/kraken-futures.ts';
import { createMudrexSimulator } from '../../../simulators/venues/mudrex.ts';
import { createDemoScenario } from '../../../simulators/venues/scenario.ts';
import { krakenCall, request } from './open-venue.ts';

it('both venues and the demo host share one server with plugins that parse bodies', async () => {
  const { mudrex, kraken, krakenDemo, credentials } = createDemoScenario({ alice: '1', bob: '2', carol: '3' });
  const now = () => 1_780_000_000_000;
  const mudrexVenue = createMudrexSimulator({ now, accounts: mudrex });
  const krakenVenue = createKrakenFuturesSimulator({ now, accounts: kraken });
  const demoVenue = createKrakenFuturesSimulator({ now, accounts: krakenDemo });
  const app = Fastify();
  await app.register(formbody);
  await app.register(mudrexVenue.plugin, { prefix: '/mudrex' });
  await app.register(krakenVenue.plugin, { prefix: '/kraken' });
  await app.register(demoVenue.plugin, { prefix: '/kraken-demo' });
  app.post('/form', (incoming) => incoming.body);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });

  const secretOf = (venue: string) => credentials.find((known) => known.venue === venue && known.person === 'bob');
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
  const demo = await put('kraken-demo', 'kraken-futures-demo');
  const form = await request(`${origin}/form`, { method: 'POST', body: new URLSearchParams({ a: '1' }) });
  await app.close();

  expect([write.status, live.status, demo.status]).toEqual([200, 200, 200]);
  expect([mudrexVenue, krakenVenue, demoVenue].map((venue) => venue.writeCount('2'))).toEqual([1, 1, 1]);
  expect(form.json).toEqual({ a: '1' });
});
