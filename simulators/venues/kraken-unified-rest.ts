import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Call, VenueCore } from './call.ts';
import { isOver, type UnifiedAccount, type UnifiedKey } from './kraken-unified-state.ts';
import { TOKEN_SECONDS } from './kraken-unified-tokens.ts';
import type { UnifiedWorld } from './kraken-unified-world.ts';
import { type Answer, jsonAnswer } from './raw-replies.ts';
import { uuidFrom } from './stable-id.ts';

/** The counter of a key at the lowest tier, and how fast it falls (docs.kraken.com, REST rate limits). */
const COUNTER_MAX = 15;
const COUNTER_DECAY_PER_SECOND = 0.33;
/** Kraken says about fifteen minutes, and not after how many bad signatures. */
const LOCKOUT_MS = 15 * 60_000;
const LOCKOUT_AFTER = 5;

const base = '/0/private';

type Found = { readonly account: UnifiedAccount; readonly key: UnifiedKey };
type Form = { readonly nonce: string; readonly otp: string | undefined };

/** HTTP 200 with the reason in a list, as all of Kraken's REST has it. */
const refused = (error: string, status = 200): Answer => jsonAnswer(status, { error: [error] });
const succeeded = (result: object): Answer => jsonAnswer(200, { error: [], result });

function findKey({ accounts }: UnifiedWorld, call: Call): Found | undefined {
  const sent = call.header('api-key');
  for (const account of accounts) {
    const key = account.keys.find((known) => known.key === sent);
    if (key !== undefined) return { account, key };
  }
  return undefined;
}

/** A form, or JSON; a nonce in JSON may be a number with more digits than a float holds, so its text is taken. */
function readForm(call: Call): Form {
  if (!(call.header('content-type') ?? '').includes('json')) {
    const form = new URLSearchParams(call.body);
    return { nonce: form.get('nonce') ?? '', otp: form.get('otp') ?? undefined };
  }
  const read = (name: string) => new RegExp(`"${name}"\\s*:\\s*"?(\\d+)"?\\s*[,}]`).exec(call.body)?.[1];
  return { nonce: read('nonce') ?? '', otp: read('otp') };
}

/**
 * `base64(HMAC-SHA-512(base64decode(secret), path ‖ SHA-256(nonce ‖ body)))`, with the body exactly as it was sent.
 *
 * @see docs.kraken.com, Spot REST authentication
 */
function isSigned({ secret }: UnifiedKey, call: Call, nonce: string): boolean {
  const digest = createHash('sha256').update(`${nonce}${call.body}`).digest();
  const expected = createHmac('sha512', Buffer.from(secret, 'base64')).update(call.path).update(digest).digest();
  const sent = Buffer.from(call.header('api-sign') ?? '', 'base64');
  return expected.length === sent.length && timingSafeEqual(expected, sent);
}

/** Adds one call to the counter of the key, unless that would go above its maximum. */
function isWithinLimit(key: UnifiedKey, at: number): boolean {
  const fallen = Math.max(0, key.counter.level - ((at - key.counter.at) / 1000) * COUNTER_DECAY_PER_SECOND);
  if (fallen + 1 > COUNTER_MAX) return false;
  key.counter = { level: fallen + 1, at };
  return true;
}

function noteBadSignature(key: UnifiedKey, at: number): void {
  key.badSignaturesAt.push(at);
  const recent = key.badSignaturesAt.filter((one) => at - one < LOCKOUT_MS);
  if (recent.length >= LOCKOUT_AFTER) key.lockedUntil = at + LOCKOUT_MS;
}

/** A nonce must rise; one inside the window of its key may be lower, but none is taken twice. */
function takesNonce(key: UnifiedKey, text: string): boolean {
  if (!/^\d{1,20}$/.test(text)) return false;
  const nonce = BigInt(text);
  const { highestNonce: highest, usedNonces } = key;
  if (nonce >= 2n ** 64n || usedNonces.has(nonce)) return false;
  if (highest !== undefined && nonce <= highest - BigInt(key.nonceWindow)) return false;
  if (key.nonceWindow > 0) usedNonces.add(nonce);
  if (highest === undefined || nonce > highest) key.highestNonce = nonce;
  return true;
}

/** Why Kraken does not let this call in, in the order in which it looks. */
function doorRefusal(world: UnifiedWorld, found: Found | undefined, call: Call): string | undefined {
  if (world.status.system === 'maintenance') return 'EService:Unavailable';
  if (found === undefined || isOver(found.key, call.at)) return 'EAPI:Invalid key';
  const { key } = found;
  if (world.isLimited && call.at < key.lockedUntil) return 'EGeneral:Temporary lockout';
  if (world.isLimited && !isWithinLimit(key, call.at)) return 'EAPI:Rate limit exceeded';
  const { nonce, otp } = readForm(call);
  if (!isSigned(key, call, nonce)) {
    noteBadSignature(key, call.at);
    return 'EAPI:Invalid signature';
  }
  if (!takesNonce(key, nonce)) return 'EAPI:Invalid nonce';
  // Which error this is, no page says (?).
  if (key.otp !== otp && key.otp !== undefined) return 'EGeneral:Permission denied';
  const isOutside = key.ipAllowlist.length > 0 && !key.ipAllowlist.includes(call.ip);
  return isOutside ? 'EGeneral:Permission denied' : undefined;
}

const seconds = (ms: number): string => String(Math.floor(ms / 1000));

/** @see docs.kraken.com, Get API Key Info: times are texts in seconds, "0" for none */
function keyInfo({ account, key }: Found, at: number): Answer {
  return succeeded({
    apiKeyName: 'levergate',
    apiKey: key.key,
    nonce: String(key.highestNonce ?? 0n),
    nonceWindow: String(key.nonceWindow),
    permissions: key.permissions,
    iban: ibanOf(account),
    validUntil: key.validUntil === undefined ? '0' : seconds(key.validUntil),
    ...{ queryFrom: '0', queryTo: '0' },
    createdTime: seconds(at - 30 * 86_400_000),
    modifiedTime: seconds(at - 30 * 86_400_000),
    ipAllowlist: key.ipAllowlist,
    lastUsed: key.lastUsedAt === undefined ? null : seconds(key.lastUsedAt),
  });
}

/** Names the account at Kraken: nothing for a log. */
function ibanOf({ id }: UnifiedAccount): string {
  const hex = uuidFrom(`kraken iban of ${id}`).replaceAll('-', '').toUpperCase();
  return `AA${hex.slice(0, 2)} N84G ${hex.slice(2, 6)} ${hex.slice(6, 10)}`;
}

/** What the edge in front of Kraken answers, which is no JSON. */
const banned: Answer = { status: 429, headers: { 'content-type': 'text/plain' }, body: 'error code: 1015' };

function answer(world: UnifiedWorld, call: Call): Answer {
  if (world.switches.banCoversRest && call.at < (world.bannedUntil.get(call.ip) ?? 0)) return banned;
  const name = call.path.startsWith(`${base}/`) ? call.path.slice(base.length + 1) : '';
  const isKnown = name === 'GetWebSocketsToken' || name === 'GetApiKeyInfo';
  if (call.method !== 'POST' || !isKnown) return refused('EGeneral:Unknown method', 404);
  const found = findKey(world, call);
  const refusal = doorRefusal(world, found, call);
  if (found === undefined || refusal !== undefined) return refused(refusal ?? 'EAPI:Invalid key');
  const { account, key } = found;
  const reply = name === 'GetApiKeyInfo' ? keyInfo(found, call.at) : undefined;
  key.lastUsedAt = call.at;
  if (reply !== undefined) return reply;
  const isPermitted = world.switches.demands.GetWebSocketsToken.every((one) => key.permissions.includes(one));
  if (!isPermitted) return refused('EGeneral:Permission denied');
  return succeeded({ token: world.tokens.issue(account, key, call.at).text, expires: TOKEN_SECONDS });
}

/** `POST /0/private/GetWebSocketsToken` and `GetApiKeyInfo`; neither changes anything at the account. */
export function createUnifiedRest(world: UnifiedWorld, secrets: VenueCore['secrets']): VenueCore {
  return {
    facts: (call) => ({ kind: 'read', readsSetting: false, account: findKey(world, call)?.account.id }),
    answer: (call) => answer(world, call),
    rateLimited: ({ at }, retryAfterSeconds) => refused(rateLimitText(at, retryAfterSeconds)),
    serverError: (_call, status) => refused(serverErrorText(status), status),
    refusal: (_call, { status, error, text }) => refused(error ?? text ?? 'EGeneral:Internal error', status),
    secrets,
  };
}

/** With a time only where Kraken tells until when: `EService: Throttled: <unix time>`, its blank included. */
export function rateLimitText(at: number, retryAfterSeconds: number | undefined): string {
  if (retryAfterSeconds === undefined) return 'EAPI:Rate limit exceeded';
  return `EService: Throttled: ${Math.ceil(at / 1000 + retryAfterSeconds)}`;
}

/** Kraken's words for what elsewhere would be a status; the last one may have been carried out. */
export function serverErrorText(status: number): string {
  if (status === 502) return 'EService:Busy';
  if (status === 503) return 'EService:Unavailable';
  return status === 504 ? 'EService:Deadline elapsed' : 'EGeneral:Internal error';
}
