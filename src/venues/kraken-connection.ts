import { z } from 'zod';
import type { Silence } from '../errors.ts';
import type { MarketSetting } from '../leverage/venue.ts';
import { parseJson } from '../parse-json.ts';
import type { Secret } from '../secret.ts';
import { createShownSettings, noteShown, type ShownSettings } from './kraken-shown.ts';
import { isModest, mostCharacters } from './list-reply.ts';
import type { SocketReply, VenueSocket } from './socket.ts';
import type { Judge, Outcome } from './venue-api.ts';
import { silent, type Verdict } from './verdict.ts';

/** What one connection has told, as the venue's own parsers keep it: made anew for each connection. */
export type Memory = {
  /** Told every frame in order, also replies, status and heartbeats. One that it throws at ends the connection. */
  readonly take: (text: string) => void;
};

/** A private channel, and its parameters without the token. */
export type Subscription = {
  readonly channel: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Whether it takes the place of one with other parameters, of which Kraken allows one at a time. */
  readonly replaces?: boolean;
};

/** What has been heard on one connection, from its first frame on. */
export type Heard<M> = {
  readonly memory: M;
  readonly shown: ShownSettings;
  /** Called after every frame, and when the connection is over. */
  readonly listeners: Set<() => void>;
  /** The frame that came last, if it is a reply. */
  reply: Reply | undefined;
  /** What the venue last said of itself: `online`, `maintenance`, `cancel_only` or `post_only`. */
  system: string | undefined;
  at: number;
  /** Why nothing more comes. */
  over: Silence | undefined;
};

type Reply = { readonly method: string; readonly id: number };

/** One connection that belongs to one key. */
export type Connection<M> = {
  readonly heard: Heard<M>;
  readonly socket: VenueSocket;
  readonly token: Secret;
  /** By channel: under way, or carried out, and with which parameters. */
  readonly subscriptions: Map<string, Pick<Subscription, 'params'> & { readonly outcome: Promise<Outcome<unknown>> }>;
  readonly elapsed: () => number;
  lastId: number;
};

export type HearOptions<M> = {
  readonly createMemory: () => M;
  /** The settings that a frame shows; `unknown` for a market that it names without one. */
  readonly leverageTold: (text: string) => readonly MarketSetting[];
  readonly elapsed: () => number;
};

/** Kraken closes a connection after about a minute of silence. @see docs.kraken.com/exchange/guides/websockets/introduction */
export const pingMs = 30_000;
/** Kraken sends a heartbeat about once a second: a connection that is quiet for longer is asked whether anybody is there. */
export const quietMs = 5_000;

export function createHeard<M>({ createMemory, elapsed }: HearOptions<M>): Heard<M> {
  return {
    memory: createMemory(),
    shown: createShownSettings(),
    listeners: new Set(),
    reply: undefined,
    system: undefined,
    at: elapsed(),
    over: undefined,
  };
}

const envelope = z.object({
  method: z.string().optional(),
  req_id: z.int().optional(),
  channel: z.string().optional(),
});
const status = z.object({ data: z.array(z.object({ system: z.string() })) });

/** Takes in one frame. */
export function hear<M extends Memory>(heard: Heard<M>, options: HearOptions<M>, text: string): void {
  heard.at = options.elapsed();
  const json = text.length <= mostCharacters && isModest(text) ? parseJson(text) : undefined;
  const { method, req_id: id, channel } = envelope.safeParse(json).data ?? {};
  heard.reply = method === undefined || id === undefined ? undefined : { method, id };
  if (channel === 'status') heard.system = status.safeParse(json).data?.data.at(-1)?.system ?? heard.system;
  heard.memory.take(text);
  const source = { at: heard.at, isReply: method !== undefined, channel };
  for (const one of options.leverageTold(text)) noteShown(heard.shown, one, source);
  for (const listener of heard.listeners) listener();
}

/** Takes in that nothing more comes. */
export function endHeard(heard: Heard<unknown>, silence: Silence): void {
  heard.over = silence;
  for (const listener of heard.listeners) listener();
}

/** Waits until something has been heard, the connection is over, or the time is. */
export async function untilHeard<T>(
  heard: Heard<unknown>,
  find: () => Verdict<T> | undefined,
  deadlineMs: number,
): Promise<Verdict<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Verdict<T>>();
  const look = () => {
    try {
      const found = find() ?? (heard.over && silent(heard.over));
      if (found !== undefined) resolve(found);
    } catch (error) {
      // What one call cannot look at is no reason to end the connection of all.
      reject(error);
    }
  };
  const timer = setTimeout(() => resolve(silent('timeout')), deadlineMs);
  heard.listeners.add(look);
  look();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    heard.listeners.delete(look);
  }
}

type Request = { readonly method: string; readonly params: Readonly<Record<string, unknown>> };

/** A request as a frame, and how its answer is known: by its method, and a number that no other one of its connection has. */
function frameOf(connection: Connection<unknown>, { method, params }: Request) {
  connection.lastId += 1;
  const id = connection.lastId;
  return {
    text: () => JSON.stringify({ method, req_id: id, params: { ...params, token: connection.token.reveal() } }),
    // What is heard of a frame is heard before it is offered as an answer.
    answers: () => connection.heard.reply?.id === id && connection.heard.reply.method === method,
  };
}

/** Sends the change that this connection is for. */
export function sendChange(
  connection: Connection<unknown>,
  request: Request & { readonly isInTime: () => boolean },
  deadlineMs: number,
): Promise<SocketReply> {
  return connection.socket.write({ ...frameOf(connection, request), isInTime: request.isInTime, deadlineMs });
}

/** Subscribes a channel, once for each connection unless it was in vain. */
export async function subscribe(
  connection: Connection<unknown>,
  { channel, params = {}, replaces = false }: Subscription,
  { judge, deadlineMs }: { readonly judge: Judge<unknown>; readonly deadlineMs: number },
): Promise<Outcome<unknown>> {
  const { subscriptions, socket } = connection;
  const known = subscriptions.get(channel);
  const isKnown = known !== undefined && (!replaces || JSON.stringify(known.params) === JSON.stringify(params));
  if (isKnown) return known.outcome;
  const ask = async (method: string, sent: Subscription['params']): Promise<Outcome<unknown>> => {
    const request = frameOf(connection, { method, params: { ...sent, channel } });
    const reply = await socket.ask({ ...request, deadlineMs });
    return reply.kind === 'answered' ? judge(reply) : reply;
  };
  const begin = async (): Promise<Outcome<unknown>> => {
    const ended = known && (await ask('unsubscribe', known.params));
    return ended === undefined || ended.kind === 'ok' ? ask('subscribe', params) : ended;
  };
  const one = { params, outcome: begin() };
  subscriptions.set(channel, one);
  if ((await one.outcome).kind !== 'ok' && subscriptions.get(channel) === one) subscriptions.delete(channel);
  return one.outcome;
}

/** Whether anybody is there: any frame is a sign of life. Ends the connection when there is none. */
export async function ping(connection: Connection<unknown>, deadlineMs: number): Promise<boolean> {
  connection.lastId += 1;
  const text = JSON.stringify({ method: 'ping', req_id: connection.lastId });
  const reply = await connection.socket.ask({ text: () => text, answers: () => true, deadlineMs });
  if (reply.kind !== 'answered') connection.socket.terminate();
  return reply.kind === 'answered';
}

/** Whether a connection has said anything just now. */
export const isFresh = ({ heard, elapsed }: Connection<unknown>) => elapsed() - heard.at < quietMs;

/** Whether a connection can be relied on now; one that has been quiet is asked. */
export async function isAlive(connection: Connection<unknown>, deadlineMs: number): Promise<boolean> {
  return connection.socket.isOpen() && (isFresh(connection) || ping(connection, deadlineMs));
}
