import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { Traffic } from './pipeline.ts';
import { createWindowsPerKey } from './sliding-windows.ts';

/** Attempts to connect from one address, and for how long it is banned beyond (docs.kraken.com, WebSocket overview). */
const connectRule = { windowMs: 600_000, budget: 150 } as const;
const BAN_MS = 600_000;

type DoorParts = {
  readonly now: () => number;
  readonly traffic: Traffic;
  /** Whether attempts are counted. */
  readonly isLimited: boolean;
  readonly bannedUntil: Map<string, number>;
  /** Where there is something behind the door. */
  readonly paths: readonly string[];
  readonly changed: () => void;
};

/** Somebody who asks for a socket. */
export type Arrival = {
  readonly request: IncomingMessage;
  readonly raw: Duplex;
  /** As the log has it. */
  readonly path: string;
  readonly open: () => void;
};

type State = DoorParts & {
  /** Whose upgrade is kept waiting. */
  readonly hanging: Set<Duplex>;
  readonly windows: ReturnType<typeof createWindowsPerKey>;
  leaving: AbortController;
};

/** What Kraken's edge does before there is a socket: it counts, bans, and can only answer with a status. */
export function createDoor(parts: DoorParts) {
  const state: State = {
    ...parts,
    ...{ hanging: new Set(), leaving: new AbortController(), windows: createWindowsPerKey([connectRule]) },
  };
  let attempts = 0;

  return {
    /** How often somebody asked, those included who were turned away. */
    attempts: () => attempts,
    async receive(arrival: Arrival): Promise<void> {
      attempts += 1;
      await receive(state, arrival);
    },
    /** Breaks off what is kept waiting on purpose. */
    release(): void {
      state.leaving.abort();
      state.leaving = new AbortController();
      for (const raw of state.hanging) raw.destroy();
    },
  };
}

async function receive(state: State, { request, raw, path, open }: Arrival): Promise<void> {
  const { traffic, now, hanging, changed } = state;
  const at = now();
  raw.on('error', () => raw.destroy());
  const facts = { at, kind: 'read', readsSetting: false, account: undefined, path: `upgrade ${path}` } as const;
  const fault = traffic.faults.take(facts);
  const about = { kind: 'read', account: undefined, fault: fault?.name } as const;
  const entry = traffic.log.open({ at, method: 'GET', path, query: '' }, about);
  const answered = (status: number) => {
    entry.answered(status);
    entry.ended(now(), true);
  };
  const answer = (status: number, headers: readonly string[] = []) => {
    answered(status);
    turnAway(raw, status, headers);
  };
  raw.once('close', () => {
    hanging.delete(raw);
    changed();
  });
  changed();
  if (isBanned(state, request.socket.remoteAddress ?? '', at)) return answer(429, [`Retry-After: ${BAN_MS / 1000}`]);
  if (!state.paths.includes(path)) return answer(404);
  if (fault !== undefined && !(await letsIn(fault, { state, raw, answer }))) return undefined;
  answered(101);
  return open();
}

function isBanned({ isLimited, bannedUntil, windows }: State, ip: string, at: number): boolean {
  if (!isLimited) return false;
  if (at < (bannedUntil.get(ip) ?? 0)) return true;
  if (windows.tryTake(ip, at)) return false;
  bannedUntil.set(ip, at + BAN_MS);
  return true;
}

function turnAway(raw: Duplex, status: number, headers: readonly string[]): void {
  const first = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
  raw.end([first, ...headers, 'Connection: close', 'Content-Length: 0', '', ''].join('\r\n'));
}

type Strike = {
  readonly state: State;
  readonly raw: Duplex;
  readonly answer: (status: number, headers?: readonly string[]) => void;
};

/** What a fault does to an upgrade; faults that spoil an answer make it one that is no upgrade. */
async function letsIn(fault: Fault, { state, raw, answer }: Strike): Promise<boolean> {
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
