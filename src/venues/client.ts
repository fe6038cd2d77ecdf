import type { Credentials } from '../account.ts';
import { Failure, type FailureData, type Limit, type Refusal } from '../errors.ts';
import type { ApplyResult, Budget, Deadlines, Venue, VenueFacts } from '../leverage/venue.ts';
import type { Secret } from '../secret.ts';
import { createBudget, longestPauseMs } from './budget.ts';
import type { Http, HttpReply, HttpRequest } from './http.ts';
import { isModest, judgeList, type ListReply, mostCharacters } from './list-reply.ts';
import { type Answer, breakdowns, type Refused, silent, type Verdict } from './verdict.ts';

/** Connect 2 s, read 3 s, write 4 s: a write with its read-back stays under 8 s. */
export const defaultDeadlines: Deadlines = { connectMs: 2_000, readMs: 3_000, writeMs: 4_000 };

/** What every venue is built with. */
export type VenueOptions = {
  readonly http: Http;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that have passed, whatever a clock was set to; for deadlines and budgets. */
  readonly elapsed: () => number;
  /** Another base URL than the venue's own, without a slash at its end. */
  readonly url?: string;
  /** Other limits than the published ones. */
  readonly budget?: Budget;
  readonly deadlines?: Deadlines;
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Told of every call that was tried, for metrics. */
  readonly onCall?: (call: CallReport) => void;
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

export type Call = {
  readonly url: string;
  /** Built when the call is sent, so that no secret lies in it before. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Whose budget it spends; public calls have none. */
  readonly spends?: { readonly key: Secret; readonly cost: keyof Budget['costs'] };
  /** How long the reply may be: one thing unless told. */
  readonly size?: keyof typeof mostBytes;
};

/** Longest replies in bytes: one thing, the rows of an account or one page of a list, all markets at once. */
const mostBytes = { one: mostCharacters, rows: 1024 * 1024, markets: 4 * 1024 * 1024 } as const;

export type WriteCall = Call &
  Pick<HttpRequest, 'isInTime'> & { readonly method: 'POST' | 'PUT'; readonly body?: string };

export type Judge<T> = (answer: Answer) => Verdict<T>;

export type VenueClient = {
  /**
   * A GET. Tried once more within its deadline when the connection failed or the venue said "too many".
   *
   * @throws Failure VENUE_REFUSED, VENUE_UNREACHABLE, VENUE_SILENT or VENUE_BUSY.
   */
  readonly read: <T>(call: Call, judge: Judge<T>) => Promise<T>;
  /** The same for a reply that is one list. */
  readonly readList: <Row, T>(call: Call, reply: ListReply<Row, T>) => Promise<T>;
  /** A change, sent at most once, whatever comes back. Never throws a Failure. */
  readonly write: (call: WriteCall, judge: Judge<unknown>) => Promise<ApplyResult>;
};

type Outcome<T> =
  | Verdict<T>
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'busy'; readonly limit: Limit; readonly retryAfterMs: number };

type Attempt<T> = {
  readonly kind: 'read' | 'write';
  readonly call: Call;
  readonly request: Pick<HttpRequest, 'method' | 'body' | 'isInTime'>;
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

/** What is to be known of a venue before anything is sent to it. */
export type ClientFacts = Pick<VenueFacts, 'id' | 'label' | 'limits' | 'refusalWords'>;

/**
 * One venue's way to the network: budget first, then one request with a deadline, then the verdict on its answer.
 * Failures name the venue by its label, since that is what a trader reads.
 */
export function createClient(facts: ClientFacts, options: VenueOptions): VenueClient {
  const { id, label: venue } = facts;
  const { http, now, elapsed, deadlines = defaultDeadlines, sleep } = options;
  const { windows, costs } = options.budget ?? facts.limits;
  const budget = createBudget({ venue, windows, elapsed, ...(sleep && { sleep }) });

  async function attempt<T>(one: Attempt<T>): Promise<Outcome<T>> {
    const startedAt = elapsed();
    const report = (result: string) =>
      options.onCall?.({ venue: id, kind: one.kind, result, durationMs: elapsed() - startedAt });
    try {
      const outcome = await judged(one);
      report(outcome.kind);
      return outcome;
    } catch (error) {
      if (error instanceof Failure) report('busy');
      throw error;
    }
  }

  async function judged<T>(one: Attempt<T>): Promise<Outcome<T>> {
    const reply = await withinBudget(one);
    if (reply.kind === 'busy') return { kind: 'busy', limit: 'connections', retryAfterMs: defaultPauseMs };
    if (reply.kind !== 'answered') return reply;
    const verdict = await one.judge(reply);
    const limit = verdict.kind === 'refused' ? limits.get(verdict.refusal) : undefined;
    if (limit === undefined) return verdict;
    const pauseMs = pauseOf(reply.retryAfter);
    if (limit === 'address') budget.pauseAll(pauseMs);
    else budget.pause(one.call.spends?.key, pauseMs);
    return one.kind === 'write' ? verdict : { kind: 'busy', limit, retryAfterMs: pauseMs };
  }

  function withinBudget({ kind, call, request, leftMs }: Attempt<unknown>): Promise<HttpReply> {
    const { url, headers, spends, size = 'one' } = call;
    const send = async (): Promise<HttpReply> => {
      const deadlineMs = leftMs();
      if (deadlineMs <= 0) return { kind: 'not-sent' };
      return http.send({ ...request, url, headers: headers?.() ?? {}, deadlineMs, maxBytes: mostBytes[size] });
    };
    const units = spends === undefined ? 0 : costs[spends.cost];
    // Half of the deadline is for waiting, so that the call itself still has time to be answered.
    return budget.run({ key: spends?.key, units, kind, maxWaitMs: leftMs() / 2 }, send);
  }

  /** @see RFC 9110, Retry-After: seconds or a date */
  function pauseOf(retryAfter: string | undefined): number {
    if (retryAfter === undefined) return defaultPauseMs;
    const ms = /^[0-9]{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now();
    return ms > 0 ? Math.min(ms, longestPauseMs) : defaultPauseMs;
  }

  function countdown(deadlineMs: number): () => number {
    const startedAt = elapsed();
    return () => deadlineMs - (elapsed() - startedAt);
  }

  async function read<T>(call: Call, judge: Attempt<T>['judge']): Promise<T> {
    const leftMs = countdown(deadlines.readMs);
    const one = { kind: 'read', call, request: { method: 'GET' }, judge, leftMs } as const;
    const first = await attempt(one);
    const again = isWorthAnotherRead(first) && leftMs() > 0;
    return settle(facts, again ? await attempt(one) : first);
  }

  const modest =
    <T>(judge: Judge<T>): Judge<T> =>
    (answer) =>
      isModest(answer.text) ? judge(answer) : silent('too-large');

  return {
    read: (call, judge) => read(call, modest(judge)),
    readList: (call, reply) => read({ size: 'rows', ...call }, (answer) => judgeList(answer, reply)),
    write: async (call, judge) => {
      const { method, body, isInTime } = call;
      const request = { method, isInTime, ...(body !== undefined && { body }) };
      const leftMs = countdown(deadlines.writeMs);
      try {
        return applied(facts, await attempt({ kind: 'write', call, request, judge: modest(judge), leftMs }));
      } catch (error) {
        // Only the budget throws a Failure here, and then nothing was sent.
        if (error instanceof Failure) return { kind: 'not-sent', failure: error.data };
        throw error;
      }
    },
  };
}

function isWorthAnotherRead(outcome: Outcome<unknown>): boolean {
  if (outcome.kind === 'silent') return outcome.silence === 'reset';
  return outcome.kind === 'not-sent' || (outcome.kind === 'busy' && outcome.limit !== 'connections');
}

function settle<T>(facts: ClientFacts, outcome: Outcome<T>): T {
  if (outcome.kind === 'ok') return outcome.value;
  throw new Failure(failureOf(facts, outcome));
}

function failureOf(facts: ClientFacts, outcome: Exclude<Outcome<unknown>, { kind: 'ok' }>): FailureData {
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
export function refusalBy(facts: ClientFacts, { refusal, detail }: Omit<Refused, 'kind'>): FailureData {
  const words = facts.refusalWords[refusal];
  return {
    ...{ code: 'VENUE_REFUSED', venue: facts.label, refusal },
    ...(detail !== undefined && { detail }),
    ...(words && { words }),
  };
}

function applied(facts: ClientFacts, outcome: Outcome<unknown>): ApplyResult {
  const { label: venue } = facts;
  if (outcome.kind === 'ok') return { kind: 'accepted' };
  if (outcome.kind === 'refused' && breakdowns.has(outcome.refusal)) {
    return { kind: 'silent', failure: { code: 'VENUE_SILENT', venue, silence: 'server-error' } };
  }
  const kind = outcome.kind === 'busy' ? 'not-sent' : outcome.kind;
  return { kind, failure: failureOf(facts, outcome) };
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

/** @returns one field of a key; the link page has checked that all of a venue's fields are there. */
export function credential(credentials: Credentials, name: string): Secret {
  const value = credentials[name];
  if (!value) throw new TypeError(`a key without its field ${name}`);
  return value;
}
