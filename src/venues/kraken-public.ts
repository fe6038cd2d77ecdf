import type { Deadlines } from '../leverage/venue.ts';
import { type ConnectBudget, connect, type NotConnected } from './kraken-connect-budget.ts';
import { pingMs, quietMs } from './kraken-connection.ts';
import { frameOf } from './kraken-replies.ts';
import { type SystemStatus, statusOf } from './kraken-told.ts';
import { mostCharacters } from './list-reply.ts';
import { createSlots } from './slots.ts';
import type { SocketReply, VenueSocket } from './socket.ts';

type Channel = { readonly channel: string; readonly symbol?: readonly string[] };

/** Stays subscribed until it is wanted anew: Kraken may end a connection that has no subscription. */
const keptChannel = 'instrument';

/** The one connection for public data: opened when it is wanted, and anew when it is wanted again after its end. */
export type Public = {
  /**
   * Subscribes a channel and waits for the message that `tells`: it is taken as one answer, not as a stream. One at a
   * time.
   */
  readonly snapshot: (
    channel: Channel,
    tells: (text: string) => boolean,
    leftMs: () => number,
  ) => Promise<SocketReply | NotConnected>;
  readonly status: () => SystemStatus | undefined;
  readonly close: () => void;
};

type Options = {
  readonly url: string;
  readonly budget: ConnectBudget;
  readonly deadlines: Deadlines;
  readonly elapsed: () => number;
};

type State = Options & {
  readonly turns: ReturnType<typeof createSlots>;
  current: Open | undefined;
  status: SystemStatus | undefined;
  isClosed: boolean;
};

type Open = { readonly socket: VenueSocket; heardAt: number; lastId: number; isKeptSubscribed: boolean };

/** All contracts in one message are about 1 MiB. */
const mostBytes = 4 * 1024 * 1024;

export function createPublic({ url, budget, deadlines, elapsed }: Options): Public {
  const state: State = {
    ...{ url, budget, deadlines, elapsed },
    turns: createSlots(1),
    current: undefined,
    status: undefined,
    isClosed: false,
  };
  return {
    snapshot: (channel, tells, leftMs) => snapshot(state, channel, tells, leftMs),
    status: () => state.status,
    close: () => {
      state.isClosed = true;
      state.current?.socket.terminate();
    },
  };
}

async function snapshot(
  state: State,
  channel: Channel,
  tells: (text: string) => boolean,
  leftMs: () => number,
): ReturnType<Public['snapshot']> {
  const giveBack = await state.turns.take(leftMs() / 2);
  if (giveBack === undefined) return { kind: 'busy', limit: 'connections', retryAfterMs: 1_000 };
  try {
    const open = await acquire(state, leftMs);
    if ('kind' in open) return open;
    const isKept = channel.channel === keptChannel;
    const end = () => ask(open, { method: 'unsubscribe', channel }, isUnsubscribed, state.deadlines.readMs);
    if (isKept && open.isKeptSubscribed) await end();
    const reply = await ask(open, { method: 'subscribe', channel }, tells, leftMs());
    if (isKept) open.isKeptSubscribed = true;
    if (reply.kind !== 'answered') open.socket.terminate();
    // Nobody waits for it: should it get lost, Kraken says next time that the channel is subscribed already.
    else if (!isKept) void end();
    return reply;
  } finally {
    giveBack();
  }
}

const isUnsubscribed = (text: string) => frameOf(text)?.method === 'unsubscribe';

type Request = { readonly method: string; readonly channel?: Channel };

function ask(
  open: Open,
  { method, channel }: Request,
  answers: (text: string) => boolean,
  deadlineMs: number,
): Promise<SocketReply> {
  open.lastId += 1;
  const params = channel && { ...channel, asset_class: 'derivatives' };
  const text = JSON.stringify({ method, req_id: open.lastId, ...(params && { params }) });
  return open.socket.ask({ text: () => text, answers, deadlineMs });
}

async function acquire(state: State, leftMs: () => number): Promise<Open | NotConnected> {
  const { current, elapsed } = state;
  if (current?.socket.isOpen() && (elapsed() - current.heardAt < quietMs || (await isThere(current, leftMs() / 2)))) {
    return current;
  }
  return open(state, leftMs);
}

/** Any message is a sign of life. */
async function isThere(open: Open, deadlineMs: number): Promise<boolean> {
  const reply = await ask(open, { method: 'ping' }, () => true, deadlineMs);
  if (reply.kind !== 'answered') open.socket.terminate();
  return reply.kind === 'answered';
}

async function open(state: State, leftMs: () => number): Promise<Open | NotConnected> {
  const { url, budget, deadlines, elapsed } = state;
  if (state.isClosed) return { kind: 'not-sent' };
  const wait = budget.take(undefined);
  if (wait !== undefined) return wait;
  let opened: Open | undefined;
  let pinging: NodeJS.Timeout | undefined;
  let isOver = false;
  const opening = await connect(budget, {
    ...{ url, elapsed },
    connectMs: Math.min(deadlines.connectMs, leftMs()),
    maxBytes: mostBytes,
    onFrame: (text) => {
      if (opened !== undefined) opened.heardAt = elapsed();
      if (text.length <= mostCharacters && text.includes('"status"')) hearStatus(state, text);
    },
    onEnd: () => {
      isOver = true;
      clearInterval(pinging);
      if (state.current !== opened) return;
      state.current = undefined;
      // Nobody says any more when it is over.
      state.status = undefined;
    },
  });
  if (opening.kind !== 'open') return opening;
  const { socket } = opening;
  const one: Open = { socket, heardAt: elapsed(), lastId: 0, isKeptSubscribed: false };
  opened = one;
  if (state.isClosed) socket.terminate();
  if (isOver) return { kind: 'not-sent' };
  pinging = setInterval(() => void isThere(one, deadlines.readMs), pingMs).unref();
  state.current = one;
  return one;
}

function hearStatus(state: State, text: string): void {
  const frame = frameOf(text);
  if (frame?.channel === 'status') state.status = statusOf(frame) ?? state.status;
}
