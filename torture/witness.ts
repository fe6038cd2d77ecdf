import { subscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { z } from 'zod';
import { NOTES_FD } from '../simulators/child.ts';
import { rowKeys } from '../src/confirm/proposal-rows.ts';
import type { Change, Store } from '../src/store/store.ts';
import { type BotSetup, type InnerMoment, lineOf, type Note } from './bot-messages.ts';
import { machineMs } from './clock.ts';
import { overhear } from './frames.ts';

// Inside the bot's process: notes what only it can see, and stops it where only it can be stopped. What is noted has
// left before whatever comes next, even a SIGSTOP.

export type Witness = ReturnType<typeof createWitness>;

export function createWitness(venueUrls: BotSetup['venueUrls']) {
  const urls = Object.values(venueUrls);
  // Where there is a socket, what is posted beside it changes nothing.
  const origins = new Set(urls.flatMap((url) => (typeof url === 'string' ? [new URL(url).origin] : [])));
  const ports = new Set(urls.flatMap((url) => (typeof url === 'string' ? [] : [Number(new URL(url.socket).port)])));
  let armed: { readonly at: InnerMoment; left: number } | undefined;
  /** The venue to which a write waits for its connection. */
  let connectingTo: string | undefined;

  function reach(moment: InnerMoment): void {
    if (armed?.at !== moment) return;
    armed.left -= 1;
    if (armed.left > 0) return;
    armed = undefined;
    note({ kind: 'stopped', at: machineMs() });
    process.kill(process.pid, 'SIGSTOP');
  }

  /** Claimed here; what is committed next says that it sends, or ends it. */
  const claimed = new Set<string>();
  function isSending({ isClaim, rows, ended }: ReturnType<typeof seenIn>): boolean {
    const isNext = rows.filter((id) => claimed.delete(id)).length > 0;
    if (isClaim) for (const id of rows) claimed.add(id);
    return isNext && !isClaim && ended.length === 0;
  }

  const lines = new WeakMap<object, string>();
  const isWrite = ({ method, origin }: Asked): boolean => method !== 'GET' && origins.has(String(origin));
  const over = (message: unknown): void => {
    const { request } = aboutRequest.parse(message);
    const line = lines.get(request);
    if (line !== undefined) note({ kind: 'over', pid: process.pid, line, at: machineMs() });
  };
  subscribe('undici:request:create', (message) => {
    const request = askedIn(message);
    if (!isWrite(request)) return;
    connectingTo = String(request.origin);
    reach('request');
  });
  subscribe('undici:client:connected', (message) => {
    if (originOf(message) !== connectingTo) return;
    connectingTo = undefined;
    reach('connected');
  });
  subscribe('undici:client:sendHeaders', (message) => {
    if (!isWrite(askedIn(message))) return;
    const { request, socket } = z.object({ ...aboutRequest.shape, socket: connection }).parse(message);
    const line = lineOf(socket.localPort, socket.remotePort);
    lines.set(request, line);
    note({ kind: 'left', pid: process.pid, line, at: machineMs() });
  });
  subscribe('undici:request:trailers', over);
  subscribe('undici:request:error', over);

  subscribe('net.client.socket', (message) => {
    const { socket } = aboutSocket.parse(message);
    const isVenue = () => ports.has(socket.remotePort ?? 0);
    socket.once('connect', () => isVenue() && reach('connected'));
    // Connecting takes away what was put in the place of `write` before it.
    process.nextTick(() => watchFrames(socket, isVenue, reach));
  });

  return {
    /** Has the process stop itself when it comes to this moment for the `nth` time from now on. */
    stopAt: (at: InnerMoment, nth: number): void => {
      armed = { at, left: nth };
    },
    /** A store whose changes are noted. */
    watch: (store: Store): Store => ({
      ...store,
      commit: async (change) => {
        reach('commit');
        const from = machineMs();
        const result = await store.commit(change);
        const seen = seenIn(change);
        if (result.kind === 'committed') note({ kind: 'committed', pid: process.pid, from, to: machineMs(), ...seen });
        reach('commit');
        if (result.kind === 'committed' && isSending(seen)) reach('sending');
        return result;
      },
    }),
  };
}

/** Notes a change that leaves over a venue's socket, and reaches the moments of its frames. */
function watchFrames(socket: Socket, isVenue: () => boolean, reach: (moment: InnerMoment) => void): void {
  let waitsFor: unknown;
  const onSent = (text: string) => {
    const id = isVenue() ? writeIn(text) : undefined;
    if (id === undefined) return;
    waitsFor = id;
    const about = { pid: process.pid, line: lineOf(socket.localPort, socket.remotePort) };
    note({ kind: 'left', ...about, at: machineMs() });
    process.nextTick(() => {
      // It is through with the frame; for how long it waits for an answer shows nowhere on the connection.
      note({ kind: 'over', ...about, at: machineMs() });
      reach('sent');
    });
  };
  const onReceived = (text: string) => {
    if (!isVenue()) return;
    const { method, req_id: id } = frame.safeParse(parse(text)).data ?? {};
    if (method === 'subscribe') reach('subscribed');
    if (method === WRITE && id === waitsFor) reach('answered');
  };
  overhear(socket, { isUpgraded: false }, { onSent, onReceived });
}

function note(one: Note): void {
  writeSync(NOTES_FD, `${JSON.stringify(one)}\n`);
}

/** A claim alone is both bound to a time and the one that takes a lease. */
function isClaim({ before, checks = [] }: Change): boolean {
  return (
    before !== undefined && checks.some(({ key, version }) => key.startsWith(rowKeys.lease('')) && version === 'absent')
  );
}

function seenIn(change: Change) {
  const ids = (prefix: string, isRemoved: boolean) =>
    change.writes
      .filter((write) => write.key.startsWith(prefix) && 'remove' in write === isRemoved)
      .map(({ key }) => key.slice(key.lastIndexOf('/') + 1));
  return { isClaim: isClaim(change), rows: ids(rowKeys.row(''), false), ended: ids(rowKeys.open(), true) };
}

/** What Kraken calls a change. */
const WRITE = 'set_preference';
const frame = z.object({ method: z.string(), req_id: z.unknown() });

/** @returns the id of the change that a frame asks for. */
function writeIn(text: string): unknown {
  const asks = frame.safeParse(parse(text)).data;
  return asks?.method === WRITE ? (asks.req_id ?? 'none') : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Asked = { readonly method: string; readonly origin: unknown };

const aboutRequest = z.object({ request: z.custom<object>((value) => typeof value === 'object' && value !== null) });
const asked = z.object({ method: z.string(), origin: z.unknown() });
const aboutSocket = z.object({ socket: z.instanceof(Socket) });
const connection = z.object({ localPort: z.int(), remotePort: z.int() });
const aboutConnection = z.object({ connectParams: z.object({ protocol: z.string(), host: z.string() }) });

function askedIn(message: unknown): Asked {
  return asked.parse(aboutRequest.parse(message).request);
}

function originOf(message: unknown): string {
  const { protocol, host } = aboutConnection.parse(message).connectParams;
  return `${protocol}//${host}`;
}
