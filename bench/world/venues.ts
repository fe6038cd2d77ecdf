import fastify from 'fastify';
import { z } from 'zod';
import { mountExchanges } from '../../simulators/venues/index.ts';
import { readSettings, serveParent } from '../processes.ts';
import { openVenues, traders } from './people.ts';

// A program: the simulators of both venues in a process of their own.
const settings = readSettings(z.object({ traders: z.number(), limits: z.enum(['published', 'none']) }));
const exchanges = openVenues(traders(settings.traders), { now: Date.now, limits: settings.limits });

const answered = new Map<string, number>();
const server = fastify();
server.addHook('onResponse', async ({ method, url }, { statusCode }) => {
  const what = `${method} ${url.split('?')[0]} ${statusCode}`;
  answered.set(what, (answered.get(what) ?? 0) + 1);
});
await mountExchanges(server, exchanges);
const origin = await server.listen({ host: '127.0.0.1', port: 0 });

serveParent({
  address: () => origin,
  /** How often each call was answered with which status. */
  answered: () => Object.fromEntries(answered),
  writes: () => exchanges.reduce((sum, { writeCount }) => sum + writeCount(), 0),
});
