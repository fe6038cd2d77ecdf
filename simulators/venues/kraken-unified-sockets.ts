import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Execution } from './call.ts';
import type { CallFacts } from './fault-queue.ts';
import type { Fault } from './faults.ts';
import type { KrakenOrder } from './kraken-state.ts';
import { strikeFrame } from './kraken-unified-frame-faults.ts';
import { describeFrame, type Frame, readFrame, rejected } from './kraken-unified-frames.ts';
import {
  carryOut,
  endAll,
  futuresTold,
  leverageTold,
  type Outcome,
  ordersTold,
  type Party,
  positionsTold,
  type Subscription,
} from './kraken-unified-requests.ts';
import type { UnifiedWorld } from './kraken-unified-world.ts';
import type { Traffic } from './pipeline.ts';
import type { OpenEntry } from './request-log.ts';
import { createSlidingWindows, createWindowsPerKey } from './sliding-windows.ts';

/** Beside the prefix of REST, on the same server. */
export const socketPrefix = '/kraken-uws';
const paths: readonly string[] = ['/v2/public', '/v2/private'];

/** Attempts to connect from one address, and for how long it is banned beyond (docs.kraken.com, WebSocket overview). */
const connectRule = { windowMs: 600_000, budget: 150 } as const;
const BAN_MS = 600_000;
/** What the old Derivatives sockets allowed; for these nothing is published. */
const messageRule = { windowMs: 1_000, budget: 100 } as const;
const MAX_FRAME_BYTES = 1024 * 1024;

/** In real milliseconds, since a clock that is moved must not end every connection at once. */
export type SocketPaces = {
  /** After how much silence a connection with a subscription gets a heartbeat. */
  readonly heartbeatMs: number;
  /** For how long a client may say nothing. */
  readonly idleMs: number;
  /** For how long a private connection may have no subscription; Kraken does not say. */
  readonly unsubscribedMs: number;
};

export const publishedPaces: SocketPaces = { heartbeatMs: 1_000, idleMs: 60_000, unsubscribedMs: 30_000 };

export type SocketParts = {
  readonly world: UnifiedWorld;
  readonly now: () => number;
  readonly traffic: Traffic;
  readonly paces: SocketPaces;
  /** Called whenever something came or went. */
  readonly changed: () => void;
};

type Connection = Party & {
  readonly id: string;
  readonly name: string;
  readonly socket: WebSocket;
  /** Frames that were not answered yet, as they stand in the log. */
  readonly waiting: Set<OpenEntry>;
  readonly messages: ReturnType<typeof createSlidingWindows>;
  /** What has to wait while a message goes out in fragments. */
  held: string[] | undefined;
};

type State = SocketParts & {
  readonly connections: Set<Connection>;
  /** Whose upgrade is kept waiting. */
  readonly hanging: Set<Duplex>;
  readonly attempts: { count: number; readonly windows: ReturnType<typeof createWindowsPerKey> };
  readonly bannedUntil: Map<string, number>;
  leaving: AbortController;
};

export type Sockets = ReturnType<typeof createSockets>;

/** The public and the private WebSocket address: who is connected, and what each connection is told. */
export function createSockets(parts: SocketParts) {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  const state: State = {
    ...parts,
    ...{ connections: new Set(), hanging: new Set(), bannedUntil: new Map(), leaving: new AbortController() },
    attempts: { count: 0, windows: createWindowsPerKey([connectRule]) },
  };
  const { connections, world } = state;

  return {
    /** Takes the upgrades of its own addresses; leaves all others to whoever listens for them. */
    attach(app: FastifyInstance): void {
      const upgrade = (request: IncomingMessage, raw: Duplex, head: Buffer) => {
        const { pathname } = new URL(request.url ?? '/', 'http://loopback');
        if (!pathname.startsWith(`${socketPrefix}/`) || raw.destroyed) return;
        const name = pathname.slice(socketPrefix.length);
        const open = () => server.handleUpgrade(request, raw, head, (socket) => welcome(state, socket, name));
        void receiveUpgrade(state, { request, raw, name, open });
      };
      app.server.on('upgrade', upgrade);
      app.addHook('preClose', async () => {
        app.server.off('upgrade', upgrade);
        release(state);
        for (const { socket } of connections) socket.terminate();
      });
    },
    /** Breaks every connection that is kept waiting on purpose. */
    releaseHangs: () => release(state),
    tellLeverage: (account: string, symbol: string) => tellLeverage(state, account, symbol),
    tellPositions(id: string, symbols: readonly string[]): void {
      const about = { id, symbols, at: state.now() };
      for (const one of connections) for (const said of positionsTold(world, one, about)) tell(one, said);
    },
    tellOrders(id: string, gone: readonly KrakenOrder[]): void {
      const about = { id, gone, at: state.now() };
      for (const one of connections) for (const said of ordersTold(one, about)) tell(one, said);
    },
    tellFutures(id: string): void {
      for (const one of connections) for (const said of futuresTold(one, id)) tell(one, said);
    },
    tellStatus(): void {
      for (const one of connections) write(one, statusText(world, one.id));
    },
    /** With a close code, or by breaking every connection. */
    drop(code?: number, reason = ''): void {
      for (const { socket } of connections) {
        if (code === undefined) socket.terminate();
        else socket.close(code, reason);
      }
    },
    count: () => connections.size,
    attempts: () => state.attempts.count,
  };
}

function release(state: State): void {
  state.leaving.abort();
  state.leaving = new AbortController();
  for (const raw of state.hanging) raw.destroy();
  for (const { socket, waiting } of state.connections) if (waiting.size > 0) socket.terminate();
}

type Arrival = {
  readonly request: IncomingMessage;
  readonly raw: Duplex;
  readonly name: string;
  readonly open: () => void;
};

/** Before there is a socket, Kraken's edge can only answer with a status. */
async function receiveUpgrade(state: State, { request, raw, name, open }: Arrival): Promise<void> {
  const { traffic, now, hanging, attempts, changed } = state;
  const at = now();
  attempts.count += 1;
  raw.on('error', () => raw.destroy());
  const fault = traffic.faults.take({
    ...{ at, kind: 'read', readsSetting: false, account: undefined, path: `upgrade ${name}` },
  });
  const path = `${socketPrefix}${name}`;
  const about = { kind: 'read', account: undefined, fault: fault?.name } as const;
  const entry = traffic.log.open({ at, method: 'GET', path, query: '' }, about);
  raw.once('close', () => {
    hanging.delete(raw);
    entry.ended(now(), false);
  });
  const answer = (status: number, headers: readonly string[] = []) => {
    entry.answered(status);
    entry.ended(now(), true);
    turnAway(raw, status, headers);
  };
  changed();
  const ip = request.socket.remoteAddress ?? '';
  if (isBanned(state, ip, at)) return answer(429, ['Retry-After: 600']);
  if (!paths.includes(name)) return answer(404);
  if (fault !== undefined && !(await letsIn(fault, { state, raw, answer }))) return undefined;
  entry.answered(101);
  entry.ended(now(), true);
  return open();
}

function isBanned({ world, bannedUntil, attempts }: State, ip: string, at: number): boolean {
  if (!world.isLimited) return false;
  if (at < (bannedUntil.get(ip) ?? 0)) return true;
  if (attempts.windows.tryTake(ip, at)) return false;
  bannedUntil.set(ip, at + BAN_MS);
  return true;
}

function turnAway(raw: Duplex, status: number, headers: readonly string[]): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...headers,
    'Connection: close',
    'Content-Length: 0',
  ];
  raw.end(`${head.join('\r\n')}\r\n\r\n`);
}

type Door = {
  readonly state: State;
  readonly raw: Duplex;
  readonly answer: (status: number, headers?: readonly string[]) => void;
};

/** What a fault does to an upgrade; faults that spoil an answer make it one that is no upgrade. */
async function letsIn(fault: Fault, { state, raw, answer }: Door): Promise<boolean> {
  switch (fault.name) {
    case 'delay':
      await wait(fault.ms, undefined, { signal: state.leaving.signal }).catch(() => raw.destroy());
      return !raw.destroyed;
    case 'hang':
    case 'apply-then-hang':
      state.hanging.add(raw);
      return false;
    case 'reset':
    case 'apply-then-reset':
      raw.destroy();
      return false;
    case 'rate-limited':
      answer(429, fault.retryAfterSeconds === undefined ? [] : [`Retry-After: ${fault.retryAfterSeconds}`]);
      return false;
    case 'server-error':
      answer(fault.status);
      return false;
    case 'refused':
      answer(fault.status ?? 403);
      return false;
    case 'redirect':
      answer(fault.status, [`Location: ${fault.to}`]);
      return false;
    default:
      answer(200);
      return false;
  }
}

let lastConnection = 13_834_774_380_200_032_777n;

/** A number with more digits than a float holds, as Kraken's are. */
function nextConnectionId(): string {
  lastConnection += 1n;
  return String(lastConnection);
}

function welcome(state: State, socket: WebSocket, name: string): void {
  const { world, paces, connections, now, changed } = state;
  const connection: Connection = {
    ...{ id: nextConnectionId(), name, socket, isPrivate: name === '/v2/private', held: undefined },
    ...{ subscriptions: new Map<string, Subscription>(), waiting: new Set<OpenEntry>() },
    messages: createSlidingWindows(world.isLimited ? [messageRule] : []),
  };
  connections.add(connection);
  const heartbeat = setInterval(() => beat(connection), paces.heartbeatMs);
  const idle = setTimeout(() => socket.close(1000, 'idle'), paces.idleMs);
  const lonely = setInterval(() => leaveIfLonely(connection), paces.unsubscribedMs);
  socket.on('message', (text) => {
    idle.refresh();
    void receive(state, connection, text.toString());
    lonely.refresh();
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    clearInterval(heartbeat);
    clearTimeout(idle);
    clearInterval(lonely);
    connections.delete(connection);
    endAll(connection);
    for (const entry of connection.waiting) entry.ended(now(), false);
    changed();
  });
  if (world.switches.statusOnPrivate || !connection.isPrivate) write(connection, statusText(world, connection.id));
  if (world.status.system === 'maintenance') socket.close(1012, 'maintenance');
}

function beat(connection: Connection): void {
  if (connection.subscriptions.size > 0) tell(connection, { channel: 'heartbeat' });
}

function leaveIfLonely({ isPrivate, subscriptions, socket }: Connection): void {
  if (isPrivate && subscriptions.size === 0) socket.close(1000, 'no subscriptions');
}

/** @see docs.kraken.com, Status: `upcoming_maintenance` and `emergency` stand there both or not at all */
export function statusText({ status: { system, upcoming } }: UnifiedWorld, connectionId: string): string {
  const announced = upcoming.length === 0 ? {} : { upcoming_maintenance: upcoming, emergency: [] };
  const said = { system, api_version: 'v2', connection_id: 0, version: '2.0.10', ...announced };
  const text = JSON.stringify({ channel: 'status', type: 'update', data: [said] });
  return text.replace('"connection_id":0', `"connection_id":${connectionId}`);
}

function write(connection: Connection, text: string): void {
  const { socket, held } = connection;
  if (held !== undefined) held.push(text);
  else if (socket.readyState === socket.OPEN) socket.send(text);
}

function tell(connection: Connection, said: object): void {
  write(connection, JSON.stringify(said));
}

function tellLeverage({ connections, world, traffic, now }: State, account: string, symbol: string): void {
  for (const one of connections) {
    const said = leverageTold(world, one, account, symbol);
    const facts = { at: now(), kind: 'read', readsSetting: true, account, path: `${one.name} push` } as const;
    const isStruck = said.length > 0 && traffic.faults.take({ ...facts, isFrame: true, isPush: true }) !== undefined;
    if (!isStruck) for (const frame of said) tell(one, frame);
  }
}

/** What a frame is, for faults and the log. */
function factsOf({ world }: State, { name }: Connection, frame: Frame): CallFacts {
  const { method, params, at } = frame;
  const isSetting = params.channel === 'preferences' || params.channel === 'positions';
  return {
    ...{ at, isFrame: true, kind: method === 'set_preference' ? 'write' : 'read' },
    readsSetting: method === 'subscribe' && isSetting,
    account: world.tokens.find(params.token, at).token?.account.id,
    path: `${name}?${describeFrame(frame)}`,
  };
}

async function receive(state: State, connection: Connection, text: string): Promise<void> {
  const { world, traffic, now, changed } = state;
  const frame = readFrame(text, now());
  const facts = factsOf(state, connection, frame);
  const fault = traffic.faults.take(facts);
  const [path, query] = [`${socketPrefix}${connection.name}`, describeFrame(frame)];
  const about = { kind: facts.kind, account: facts.account, fault: fault?.name };
  const entry = traffic.log.open({ at: frame.at, method: 'WS', path, query }, about);
  connection.waiting.add(entry);
  const answered = (isSuccess: boolean) => {
    connection.waiting.delete(entry);
    entry.answered(isSuccess ? 200 : 400);
    entry.ended(now(), true);
    changed();
  };
  const perform = (execution: Execution): Outcome => {
    if (!connection.messages.tryTake(frame.at)) return { replies: [rejected(frame, 'Exceeded msg rate')], after: [] };
    if (facts.kind === 'write' && facts.account !== undefined) traffic.faults.noteWrite(facts.account, frame.at);
    const outcome = carryOut(world, connection, { ...frame, at: now() }, execution);
    // What changed is told to all connections of the account, and may so come before the answer that caused it.
    if (outcome.moved !== undefined) tellLeverage(state, outcome.moved.account, outcome.moved.symbol);
    return outcome;
  };
  changed();
  const finish = (outcome: Outcome) => {
    for (const reply of outcome.replies) {
      const isNoisy = world.switches.heartbeatBeforeAnswers && connection.subscriptions.size > 0;
      if (isNoisy) tell(connection, { channel: 'heartbeat' });
      tell(connection, reply);
    }
    for (const said of outcome.after) tell(connection, said);
    answered(outcome.replies.every(({ success }) => success));
  };
  if (fault === undefined) return finish(perform('normal'));
  const { socket } = connection;
  const line = { socket, write: (said: string) => write(connection, said), hold: holding(connection) };
  return strikeFrame(fault, { world, frame, perform, finish, answered, line, signal: state.leaving.signal });
}

/** Keeps back whatever else there is to say, so that nothing gets into the middle of a message in fragments. */
function holding(connection: Connection) {
  return async (send: () => Promise<void>): Promise<void> => {
    const held: string[] = [];
    connection.held = held;
    await send().finally(() => {
      connection.held = undefined;
      for (const text of held) write(connection, text);
    });
  };
}
