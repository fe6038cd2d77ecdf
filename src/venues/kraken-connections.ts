import { hash, randomBytes } from 'node:crypto';
import { setImmediate as letOthersGo } from 'node:timers/promises';
import type { Credentials } from '../account.ts';
import { Failure } from '../errors.ts';
import type { CurrentSetting } from '../leverage/setting.ts';
import type { ApplyResult, MarketSetting } from '../leverage/venue.ts';
import {
  type Heard,
  isFresh,
  type Memory,
  type Subscription,
  sendChange,
  subscribe,
  untilHeard,
} from './kraken-connection.ts';
import {
  acquire,
  type Failed,
  failed,
  type KeepOptions,
  type Kept,
  type KeyConnections,
  type Opened,
  retire,
  unavailable,
  using,
} from './kraken-kept.ts';
import { lastShown, noteChange } from './kraken-shown.ts';
import { applied, type CallReport, countdown, failureOf, type Judge, type Outcome } from './venue-api.ts';
import type { Verdict } from './verdict.ts';

/** What is wanted of what a key's connection tells. */
export type PrivateReading<M, T> = {
  /** Beside `preferences`, which every connection subscribes before all else. */
  readonly subscription?: Subscription;
  /** Whether no subscription is wanted any more, since it has been told already. */
  readonly isTold?: (memory: M) => boolean;
  /**
   * Looks for it in what has been told; undefined until that is enough. With `refused` or `silent` nothing more is read
   * from the connection, and the next reading opens another one.
   */
  readonly from: (memory: M) => Verdict<T> | undefined;
  /** For what Kraken may never tell: `otherwise` is the value when nothing came within `ms`. */
  readonly patience?: { readonly ms: number; readonly otherwise: T };
};

/** A change of one market's setting. */
export type PrivateWrite = MarketSetting & {
  /** `set_preference` */
  readonly method: string;
  /** Without the token. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly judge: Judge<unknown>;
  /** Asked right before the frame goes out; `not-sent` when it says no. */
  readonly isInTime: () => boolean;
};

/** The private connections to Kraken, one for each key. */
export type KrakenConnections<M> = {
  /**
   * Reads what the key's connection tells; opens one where there is none. Tried once more within its deadline when the
   * connection broke or its token had become stale.
   *
   * @throws Failure VENUE_REFUSED, VENUE_UNREACHABLE, VENUE_SILENT or VENUE_BUSY, or what `tokenOf` throws
   */
  readonly read: <T>(credentials: Credentials, reading: PrivateReading<M, T>) => Promise<T>;
  /** A change, sent at most once and as the only one of its connection. Never throws a Failure. */
  readonly write: (credentials: Credentials, write: PrivateWrite) => Promise<ApplyResult>;
  /**
   * The setting of a market that the key's open connections showed last, none older than the last change of it by this bot.
   * What connections showed that have ended is forgotten, so read something before.
   */
  readonly shown: (credentials: Credentials, symbol: string) => CurrentSetting | undefined;
  /** Ends the connections of a person's keys: as soon as what is under way on them has ended. */
  readonly forget: (user: string) => void;
  /** Waits for what is under way, then ends every connection. */
  readonly close: () => Promise<void>;
};

export type KrakenConnectionsOptions<M extends Memory> = KeepOptions<M> & {
  readonly onCall?: (call: CallReport) => void;
};

type State<M extends Memory> = {
  readonly options: KrakenConnectionsOptions<M>;
  readonly pepper: string;
  /** By a hash of the key: nothing of it can be read from its name. */
  readonly keys: Map<string, KeyConnections<M> & { calls: number }>;
  readonly underWay: Set<Promise<unknown>>;
  isClosed: boolean;
};

/** Nothing is opened before the first call. */
export function createKrakenConnections<M extends Memory>(options: KrakenConnectionsOptions<M>): KrakenConnections<M> {
  const state: State<M> = {
    options,
    pepper: randomBytes(32).toString('base64'),
    keys: new Map(),
    underWay: new Set(),
    isClosed: false,
  };
  return {
    read: (credentials, reading) => withKey(state, credentials, (key) => read(state, key, reading)),
    write: (credentials, one) => withKey(state, credentials, (key) => write(state, key, one)),
    shown: (credentials, symbol) => shown(state, credentials, symbol),
    forget: (user) => forget(state, user),
    close: () => close(state),
  };
}

function idOf<M extends Memory>({ pepper }: State<M>, { user, fields }: Credentials): string {
  const values = Object.entries(fields).map(([name, value]) => [name, value.reveal()]);
  return hash('sha256', JSON.stringify([pepper, user, values.toSorted()]), 'base64');
}

/** Runs a call for a key, which is remembered while it has a call or a connection. */
async function withKey<M extends Memory, T>(
  state: State<M>,
  credentials: Credentials,
  call: (key: KeyConnections<M>) => Promise<T>,
): Promise<T> {
  const { keys, underWay } = state;
  const id = idOf(state, credentials);
  for (const [other, { current, kept, calls }] of keys) {
    if (current === undefined && kept.size === 0 && calls === 0) keys.delete(other);
  }
  const key = keys.get(id) ?? { credentials, current: undefined, kept: new Set(), calls: 0 };
  keys.set(id, key);
  key.calls += 1;
  const running = call(key);
  underWay.add(running);
  try {
    return await running;
  } finally {
    underWay.delete(running);
    key.calls -= 1;
    // Forgotten meanwhile: what it has opened since is nobody's.
    if (key.calls === 0 && keys.get(id) !== key) endAll(state, key);
  }
}

type Called<T> = Outcome<T> | Failed;

async function read<M extends Memory, T>(
  state: State<M>,
  key: KeyConnections<M>,
  reading: PrivateReading<M, T>,
): Promise<T> {
  const { facts, deadlines } = state.options;
  const leftMs = countdown(state.options, deadlines.readMs);
  const once = () => reported(state, 'read', readOnce(state, key, { reading, leftMs }));
  const first = await once();
  const outcome = isWorthAnother(first) && leftMs() > 0 ? await once() : first;
  if (outcome.kind === 'ok') return outcome.value;
  throw new Failure(outcome.kind === 'failed' ? outcome.failure : failureOf(facts, outcome));
}

/** Connections are counted, so one that could not be opened is not tried again at once. */
function isWorthAnother(outcome: Called<unknown>): boolean {
  return isStale(outcome) || outcome.kind === 'not-sent' || (outcome.kind === 'silent' && outcome.silence === 'reset');
}

/** Says, on a connection whose token was good once, that it is not good any more. */
const isStale = (outcome: Called<unknown>) => outcome.kind === 'refused' && outcome.refusal === 'session-ended';

type Read<M, T> = { readonly reading: PrivateReading<M, T>; readonly leftMs: () => number };

async function readOnce<M extends Memory, T>(
  { options, isClosed }: State<M>,
  key: KeyConnections<M>,
  { reading, leftMs }: Read<M, T>,
): Promise<Called<T>> {
  if (isClosed) return failed(options.facts, { kind: 'not-sent' });
  const opened = await acquire(options, key, { isWrite: false, leftMs });
  if (opened.kind === 'failed') return opened;
  return using(options, opened.kept, () => readFrom(options, opened.kept, { reading, leftMs }));
}

async function readFrom<M extends Memory, T>(
  options: KrakenConnectionsOptions<M>,
  kept: Kept<M>,
  { reading, leftMs }: Read<M, T>,
): Promise<Outcome<T>> {
  const { connection } = kept;
  const { subscription, isTold } = reading;
  if (subscription !== undefined && isTold?.(connection.heard.memory) !== true) {
    const how = { judge: options.judgeSubscribed, deadlineMs: leftMs() };
    const subscribed = await subscribe(connection, subscription, how);
    if (subscribed.kind === 'silent' || isStale(subscribed)) retire(options, kept, 'end');
    if (subscribed.kind !== 'ok') return subscribed;
  }
  const outcome = await listen(connection.heard, { reading, leftMs });
  if (outcome.kind !== 'ok') retire(options, kept, 'end');
  return outcome;
}

async function listen<M, T>(heard: Heard<M>, { reading, leftMs }: Read<M, T>): Promise<Outcome<T>> {
  const { from, patience } = reading;
  const find = () => from(heard.memory);
  if (patience === undefined || patience.ms >= leftMs()) return untilHeard(heard, find, leftMs());
  const found = await untilHeard(heard, find, patience.ms);
  const isUntold = found.kind === 'silent' && found.silence === 'timeout';
  return isUntold ? { kind: 'ok', value: patience.otherwise } : found;
}

async function write<M extends Memory>(
  state: State<M>,
  key: KeyConnections<M>,
  one: PrivateWrite,
): Promise<ApplyResult> {
  const outcome = await reported(state, 'write', writeOnce(state, key, one));
  if (outcome.kind === 'failed') return { kind: 'not-sent', failure: outcome.failure };
  return applied(state.options.facts, outcome);
}

async function writeOnce<M extends Memory>(
  { options, isClosed }: State<M>,
  key: KeyConnections<M>,
  one: PrivateWrite,
): Promise<Called<unknown>> {
  const { facts, deadlines } = options;
  if (isClosed) return failed(facts, { kind: 'not-sent' });
  const leftMs = countdown(options, deadlines.writeMs);
  const opened = await acquire(options, key, { isWrite: true, leftMs });
  if (opened.kind === 'failed') return opened;
  const { kept } = opened;
  return using(options, kept, async (connection) => {
    const away = unavailable(connection);
    if (away !== undefined) return failed(facts, away);
    const reply = await sendChange(
      connection,
      { ...one, isInTime: () => one.isInTime() && noteOnAll(key, one) },
      leftMs(),
    );
    const outcome = reply.kind === 'answered' ? one.judge(reply) : reply;
    if (outcome.kind === 'silent') retire(options, kept, 'linger');
    if (isStale(outcome)) retire(options, kept, 'end');
    return outcome;
  });
}

function noteOnAll(key: KeyConnections<unknown>, one: PrivateWrite): true {
  for (const { connection } of key.kept) noteChange(connection.heard.shown, one, connection.elapsed());
  return true;
}

async function reported<M extends Memory, T>(
  { options }: State<M>,
  kind: CallReport['kind'],
  call: Promise<Called<T>>,
): Promise<Called<T>> {
  const { elapsed, facts, onCall } = options;
  const startedAt = elapsed();
  const outcome = await call;
  const result = outcome.kind === 'failed' ? (results.get(outcome.failure.code) ?? 'not-sent') : outcome.kind;
  onCall?.({ venue: facts.id, kind, result, durationMs: elapsed() - startedAt });
  return outcome;
}

/** How metrics call it that no connection came about. */
const results: ReadonlyMap<string, string> = new Map([
  ['VENUE_BUSY', 'busy'],
  ['VENUE_REFUSED', 'refused'],
  ['VENUE_SILENT', 'silent'],
]);

function shown<M extends Memory>(
  state: State<M>,
  credentials: Credentials,
  symbol: string,
): CurrentSetting | undefined {
  const kept = [...(state.keys.get(idOf(state, credentials))?.kept ?? [])];
  const fresh = kept.map(({ connection }) => connection).filter(isFresh);
  return lastShown(
    fresh.map(({ heard }) => heard.shown),
    symbol,
    state.options.elapsed(),
  );
}

function forget<M extends Memory>(state: State<M>, user: string): void {
  for (const [id, key] of state.keys) {
    if (key.credentials.user !== user) continue;
    state.keys.delete(id);
    endAll(state, key);
  }
}

function endAll<M extends Memory>(state: State<M>, { kept, current }: KeyConnections<M>): void {
  for (const one of kept) retire(state.options, one, 'end');
  if (current !== undefined) void endOnceOpen(state, current);
}

/** Those who wait for it begin to use it first. */
async function endOnceOpen<M extends Memory>({ options }: State<M>, opening: Promise<Opened<M>>): Promise<void> {
  const opened = await opening.catch(() => undefined);
  await letOthersGo();
  if (opened?.kind === 'open') retire(options, opened.kept, 'end');
}

async function close<M extends Memory>(state: State<M>): Promise<void> {
  const { keys, underWay } = state;
  state.isClosed = true;
  await Promise.allSettled([...underWay, ...[...keys.values()].map(({ current }) => current)]);
  for (const { kept } of keys.values()) for (const { connection } of kept) connection.socket.terminate();
}
