import { hash, randomBytes } from 'node:crypto';
import type { Credentials } from '../account.ts';
import { Failure, type FailureData } from '../errors.ts';
import type { ApplyResult, Deadlines } from '../leverage/venue.ts';
import type { Secret } from '../secret.ts';
import { type ConnectBudget, type ConnectWait, connect } from './connect-budget.ts';
import {
  type Connection,
  createHeard,
  endHeard,
  type HearOptions,
  hear,
  isAlive,
  type Memory,
  ping,
  type Subscription,
  subscribe,
  tell,
  untilHeard,
  type Word,
} from './kraken-connection.ts';
import type { SocketOpening } from './socket.ts';
import {
  type ApiFacts,
  applied,
  type CallReport,
  countdown,
  failureOf,
  type Judge,
  type Outcome,
} from './venue-api.ts';
import { refused, type Verdict } from './verdict.ts';

/** What is wanted of what a key's connection tells. */
export type PrivateReading<M, T> = {
  /** Beside `preferences`, which every connection subscribes before all else. */
  readonly subscription?: Subscription;
  /**
   * Looks for it in what has been told; undefined until that is enough. With `refused` or `silent` the connection is not
   * read from any more, and the next reading opens another one.
   */
  readonly from: (memory: M) => Verdict<T> | undefined;
};

/** A change of one market's setting. */
export type PrivateWrite = {
  /** `set_preference` */
  readonly method: string;
  /** Without the token. */
  readonly params: Readonly<Record<string, unknown>>;
  /** What is known of this market is forgotten once the change goes out. */
  readonly symbol: string;
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
   * The last word about a market on the key's open connections, none older than the last change of it by this bot.
   * Connections that have ended are forgotten, so read something before.
   */
  readonly told: (credentials: Credentials, symbol: string) => Word | undefined;
  /** Ends the key's connections: as soon as what is under way on them has ended. */
  readonly forget: (credentials: Credentials) => void;
  /** Waits for what is under way, then ends every connection. */
  readonly close: () => Promise<void>;
};

export type KrakenConnectionsOptions<M extends Memory> = HearOptions<M> & {
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
  readonly onCall?: (call: CallReport) => void;
};

/** A connection while it is kept. */
type Kept<M> = {
  readonly connection: Connection<M>;
  /** Calls that use it now. */
  calls: number;
  /** Nothing new uses it. */
  isRetired: boolean;
  /** Retired, but still listened to: it may tell late what became of a change. */
  lingers: boolean;
  timer: NodeJS.Timeout | undefined;
};

type Opened<M> =
  | { readonly kind: 'open'; readonly kept: Kept<M> }
  | { readonly kind: 'failed'; readonly failure: FailureData };

/** What is there for one key: the connection that is used, and those that are only listened to. */
type Entry<M> = {
  current: Promise<Opened<M>> | undefined;
  readonly kept: Set<Kept<M>>;
  calls: number;
  isGone: boolean;
};

type State<M extends Memory> = {
  readonly options: KrakenConnectionsOptions<M>;
  readonly pepper: string;
  /** By a hash of the key: nothing of it lies here. */
  readonly entries: Map<string, Entry<M>>;
  readonly underWay: Set<Promise<unknown>>;
};

/** Kraken closes a connection after about a minute of silence. @see docs.kraken.com/exchange/guides/websockets/introduction */
const defaultPingMs = 30_000;

export function createKrakenConnections<M extends Memory>(options: KrakenConnectionsOptions<M>): KrakenConnections<M> {
  const state: State<M> = {
    options,
    pepper: randomBytes(32).toString('base64'),
    entries: new Map(),
    underWay: new Set(),
  };
  return {
    read: (credentials, reading) => withEntry(state, credentials, (entry) => read(state, entry, credentials, reading)),
    write: (credentials, one) => withEntry(state, credentials, (entry) => write(state, entry, credentials, one)),
    told: (credentials, symbol) => told(state, credentials, symbol),
    forget: (credentials) => forget(state, credentials),
    close: () => close(state),
  };
}

function idOf(pepper: string, { user, fields }: Credentials): string {
  const values = Object.entries(fields).map(([name, value]) => [name, value.reveal()]);
  return hash('sha256', JSON.stringify([pepper, user, values.toSorted()]), 'base64');
}

/** Runs a call for a key, which is remembered until its last call and its last connection have ended. */
async function withEntry<M extends Memory, T>(
  state: State<M>,
  credentials: Credentials,
  call: (entry: Entry<M>) => Promise<T>,
): Promise<T> {
  const { entries, underWay } = state;
  const id = idOf(state.pepper, credentials);
  const entry = entries.get(id) ?? { current: undefined, kept: new Set(), calls: 0, isGone: false };
  entries.set(id, entry);
  entry.calls += 1;
  const running = call(entry);
  underWay.add(running);
  try {
    return await running;
  } finally {
    underWay.delete(running);
    entry.calls -= 1;
    forgetIdle(state);
  }
}

function forgetIdle<M extends Memory>({ entries }: State<M>): void {
  for (const [id, { current, kept, calls }] of entries) {
    if (current === undefined && kept.size === 0 && calls === 0) entries.delete(id);
  }
}

async function read<M extends Memory, T>(
  state: State<M>,
  entry: Entry<M>,
  credentials: Credentials,
  reading: PrivateReading<M, T>,
): Promise<T> {
  const { facts, deadlines } = state.options;
  const leftMs = countdown(state.options, deadlines.readMs);
  const once = () => reported(state, 'read', readOnce(state, entry, credentials, { reading, leftMs }));
  const first = await once();
  const outcome = isWorthAnother(first) && leftMs() > 0 ? await once() : first;
  if (outcome.kind === 'ok') return outcome.value;
  throw new Failure(outcome.kind === 'failed' ? outcome.failure : failureOf(facts, outcome));
}

type Called<T> = Outcome<T> | Extract<Opened<never>, { kind: 'failed' }>;

/** A connection that could not be opened is not opened again at once: connects are rare goods. */
function isWorthAnother(outcome: Called<unknown>): boolean {
  if (outcome.kind === 'refused') return outcome.refusal === 'key-rejected';
  return outcome.kind === 'not-sent' || (outcome.kind === 'silent' && outcome.silence === 'reset');
}

async function readOnce<M extends Memory, T>(
  state: State<M>,
  entry: Entry<M>,
  credentials: Credentials,
  { reading, leftMs }: { readonly reading: PrivateReading<M, T>; readonly leftMs: () => number },
): Promise<Called<T>> {
  const opened = await acquire(state, entry, credentials, { isWrite: false, leftMs });
  if (opened.kind === 'failed') return opened;
  return using(state, opened.kept, async ({ connection }) => {
    const outcome = await readFrom(state, connection, { reading, leftMs });
    if (outcome.kind === 'silent' || isStale(outcome)) opened.kept.isRetired = true;
    return outcome;
  });
}

async function readFrom<M extends Memory, T>(
  { options }: State<M>,
  connection: Connection<M>,
  { reading, leftMs }: { readonly reading: PrivateReading<M, T>; readonly leftMs: () => number },
): Promise<Outcome<T>> {
  const { subscription, from } = reading;
  if (subscription !== undefined) {
    const how = { judge: options.judgeSubscribed, deadlineMs: leftMs() };
    const subscribed = await subscribe(connection, subscription, how);
    if (subscribed.kind !== 'ok') return subscribed;
  }
  return untilHeard(connection.heard, () => from(connection.heard.memory), leftMs());
}

/** Says that the token is not good any more. */
const isStale = (outcome: Outcome<unknown>) => outcome.kind === 'refused' && outcome.refusal === 'key-rejected';

async function write<M extends Memory>(
  state: State<M>,
  entry: Entry<M>,
  credentials: Credentials,
  one: PrivateWrite,
): Promise<ApplyResult> {
  const { facts, deadlines } = state.options;
  const leftMs = countdown(state.options, deadlines.writeMs);
  const opened = await acquire(state, entry, credentials, { isWrite: true, leftMs });
  const outcome = await reported(
    state,
    'write',
    opened.kind === 'failed' ? opened : writeOn(state, entry, opened.kept, { one, leftMs }),
  );
  return outcome.kind === 'failed' ? { kind: 'not-sent', failure: outcome.failure } : applied(facts, outcome);
}

async function writeOn<M extends Memory>(
  state: State<M>,
  entry: Entry<M>,
  kept: Kept<M>,
  { one, leftMs }: { readonly one: PrivateWrite; readonly leftMs: () => number },
): Promise<Called<unknown>> {
  const { facts } = state.options;
  const isInTime = () => {
    if (!one.isInTime()) return false;
    for (const { connection } of entry.kept) connection.heard.words.delete(one.symbol);
    return true;
  };
  return using(state, kept, async ({ connection }) => {
    const away = unavailable(connection);
    if (away !== undefined) return { kind: 'failed', failure: failureOf(facts, away) };
    const reply = await tell(connection, { ...one, isInTime }, leftMs());
    const outcome = reply.kind === 'answered' ? one.judge(reply) : reply;
    if (outcome.kind === 'silent') Object.assign(kept, { isRetired: true, lingers: true });
    if (isStale(outcome)) kept.isRetired = true;
    return outcome;
  });
}

const unavailable = ({ heard }: Pick<Connection<unknown>, 'heard'>) =>
  heard.system === 'maintenance' ? refused('venue-unavailable') : undefined;

async function reported<T, M extends Memory>(
  { options }: State<M>,
  kind: CallReport['kind'],
  call: Called<T> | Promise<Called<T>>,
): Promise<Called<T>> {
  const { elapsed, facts, onCall } = options;
  const startedAt = elapsed();
  const outcome = await call;
  const result = outcome.kind === 'failed' ? (results.get(outcome.failure.code) ?? 'not-sent') : outcome.kind;
  onCall?.({ venue: facts.id, kind, result, durationMs: elapsed() - startedAt });
  return outcome;
}

const results: ReadonlyMap<string, string> = new Map([
  ['VENUE_BUSY', 'busy'],
  ['VENUE_REFUSED', 'refused'],
  ['VENUE_SILENT', 'silent'],
]);

type Purpose = { readonly isWrite: boolean; readonly leftMs: () => number };

/** The key's connection, or another one where that is of no use: dead, retired, or for a change that has had one. */
async function acquire<M extends Memory>(
  state: State<M>,
  entry: Entry<M>,
  credentials: Credentials,
  { isWrite, leftMs }: Purpose,
): Promise<Opened<M>> {
  const before = entry.current;
  if (before !== undefined) {
    const known = await inTime(state, before, leftMs());
    if (known.kind === 'failed' || (await isUsable(known.kept, { isWrite, leftMs }))) return known;
    if (entry.current === before) {
      Object.assign(known.kept, { isRetired: true, lingers: true });
      entry.current = undefined;
    }
  }
  return inTime(state, entry.current ?? start(state, entry, credentials), leftMs());
}

async function isUsable({ connection, isRetired }: Kept<unknown>, { isWrite, leftMs }: Purpose): Promise<boolean> {
  if (isRetired || (isWrite && connection.socket.hasTold())) return false;
  return isAlive(connection, leftMs() / 2);
}

async function inTime<M extends Memory>(
  { options }: State<M>,
  opening: Promise<Opened<M>>,
  deadlineMs: number,
): Promise<Opened<M>> {
  const { promise: late, resolve } = Promise.withResolvers<Opened<M>>();
  const failure = failureOf(options.facts, { kind: 'not-sent' });
  const timer = setTimeout(() => resolve({ kind: 'failed', failure }), deadlineMs);
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Opens the connection that is the key's from now on, until it ends. */
function start<M extends Memory>(state: State<M>, entry: Entry<M>, credentials: Credentials): Promise<Opened<M>> {
  const opening = open(state, entry, credentials);
  entry.current = opening;
  const drop = () => {
    if (entry.current === opening) entry.current = undefined;
    forgetIdle(state);
  };
  opening.then((opened) => (opened.kind === 'open' ? whenOver(opened.kept, drop) : drop()), drop);
  return opening;
}

function whenOver({ connection: { heard } }: Kept<unknown>, then: () => void): void {
  const look = () => {
    if (!heard.isOver) return;
    heard.listeners.delete(look);
    then();
  };
  heard.listeners.add(look);
  look();
}

async function open<M extends Memory>(state: State<M>, entry: Entry<M>, credentials: Credentials): Promise<Opened<M>> {
  const { options } = state;
  const { facts, budget, deadlines, tokenOf } = options;
  const fail = (outcome: Parameters<typeof failureOf>[1]) =>
    ({ kind: 'failed', failure: failureOf(facts, outcome) }) as const;
  const wait = budget.take(credentials.user);
  if (wait !== undefined) return fail(wait);
  const leftMs = countdown(options, deadlines.readMs);
  const heard = createHeard(options);
  const giveUp = new AbortController();
  const token = tokenOf(credentials);
  token.catch(() => giveUp.abort());
  const opening = await connect(budget, {
    url: options.url,
    connectMs: deadlines.connectMs,
    elapsed: options.elapsed,
    signal: giveUp.signal,
    onFrame: (text) => hear(heard, options, text),
    onEnd: () => endHeard(heard),
  });
  if (opening.kind !== 'open' && !giveUp.signal.aborted) return fail(outcomeOf(opening));
  try {
    const secret = await token;
    if (opening.kind !== 'open') return fail(outcomeOf(opening));
    const { socket } = opening;
    const connection = { heard, socket, token: secret, subscriptions: new Map(), elapsed: options.elapsed, lastId: 0 };
    const proven = await prove(options, connection, leftMs());
    if (proven.kind === 'ok') return { kind: 'open', kept: keep(state, entry, connection) };
    socket.terminate();
    return fail(proven);
  } catch (error) {
    if (opening.kind === 'open') opening.socket.terminate();
    if (error instanceof Failure) return { kind: 'failed', failure: error.data };
    throw error;
  }
}

function outcomeOf(opening: Exclude<SocketOpening, { kind: 'open' }> | ConnectWait) {
  if (opening.kind === 'busy') return opening;
  if (opening.kind === 'turned-away' && opening.status === 503) return refused('venue-unavailable');
  return { kind: 'not-sent' } as const;
}

/** The first subscription shows that the token is good. The status comes before its reply where it comes at all. */
async function prove<M extends Memory>(
  { preferences, judgeSubscribed, budget }: KrakenConnectionsOptions<M>,
  connection: Connection<M>,
  deadlineMs: number,
): Promise<Outcome<unknown>> {
  const proven = await Promise.race([
    subscribe(connection, preferences, { judge: judgeSubscribed, deadlineMs }),
    untilHeard(connection.heard, () => unavailable(connection), deadlineMs),
  ]);
  const outcome = unavailable(connection) ?? proven;
  if (outcome.kind === 'ok') budget.setMaintenance(false);
  return outcome;
}

function keep<M extends Memory>({ options }: State<M>, entry: Entry<M>, connection: Connection<M>): Kept<M> {
  const { pingMs = defaultPingMs, deadlines } = options;
  const kept: Kept<M> = { connection, calls: 0, isRetired: entry.isGone, lingers: false, timer: undefined };
  entry.kept.add(kept);
  const pinging = setInterval(() => void ping(connection, deadlines.readMs), pingMs).unref();
  rest(options, kept);
  whenOver(kept, () => {
    clearInterval(pinging);
    clearTimeout(kept.timer);
    entry.kept.delete(kept);
  });
  return kept;
}

/** Ends what nobody uses: at once when it is retired, else after a while. */
function rest({ keepMs }: Pick<KrakenConnectionsOptions<never>, 'keepMs'>, kept: Kept<unknown>): void {
  const { connection, calls, isRetired, lingers } = kept;
  clearTimeout(kept.timer);
  if (calls > 0) return;
  if (isRetired && !lingers) connection.socket.terminate();
  else kept.timer = setTimeout(connection.socket.terminate, keepMs).unref();
}

async function using<M extends Memory, T>(
  { options }: State<M>,
  kept: Kept<M>,
  call: (kept: Kept<M>) => Promise<T>,
): Promise<T> {
  kept.calls += 1;
  clearTimeout(kept.timer);
  try {
    return await call(kept);
  } finally {
    kept.calls -= 1;
    rest(options, kept);
  }
}

function told<M extends Memory>(state: State<M>, credentials: Credentials, symbol: string): Word | undefined {
  const kept = [...(state.entries.get(idOf(state.pepper, credentials))?.kept ?? [])];
  const words = kept.flatMap(({ connection }) => connection.heard.words.get(symbol) ?? []);
  const last = words.toSorted((a, b) => a.at - b.at).at(-1);
  return last && { setting: last.setting, ageMs: state.options.elapsed() - last.at };
}

function forget<M extends Memory>(state: State<M>, credentials: Credentials): void {
  const id = idOf(state.pepper, credentials);
  const entry = state.entries.get(id);
  if (entry === undefined) return;
  state.entries.delete(id);
  entry.isGone = true;
  for (const kept of entry.kept) {
    Object.assign(kept, { isRetired: true, lingers: false });
    rest(state.options, kept);
  }
}

async function close<M extends Memory>({ entries, underWay }: State<M>): Promise<void> {
  await Promise.allSettled([...underWay, ...[...entries.values()].map(({ current }) => current)]);
  for (const { kept } of entries.values()) for (const { connection } of kept) connection.socket.terminate();
}
