import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { Change } from '../model.ts';
import type { Knob } from '../rest/faults.ts';
import type { JsonObject } from '../wire.ts';
import {
  type Ending,
  endings,
  greet,
  identifyForm,
  opcodes,
  refuseIdentify,
  resumeForm,
  write,
} from './gateway-protocol.ts';
import { createSessions, type Session } from './sessions.ts';

type Connection = { readonly socket: WebSocket; readonly url: string; session: Session | undefined };

const packet = z.object({ op: z.int(), d: z.unknown().optional() });
const unavailable = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

export type Gateway = ReturnType<typeof createGateway>;
type GatewayOptions = {
  readonly now: () => number;
  readonly newSecret: () => string;
  readonly botToken: string;
  readonly heartbeatIntervalMs: number;
  readonly fault: Knob<'ok' | '503' | 'reset'>;
  readonly changed: (change: Change) => void;
  /** READY's own fields, and the guilds that GUILD_CREATE tells of when the intents ask for them. */
  readonly ready: () => { readonly ready: JsonObject; readonly guilds: readonly JsonObject[] };
};

/** The WebSocket side: who is connected, what they are sent, and the ways in which Discord ends a connection. */
export function createGateway(options: GatewayOptions) {
  const { heartbeatIntervalMs, fault, changed } = options;
  const server = new WebSocketServer({ noServer: true });
  const sessions = createSessions(options);
  const connections = new Set<Connection>();
  const signIn = createSignIn(options, sessions);
  let copies = 1;

  function announce(): void {
    changed({ kind: 'gateway', sessions: sessions.connected().length });
  }

  function settle(connection: Connection, result: Session | Ending | undefined): void {
    if (result === undefined) return;
    if ('code' in result) {
      connection.socket.close(result.code, result.reason);
      return;
    }
    connection.session = result;
    announce();
  }

  function receive(connection: Connection, raw: RawData): void {
    const read = packet.safeParse(parse(raw));
    const { op, d } = read.success ? read.data : { op: undefined, d: undefined };
    const isSignedIn = connection.session !== undefined;
    const isSigningIn = op === opcodes.identify || op === opcodes.resume;
    if (op === opcodes.heartbeat) write(connection.socket, { op: opcodes.heartbeatAck });
    else if (op === undefined) settle(connection, endings.undecodable);
    else if (isSigningIn && isSignedIn) settle(connection, endings.alreadySignedIn);
    else if (isSigningIn)
      settle(connection, op === opcodes.identify ? signIn.identify(connection, d) : signIn.resume(connection, d));
    else if (!isSignedIn) settle(connection, endings.notSignedIn);
    else if (!opcodes.ignored.has(op)) settle(connection, endings.unknownOpcode);
  }

  function open(socket: WebSocket, url: string): void {
    const connection: Connection = { socket, url, session: undefined };
    connections.add(connection);
    const patience = setTimeout(() => settle(connection, endings.timedOut), heartbeatIntervalMs * 2).unref();
    socket.on('message', (raw) => {
      patience.refresh();
      receive(connection, raw);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', (code) => {
      clearTimeout(patience);
      leave(connection, code);
    });
    write(socket, { op: opcodes.hello, d: { heartbeat_interval: heartbeatIntervalMs, _trace: [] } });
  }

  function leave(connection: Connection, code: number): void {
    connections.delete(connection);
    const { session, socket } = connection;
    if (session === undefined || session.socket !== socket) return;
    sessions.detach(session);
    // A client that says goodbye with 1000 or 1001 gives its session up.
    if (code === 1000 || code === 1001) sessions.end(session);
    announce();
  }

  return {
    accept(request: IncomingMessage, socket: Duplex, head: Buffer, url: string): void {
      const mode = fault.take();
      if (mode === 'reset') socket.destroy();
      else if (mode === '503') socket.end(unavailable);
      else server.handleUpgrade(request, socket, head, (webSocket) => open(webSocket, url));
    },
    /** Sends an event to the sessions of a guild's shard; returns how many got it at once. */
    dispatch(event: string, data: unknown, guildId: string | undefined): number {
      const times = copies;
      copies = 1;
      const chosen = sessions.live().filter(({ shard: [id, count] }) => id === shardOf(guildId, count));
      for (const session of chosen) for (let copy = 0; copy < times; copy += 1) sessions.emit(session, event, data);
      return chosen.filter(({ socket }) => socket !== undefined).length;
    },
    sessions: () => sessions.connected().map(({ id, sequence, intents, shard }) => ({ id, sequence, intents, shard })),
    identifies: signIn.identifies,
    faults: {
      /** The next event arrives this many times, under different sequence numbers. */
      duplicateNext: (times = 2) => {
        copies = times;
      },
      /** How often the next event arrives. */
      copiesOfNext: () => copies,
      ...connectionFaults(connections, sessions),
    },
    close(): void {
      for (const { socket } of connections) socket.terminate();
      server.close();
    },
  };
}

type Sessions = ReturnType<typeof createSessions>;

function createSignIn({ botToken, ready }: GatewayOptions, sessions: Sessions) {
  let identifies = 0;
  return {
    identifies: () => identifies,
    identify({ socket, url }: Connection, d: unknown): Session | Ending {
      const form = identifyForm.safeParse(d);
      if (!form.success) return endings.undecodable;
      identifies += 1;
      const refusal = refuseIdentify(form.data, botToken);
      if (refusal !== undefined) return refusal;
      const session = sessions.open(socket, form.data.intents, form.data.shard ?? [0, 1]);
      greet({ emit: (t, event) => sessions.emit(session, t, event), session, url, ...ready() });
      return session;
    },
    resume({ socket }: Connection, d: unknown): Session | Ending | undefined {
      const form = resumeForm.safeParse(d);
      if (!form.success) return endings.undecodable;
      if (form.data.token !== botToken) return endings.badToken;
      const session = sessions.find(form.data.session_id);
      if (session === undefined) {
        write(socket, { op: opcodes.invalidSession, d: false });
        return undefined;
      }
      if (form.data.seq > session.sequence) return endings.badSequence;
      sessions.replay(session, socket, form.data.seq);
      return session;
    },
  };
}

function connectionFaults(connections: ReadonlySet<Connection>, sessions: Sessions) {
  return {
    /** Closes every connection with a code of Discord's, such as 4000, 4004 or 4014. */
    drop: (code: number, reason = '') => {
      for (const { socket } of connections) socket.close(code, reason);
    },
    /** Cuts every connection without a close frame. */
    cut: () => {
      for (const { socket } of connections) socket.terminate();
    },
    /** Op 7: asks the bot to reconnect and resume. */
    askToReconnect: () => {
      for (const { socket } of connections) write(socket, { op: opcodes.reconnect });
    },
    /** Op 9: the session is invalid, or may be resumed. */
    invalidateSessions: (resumable: boolean) => {
      for (const connection of connections) {
        const { session, socket } = connection;
        if (session !== undefined) sessions.detach(session);
        if (session !== undefined && !resumable) sessions.end(session);
        connection.session = undefined;
        write(socket, { op: opcodes.invalidSession, d: resumable });
      }
    },
    /** Forgets the sessions, so that the next resume is refused. */
    forgetSessions: sessions.forget,
  };
}

function parse(raw: RawData): unknown {
  try {
    return JSON.parse(raw.toString());
  } catch {
    return undefined;
  }
}

function shardOf(guildId: string | undefined, count: number): number {
  return guildId === undefined || count === 1 ? 0 : Number((BigInt(guildId) >> 22n) % BigInt(count));
}
