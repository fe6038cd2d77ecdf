import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Call } from './call.ts';
import type { KrakenAccount, KrakenKey } from './kraken-state.ts';

/** The part of the path that is signed: without `/derivatives`, but all of `/api/auth/…`. */
const signedPath = (path: string): string => path.replace(/^\/derivatives(?=\/)/, '');

/**
 * `base64(HMAC-SHA-512(base64decode(secret), SHA-256(postData + nonce + path)))`, with `postData` exactly as it was sent
 * (the rule since 20 February 2024).
 *
 * @see docs.kraken.com, Futures REST authentication
 */
const sign = (secret: string, message: string): Buffer =>
  createHmac('sha512', Buffer.from(secret, 'base64')).update(createHash('sha256').update(message).digest()).digest();

const matches = (expected: Buffer, sent: Buffer) => expected.length === sent.length && timingSafeEqual(expected, sent);

type Signed =
  | { readonly kind: 'known'; readonly account: KrakenAccount; readonly key: KrakenKey }
  | { readonly kind: 'refused'; readonly error: 'authenticationError' | 'nonceBelowThreshold' | 'nonceDuplicate' };

const refused = (error: Extract<Signed, { kind: 'refused' }>['error']): Signed => ({ kind: 'refused', error });

export function findKey(accounts: readonly KrakenAccount[], call: Call) {
  const sent = call.header('apikey');
  for (const account of accounts) {
    const key = account.keys.find((known) => known.key === sent);
    if (key) return { account, key };
  }
  return undefined;
}

/** A nonce is optional, but once sent it must rise per key. */
function readNonce(key: KrakenKey, nonce: string): Signed | undefined {
  if (nonce === '') return undefined;
  if (!/^\d{1,30}$/.test(nonce)) return refused('nonceBelowThreshold');
  const sent = BigInt(nonce);
  if (key.nonce !== undefined && sent === key.nonce) return refused('nonceDuplicate');
  if (key.nonce !== undefined && sent < key.nonce) return refused('nonceBelowThreshold');
  key.nonce = sent;
  return undefined;
}

export function checkSignature(accounts: readonly KrakenAccount[], call: Call): Signed {
  const found = findKey(accounts, call);
  if (!found || found.key.expired) return refused('authenticationError');
  const nonce = call.header('nonce') ?? '';
  const expected = sign(found.key.secret, `${call.query}${call.body}${nonce}${signedPath(call.path)}`);
  const sent = Buffer.from(call.header('authent') ?? '', 'base64');
  if (!matches(expected, sent)) return refused('authenticationError');
  return readNonce(found.key, nonce) ?? { kind: 'known', ...found };
}
