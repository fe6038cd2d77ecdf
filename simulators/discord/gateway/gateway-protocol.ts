import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { JsonObject } from '../wire.ts';

export const opcodes = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  reconnect: 7,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
  /** Presence, voice state and member requests: accepted, without effect. */
  ignored: new Set([3, 4, 8]),
};

const GUILDS = 1 << 0;
const PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15);
const KNOWN = 0x3ffff | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25);

export type Intents = number;

export const identifyForm = z.object({
  token: z.string(),
  intents: z.int().min(0),
  shard: z.tuple([z.int().min(0), z.int().min(1)]).optional(),
  properties: z.record(z.string(), z.unknown()),
});
export const resumeForm = z.object({ token: z.string(), session_id: z.string(), seq: z.int().min(0) });

/** A close code with its reason. */
export type Ending = { readonly code: number; readonly reason: string };

export const endings = {
  unknownOpcode: { code: 4001, reason: 'Unknown opcode.' },
  undecodable: { code: 4002, reason: 'Error while decoding payload.' },
  notSignedIn: { code: 4003, reason: 'Not authenticated.' },
  badToken: { code: 4004, reason: 'Authentication failed.' },
  alreadySignedIn: { code: 4005, reason: 'Already authenticated.' },
  badSequence: { code: 4007, reason: 'Invalid seq.' },
  timedOut: { code: 4009, reason: 'Session timed out.' },
  badShard: { code: 4010, reason: 'Invalid shard.' },
  badIntents: { code: 4013, reason: 'Invalid intent(s).' },
  forbiddenIntents: { code: 4014, reason: 'Disallowed intent(s).' },
} as const satisfies Readonly<Record<string, Ending>>;

/** The close code with which Discord turns an IDENTIFY away. The application was granted no privileged intent. */
export function refuseIdentify(form: z.infer<typeof identifyForm>, botToken: string): Ending | undefined {
  if (form.token !== botToken) return endings.badToken;
  if (form.shard !== undefined && form.shard[0] >= form.shard[1]) return endings.badShard;
  if ((form.intents & ~KNOWN) !== 0) return endings.badIntents;
  if ((form.intents & PRIVILEGED) !== 0) return endings.forbiddenIntents;
  return undefined;
}

/** READY, and one GUILD_CREATE for each guild when the intents ask for guilds. */
export function greet(options: {
  readonly emit: (event: string, data: JsonObject) => void;
  readonly session: { readonly id: string; readonly intents: Intents; readonly shard: readonly [number, number] };
  readonly url: string;
  readonly ready: JsonObject;
  readonly guilds: readonly JsonObject[];
}): void {
  const { emit, session, url, ready, guilds } = options;
  const own = { v: 10, session_id: session.id, resume_gateway_url: url, shard: session.shard, session_type: 'normal' };
  emit('READY', { ...ready, ...own, _trace: [] });
  if ((session.intents & GUILDS) === 0) return;
  for (const guild of guilds) emit('GUILD_CREATE', guild);
}

export function write(socket: WebSocket, packet: { op: number; d?: unknown; s?: number; t?: string }): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(JSON.stringify({ d: null, s: null, t: null, ...packet }));
}
