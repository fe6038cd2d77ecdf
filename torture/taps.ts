import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { lineOf, type VenueName } from './bot-messages.ts';
import { overhear } from './frames.ts';
import type { Attempt, Journal, Read, Shown, Spot, Value } from './journal.ts';
import type { Trader } from './people.ts';
import { readSaid, type Said } from './said.ts';
import { torturedVenues } from './venues.ts';

const EPHEMERAL = 64;
const messageAnswer = z.object({ id: z.string(), flags: z.int().default(0) });
const success = z.union([z.object({ result: z.literal('success') }), z.object({ success: z.literal(true) })]);

type VenueTap = {
  readonly venue: VenueName;
  readonly journal: Journal;
  readonly traders: readonly Trader[];
  /** What the venue holds just now, whatever it says. */
  readonly held: (spot: Spot) => Value;
  /** Told of every token that the venue gives out. */
  readonly onToken: (token: string) => void;
};

/** Notes every write and every read of settings that arrives at a venue, before the simulator sees it. */
export function tapVenue(app: FastifyInstance, tap: VenueTap): void {
  const { venue, journal, traders, held } = tap;
  const { keyIn, keyOf, readsOf, asked: askedIn, shown, frames } = torturedVenues[venue];
  const userByKey = new Map(traders.map((trader) => [keyOf(trader)[keyIn.field], trader.id]));
  const userOf = ({ headers }: FastifyRequest) => userByKey.get(String(headers[keyIn.header] ?? ''));
  const tokens = new Map<string, string>();
  if (frames !== undefined) tapFrames(app, { ...tap, frames, tokens });
  const asked = new WeakMap<FastifyRequest, Read | Attempt>();
  app.addHook('preHandler', async (request, reply) => {
    const user = userOf(request);
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
    const wanted = askedIn(url, parse(request.body));
    if (wanted === undefined) return journal.stepped('token', venue, user);
    const { value, ...where } = wanted;
    const { remotePort, localPort } = request.socket;
    const attempt = journal.attempted({ venue, user, ...where }, value, lineOf(remotePort, localPort));
    asked.set(request, attempt);
    reply.raw.once('close', () => {
      attempt.isOpen = false;
    });
  });

  // What a fault breaks off never comes here, and cannot be believed either.
  app.addHook('onSend', async (request, _reply, payload) => {
    const user = userOf(request);
    const token = frames?.tokenIn(parse(payload));
    if (user !== undefined && token !== undefined) {
      tokens.set(token, user);
      tap.onToken(token);
    }
    const one = asked.get(request);
    if (one === undefined) return payload;
    if ('spot' in one) {
      if (success.safeParse(parse(payload)).success) journal.accepted(one);
      return payload;
    }
    one.lies = liesIn(shown(urlOf(request), parse(payload)), one, held);
    return payload;
  });
}

function liesIn(said: readonly Shown[], { venue, user }: Pick<Spot, 'venue' | 'user'>, held: VenueTap['held']) {
  return said.filter(({ value, ...where }) => value !== held({ venue, user, ...where }));
}

type FrameTap = VenueTap & {
  readonly frames: NonNullable<(typeof torturedVenues)[VenueName]['frames']>;
  /** Whose each is. */
  readonly tokens: ReadonlyMap<string, string>;
};

/** The same of sockets: a frame that asks for a change is noted before the simulator has it. */
function tapFrames(app: FastifyInstance, { venue, journal, held, frames, tokens }: FrameTap): void {
  app.server.prependListener('upgrade', ({ socket }) => {
    const asked: { readonly id: unknown; readonly attempt: Attempt }[] = [];
    /** A connection is one trader's: what the venue says by itself carries no token. */
    let user: string | undefined;

    function onReceived(text: string): void {
      const frame = parse(text);
      user = tokens.get(frames.tokenOf(frame) ?? '') ?? user;
      if (user === undefined) return;
      const wanted = frames.asked(frame);
      if (wanted === undefined) {
        journal.stepped('frame', venue, user);
        return;
      }
      const { id, value, ...where } = wanted;
      const line = lineOf(socket.remotePort, socket.localPort);
      const attempt = journal.attempted({ venue, user, ...where }, value, line);
      // What it waits for is judged by its answer and by read-backs: its connection stays open long after both.
      attempt.isOpen = false;
      asked.push({ id, attempt });
    }

    function onSent(text: string): void {
      const frame = parse(text);
      const answer = frames.answered(frame);
      const attempt = asked.find(({ id }) => answer?.id === id)?.attempt;
      if (attempt !== undefined) {
        journal.answered(attempt);
        if (answer?.isAccepted) journal.accepted(attempt);
      }
      for (const said of frames.shown(frame)) {
        if (user === undefined) return;
        const read = journal.read({ venue, user, market: said.market });
        read.lies = liesIn([said], read, held);
        journal.readEnded(read);
      }
    }

    overhear(socket, { isUpgraded: true }, { onReceived, onSent });
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
