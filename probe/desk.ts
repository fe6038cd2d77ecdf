import { z } from 'zod';
import { parseJson } from '../src/parse-json.ts';
import type { Secret } from '../src/secret.ts';
import { openSocket, type SocketEnding, type SocketReply, type VenueSocket } from '../src/venues/socket.ts';
import { type Exchange, type Recorder, recordMessage } from './recorder.ts';

/** A request without what goes with each: its number and the token. */
export type DeskRequest = {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Another token than the connection's, or none. */
  readonly token?: Secret | 'none';
};

/** One connection of ours to Kraken's sockets, on which each frame is written down. */
export type Desk = {
  /** Asks what changes nothing, and waits for its reply. */
  readonly ask: (request: DeskRequest) => Promise<Exchange>;
  /** Waits for the next frame of a channel, unless one has come already. */
  readonly hear: (channel: string) => Promise<Exchange | undefined>;
  /** All frames of a channel so far. */
  readonly heard: (channel: string) => readonly Exchange[];
  readonly ended: Promise<SocketEnding & { readonly afterMs: number }>;
  readonly isOpen: () => boolean;
  readonly close: () => void;
};

type DeskOptions = {
  /** The whole address, ending in `/v2/public` or `/v2/private`. */
  readonly url: string;
  readonly recorder: Recorder;
  readonly elapsed: () => number;
  readonly token?: Secret;
};

const connectMs = 5_000;
const patienceMs = 5_000;
/** Snapshots of all instruments are long. */
const mostHeard = 500;
const longestFrame = 16 * 1024 * 1024;

const frameSchema = z.object({
  method: z.string().optional(),
  req_id: z.int().optional(),
  channel: z.string().optional(),
});

type State = {
  readonly options: DeskOptions;
  readonly heard: { readonly channel: string; readonly exchange: Exchange }[];
  /** Called after every frame, and at the end. */
  readonly listeners: Set<() => void>;
  /** The number of the reply that came last. */
  repliedTo: number | undefined;
  lastId: number;
};

/** @returns undefined where no connection could be made. */
async function openDesk(options: DeskOptions): Promise<Desk | undefined> {
  const { url, recorder, elapsed } = options;
  const startedAt = elapsed();
  const state: State = { options, heard: [], listeners: new Set(), repliedTo: undefined, lastId: 0 };
  const ending = Promise.withResolvers<SocketEnding & { readonly afterMs: number }>();
  const opening = await openSocket({
    ...{ url, connectMs, elapsed, maxBytes: longestFrame },
    onFrame: (text) => take(state, text),
    onEnd: (end) => {
      ending.resolve({ ...end, afterMs: elapsed() - startedAt });
      for (const listener of state.listeners) listener();
    },
  });
  const ms = Math.round(elapsed() - startedAt);
  recorder.add({ what: `WS connect ${new URL(url).pathname}`, reply: replyOf(opening), ms });
  if (opening.kind !== 'open') return undefined;
  const { socket } = opening;
  const framesOf = (channel: string) => state.heard.filter((one) => one.channel === channel);
  return {
    ask: (request) => ask(state, socket, request),
    hear: (channel) => hear(state, socket, channel),
    heard: (channel) => framesOf(channel).map(({ exchange }) => exchange),
    ended: ending.promise,
    isOpen: socket.isOpen,
    close: socket.terminate,
  };
}

function take(state: State, text: string): void {
  const { method, req_id: id, channel } = frameSchema.safeParse(parseJson(text)).data ?? {};
  state.repliedTo = id;
  if (channel === undefined || method !== undefined) return;
  const exchange = recordMessage(state.options.recorder, text);
  if (state.heard.length < mostHeard) state.heard.push({ channel, exchange });
  for (const listener of state.listeners) listener();
}

async function ask(state: State, socket: VenueSocket, request: DeskRequest): Promise<Exchange> {
  const { recorder, elapsed } = state.options;
  const { method, params = {}, token = state.options.token } = request;
  state.lastId += 1;
  const id = state.lastId;
  const secret = token === 'none' ? undefined : token;
  const sentAt = elapsed();
  const reply = await socket.ask({
    text: () => {
      const all = secret === undefined ? params : { ...params, token: secret.reveal() };
      return JSON.stringify({ method, req_id: id, ...(Object.keys(all).length > 0 && { params: all }) });
    },
    answers: () => state.repliedTo === id,
    deadlineMs: patienceMs,
  });
  const exchange = { what: `WS ${method}${describe(params)}`, reply, ms: Math.round(elapsed() - sentAt) };
  recorder.add(exchange);
  return exchange;
}

async function hear({ heard, listeners }: State, socket: VenueSocket, wanted: string): Promise<Exchange | undefined> {
  const found = Promise.withResolvers<Exchange | undefined>();
  const look = () => {
    const exchange = heard.find(({ channel }) => channel === wanted)?.exchange;
    if (exchange !== undefined || !socket.isOpen()) found.resolve(exchange);
  };
  const timer = setTimeout(() => found.resolve(undefined), patienceMs);
  listeners.add(look);
  look();
  return found.promise.finally(() => {
    clearTimeout(timer);
    listeners.delete(look);
  });
}

/** A connection is told like a reply: 101 where it was made, else the status that came instead. */
function replyOf(opening: Awaited<ReturnType<typeof openSocket>>): SocketReply {
  if (opening.kind === 'not-sent') return { kind: 'not-sent' };
  return { kind: 'answered', status: opening.kind === 'open' ? 101 : opening.status, text: '' };
}

const shown = z.object({ channel: z.string().optional(), with_margin: z.boolean().optional() });

function describe(params: Readonly<Record<string, unknown>>): string {
  const { channel, with_margin: withMargin } = shown.safeParse(params).data ?? {};
  return `${channel === undefined ? '' : ` ${channel}`}${withMargin === true ? ' with margin' : ''}`;
}

/** `margin` is a second private one: a connection takes one subscription of positions. */
type DeskName = 'public' | 'private' | 'margin';

/** The connections of one round of questions, each opened when it is wanted first. */
export type Desks = {
  /** @throws Failure of reading a token */
  readonly take: (name: DeskName) => Promise<Desk | undefined>;
  /** One that nobody else uses. */
  readonly open: (name: DeskName) => Promise<Desk | undefined>;
  readonly close: () => void;
};

type DesksOptions = Omit<DeskOptions, 'token'> & {
  /** @throws Failure */
  readonly readToken: () => Promise<Secret>;
};

/** @param options.url - Without the address's last part. */
export function createDesks({ url, recorder, elapsed, readToken }: DesksOptions): Desks {
  const desks = new Map<DeskName, Desk>();
  const open = async (name: DeskName) => {
    const token = name === 'public' ? undefined : await readToken();
    const path = name === 'public' ? '/v2/public' : '/v2/private';
    return openDesk({ url: `${url}${path}`, recorder, elapsed, ...(token && { token }) });
  };
  return {
    open,
    take: async (name) => {
      const known = desks.get(name);
      if (known?.isOpen()) return known;
      const desk = await open(name);
      if (desk !== undefined) desks.set(name, desk);
      return desk;
    },
    close: () => {
      for (const desk of desks.values()) desk.close();
      desks.clear();
    },
  };
}
