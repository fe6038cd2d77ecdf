import { createServer } from 'node:http';
import fastify from 'fastify';
import { mountExchanges } from '../../simulators/venues/index.ts';
import { serveParent } from '../processes.ts';
import { signedHeaders } from '../subjects/bare-venues.ts';
import { openVenues, trader, traders } from './people.ts';

// A program: venues that say at once, to whomever asks, what the simulators said once. Thousands of accounts at
// hundreds of requests a second would otherwise measure the simulators.
const mudrexPaths = [
  '/BTCUSDT?is_symbol',
  '/BTCUSDT/leverage?is_symbol',
  '/positions',
  '/orders',
  '?limit=100&offset=0',
];
const krakenPaths = ['/instruments', '/leveragepreferences', '/openpositions', '/openorders'];
const calls = [
  ...mudrexPaths.map((path) => ({ who: trader(0), url: `/mudrex/fapi/v1/futures${path}` })),
  ...krakenPaths.map((path) => ({ who: trader(1), url: `/kraken/derivatives/api/v3${path}` })),
];

async function recordAnswers(): Promise<ReadonlyMap<string, Buffer>> {
  const app = fastify();
  await mountExchanges(app, openVenues(traders(2), { now: Date.now, limits: 'none' }));
  const answers = new Map<string, Buffer>();
  for (const { who, url } of calls) {
    const headers = signedHeaders(who, { method: 'GET', url });
    const { statusCode, rawPayload } = await app.inject({ method: 'GET', url, headers });
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode}`);
    answers.set(url.split('?')[0] ?? '', rawPayload);
  }
  return answers;
}

const answers = await recordAnswers();
const server = createServer((request, response) => {
  const answer = answers.get(request.url?.split('?')[0] ?? '');
  const headers = { 'content-type': 'application/json', 'content-length': answer?.length ?? 0 };
  response.writeHead(answer === undefined ? 404 : 200, headers).end(answer);
});
const listening = Promise.withResolvers<void>();
server.listen(0, '127.0.0.1', listening.resolve);
await listening.promise;
const address = server.address();

serveParent({
  address: () => `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
});
