import { setTimeout as wait } from 'node:timers/promises';
import type { Credentials } from '../account.ts';
import { Failure, type FailureData } from '../errors.ts';
import type { Deadlines } from '../leverage/venue.ts';
import { Secret } from '../secret.ts';
import { type ConnectBudget, connect } from './kraken-connect-budget.ts';
import {
  type Connection,
  createHeard,
  endHeard,
  type Heard,
  type HearOptions,
  hear,
  isAlive,
  type Memory,
  ping,
  pingMs,
  type Subscription,
  subscribe,
  untilHeard,
} from './kraken-connection.ts';
import type { SocketEnding } from './socket.ts';
import { type ApiFacts, countdown, failureOf, type Judge, type Outcome } from './venue-api.ts';
import { refused } from './verdict.ts';

/** A connection while it is kept. */
export type Kept<M> = {
  readonly connection: Connection<M>;
  /** Calls that use it now. */
  calls: number;
  /** Nothing new uses it. */
  isRetired: boolean;
  /** Retired, but listened to for a while: it may tell late what became of a change. */
  lingers: boolean;
  timer: NodeJS.Timeout | undefined;
};

export type Failed = { readonly kind: 'failed'; readonly failure: FailureData };
export type Opened<M> = { readonly kind: 'open'; readonly kept: Kept<M> } | Failed;

/** What there is for one key: the connection that is used, and all that are open. */
export type KeyConnections<M> = {
  readonly credentials: Credentials;
  current: Promise<Opened<M>> | undefined;
  readonly kept: Set<Kept<M>>;
};

export type KeepOptions<M extends Memory> = HearOptions<M> & {
  /** The whole address, ending in `/v2/private`. */
  readonly url: string;
  readonly facts: ApiFacts;
  readonly budget: ConnectBudget;
  readonly deadlines: Deadlines;
  /** How long a connection is kept after its last use, in milliseconds. */
  readonly keepMs: number;
  /** A token for a new connection, fetched beside its opening. Changes nothing. @throws Failure */
  readonly tokenOf: (credentials: Credentials) => Promise<Secret>;
  /** What every connection subscribes first: it keeps it open, and proves the token before a change. */
  readonly preferences: Subscription;
  /** Reads the reply to a subscription. */
  readonly judgeSubscribed: Judge<unknown>;
  /** How often a connection is asked whether anybody is there, in milliseconds. */
  readonly pingMs?: number;
};

type Purpose = { readonly isWrite: boolean; readonly leftMs: () => number };

const mostFirstTries = 3;
const betweenTriesMs = 250;

/** Service restart, and try again later (the IANA's registry of WebSocket close codes). */
const maintenanceCodes: ReadonlySet<number> = new Set([1012, 1013]);

/** The connection that the key has, or a new one: where that is dead, retired, or has carried a change and is to carry another. */
export async function acquire<M extends Memory>(
  options: KeepOptions<M>,
  key: KeyConnections<M>,
  purpose: Purpose,
): Promise<Opened<M>> {
  const { leftMs } = purpose;
  const before = key.current;
  if (before !== undefined) {
    const known = await inTime(options.facts, before, leftMs());
    if (known.kind === 'failed' || (await isUsable(known.kept, purpose))) return known;
    // Somebody else may have replaced it meanwhile.
    if (key.current === before) {
      retire(options, known.kept, 'linger');
      key.current = undefined;
    }
  }
  return inTime(options.facts, key.current ?? start(options, key), leftMs());
}

async function isUsable({ connection, isRetired }: Kept<unknown>, { isWrite, leftMs }: Purpose): Promise<boolean> {
  if (isRetired || (isWrite && connection.socket.hasWritten())) return false;
  return isAlive(connection, leftMs() / 2);
}

/** Waits no longer than the call may take. A connection that is made later than that serves the next call. */
async function inTime<T>(facts: ApiFacts, coming: Promise<T>, deadlineMs: number): Promise<T | Failed> {
  const { promise: late, resolve } = Promise.withResolvers<Failed>();
  const timer = setTimeout(() => resolve(failed(facts, { kind: 'not-sent' })), deadlineMs);
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const failed = (facts: ApiFacts, outcome: Parameters<typeof failureOf>[1]): Failed => ({
  kind: 'failed',
  failure: failureOf(facts, outcome),
});

/** Opens the connection that is the key's from now on, until it ends. */
function start<M extends Memory>(options: KeepOptions<M>, key: KeyConnections<M>): Promise<Opened<M>> {
  const opening = open(options, key);
  key.current = opening;
  const drop = () => {
    if (key.current === opening) key.current = undefined;
  };
  opening.then((opened) => (opened.kind === 'open' ? whenOver(opened.kept, drop) : drop()), drop);
  return opening;
}

async function open<M extends Memory>(options: KeepOptions<M>, key: KeyConnections<M>): Promise<Opened<M>> {
  const { facts, budget, deadlines, elapsed } = options;
  const wait = budget.take(key.credentials.user);
  if (wait !== undefined) return failed(facts, wait);
  const leftMs = countdown(options, deadlines.readMs);
  const heard = createHeard(options);
  const giveUp = new AbortController();
  const coming = fetchToken(options, key.credentials);
  coming.then(
    (got) => got instanceof Secret || giveUp.abort(),
    () => giveUp.abort(),
  );
  const opening = await connect(budget, {
    ...{ url: options.url, connectMs: deadlines.connectMs, elapsed, signal: giveUp.signal },
    onFrame: (text) => hear(heard, options, text),
    onEnd: (ending) => noticeEnd(options, heard, ending),
  });
  if (opening.kind === 'open') return begin(options, key, { heard, socket: opening.socket, coming, leftMs });
  const token = giveUp.signal.aborted ? await coming : undefined;
  return token === undefined || token instanceof Secret ? failed(facts, opening) : token;
}

type Begun<M> = Pick<Connection<M>, 'heard' | 'socket'> & {
  readonly coming: Promise<Secret | Failed>;
  readonly leftMs: () => number;
};

async function begin<M extends Memory>(
  options: KeepOptions<M>,
  key: KeyConnections<M>,
  { heard, socket, coming, leftMs }: Begun<M>,
): Promise<Opened<M>> {
  const { facts, elapsed } = options;
  let isKept = false;
  try {
    const token = await coming;
    if (!(token instanceof Secret)) return token;
    const connection = { heard, socket, token, subscriptions: new Map(), elapsed, lastId: 0 };
    const proven = await prove(options, connection, leftMs());
    if (proven.kind !== 'ok') return failed(facts, proven);
    isKept = true;
    return { kind: 'open', kept: keep(options, key, connection) };
  } finally {
    if (!isKept) socket.terminate();
  }
}

async function fetchToken<M extends Memory>(
  { facts, tokenOf, deadlines }: KeepOptions<M>,
  credentials: Credentials,
): Promise<Secret | Failed> {
  try {
    return await inTime(facts, tokenOf(credentials), deadlines.readMs);
  } catch (error) {
    if (error instanceof Failure) return { kind: 'failed', failure: error.data };
    throw error;
  }
}

function noticeEnd<M extends Memory>(
  { budget }: KeepOptions<M>,
  heard: Heard<M>,
  { code, silence }: SocketEnding,
): void {
  if (isAway(heard) || maintenanceCodes.has(code)) budget.setMaintenance(true);
  endHeard(heard, silence);
}

const isAway = ({ system }: Pick<Heard<unknown>, 'system'>) => system === 'maintenance';

/** @returns why nothing is to be had on a connection whose venue says that it is in maintenance */
export const unavailable = ({ heard }: Pick<Connection<unknown>, 'heard'>) =>
  isAway(heard) ? refused('venue-unavailable') : undefined;

/** The first subscription shows that the token is good. The status comes before its reply where it comes at all. */
async function prove<M extends Memory>(
  options: KeepOptions<M>,
  connection: Connection<M>,
  deadlineMs: number,
): Promise<Outcome<unknown>> {
  const outcome = await Promise.race([
    subscribeFirst(options, connection, deadlineMs),
    untilHeard(connection.heard, () => unavailable(connection), deadlineMs),
  ]);
  if (outcome.kind === 'ok') options.budget.setMaintenance(false);
  return outcome;
}

/** Where preferences are "not available yet", the page says to subscribe again after a short delay. */
async function subscribeFirst<M extends Memory>(
  { preferences, judgeSubscribed: judge, elapsed }: KeepOptions<M>,
  connection: Connection<M>,
  deadlineMs: number,
): Promise<Outcome<unknown>> {
  const leftMs = countdown({ elapsed }, deadlineMs);
  for (let tries = 1; ; tries += 1) {
    const outcome = await subscribe(connection, preferences, { judge, deadlineMs: leftMs() });
    const isLater = outcome.kind === 'refused' && outcome.refusal === 'venue-unavailable';
    if (!isLater || tries >= mostFirstTries || leftMs() < 2 * betweenTriesMs) return outcome;
    await wait(betweenTriesMs);
  }
}

function keep<M extends Memory>(
  { pingMs: betweenMs = pingMs, keepMs, deadlines }: KeepOptions<M>,
  { kept: all }: KeyConnections<M>,
  connection: Connection<M>,
): Kept<M> {
  const timer = setTimeout(connection.socket.terminate, keepMs).unref();
  const kept: Kept<M> = { connection, calls: 0, isRetired: false, lingers: false, timer };
  all.add(kept);
  void keepAlive(connection, { betweenMs, deadlineMs: deadlines.readMs });
  whenOver(kept, () => {
    clearTimeout(kept.timer);
    all.delete(kept);
  });
  return kept;
}

async function keepAlive(
  connection: Connection<unknown>,
  { betweenMs, deadlineMs }: { readonly betweenMs: number; readonly deadlineMs: number },
): Promise<void> {
  do await wait(betweenMs, undefined, { ref: false });
  while (await ping(connection, deadlineMs));
}

function whenOver({ connection: { heard } }: Kept<unknown>, then: () => void): void {
  const look = () => {
    if (heard.over === undefined) return;
    heard.listeners.delete(look);
    then();
  };
  heard.listeners.add(look);
  look();
}

/** Uses a connection, which is not ended before. */
export async function using<M extends Memory, T>(
  options: KeepOptions<M>,
  kept: Kept<M>,
  call: (connection: Connection<M>) => Promise<T>,
): Promise<T> {
  kept.calls += 1;
  clearTimeout(kept.timer);
  try {
    return await call(kept.connection);
  } finally {
    kept.calls -= 1;
    rest(options, kept);
  }
}

/** Nothing new uses the connection; it is ended as soon as nothing uses it, or listened to for a while. */
export function retire<M extends Memory>(options: KeepOptions<M>, kept: Kept<M>, then: 'end' | 'linger'): void {
  kept.isRetired = true;
  kept.lingers = then === 'linger';
  rest(options, kept);
}

function rest({ keepMs }: { readonly keepMs: number }, kept: Kept<unknown>): void {
  const { connection, calls, isRetired, lingers } = kept;
  clearTimeout(kept.timer);
  if (calls > 0 || connection.heard.over !== undefined) return;
  if (isRetired && !lingers) connection.socket.terminate();
  else kept.timer = setTimeout(connection.socket.terminate, keepMs).unref();
}
