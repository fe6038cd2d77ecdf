import type { Account, Credentials } from '../account.ts';
import type { Market } from './market.ts';
import type { Venue, Venues } from './venue.ts';

/** Market lists in memory, for autocomplete and hints; a command always reads its one market fresh. */
export type MarketBook = {
  readonly list: (venue: string) => readonly Market[];
  /** Fetches a list unless it is younger than an hour or on its way. Never throws; a failed fetch keeps the old list. */
  readonly refresh: (venue: Venue, credentials?: Credentials) => Promise<void>;
  /** The same for the venue of an account, with its key. */
  readonly refreshFor: (account: Account) => Promise<void>;
  /** Fetches every list that needs no key. */
  readonly refreshPublic: () => Promise<void>;
};

const FRESH_MS = 60 * 60_000;

type MarketBookOptions = {
  readonly venues: Venues;
  readonly credentialsOf: (account: Account) => Promise<Credentials>;
  readonly now: () => number;
  readonly onFailure: (venue: string, error: unknown) => void;
};

type Context = MarketBookOptions & {
  readonly lists: Map<string, { readonly markets: readonly Market[]; readonly at: number }>;
  /** Fetches that have not come back yet, by venue. */
  readonly underWay: Map<string, Promise<void>>;
};

export function createMarketBook(options: MarketBookOptions): MarketBook {
  const context: Context = { ...options, lists: new Map(), underWay: new Map() };
  return {
    list: (venue) => context.lists.get(venue)?.markets ?? [],
    refresh: (venue, credentials) => refresh(context, venue, credentials),
    refreshFor: (account) => refreshFor(context, account),
    refreshPublic: () => refreshPublic(context),
  };
}

async function refresh(context: Context, venue: Venue, credentials?: Credentials): Promise<void> {
  const { lists, underWay, now } = context;
  if (venue.marketsNeedKey && credentials === undefined) return;
  const known = lists.get(venue.id);
  if (known !== undefined && now() - known.at < FRESH_MS) return;
  const fetching = underWay.get(venue.id) ?? fetchList(context, venue, credentials);
  underWay.set(venue.id, fetching);
  await fetching;
}

async function fetchList(context: Context, venue: Venue, credentials?: Credentials): Promise<void> {
  const { lists, underWay, now, onFailure } = context;
  try {
    lists.set(venue.id, { markets: await venue.listMarkets(credentials), at: now() });
  } catch (error) {
    onFailure(venue.id, error);
  } finally {
    underWay.delete(venue.id);
  }
}

async function refreshFor(context: Context, account: Account): Promise<void> {
  const { venues, credentialsOf, onFailure } = context;
  const venue = venues.get(account.venue);
  if (venue === undefined) return;
  try {
    await refresh(context, venue, await credentialsOf(account));
  } catch (error) {
    onFailure(venue.id, error);
  }
}

async function refreshPublic(context: Context): Promise<void> {
  const open = [...context.venues.values()].filter((venue) => !venue.marketsNeedKey);
  await Promise.all(open.map((venue) => refresh(context, venue)));
}
