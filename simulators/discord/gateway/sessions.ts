import type { WebSocket } from 'ws';
import type { Intents } from './gateway-protocol.ts';
import { opcodes, write } from './gateway-protocol.ts';

const OUTLIVES_DROP_MS = 120_000;
const KEPT_EVENTS = 1_000;

type GatewayEvent = { readonly t: string; readonly s: number; readonly d: unknown };
export type Shard = readonly [number, number];
export type Session = {
  readonly id: string;
  readonly intents: Intents;
  readonly shard: Shard;
  sequence: number;
  events: readonly GatewayEvent[];
  socket: WebSocket | undefined;
  droppedAt: number | undefined;
};

/** Sessions outlive their connection for two minutes, and keep what happened meanwhile. */
export function createSessions({ now, newSecret }: { readonly now: () => number; readonly newSecret: () => string }) {
  const sessions = new Map<string, Session>();

  function live(): Session[] {
    for (const { id, droppedAt } of sessions.values()) {
      if (droppedAt !== undefined && now() - droppedAt > OUTLIVES_DROP_MS) sessions.delete(id);
    }
    return [...sessions.values()];
  }

  function emit(session: Session, t: string, d: unknown): void {
    session.sequence += 1;
    const event = { t, s: session.sequence, d };
    session.events = [...session.events, event].slice(-KEPT_EVENTS);
    if (session.socket !== undefined) write(session.socket, { op: opcodes.dispatch, ...event });
  }

  return {
    emit,
    live,
    find: (id: string) => live().find((session) => session.id === id),
    connected: () => live().filter(({ socket }) => socket !== undefined),
    open(socket: WebSocket, intents: Intents, shard: Shard): Session {
      const session: Session = {
        id: newSecret(),
        intents,
        shard,
        sequence: 0,
        events: [],
        socket,
        droppedAt: undefined,
      };
      sessions.set(session.id, session);
      return session;
    },
    /** Sends what came after `sequence`, then RESUMED. */
    replay(session: Session, socket: WebSocket, sequence: number): void {
      const missed = session.events.filter(({ s }) => s > sequence);
      for (const event of missed) write(socket, { op: opcodes.dispatch, ...event });
      session.socket = socket;
      session.droppedAt = undefined;
      emit(session, 'RESUMED', { _trace: [] });
    },
    detach(session: Session): void {
      session.socket = undefined;
      session.droppedAt = now();
    },
    end: ({ id }: Session) => void sessions.delete(id),
    forget: () => sessions.clear(),
  };
}
