/** One live row. `version` changes with every write of any row, so equal versions mean the same write. */
export type Entry = {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly expiresAt?: number;
};

export type Check = { readonly key: string; readonly version: number | 'absent' };

export type Write =
  | { readonly key: string; readonly value: string; readonly ttlMs?: number }
  | { readonly key: string; readonly remove: true };

/** Checks and writes that happen together or not at all. */
export type Change = {
  readonly checks?: readonly Check[];
  /** The change fails from this moment on, by the store's clock (milliseconds since the epoch). */
  readonly before?: number;
  readonly writes: readonly Write[];
};

export type Commit =
  | { readonly kind: 'committed'; readonly version: number; readonly at: number }
  | { readonly kind: 'conflict'; readonly key: string }
  | { readonly kind: 'too-late' };

/**
 * A versioned key-value store; expiry and `before` are decided by its own clock, inside the transaction.
 *
 * Insert-if-absent is a check for `absent`, compare-and-set a check for a version, a lease a row with a TTL.
 * Every call ends within a second. @throws Failure STORE_UNAVAILABLE; state that cannot be read is never "nothing there".
 */
export type Store = {
  readonly get: (key: string) => Promise<Entry | undefined>;
  /** Live rows whose key starts with `prefix`, in key order, after the key `after`. */
  readonly list: (
    prefix: string,
    page?: { readonly after?: string; readonly limit?: number },
  ) => Promise<readonly Entry[]>;
  readonly commit: (change: Change) => Promise<Commit>;
  /** The store's clock, milliseconds since the epoch. */
  readonly now: () => Promise<number>;
  /** Makes sure that the bytes of removed rows are no longer in any file of the store. */
  readonly erase: () => Promise<void>;
  /** Deletes expired rows and erases their bytes, a few at a time: other calls get their turn in between. @returns how many. */
  readonly sweep: () => Promise<number>;
  /**
   * Lets no row with this prefix outlive `longestMs` from now: one that would was written by a clock that was ahead.
   *
   * @returns how many were shortened.
   */
  readonly shorten: (prefix: string, longestMs: number) => Promise<number>;
  /** Writes a consistent copy to a new file. */
  readonly snapshot: (path: string) => Promise<void>;
  readonly close: () => Promise<void>;
};
