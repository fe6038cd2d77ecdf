import { z } from 'zod';
import type { Silence } from '../errors.ts';
import { type CurrentSetting, isSameSetting } from '../leverage/setting.ts';
import type { MarketSetting } from '../leverage/venue.ts';
import { parseJson } from '../parse-json.ts';
import type { Secret } from '../secret.ts';
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

/** A setting that the venue showed by itself, and how long ago. */
export type Word = { readonly setting: CurrentSetting; readonly ageMs: number };

/** What has been heard on one connection, from its first frame on. */
export type Heard<M> = {
  readonly memory: M;
  /** The last word about each market, the one heard last at the end. */
  readonly words: Map<string, Heeded>;
  /** The last change of each market that went out while it was open. */
  readonly changes: Map<string, Pending>;
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

type Heeded = {
  readonly setting: CurrentSetting;
  readonly at: number;
  /** Afterwards it does not count any more. */
  readonly until: number;
  /** None for a reply. */
  readonly channel: string | undefined;
};

/** What was asked for, and until when something else that is told may be from before. */
type Pending = { readonly setting: CurrentSetting; readonly until: number };

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

const mostWords = 500;
/** As long as the key is held for the change that is replied to, so that the bot makes no other one meanwhile. */
const replyHoldsMs = 30_000;
/** What was on its way when a change went out has come by then, and so has the change: a second look needs a newer word. */
const changeHoldsMs = 30_000;
/** Kraken sends a heartbeat about once a second: whoever is quiet for longer is asked whether anybody is there. */
const quietMs = 5_000;

export function createHeard<M>({ createMemory, elapsed }: HearOptions<M>): Heard<M> {
  return {
    memory: createMemory(),
    words: new Map(),
    changes: new Map(),
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
  for (const told of options.leverageTold(text)) heed(heard, told, { isReply: method !== undefined, channel });
  for (const listener of heard.listeners) listener();
}

type Source = { readonly isReply: boolean; readonly channel: string | undefined };

function heed(heard: Heard<unknown>, { symbol, setting }: MarketSetting, { isReply, channel }: Source): void {
  const { words, changes, at } = heard;
  const change = changes.get(symbol);
  // What a reply says is true when it comes, and nothing tells when it is not any more.
  if (isReply && change === undefined) return;
  if (setting.mode === 'unknown') {
    // Such as a position that is closed, or cross from now on: of what was told of it nobody says when it changes.
    if (words.get(symbol)?.channel === channel) words.delete(symbol);
    return;
  }
  const isLate = change !== undefined && at < change.until && !isSameSetting(setting, change.setting);
  const until = isLate ? change.until : isReply ? at + replyHoldsMs : Number.POSITIVE_INFINITY;
  words.delete(symbol);
  words.set(symbol, { setting, at, until, channel });
  dropOldest(words);
}

function dropOldest(one: Map<string, unknown>): void {
  const [oldest] = one.keys();
  if (one.size > mostWords && oldest !== undefined) one.delete(oldest);
}

/** Takes in that a change goes out: what was told before, or is on its way, says nothing of what came of it. */
export function expectChange({ heard, elapsed }: Connection<unknown>, { symbol, setting }: MarketSetting): void {
  heard.words.delete(symbol);
  heard.changes.delete(symbol);
  heard.changes.set(symbol, { setting, until: elapsed() + changeHoldsMs });
  dropOldest(heard.changes);
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
export function tell(
  connection: Connection<unknown>,
  request: Request & { readonly isInTime: () => boolean },
  deadlineMs: number,
): Promise<SocketReply> {
  return connection.socket.tell({ ...frameOf(connection, request), isInTime: request.isInTime, deadlineMs });
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
