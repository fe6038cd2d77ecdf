import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Journal, Spot, Value, VenueName } from './journal.ts';
import { readSaid, type Said } from './said.ts';

const EPHEMERAL = 64;
const messageAnswer = z.object({ id: z.string(), flags: z.int().default(0) });
const mudrexWrite = z.object({ leverage: z.number(), trade_currency: z.string().optional() });

/**
 * Notes every write and every read of settings that arrives at a venue, before the simulator sees it.
 *
 * @param options.userOf - Whose key a request carries.
 */
export function tapVenue(
  app: FastifyInstance,
  options: {
    readonly venue: VenueName;
    readonly journal: Journal;
    readonly userOf: (header: (name: string) => string) => string | undefined;
  },
): void {
  const { venue, journal, userOf } = options;
  app.addHook('preHandler', async (request, reply) => {
    const user = userOf((name) => String(request.headers[name] ?? ''));
    if (user === undefined) return;
    const { pathname, searchParams } = new URL(request.url, 'http://venue');
    if (request.method === 'GET') {
      const market = /\/futures\/([^/]+)\/leverage$/.exec(pathname)?.[1];
      if (market === undefined && !pathname.endsWith('/leveragepreferences')) return;
      const read = journal.read({ venue, user, market });
      reply.raw.once('close', () => journal.readEnded(read));
      return;
    }
    const asked = venue === 'mudrex' ? mudrexAsked(pathname, request.body) : krakenAsked(searchParams);
    const { value, ...where } = asked;
    const attempt = journal.attempted({ venue, user, ...where }, value);
    reply.raw.once('close', () => {
      attempt.isOpen = false;
    });
  });
}

type Asked = Omit<Spot, 'venue' | 'user'> & { readonly value: Value };

function mudrexAsked(pathname: string, body: unknown): Asked {
  const market = /\/futures\/([^/]+)\/leverage$/.exec(pathname)?.[1] ?? pathname;
  const read = mudrexWrite.safeParse(parse(body));
  // A write that cannot be read belongs to no card, and so it is noticed.
  if (!read.success) return { market, currency: undefined, value: String(body) };
  const { leverage, trade_currency: currency = 'USDT' } = read.data;
  return { market, currency, value: String(leverage) };
}

function krakenAsked(params: URLSearchParams): Asked {
  return { market: params.get('symbol') ?? '', currency: undefined, value: params.get('maxLeverage') ?? 'cross' };
}

/** Notes everything that the bot sends to Discord, and what Discord said to it. */
export function tapDiscord(
  app: FastifyInstance,
  options: { readonly journal: Journal; readonly onBody: (text: string) => void },
): void {
  const { journal, onBody } = options;
  const sent = new WeakMap<FastifyRequest, Said>();

  app.addHook('preHandler', async (request) => {
    const text = JSON.stringify(request.body ?? {});
    onBody(text);
    const route = readRoute(request.url);
    const body = z.object({ body: z.unknown() }).safeParse(request.body).data?.body;
    const shown = readSaid(
      route?.place === 'callback' ? z.object({ data: z.unknown() }).safeParse(body).data?.data : body,
    );
    if (route === undefined || shown === undefined) return;
    const place = route.place === 'callback' ? '@original' : route.place;
    sent.set(request, journal.sighted({ ...route, ...shown, place }));
  });

  // Answers that a fault breaks off never come here.
  app.addHook('onSend', async (request, reply, payload) => {
    const route = readRoute(request.url);
    if (route?.place === 'callback' && reply.statusCode >= 400 && reply.statusCode < 500) {
      journal.turnedAway(route.interactionId);
    }
    if (reply.statusCode >= 300) return payload;
    if (route?.place === 'callback') journal.acked(route.interactionId);
    const said = sent.get(request);
    if (said === undefined) return payload;
    const message = messageAnswer.safeParse(parse(payload)).data;
    journal.told(said, message && { id: message.id, isPublic: (message.flags & EPHEMERAL) === 0 });
    return payload;
  });
}

type Route = { readonly interactionId: string; readonly place: string };

function readRoute(url: string): Route | undefined {
  const path = decodeURIComponent(url.split('?')[0] ?? '');
  const [, interactionId] = /\/interactions\/(\d+)\/[^/]+\/callback$/.exec(path) ?? [];
  if (interactionId !== undefined) return { interactionId, place: 'callback' };
  const [, token, message] = /\/webhooks\/\d+\/([^/]+)(?:\/messages\/([^/]+))?$/.exec(path) ?? [];
  if (token === undefined) return undefined;
  const [, id] = /^interaction:(\d+):/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  return id === undefined ? undefined : { interactionId: id, place: message ?? 'new' };
}

function parse(payload: unknown): unknown {
  try {
    return JSON.parse(String(payload));
  } catch {
    return undefined;
  }
}
