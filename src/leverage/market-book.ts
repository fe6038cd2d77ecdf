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

export function createMarketBook(options: {
  readonly venues: Venues;
  readonly credentialsOf: (account: Account) => Promise<Credentials>;
  readonly now: () => number;
  readonly onFailure: (venue: string, error: unknown) => void;
}): MarketBook {
  const { venues, credentialsOf, now, onFailure } = options;
  const lists = new Map<string, { readonly markets: readonly Market[]; readonly at: number }>();
  const underWay = new Map<string, Promise<void>>();

  async function fetchList(venue: Venue, credentials?: Credentials): Promise<void> {
    try {
      lists.set(venue.id, { markets: await venue.listMarkets(credentials), at: now() });
    } catch (error) {
      onFailure(venue.id, error);
    } finally {
      underWay.delete(venue.id);
    }
  }

  async function refresh(venue: Venue, credentials?: Credentials): Promise<void> {
    if (venue.marketsNeedKey && credentials === undefined) return;
    const known = lists.get(venue.id);
    if (known !== undefined && now() - known.at < FRESH_MS) return;
    const fetching = underWay.get(venue.id) ?? fetchList(venue, credentials);
    underWay.set(venue.id, fetching);
    await fetching;
  }

  async function refreshFor(account: Account): Promise<void> {
    const venue = venues.get(account.venue);
    if (venue === undefined) return;
    try {
      await refresh(venue, await credentialsOf(account));
    } catch (error) {
      onFailure(venue.id, error);
    }
  }

  return {
    list: (venue) => lists.get(venue)?.markets ?? [],
    refresh,
    refreshFor,
    refreshPublic: async () => {
      await Promise.all([...venues.values()].filter((venue) => !venue.marketsNeedKey).map((venue) => refresh(venue)));
    },
  };
}
