import type { Credentials } from '../account.ts';
import { Failure, type FailureData, type Limit, type Refusal } from '../errors.ts';
import type { ApplyResult, Budget, Deadlines, Venue, VenueFacts } from '../leverage/venue.ts';
import type { Secret } from '../secret.ts';
import { createBudget, type KeyBudget, longestPauseMs } from './budget.ts';
import type { Http, HttpReply, HttpRequest } from './http.ts';
import { isModest, judgeList, type ListReply, mostCharacters } from './list-reply.ts';
import { type Answer, breakdowns, type Refused, silent, type Verdict } from './verdict.ts';

/** Connect 2 s, read 3 s, write 4 s: a write with its read-back stays under 8 s. */
export const defaultDeadlines: Deadlines = { connectMs: 2_000, readMs: 3_000, writeMs: 4_000 };

/** Where a venue is, without a slash at the end: one base, or one for each way to it. */
export type VenueUrl = string | { readonly rest: string; readonly socket: string };

/** What every venue is built with. */
export type VenueOptions = {
  readonly http: Http;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that have passed, whatever a clock was set to; for deadlines and budgets. */
  readonly elapsed: () => number;
  /** Another base than the venue's own. */
  readonly url?: VenueUrl;
  /** How long a connection that belongs to a key is kept after its last use, in milliseconds: as long as a card lives. */
  readonly keepMs?: number;
  /** Other limits than the published ones. */
  readonly budget?: Budget;
  readonly deadlines?: Deadlines;
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Told of every call that was tried, for metrics. */
  readonly onCall?: (call: CallReport) => void;
  /** Told every message of a key's own socket as it came, with whatever it says of the account. */
  readonly onMessage?: (text: string) => void;
};

/** A venue as the registry knows it: its facts, and how it is built. */
export type VenueDefinition = { readonly facts: VenueFacts; readonly create: (options: VenueOptions) => Venue };

/** One call as metrics count it: `result` is `ok`, `refused`, `not-sent`, `busy` or `silent`. */
export type CallReport = {
  readonly venue: string;
  readonly kind: 'read' | 'write';
  readonly result: string;
  readonly durationMs: number;
};

/** What changes nothing and may be repeated: a GET, or a POST where the venue wants one. */
export type ReadRequest = {
  readonly url: string;
  /** Built when the request is sent, so that no secret lies in it before. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Makes it a POST: headers and body together, anew for each try, since a signature is over the body. */
  readonly post?: () => Required<Pick<HttpRequest, 'headers' | 'body'>>;
  /** Whose budget it spends; public calls have none. */
  readonly spends?: { readonly key: Secret; readonly cost: keyof Budget['costs'] };
  /** How long the reply may be: one thing unless told. */
  readonly size?: keyof typeof mostBytes;
};

/** Longest replies in bytes: one thing, the rows of an account or one page of a list, all markets at once. */
const mostBytes = { one: mostCharacters, rows: 1024 * 1024, markets: 4 * 1024 * 1024 } as const;

export type WriteRequest = Omit<ReadRequest, 'post'> &
  Required<Pick<HttpRequest, 'isInTime'>> & { readonly method: 'POST' | 'PUT'; readonly body?: string };

export type Judge<T> = (answer: Answer) => Verdict<T>;

/** One venue's way to the network. */
export type VenueApi = {
  /**
   * Tried once more within its deadline when the connection failed or the venue said "too many".
   *
   * @throws Failure VENUE_REFUSED, VENUE_UNREACHABLE, VENUE_SILENT or VENUE_BUSY.
   */
  readonly read: <T>(request: ReadRequest, judge: Judge<T>) => Promise<T>;
  /** The same for a reply that is one list. */
  readonly readList: <Row, T>(request: ReadRequest, reply: ListReply<Row, T>) => Promise<T>;
  /** A change, sent at most once, whatever comes back. Never throws a Failure. */
  readonly write: (request: WriteRequest, judge: Judge<unknown>) => Promise<ApplyResult>;
};

/** What is to be known of a venue before anything is sent to it. */
export type ApiFacts = Pick<VenueFacts, 'id' | 'label' | 'limits' | 'refusalWords'>;

type Api = Pick<VenueOptions, 'http' | 'now' | 'elapsed' | 'onCall'> & {
  readonly facts: ApiFacts;
  readonly deadlines: Deadlines;
  readonly budget: KeyBudget;
  readonly costs: Budget['costs'];
};

/** What came of one call. */
export type Outcome<T> =
  | Verdict<T>
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'busy'; readonly limit: Limit; readonly retryAfterMs: number };

type Attempt<T> = {
  readonly kind: 'read' | 'write';
  readonly request: ReadRequest;
  readonly isInTime?: HttpRequest['isInTime'];
  /** Asked when it is sent. */
  readonly parts: () => Pick<HttpRequest, 'method' | 'headers' | 'body'>;
  readonly judge: (answer: Answer) => Verdict<T> | Promise<Verdict<T>>;
  readonly leftMs: () => number;
};

/** Whose calls a refusal says were too many. */
const limits: ReadonlyMap<Refusal, Limit> = new Map([
  ['rate-limited', 'key'],
  ['address-rate-limited', 'address'],
]);

/** How long a key rests after "too many" when the venue does not say how long. */
const defaultPauseMs = 1_000;

/**
 * Budget first, then one request with a deadline, then the verdict on its answer. Failures name the venue by its label,
 * since that is what a trader reads.
 */
export function createVenueApi(facts: ApiFacts, options: VenueOptions): VenueApi {
  const { http, now, elapsed, deadlines = defaultDeadlines, sleep, onCall } = options;
  const { windows, costs } = options.budget ?? facts.limits;
  const budget = createBudget({ venue: facts.label, windows, elapsed, ...(sleep && { sleep }) });
  const api: Api = { facts, http, now, elapsed, deadlines, budget, costs, ...(onCall && { onCall }) };
  return {
    read: (request, judge) => read(api, request, modest(judge)),
    readList: (request, reply) => read(api, { size: 'rows', ...request }, (answer) => judgeList(answer, reply)),
    write: (request, judge) => write(api, request, modest(judge)),
  };
}

/** Nothing long is parsed that is not a list. */
function modest<T>(judge: Judge<T>): Judge<T> {
  return (answer) => (isModest(answer.text) ? judge(answer) : silent('too-large'));
}

async function read<T>(api: Api, request: ReadRequest, judge: Attempt<T>['judge']): Promise<T> {
  const leftMs = countdown(api, api.deadlines.readMs);
  const one = { kind: 'read', request, parts: () => readParts(request), judge, leftMs } as const;
  const first = await attempt(api, one);
  const again = isWorthAnotherRead(first) && leftMs() > 0;
  return settle(api.facts, again ? await attempt(api, one) : first);
}

function readParts({ headers, post }: ReadRequest): ReturnType<Attempt<unknown>['parts']> {
  return post === undefined ? { method: 'GET', headers: headers?.() ?? {} } : { method: 'POST', ...post() };
}

function isWorthAnotherRead(outcome: Outcome<unknown>): boolean {
  if (outcome.kind === 'silent') return outcome.silence === 'reset';
  return outcome.kind === 'not-sent' || (outcome.kind === 'busy' && outcome.limit !== 'connections');
}

async function write(api: Api, request: WriteRequest, judge: Judge<unknown>): Promise<ApplyResult> {
  const { method, headers, body, isInTime } = request;
  const parts = () => ({ method, headers: headers?.() ?? {}, ...(body !== undefined && { body }) });
  const leftMs = countdown(api, api.deadlines.writeMs);
  try {
    return applied(api.facts, await attempt(api, { kind: 'write', request, isInTime, parts, judge, leftMs }));
  } catch (error) {
    // Only the budget throws a Failure here, and then nothing was sent.
    if (error instanceof Failure) return { kind: 'not-sent', failure: error.data };
    throw error;
  }
}

export function countdown({ elapsed }: Pick<VenueOptions, 'elapsed'>, deadlineMs: number): () => number {
  const startedAt = elapsed();
  return () => deadlineMs - (elapsed() - startedAt);
}

async function attempt<T>(api: Api, one: Attempt<T>): Promise<Outcome<T>> {
  const { facts, elapsed, onCall } = api;
  const startedAt = elapsed();
  const report = (result: string) =>
    onCall?.({ venue: facts.id, kind: one.kind, result, durationMs: elapsed() - startedAt });
  try {
    const outcome = await judged(api, one);
    report(outcome.kind);
    return outcome;
  } catch (error) {
    if (error instanceof Failure) report('busy');
    throw error;
  }
}

async function judged<T>(api: Api, one: Attempt<T>): Promise<Outcome<T>> {
  const reply = await withinBudget(api, one);
  if (reply.kind === 'busy') return { kind: 'busy', limit: 'connections', retryAfterMs: defaultPauseMs };
  if (reply.kind !== 'answered') return reply;
  const verdict = await one.judge(reply);
  if (verdict.kind !== 'refused') return verdict;
  const limit = limits.get(verdict.refusal);
  if (limit === undefined) return verdict;
  const pauseMs = pauseOf(api, verdict.restUntil ?? reply.retryAfter);
  if (limit === 'address') api.budget.pauseAll(pauseMs);
  else api.budget.pause(one.request.spends?.key, pauseMs);
  return one.kind === 'write' ? verdict : { kind: 'busy', limit, retryAfterMs: pauseMs };
}

function withinBudget({ http, budget, costs }: Api, one: Attempt<unknown>): Promise<HttpReply> {
  const { kind, request, isInTime, parts, leftMs } = one;
  const { url, spends, size = 'one' } = request;
  const send = async (): Promise<HttpReply> => {
    const deadlineMs = leftMs();
    if (deadlineMs <= 0) return { kind: 'not-sent' };
    const bounds = { deadlineMs, maxBytes: mostBytes[size], ...(isInTime && { isInTime }) };
    return http.send({ kind, url, ...parts(), ...bounds });
  };
  const units = spends === undefined ? 0 : costs[spends.cost];
  // Half of the deadline is for waiting, so that the call itself still has time to be answered.
  return budget.run({ key: spends?.key, units, kind, maxWaitMs: leftMs() / 2 }, send);
}

function pauseOf({ now }: Api, until: number | string | undefined): number {
  return Math.min(restMs(until, now()) ?? defaultPauseMs, longestPauseMs);
}

/**
 * @param until - When the body says it, as a time; else the header.
 * @returns how long a venue wants to be left alone, or undefined when it does not say so
 * @see RFC 9110, Retry-After: seconds or a date
 */
export function restMs(until: number | string | undefined, now: number): number | undefined {
  if (until === undefined) return undefined;
  const isSeconds = typeof until === 'string' && /^[0-9]{1,9}$/.test(until);
  const ms = isSeconds ? Number(until) * 1_000 : (typeof until === 'string' ? Date.parse(until) : until) - now;
  return ms > 0 ? ms : undefined;
}

function settle<T>(facts: ApiFacts, outcome: Outcome<T>): T {
  if (outcome.kind === 'ok') return outcome.value;
  throw new Failure(failureOf(facts, outcome));
}

/** What a trader is told of a call that has no value. */
export function failureOf(facts: ApiFacts, outcome: Exclude<Outcome<unknown>, { kind: 'ok' }>): FailureData {
  const { label: venue } = facts;
  switch (outcome.kind) {
    case 'not-sent':
      return { code: 'VENUE_UNREACHABLE', venue };
    case 'busy':
      return { code: 'VENUE_BUSY', venue, limit: outcome.limit, retryAfterMs: outcome.retryAfterMs };
    case 'silent':
      return { code: 'VENUE_SILENT', venue, silence: outcome.silence };
    case 'refused':
      return refusalBy(facts, outcome);
  }
}

/** What a trader is told of a refusal, in the venue's own words where it has some. */
export function refusalBy(facts: ApiFacts, { refusal, detail }: Omit<Refused, 'kind'>): FailureData {
  const words = facts.refusalWords[refusal];
  return {
    ...{ code: 'VENUE_REFUSED', venue: facts.label, refusal },
    ...(detail !== undefined && { detail }),
    ...(words && { words }),
  };
}

/** What is known after a write; an error that says only that something broke is silence. */
export function applied(facts: ApiFacts, outcome: Outcome<unknown>): ApplyResult {
  const { label: venue } = facts;
  if (outcome.kind === 'ok') return { kind: 'accepted' };
  if (outcome.kind === 'refused' && breakdowns.has(outcome.refusal)) {
    return { kind: 'silent', failure: { code: 'VENUE_SILENT', venue, silence: 'server-error' } };
  }
  const kind = outcome.kind === 'busy' ? 'not-sent' : outcome.kind;
  return { kind, failure: failureOf(facts, outcome) };
}

/** @returns the base of a venue that has one only. @throws TypeError for any other */
export function oneUrl(url: VenueUrl): string {
  if (typeof url !== 'string') throw new TypeError('this venue has one base URL');
  return url;
}

/** For what a preview can do without: undefined instead of a Failure. */
export async function unlessFailing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

export function isRefusal(error: unknown, refusal: Refusal): boolean {
  return error instanceof Failure && error.data.code === 'VENUE_REFUSED' && error.data.refusal === refusal;
}

/** @returns one field of a key; the link page has checked that all of a venue's fields are there. */
export function credential(credentials: Credentials, name: string): Secret {
  const value = credentials.fields[name];
  if (!value) throw new TypeError(`a key without its field ${name}`);
  return value;
}
