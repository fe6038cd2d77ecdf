import { randomUUID } from 'node:crypto';

/** A trader with keys at every venue. */
export type Trader = {
  readonly id: string;
  readonly name: string;
  readonly channel: string;
  /** What the trader's keys are made of. New in every run: a leak must not be hidden by an older one. */
  readonly unique: string;
};

export const guildId = '200000000000000001';
export const applicationId = '400000000000000001';

/** Made-up traders. */
export function createTraders(count: number): readonly [Trader, ...Trader[]] {
  const [first, ...others] = Array.from({ length: count }, (_, index) => createTrader(index));
  if (first === undefined) throw new TypeError('a run needs at least one trader');
  return [first, ...others];
}

function createTrader(index: number): Trader {
  const digits = String(index + 1).padStart(4, '0');
  return {
    id: `10000000000000${digits}`,
    name: `trader-${index + 1}`,
    channel: `30000000000000${digits}`,
    unique: randomUUID().replaceAll('-', ''),
  };
}
