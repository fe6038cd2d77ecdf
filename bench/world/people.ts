import { createHash } from 'node:crypto';
import type { KrakenAccountSeed } from '../../simulators/venues/kraken-state.ts';
import type { MudrexAccountSeed } from '../../simulators/venues/mudrex-state.ts';

export const applicationId = '400000000000000001';
export const botToken = 'bench-token-of-nobody.abcdef.0123456789abcdef0123456789';

export type VenueName = 'mudrex' | 'kraken-futures';

/** Someone with a Discord account and one exchange key: the even ones trade on Mudrex, the odd ones on Kraken Futures. */
export type Trader = {
  readonly id: string;
  readonly name: string;
  readonly venue: VenueName;
  readonly market: string;
  /** By the venue's own field names. */
  readonly key: { readonly apiSecret: string; readonly apiKey?: string };
};

export function trader(index: number): Trader {
  const id = String(100_000_000_000_000_000n + BigInt(index));
  const name = `trader${index}`;
  if (index % 2 === 0) {
    return { id, name, venue: 'mudrex', market: 'BTCUSDT', key: { apiSecret: `bench-mudrex-secret-${index}` } };
  }
  const apiSecret = createHash('sha512').update(name).digest('base64');
  return {
    ...{ id, name, venue: 'kraken-futures', market: 'PF_XBTUSD' },
    key: { apiKey: `benchKrakenKey${index}`.padEnd(40, '0'), apiSecret },
  };
}

export function traders(count: number): readonly Trader[] {
  return Array.from({ length: count }, (_, index) => trader(index));
}

/** The simulators' accounts of these traders: a setting in their market, nothing else. */
export function venueAccounts(people: readonly Trader[]) {
  const mudrex = people.flatMap(({ id, venue, market, key }): readonly MudrexAccountSeed[] =>
    venue === 'mudrex' ? [{ id, secret: key.apiSecret, settings: [{ symbol: market, leverage: '5' }] }] : [],
  );
  const kraken = people.flatMap(
    ({ id, venue, market, key: { apiKey = '', apiSecret } }): readonly KrakenAccountSeed[] =>
      venue === 'kraken-futures'
        ? [{ id, keys: [{ key: apiKey, secret: apiSecret }], settings: { [market]: '5' } }]
        : [],
  );
  return { mudrex, kraken };
}
