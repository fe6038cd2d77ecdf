import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { lineOf } from './bot-messages.ts';
import type { Attempt, Journal, Read, Shown, Spot, Value, VenueName } from './journal.ts';
import { markets } from './people.ts';
import { readSaid, type Said } from './said.ts';

const EPHEMERAL = 64;
const messageAnswer = z.object({ id: z.string(), flags: z.int().default(0) });
const number = z.union([z.number(), z.string()]);
const krakenSettings = z.object({
  result: z.literal('success'),
  leveragePreferences: z.array(z.object({ symbol: z.string(), maxLeverage: number })),
});
const mudrexSetting = z.object({
  success: z.literal(true),
  data: z.object({ Leverage: number.optional(), leverage: number.optional() }),
});
const mudrexNeverSet = z.object({ errors: z.tuple([z.object({ text: z.literal('leverage not found') })]) });
const success = z.union([z.object({ result: z.literal('success') }), z.object({ success: z.literal(true) })]);
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
    /** What the venue holds just now, whatever it says. */
    readonly held: (spot: Spot) => Value;
  },
): void {
  const { venue, journal, userOf, held } = options;
  const asked = new WeakMap<FastifyRequest, Read | Attempt>();
  app.addHook('preHandler', async (request, reply) => {
    const user = userOf((name) => String(request.headers[name] ?? ''));
    if (user === undefined) return;
    const { pathname, searchParams } = new URL(request.url, 'http://venue');
    if (request.method === 'GET') {
      const market = /\/futures\/([^/]+)\/leverage$/.exec(pathname)?.[1];
      if (market === undefined && !pathname.endsWith('/leveragepreferences')) return;
      const read = journal.read({ venue, user, market });
      asked.set(request, read);
      reply.raw.once('close', () => journal.readEnded(read));
      return;
    }
    const { value, ...where } = venue === 'mudrex' ? mudrexAsked(pathname, request.body) : krakenAsked(searchParams);
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
    one.lies = shownIn(venue, request.url, payload).filter(
      ({ value, ...where }) => value !== held({ venue, user, ...where }),
    );
    return payload;
  });
}

/** What a venue says of settings, in the shape in which it says it; nothing for what is no such answer. */
function shownIn(venue: VenueName, url: string, payload: unknown): readonly Shown[] {
  const body = parse(payload);
  if (venue === 'kraken-futures') {
    const listed = krakenSettings.safeParse(body).data?.leveragePreferences;
    if (listed === undefined) return [];
    return markets['kraken-futures'].map((market) => {
      const found = listed.find(({ symbol }) => symbol === market);
      return { market, currency: undefined, value: found === undefined ? 'cross' : String(Number(found.maxLeverage)) };
    });
  }
  const { pathname, searchParams } = new URL(url, 'http://venue');
  const market = /\/futures\/([^/]+)\/leverage$/.exec(pathname)?.[1];
  if (market === undefined) return [];
  const spot = { market, currency: searchParams.get('trade_currency') ?? 'USDT' };
  const said = mudrexSetting.safeParse(body).data?.data;
  if (said !== undefined) return [{ ...spot, value: String(Number(said.Leverage ?? said.leverage)) }];
  return mudrexNeverSet.safeParse(body).success ? [{ ...spot, value: undefined }] : [];
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
