import { Big } from 'big.js';
import type { Credentials } from '../account.ts';
import { Failure, type KeyRefusal } from '../errors.ts';
import type { KeyCheck } from '../leverage/venue.ts';
import type { KrakenConnections } from './kraken-connections.ts';
import type { KeyInfo, KrakenRest } from './kraken-rest.ts';
import { type FuturesPermission, type KrakenMemory, preferencesRead } from './kraken-told.ts';
import { warningsOf } from './kraken-warnings.ts';

type Checks = {
  readonly rest: KrakenRest;
  readonly connections: KrakenConnections<KrakenMemory>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
};

/**
 * What a right is for, by the names that Kraken's page for keys has for it.
 *
 * @see docs.kraken.com/api-reference/account-data/get-api-key-info
 */
const rights: ReadonlyMap<string, { readonly use: 'needed' | 'moves-funds' | 'not-needed'; readonly name: string }> =
  new Map([
    ['create-ws-token', { use: 'needed', name: 'WebSocket interface' }],
    ['modify-trades', { use: 'needed', name: 'Create & modify orders' }],
    ['query-open-trades', { use: 'needed', name: 'Query open orders & trades' }],
    ['withdraw-funds', { use: 'moves-funds', name: 'Withdraw' }],
    ['add-withdraw-address', { use: 'moves-funds', name: 'Add withdrawal addresses' }],
    ['update-withdraw-address', { use: 'moves-funds', name: 'Update withdrawal addresses' }],
    ['close-trades', { use: 'not-needed', name: 'Cancel & close orders' }],
    ['query-closed-trades', { use: 'not-needed', name: 'Query closed orders & trades' }],
    // Documented as enough to move funds from spot to futures.
    ['query-funds', { use: 'not-needed', name: 'Query funds' }],
    ['add-funds', { use: 'not-needed', name: 'Deposit' }],
    ['earn-funds', { use: 'not-needed', name: 'Earn' }],
    ['query-ledger', { use: 'not-needed', name: 'Query ledger entries' }],
    ['export-data', { use: 'not-needed', name: 'Export data' }],
  ]);

/** What Kraken says of a key, then whether its sockets take it: a token and the first subscription. */
export async function checkKey(checks: Checks, credentials: Credentials): Promise<KeyCheck> {
  const info = await readInfo(checks, credentials);
  if ('kind' in info) return info;
  const reason = refusalOf(checks, info);
  if (reason !== undefined) return { kind: 'refused', reason };
  const permission = await readPermission(checks, credentials);
  return typeof permission === 'object'
    ? permission
    : { kind: 'usable', notes: [...notesOf(info), ...warningsOf({ permission, status: undefined }).map(textOf)] };
}

const textOf = ({ text }: { readonly text: string }) => text;

/** @throws Failure where Kraken could not be asked */
async function readInfo(checks: Checks, credentials: Credentials): Promise<KeyInfo | KeyCheck> {
  try {
    return await checks.rest.readKeyInfo(credentials);
  } catch (error) {
    // It needs no right, so what is missing is the code of a second factor, or the address is not on the key's list (?).
    const refusal = refusedKey(error, 'second-factor');
    if (refusal !== undefined) return refusal;
    if (!(error instanceof Failure) || error.data.code !== 'VENUE_SILENT') throw error;
  }
  // The key may be good, but nobody has said what it may do.
  const permission = await readPermission(checks, credentials);
  return typeof permission === 'object' ? permission : { kind: 'undecided' };
}

function refusalOf({ now }: Checks, { permissions, nonce }: KeyInfo): KeyRefusal | undefined {
  const uses = permissions.map((one) => rights.get(one)?.use);
  if (uses.includes('moves-funds')) return 'can-withdraw';
  if (uses.includes(undefined)) return 'unknown-right';
  if (!permissions.includes('create-ws-token')) return 'no-access';
  if (!permissions.includes('modify-trades')) return 'read-only';
  // Ours are microseconds; a program that counts nanoseconds leaves a key that refuses them for ever.
  const isAhead = nonce !== undefined && new Big(nonce).gt(new Big(now() + aheadMs).times(1_000));
  return isAhead ? 'other-program' : undefined;
}

/** Two clocks may differ by so much. */
const aheadMs = 60_000;

async function readPermission(
  { connections }: Checks,
  credentials: Credentials,
): Promise<FuturesPermission | undefined | KeyCheck> {
  try {
    return await connections.read(credentials, preferencesRead);
  } catch (error) {
    const refusal = refusedKey(error, 'no-access');
    if (refusal !== undefined) return refusal;
    throw error;
  }
}

function refusedKey(error: unknown, lacking: KeyRefusal): KeyCheck | undefined {
  if (!(error instanceof Failure) || error.data.code !== 'VENUE_REFUSED') return undefined;
  const { refusal } = error.data;
  if (refusal === 'key-rejected') return { kind: 'refused', reason: 'rejected' };
  if (refusal === 'nonce') return { kind: 'refused', reason: 'other-program' };
  return refusal === 'key-lacks-permission' ? { kind: 'refused', reason: lacking } : undefined;
}

function notesOf({ permissions, validUntil, hasIpList }: KeyInfo): readonly string[] {
  const notNeeded = permissions.flatMap((one) => {
    const right = rights.get(one);
    return right?.use === 'not-needed' ? [`"${right.name}"`] : [];
  });
  return [
    ...endNotes(validUntil),
    ...(notNeeded.length > 0 ? [`It has rights that the bot does not need: ${notNeeded.join(', ')}.`] : []),
    ...(permissions.includes('query-open-trades') ? [] : [noOrders]),
    ...(hasIpList === false ? ['It works from every IP address: Kraken can limit it to that of this bot.'] : []),
  ];
}

const noOrders =
  'It lacks the right "Query open orders & trades": Kraken may not show what is open, and then no card can be made.';

function endNotes(validUntil: KeyInfo['validUntil']): readonly string[] {
  if (validUntil === 'never') return [];
  if (validUntil === undefined) return ['Kraken did not say until when it is valid.'];
  return [`It ends by itself on ${new Date(validUntil).toISOString().slice(0, 10)}.`];
}
