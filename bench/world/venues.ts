import fastify from 'fastify';
import { z } from 'zod';
import { createKrakenFuturesSimulator, krakenLimits } from '../../simulators/venues/kraken-futures.ts';
import { createMudrexSimulator, mudrexLimits } from '../../simulators/venues/mudrex.ts';
import { readSettings, serveParent } from '../processes.ts';
import { traders, venueAccounts } from './people.ts';

// A program: the simulators of both venues in a process of their own.
const settings = readSettings(z.object({ traders: z.number(), limits: z.enum(['published', 'none']) }));
const isLimited = settings.limits === 'published';
const accounts = venueAccounts(traders(settings.traders));
const common = { now: Date.now };
const mudrex = createMudrexSimulator({
  ...common,
  accounts: accounts.mudrex,
  limits: isLimited ? mudrexLimits : [],
});
const kraken = createKrakenFuturesSimulator({
  ...common,
  accounts: accounts.kraken,
  limits: isLimited ? krakenLimits : [],
});

const answered = new Map<string, number>();
const server = fastify();
server.addHook('onResponse', async ({ method, url }, { statusCode }) => {
  const what = `${method} ${url.split('?')[0]} ${statusCode}`;
  answered.set(what, (answered.get(what) ?? 0) + 1);
});
await server.register(mudrex.plugin, { prefix: '/mudrex' });
await server.register(kraken.plugin, { prefix: '/kraken' });
const origin = await server.listen({ host: '127.0.0.1', port: 0 });

serveParent({
  address: () => origin,
  /** How often each call was answered with which status. */
  answered: () => Object.fromEntries(answered),
  writes: () => mudrex.writeCount() + kraken.writeCount(),
});
