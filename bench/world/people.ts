import type { Account, OpenOptions } from '../../simulators/venues/exchange.ts';
import { type OpenExchange, openExchanges, simulatedVenues } from '../../simulators/venues/index.ts';

export const applicationId = '400000000000000001';
export const botToken = 'bench-token-of-nobody.abcdef.0123456789abcdef0123456789';

const venueNames = ['mudrex', 'kraken-futures'] as const;
export type VenueName = (typeof venueNames)[number];

/** Someone with a Discord account and one exchange key: the even ones trade on Mudrex, the odd ones on Kraken Futures. */
export type Trader = {
  readonly id: string;
  readonly name: string;
  readonly venue: VenueName;
  readonly market: string;
  /** By the venue's own field names. */
  readonly key: Account['key'];
};

export function trader(index: number): Trader {
  const id = String(100_000_000_000_000_000n + BigInt(index));
  const name = `trader${index}`;
  const venue = venueNames[index % 2] ?? 'mudrex';
  const { bitcoin, keyOf } = simulatedVenues[venue];
  return { id, name, venue, market: bitcoin, key: keyOf(name) };
}

export function traders(count: number): readonly Trader[] {
  return Array.from({ length: count }, (_, index) => trader(index));
}

/** Both venues with the accounts of these traders: a setting in their market, nothing else. */
export function openVenues(people: readonly Trader[], options: OpenOptions): readonly OpenExchange[] {
  return venueNames.flatMap((name) => {
    const accounts = people.filter(({ venue }) => venue === name);
    const open = openExchanges((venue) => venue.open({ ...options, accounts }), [name]);
    for (const { id, market } of accounts) for (const exchange of open) exchange.set(id, market, '5');
    return open;
  });
}
