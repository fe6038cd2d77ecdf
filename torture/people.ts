import { createHash, randomUUID } from 'node:crypto';
import type { KrakenAccountSeed } from '../simulators/venues/kraken-state.ts';
import type { MudrexAccountSeed } from '../simulators/venues/mudrex-state.ts';
import type { Random } from './random.ts';

/** A trader with one key at each venue; the Kraken key is also stored under a second label. */
export type Trader = {
  readonly id: string;
  readonly name: string;
  readonly channel: string;
  readonly mudrexSecret: string;
  readonly krakenKey: string;
  readonly krakenSecret: string;
};

export const guildId = '200000000000000001';
export const applicationId = '400000000000000001';

/** Made-up traders. Their secrets are new in every run: a leak must not be hidden by an older one. */
export function createTraders(count: number): readonly [Trader, ...Trader[]] {
  const [first, ...others] = Array.from({ length: count }, (_, index) => createTrader(index));
  if (first === undefined) throw new TypeError('a run needs at least one trader');
  return [first, ...others];
}

function createTrader(index: number): Trader {
  const unique = randomUUID().replaceAll('-', '');
  const digits = String(index + 1).padStart(4, '0');
  return {
    id: `10000000000000${digits}`,
    name: `trader-${index + 1}`,
    channel: `30000000000000${digits}`,
    mudrexSecret: `canary-mudrex-${unique}`,
    krakenKey: `canaryKrakenKey${unique}`.padEnd(56, '0'),
    krakenSecret: createHash('sha512').update(`canary ${unique}`).digest('base64'),
  };
}

/** How the traders' accounts start out: some with positions and orders, so that previews and refusals differ. */
export function createAccounts(
  traders: readonly Trader[],
  random: Random,
): { readonly mudrex: readonly MudrexAccountSeed[]; readonly kraken: readonly KrakenAccountSeed[] } {
  const mudrex = traders.map(
    ({ id, mudrexSecret }): MudrexAccountSeed => ({
      id,
      secret: mudrexSecret,
      settings: random.chance(0.5) ? [{ symbol: 'BTCUSDT', leverage: '60' }] : [],
      orders: random.chance(0.3)
        ? [{ symbol: 'BTCUSDT', side: 'LONG', quantity: 0.01, price: 55_000, leverage: 5 }]
        : [],
    }),
  );
  const kraken = traders.map(
    ({ id, krakenKey, krakenSecret }): KrakenAccountSeed => ({
      id,
      keys: [{ key: krakenKey, secret: krakenSecret }],
      settings: random.chance(0.5) ? { PF_XBTUSD: '49.99' } : {},
      positions: random.chance(0.3) ? [{ symbol: 'PF_XBTUSD', side: 'long', size: '0.01', price: '58000' }] : [],
      collateral: random.chance(0.5) ? '10000' : '150',
    }),
  );
  return { mudrex, kraken };
}
