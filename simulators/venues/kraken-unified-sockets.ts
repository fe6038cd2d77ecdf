import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Execution } from './call.ts';
import type { CallFacts } from './fault-queue.ts';
import type { KrakenOrder } from './kraken-state.ts';
import { createDoor } from './kraken-unified-door.ts';
import { strikeFrame } from './kraken-unified-frame-faults.ts';
import { describeFrame, type Frame, readFrame, rejected } from './kraken-unified-frames.ts';
import { carryOut, endAll, type Outcome } from './kraken-unified-requests.ts';
import {
  futuresTold,
  leverageTold,
  marketTold,
  ordersTold,
  type Party,
  positionsTold,
  type Subscription,
} from './kraken-unified-told.ts';
import type { UnifiedWorld } from './kraken-unified-world.ts';
import type { Traffic } from './pipeline.ts';
import type { OpenEntry } from './request-log.ts';
import { createSlidingWindows } from './sliding-windows.ts';

/** Beside the prefix of REST, on the same server. */
export const socketPrefix = '/kraken-uws';
const paths = [`${socketPrefix}/v2/public`, `${socketPrefix}/v2/private`];

/** What the old Derivatives sockets allowed; for these nothing is published. */
const messageRule = { windowMs: 1_000, budget: 100 } as const;
const MAX_FRAME_BYTES = 1024 * 1024;

/** In real milliseconds, since a clock that is moved must not end every connection at once. */
export type SocketPaces = {
  /** How often a connection with a subscription gets a heartbeat. */
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
  readonly path: string;
  readonly socket: WebSocket;
  /** Frames that were not answered yet, as they stand in the log. */
  readonly waiting: Set<OpenEntry>;
  readonly messages: ReturnType<typeof createSlidingWindows>;
  /** What has to wait while a message goes out in fragments. */
  held: string[] | undefined;
};

type State = SocketParts & {
  readonly connections: Set<Connection>;
  /** Aborted when what is kept waiting is let go. */
  leaving: AbortController;
};

export type Sockets = ReturnType<typeof createSockets>;

/** The public and the private WebSocket address: who is connected, and what each connection is told. */
export function createSockets(parts: SocketParts) {
  const { world, now, traffic, changed } = parts;
  const { isLimited, bannedUntil } = world;
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  const state: State = { ...parts, connections: new Set(), leaving: new AbortController() };
  const door = createDoor({ now, traffic, isLimited, bannedUntil, paths, changed });
  const { connections } = state;

  function tellAll(said: (connection: Connection) => readonly object[]): void {
    for (const one of connections) for (const frame of said(one)) tell(one, frame);
  }

  /** With a close code, or by breaking every connection. */
  function drop(code?: number, reason = ''): void {
    for (const { socket } of connections) {
      if (code === undefined) socket.terminate();
      else socket.close(code, reason);
    }
  }

  function releaseHangs(): void {
    door.release();
    state.leaving.abort();
    state.leaving = new AbortController();
    for (const { socket, waiting } of connections) if (waiting.size > 0) socket.terminate();
  }

  return {
    /** Takes the upgrades of its own addresses; leaves all others to whoever listens for them. */
    attach(app: FastifyInstance): void {
      const upgrade = (request: IncomingMessage, raw: Duplex, head: Buffer) => {
        const { pathname: path } = new URL(request.url ?? '/', 'http://loopback');
        if (!path.startsWith(`${socketPrefix}/`) || raw.destroyed) return;
        const open = () => server.handleUpgrade(request, raw, head, (socket) => welcome(state, socket, path));
        void door.receive({ request, raw, path, open });
      };
      app.server.on('upgrade', upgrade);
      app.addHook('preClose', async () => {
        app.server.off('upgrade', upgrade);
        releaseHangs();
        drop();
      });
    },
    /** Breaks every connection that is kept waiting on purpose. */
    releaseHangs,
    tellLeverage: (account: string, symbol: string) => tellLeverage(state, account, symbol),
    tellPositions: (id: string, symbols: readonly string[]) =>
      tellAll((one) => positionsTold(world, one, { id, symbols, at: now() })),
    tellOrders: (id: string, gone: readonly KrakenOrder[]) =>
      tellAll((one) => ordersTold(one, { id, gone, at: now() })),
    tellFutures: (id: string) => tellAll((one) => futuresTold(one, id)),
    tellMarket: (symbol: string) => tellAll((one) => marketTold(world, one, symbol, now())),
    tellStatus(): void {
      for (const one of connections) write(one, statusText(world, one.id));
    },
    drop,
    count: () => connections.size,
    attempts: door.attempts,
  };
}

let lastConnection = 13_834_774_380_200_032_777n;

/** A number with more digits than a float holds, as Kraken's are. */
function nextConnectionId(): string {
  lastConnection += 1n;
  return String(lastConnection);
}

function welcome(state: State, socket: WebSocket, path: string): void {
  const { world, connections } = state;
  const connection: Connection = {
    ...{ id: nextConnectionId(), path, socket, isPrivate: path.endsWith('/private'), held: undefined },
    ...{ subscriptions: new Map<string, Subscription>(), waiting: new Set<OpenEntry>() },
    messages: createSlidingWindows(world.isLimited ? [messageRule] : []),
  };
  connections.add(connection);
  keepTime(state, connection);
  socket.on('message', (text) => void receive(state, connection, text.toString()));
  socket.on('error', () => socket.terminate());
  socket.on('close', () => part(state, connection));
  if (world.switches.statusOnPrivate || !connection.isPrivate) write(connection, statusText(world, connection.id));
  if (world.status.system === 'maintenance') socket.close(1012, 'maintenance');
}

/** Heartbeats, and the two reasons for which Kraken closes a connection by itself. */
function keepTime({ paces }: State, connection: Connection): void {
  const { socket, subscriptions, isPrivate } = connection;
  const heartbeat = setInterval(() => {
    if (subscriptions.size > 0) tell(connection, { channel: 'heartbeat' });
  }, paces.heartbeatMs);
  const idle = setTimeout(() => socket.close(1000, 'idle'), paces.idleMs);
  const lonely = setInterval(() => {
    if (isPrivate && subscriptions.size === 0) socket.close(1000, 'no subscriptions');
  }, paces.unsubscribedMs);
  socket.on('message', () => idle.refresh());
  socket.on('close', () => {
    clearInterval(heartbeat);
    clearTimeout(idle);
    clearInterval(lonely);
  });
}

function part({ connections, now, changed }: State, connection: Connection): void {
  connections.delete(connection);
  endAll(connection);
  for (const entry of connection.waiting) entry.ended(now(), false);
  connection.waiting.clear();
  changed();
}

/** @see docs.kraken.com, Status: `upcoming_maintenance` and `emergency` stand there both or not at all */
function statusText({ status: { system, upcoming } }: UnifiedWorld, connectionId: string): string {
  const announced = upcoming.length === 0 ? {} : { upcoming_maintenance: upcoming, emergency: [] };
  const said = { system, api_version: 'v2', connection_id: 0, version: '2.0.10', ...announced };
  const text = JSON.stringify({ channel: 'status', type: 'update', data: [said] });
  return text.replace('"connection_id":0', `"connection_id":${connectionId}`);
}

function write({ socket, held }: Connection, text: string): void {
  if (held !== undefined) held.push(text);
  else if (socket.readyState === socket.OPEN) socket.send(text);
}

function tell(connection: Connection, said: object): void {
  write(connection, JSON.stringify(said));
}

function tellLeverage({ connections, world, traffic, now }: State, account: string, symbol: string): void {
  for (const one of connections) {
    const said = leverageTold(world, one, account, symbol);
    const facts = { at: now(), kind: 'read', readsSetting: true, account, path: `${one.path} push` } as const;
    const isStruck = said.length > 0 && traffic.faults.take({ ...facts, isFrame: true, isPush: true }) !== undefined;
    if (!isStruck) for (const frame of said) tell(one, frame);
  }
}

/** What a frame is, for faults and the log. */
function factsOf({ world }: State, { path }: Connection, frame: Frame): CallFacts {
  const { method, params, at } = frame;
  const isSetting = params.channel === 'preferences' || params.channel === 'positions';
  return {
    ...{ at, isFrame: true, kind: method === 'set_preference' ? 'write' : 'read' },
    readsSetting: method === 'subscribe' && isSetting,
    account: world.tokens.find(params.token, at).token?.account.id,
    path: `${path}?${describeFrame(frame)}`,
  };
}

async function receive(state: State, connection: Connection, text: string): Promise<void> {
  const { world, traffic, now, changed } = state;
  const { socket, waiting } = connection;
  const frame = readFrame(text, now());
  const facts = factsOf(state, connection, frame);
  // To whom Kraken has said goodbye it does not listen any more.
  const isHeard = socket.readyState === socket.OPEN;
  const fault = isHeard ? traffic.faults.take(facts) : undefined;
  const about = { kind: facts.kind, account: facts.account, fault: fault?.name };
  const sent = { at: frame.at, method: 'WS', path: connection.path, query: describeFrame(frame) };
  const entry = traffic.log.open(sent, about);
  waiting.add(entry);
  changed();
  if (!isHeard) return undefined;
  const perform = (execution: Execution) => carryOutAndTell(state, connection, { frame, facts, execution });
  const answered = (isSuccess: boolean) => {
    // Who has gone meanwhile was not answered.
    if (!waiting.delete(entry)) return;
    entry.answered(isSuccess ? 200 : 400);
    entry.ended(now(), true);
    changed();
  };
  const finish = (outcome: Outcome) => {
    answer(state, connection, outcome);
    answered(outcome.replies.every(({ success }) => success));
  };
  if (fault === undefined) return finish(perform('normal'));
  const line = { socket, write: (said: string) => write(connection, said), hold: holding(connection) };
  return strikeFrame(fault, { world, frame, perform, finish, answered, line, signal: state.leaving.signal });
}

type Request = { readonly frame: Frame; readonly facts: CallFacts; readonly execution: Execution };

/** What changed is told to all connections of the account, as a rule before the answer to what caused it. */
function carryOutAndTell(state: State, connection: Connection, { frame, facts, execution }: Request): Outcome {
  const { world, traffic, now } = state;
  if (!connection.messages.tryTake(frame.at)) return { replies: [rejected(frame, 'Exceeded msg rate')], after: [] };
  if (facts.kind === 'write' && facts.account !== undefined) traffic.faults.noteWrite(facts.account, frame.at);
  const outcome = carryOut(world, connection, { ...frame, at: now() }, execution);
  // A subscription that was delayed may come to a connection that has gone.
  if (!state.connections.has(connection)) endAll(connection);
  const { moved } = outcome;
  if (moved === undefined) return outcome;
  const told = () => tellLeverage(state, moved.account, moved.symbol);
  if (world.switches.tellsAfterAnswers) setImmediate(told);
  else told();
  return outcome;
}

function answer({ world }: State, connection: Connection, { replies, after }: Outcome): void {
  const isNoisy = world.switches.heartbeatBeforeAnswers && connection.subscriptions.size > 0;
  for (const reply of replies) {
    if (isNoisy) tell(connection, { channel: 'heartbeat' });
    tell(connection, reply);
  }
  for (const said of after) tell(connection, said);
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
