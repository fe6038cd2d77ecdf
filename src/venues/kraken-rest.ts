import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Credentials } from '../account.ts';
import { Failure, type Refusal } from '../errors.ts';
import { parseExactJson } from '../parse-json.ts';
import { Secret } from '../secret.ts';
import { createSlots } from './slots.ts';
import {
  type ApiFacts,
  createVenueApi,
  credential,
  defaultDeadlines,
  isRefusal,
  type Judge,
  type ReadRequest,
  type VenueApi,
  type VenueOptions,
} from './venue-api.ts';
import { type Refused, readSuccess, refused, silent, type Verdict } from './verdict.ts';

/** What Kraken says of a key; names and numbers of the account behind it are left out. */
export type KeyInfo = {
  readonly permissions: readonly string[];
  /** Milliseconds since the epoch; `never` where it has no end, undefined where Kraken did not say. */
  readonly validUntil: number | 'never' | undefined;
  /** Undefined where Kraken did not say. */
  readonly hasIpList: boolean | undefined;
  /** The highest nonce that this key has used, as a whole number; undefined where Kraken did not say. */
  readonly nonce: string | undefined;
};

/** The two calls over HTTP that the socket does not replace. Both change nothing. */
export type KrakenRest = {
  /**
   * A fresh token, which goes with each private request of one connection. It is used at once: fifteen minutes later a
   * connection could not be opened with it any more.
   *
   * @throws Failure of the venue's reads
   * @see docs.kraken.com/api-reference/trading/get-websockets-token
   */
  readonly readToken: (credentials: Credentials) => Promise<Secret>;
  /** Needs no permission. @throws Failure of the venue's reads */
  readonly readKeyInfo: (credentials: Credentials) => Promise<KeyInfo>;
};

type Rest = {
  readonly facts: ApiFacts;
  readonly api: VenueApi;
  readonly url: string;
  readonly nextNonce: () => number;
  /** Longest wait for another request of the same key, in milliseconds. */
  readonly mostWaitMs: number;
  readonly turns: Map<string, Turn>;
};

type Turn = { readonly slots: ReturnType<typeof createSlots>; users: number };

export function createKrakenRest(facts: ApiFacts, options: VenueOptions & { readonly rest: string }): KrakenRest {
  const { rest: url, deadlines = defaultDeadlines } = options;
  const rest: Rest = {
    facts,
    api: createVenueApi(facts, options),
    url,
    nextNonce: createNonces(options.now),
    mostWaitMs: deadlines.readMs / 2,
    turns: new Map(),
  };
  return {
    readToken: (credentials) => post(rest, credentials, '/0/private/GetWebSocketsToken', tokenResult),
    readKeyInfo: (credentials) => post(rest, credentials, '/0/private/GetApiKeyInfo', keyInfoResult),
  };
}

/** A nonce is refused once when another request overtook it, so one more try is made. A second refusal means another user. */
async function post<T>(rest: Rest, credentials: Credentials, path: string, result: z.ZodType<T>): Promise<T> {
  const request = signed(rest, credentials, path);
  const call = () => rest.api.read(request, judge(result));
  return inTurn(rest, credential(credentials, 'apiKey'), async () => {
    try {
      return await call();
    } catch (error) {
      if (!isRefusal(error, 'nonce')) throw error;
      return call();
    }
  });
}

function signed({ url, nextNonce }: Rest, credentials: Credentials, path: string): ReadRequest {
  const apiKey = credential(credentials, 'apiKey');
  const apiSecret = credential(credentials, 'apiSecret');
  return {
    url: `${url}${path}`,
    spends: { key: apiKey, cost: 'account' },
    post: () => {
      const nonce = String(nextNonce());
      const body = `nonce=${nonce}`;
      const sign = apiSign(apiSecret.reveal(), path, nonce, body);
      const headers = { 'API-Key': apiKey.reveal(), 'API-Sign': sign, 'content-type': formType };
      return { headers, body };
    },
  };
}

const formType = 'application/x-www-form-urlencoded';

/**
 * Signs one call.
 *
 * @param path - With `/0/private/`, without a host.
 * @param body - Exactly as it is sent; it begins with the nonce.
 * @see docs.kraken.com/exchange/guides/rest/authentication
 */
export function apiSign(apiSecret: string, path: string, nonce: string, body: string): string {
  const digest = createHash('sha256').update(nonce).update(body).digest();
  return createHmac('sha512', Buffer.from(apiSecret, 'base64')).update(path).update(digest).digest('base64');
}

/** Microseconds since the epoch that rise with each call, for all keys together and thus for each of them. */
function createNonces(now: () => number): () => number {
  let last = 0;
  return () => {
    last = Math.max(last + 1, now() * 1_000);
    return last;
  };
}

/** One request of a key at a time: of two under way the later nonce could arrive first. */
async function inTurn<T>(rest: Rest, apiKey: Secret, task: () => Promise<T>): Promise<T> {
  const { facts, turns, mostWaitMs } = rest;
  const name = apiKey.reveal();
  const turn = turns.get(name) ?? { slots: createSlots(1), users: 0 };
  turns.set(name, turn);
  turn.users += 1;
  try {
    const giveBack = await turn.slots.take(mostWaitMs);
    if (giveBack === undefined) {
      throw new Failure({ code: 'VENUE_BUSY', venue: facts.label, limit: 'key', retryAfterMs: mostWaitMs });
    }
    return await task().finally(giveBack);
  } finally {
    turn.users -= 1;
    if (turn.users === 0) turns.delete(name);
  }
}

/** @see docs.kraken.com/exchange/guides/general/errors */
const refusals: ReadonlyMap<string, Refusal> = new Map([
  ['EAPI:Invalid key', 'key-rejected'],
  ['EAPI:Invalid signature', 'key-rejected'],
  ['EAPI:Invalid nonce', 'nonce'],
  ['EGeneral:Permission denied', 'key-lacks-permission'],
  ['EAPI:Permission denied', 'key-lacks-permission'],
  ['EAccount:Invalid permissions', 'account-invalid'],
  // After too many wrong requests; another one too early makes it longer, so none is tried again by itself.
  ['EGeneral:Temporary lockout', 'key-forbidden'],
  ['EAPI:Rate limit exceeded', 'rate-limited'],
  ['EAuth:Rate limit exceeded', 'rate-limited'],
  ['EGeneral:Too many requests', 'address-rate-limited'],
  ['EService:Unavailable', 'venue-unavailable'],
  ['EService:Busy', 'venue-unavailable'],
  ['EGeneral:Internal error', 'venue-error'],
  // It may have been carried out.
  ['EService:Deadline elapsed', 'venue-error'],
]);

/** @returns what one of Kraken's error texts means, or undefined for one that is not listed. */
export function refusalOfText(text: string): Refused | undefined {
  const [, seconds] = /^EService: ?Throttled: ?([0-9]{1,11})$/.exec(text) ?? [];
  if (seconds !== undefined) return { ...refused('rate-limited'), restUntil: Number(seconds) * 1_000 };
  const refusal = refusals.get(text);
  return refusal && refused(refusal);
}

const envelope = z.object({ error: z.array(z.unknown()).max(20) });

/** Kraken answers 200 to everything; another status means that its servers were not reached. */
function judge<T>(result: z.ZodType<T>): Judge<T> {
  return (answer) => {
    if (answer.status === 429) return refused('address-rate-limited');
    const json = parseExactJson(answer.text);
    const { error } = (answer.status === 200 ? envelope.safeParse(json).data : undefined) ?? {};
    if (error !== undefined && error.length > 0) return refusalOfAll(error);
    const verdict = readSuccess(z.object({ error: z.array(z.never()), result }), answer, json);
    return verdict.kind === 'ok' ? { kind: 'ok', value: verdict.value.result } : verdict;
  };
}

/** Listed errors only: beside an unlisted one nothing is known. */
function refusalOfAll(errors: readonly unknown[]): Verdict<never> {
  const known = errors.map((error) => (typeof error === 'string' ? refusalOfText(error) : undefined));
  return (known.includes(undefined) ? undefined : known[0]) ?? silent('unreadable');
}

const tokenResult = z
  .object({ token: z.string().min(1).max(1_024), expires: z.string().regex(/^[1-9][0-9]{0,4}$/) })
  .transform(({ token }) => new Secret(token));

const seconds = z.string().regex(/^[0-9]{1,12}$/);

const keyInfoResult = z
  .object({
    permissions: z.array(z.string().min(1).max(64)).max(100),
    validUntil: seconds.nullish().catch(undefined),
    ipAllowlist: z.array(z.string()).optional().catch(undefined),
    nonce: z
      .string()
      .regex(/^[0-9]{1,20}$/)
      .optional()
      .catch(undefined),
  })
  .transform(
    ({ permissions, validUntil, ipAllowlist, nonce }): KeyInfo => ({
      permissions,
      validUntil: endOf(validUntil),
      hasIpList: ipAllowlist && ipAllowlist.length > 0,
      nonce,
    }),
  );

/** Kraken writes "0" where there is no end. */
function endOf(seconds: string | null | undefined): KeyInfo['validUntil'] {
  if (seconds === undefined) return undefined;
  return seconds === null || Number(seconds) === 0 ? 'never' : Number(seconds) * 1_000;
}
