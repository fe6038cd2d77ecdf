import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { lineOf, type VenueName } from './bot-messages.ts';
import type { Attempt, Journal, Read, Spot, Value } from './journal.ts';
import type { Trader } from './people.ts';
import { readSaid, type Said } from './said.ts';
import { torturedVenues } from './venues.ts';

const EPHEMERAL = 64;
const messageAnswer = z.object({ id: z.string(), flags: z.int().default(0) });
const success = z.union([z.object({ result: z.literal('success') }), z.object({ success: z.literal(true) })]);

/**
 * Notes every write and every read of settings that arrives at a venue, before the simulator sees it.
 */
export function tapVenue(
  app: FastifyInstance,
  options: {
    readonly venue: VenueName;
    readonly journal: Journal;
    readonly traders: readonly Trader[];
    /** What the venue holds just now, whatever it says. */
    readonly held: (spot: Spot) => Value;
  },
): void {
  const { venue, journal, traders, held } = options;
  const { keyIn, keyOf, readsOf, asked: askedIn, shown } = torturedVenues[venue];
  const userByKey = new Map(traders.map((trader) => [keyOf(trader)[keyIn.field], trader.id]));
  const asked = new WeakMap<FastifyRequest, Read | Attempt>();
  app.addHook('preHandler', async (request, reply) => {
    const user = userByKey.get(String(request.headers[keyIn.header] ?? ''));
    if (user === undefined) return;
    const url = urlOf(request);
    if (request.method === 'GET') {
      const reads = readsOf(url);
      if (reads === undefined) return;
      const read = journal.read({ venue, user, ...reads });
      asked.set(request, read);
      reply.raw.once('close', () => journal.readEnded(read));
      return;
    }
    const { value, ...where } = askedIn(url, parse(request.body));
    const { remotePort, localPort } = request.socket;
    const attempt = journal.attempted({ venue, user, ...where }, value, lineOf(remotePort, localPort));
    asked.set(request, attempt);
    reply.raw.once('close', () => {
      attempt.isOpen = false;
    });
  });

  // What a fault breaks off never comes here, and cannot be believed either.
  app.addHook('onSend', async (request, _reply, payload) => {
    const one = asked.get(request);
    if (one === undefined) return payload;
    if ('spot' in one) {
      if (success.safeParse(parse(payload)).success) journal.accepted(one);
      return payload;
    }
    const { user } = one;
    const said = shown(urlOf(request), parse(payload));
    one.lies = said.filter(({ value, ...where }) => value !== held({ venue, user, ...where }));
    return payload;
  });
}

function urlOf({ url }: FastifyRequest): URL {
  return new URL(url, 'http://venue');
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
    const route = routeOf(request.url, journal);
    const { body } = request;
    const shown = readSaid(
      route?.place === 'callback' ? z.object({ data: z.unknown() }).safeParse(body).data?.data : body,
    );
    if (route === undefined || shown === undefined) return;
    const place = route.place === 'callback' ? '@original' : route.place;
    sent.set(request, journal.sighted({ interactionId: route.interactionId, ...shown, place }));
  });

  // Answers that a fault breaks off never come here.
  app.addHook('onSend', async (request, reply, payload) => {
    const route = routeOf(request.url, journal);
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

/** A message that is edited as the bot, when its token is over, is still about what it was about before. */
function routeOf(url: string, journal: Journal): Route | undefined {
  const [, message] = /\/channels\/\d+\/messages\/(\d+)$/.exec(url.split('?')[0] ?? '') ?? [];
  return message === undefined ? readRoute(url) : journal.said.findLast(({ messageId }) => messageId === message);
}

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
