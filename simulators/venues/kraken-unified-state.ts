import { type KrakenHoldings, type KrakenHoldingsSeed, openHoldings } from './kraken-state.ts';

/** A Kraken key as it was made on the key page. */
export type UnifiedKeySeed = {
  readonly key: string;
  /** Base64, as the venue hands it out. */
  readonly secret: string;
  /** Those that a good key for this bot has, unless told. */
  readonly permissions?: readonly string[];
  /** The one-time password that every call must carry. */
  readonly otp?: string;
  /** By how much a nonce may be below the highest one; in the units of the nonce. */
  readonly nonceWindow?: number;
  /** The highest nonce so far, such as one in nanoseconds of another tool. */
  readonly highestNonce?: bigint;
  /** When it ends by itself, in milliseconds since the epoch. */
  readonly validUntil?: number;
  readonly ipAllowlist?: readonly string[];
  /** Removed at Kraken. */
  readonly expired?: boolean;
};

/** What KYC allows the account to do with futures. */
export type FuturesPermission = 'enabled' | 'reduce_only' | 'disabled';

export type UnifiedAccountSeed = KrakenHoldingsSeed & {
  readonly keys: readonly UnifiedKeySeed[];
  readonly futures?: FuturesPermission;
};

export type UnifiedKey = Omit<Required<UnifiedKeySeed>, 'otp' | 'validUntil' | 'expired' | 'highestNonce'> & {
  readonly otp: string | undefined;
  readonly validUntil: number | undefined;
  expired: boolean;
  highestNonce: bigint | undefined;
  readonly usedNonces: Set<bigint>;
  /** The counter of calls, and when it stood there. */
  counter: { readonly level: number; readonly at: number };
  readonly badSignaturesAt: number[];
  lockedUntil: number;
  lastUsedAt: number | undefined;
};

export type UnifiedAccount = KrakenHoldings & {
  readonly keys: readonly UnifiedKey[];
  futures: FuturesPermission;
};

/** What a key for this bot needs: the first is documented, the others are not known for certain. */
export const goodPermissions = ['create-ws-token', 'modify-trades', 'query-open-trades'] as const;

export const openUnifiedAccount = (seed: UnifiedAccountSeed): UnifiedAccount => ({
  ...openHoldings(seed),
  futures: seed.futures ?? 'enabled',
  keys: seed.keys.map(openKey),
});

function openKey(seed: UnifiedKeySeed): UnifiedKey {
  const { permissions = goodPermissions, nonceWindow = 0, ipAllowlist = [], expired = false } = seed;
  return {
    ...{ key: seed.key, secret: seed.secret, permissions, nonceWindow, ipAllowlist, expired },
    ...{ otp: seed.otp, validUntil: seed.validUntil },
    ...{ highestNonce: seed.highestNonce, usedNonces: new Set(), counter: { level: 0, at: 0 } },
    ...{ badSignaturesAt: [], lockedUntil: 0, lastUsedAt: undefined },
  };
}

/** Whether it was removed, or has come to its end. */
export function isOver({ expired, validUntil }: UnifiedKey, at: number): boolean {
  return expired || (validUntil !== undefined && at >= validUntil);
}
