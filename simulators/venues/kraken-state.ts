/** Tiers of access, as the key check names them. */
export type KrakenAccess = 'NO_ACCESS' | 'READ_ONLY' | 'FULL_ACCESS';

export type KrakenKeySeed = {
  readonly key: string;
  /** Base64, as the venue hands it out. */
  readonly secret: string;
  /** FULL_ACCESS by default. */
  readonly general?: KrakenAccess;
  /** NO_ACCESS by default; anything else lets the key move money. */
  readonly transfer?: KrakenAccess;
  readonly allowedCidrBlocks?: readonly string[];
  readonly expired?: boolean;
};

export type KrakenPosition = {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly size: string;
  readonly price: string;
};

export type KrakenOrder = {
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly size: string;
  readonly limitPrice: string;
  readonly reduceOnly?: boolean;
};

/** A refusal that holds for this account: 41 would cause liquidation, 92 insufficient margin. */
export type KrakenRule = {
  readonly symbol: string;
  readonly code: 41 | 92;
  /** Without a bound it holds for every isolated setting of the market. */
  readonly below?: number;
  readonly above?: number;
  /** Holds for the way back to cross margin instead. */
  readonly cross?: boolean;
};

/** What an account starts out with, whichever API shows it. */
export type KrakenHoldingsSeed = {
  readonly id: string;
  /** Decimal text in USD; 10000 by default. Margin that positions do not need of it is available. */
  readonly collateral?: string;
  /** The isolated markets; a market that is not listed is in cross margin. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly positions?: readonly KrakenPosition[];
  readonly orders?: readonly KrakenOrder[];
  readonly rules?: readonly KrakenRule[];
  /** Whose margin schedule holds; retail clients get less leverage. */
  readonly retail?: boolean;
};

/** How an account starts out. All its keys open the same account. */
export type KrakenAccountSeed = KrakenHoldingsSeed & { readonly keys: readonly KrakenKeySeed[] };

export type KrakenKey = Required<KrakenKeySeed> & {
  expired: boolean;
  /** The highest nonce that was accepted. */
  nonce: bigint | undefined;
};

export type KrakenHoldings = {
  readonly id: string;
  readonly retail: boolean;
  collateral: string;
  positions: readonly KrakenPosition[];
  orders: readonly KrakenOrder[];
  rules: readonly KrakenRule[];
  readonly isolated: Map<string, string>;
  /** The last change and what stood there before; undefined means cross. */
  lastChange: { readonly symbol: string; readonly before: string | undefined } | undefined;
};

export type KrakenAccount = KrakenHoldings & { readonly keys: readonly KrakenKey[] };

export const openHoldings = (seed: KrakenHoldingsSeed): KrakenHoldings => ({
  id: seed.id,
  retail: seed.retail ?? false,
  collateral: seed.collateral ?? '10000',
  positions: seed.positions ?? [],
  orders: seed.orders ?? [],
  rules: seed.rules ?? [],
  isolated: new Map(Object.entries(seed.settings ?? {})),
  lastChange: undefined,
});

export const openAccount = (seed: KrakenAccountSeed): KrakenAccount => ({
  ...openHoldings(seed),
  keys: seed.keys.map((key) => ({
    general: 'FULL_ACCESS',
    transfer: 'NO_ACCESS',
    allowedCidrBlocks: [],
    expired: false,
    ...key,
    nonce: undefined,
  })),
});

/** The markets in isolated margin, as they are or as they were before the last change. */
export function isolatedMarkets({ isolated, lastChange }: KrakenHoldings, old: boolean): ReadonlyMap<string, string> {
  if (!old || !lastChange) return isolated;
  const shown = new Map(isolated);
  if (lastChange.before === undefined) shown.delete(lastChange.symbol);
  else shown.set(lastChange.symbol, lastChange.before);
  return shown;
}
