import type { Credentials } from '../account.ts';
import { Failure } from '../errors.ts';
import type { Market } from '../leverage/market.ts';
import type { Budget, VenueFacts } from '../leverage/venue.ts';
import { mostRows } from './list-reply.ts';
import { page } from './mudrex-replies.ts';
import { credential, type ReadRequest, type VenueApi, type VenueOptions } from './venue-api.ts';

/** What every call to Mudrex needs. */
export type Mudrex = Pick<VenueOptions, 'now' | 'elapsed'> & {
  readonly facts: VenueFacts;
  readonly api: VenueApi;
  readonly url: string;
  /** The newest list, for aliases and suggestions; market lists are nobody's secret. */
  known: readonly Market[];
};

/** A request with the key of an account, which has no signature. */
export function keyed(
  { url }: Mudrex,
  credentials: Credentials,
  path: string,
  cost: keyof Budget['costs'] = 'read',
): ReadRequest {
  const key = credential(credentials, 'apiSecret');
  return { url: `${url}${path}`, headers: () => ({ 'X-Authentication': key.reveal() }), spends: { key, cost } };
}

export function queryOf(...parts: readonly (string | undefined)[]): string {
  const present = parts.filter((part) => part !== undefined);
  return present.length > 0 ? `?${present.join('&')}` : '';
}

export function isDefaultCurrency(currency: string | undefined): boolean {
  return currency === undefined || currency === 'USDT';
}

/**
 * The currency goes into the query when reading and into the body when writing; USDT is left out.
 *
 * @throws Failure CURRENCY_UNSUPPORTED
 */
export function currencyQuery({ facts }: Mudrex, currency: string | undefined): string | undefined {
  if (isDefaultCurrency(currency)) return undefined;
  if (!isSupported(facts, currency)) throw new Failure(unsupported(facts));
  return `trade_currency=${currency}`;
}

export function isSupported({ tradeCurrencies }: VenueFacts, currency: string | undefined): boolean {
  return currency === undefined || tradeCurrencies.includes(currency);
}

export function unsupported({ label, tradeCurrencies }: VenueFacts) {
  return { code: 'CURRENCY_UNSUPPORTED', venue: label, currencies: tradeCurrencies } as const;
}

export function unreadable({ facts }: Mudrex): Failure {
  return new Failure({ code: 'VENUE_SILENT', venue: facts.label, silence: 'unreadable' });
}

const pageSize = 100;
const smallestPage = 10;
const mostPages = 100;

/** `offset` counts rows, and how many rows a page has is the server's to say: read until nothing new comes. */
export async function readPages<T>(
  mudrex: Mudrex,
  credentials: Credentials,
  path: string,
  read: (row: unknown) => T,
): Promise<readonly T[]> {
  const rows = new Map<string, T>();
  const separator = path.includes('?') ? '&' : '?';
  let first = 0;
  for (let count = 0, offset = 0; count < mostPages; count += 1) {
    const request = keyed(mudrex, credentials, `${path}${separator}limit=${pageSize}&offset=${offset}`);
    const list = await mudrex.api.readList(request, page(read));
    const before = rows.size;
    for (const { id, value } of list) rows.set(id, value);
    if (rows.size > mostRows) {
      throw new Failure({ code: 'VENUE_SILENT', venue: mudrex.facts.label, silence: 'too-large' });
    }
    first ||= list.length;
    if (list.length < Math.max(first, smallestPage) || rows.size === before) break;
    offset += list.length;
  }
  return [...rows.values()];
}
