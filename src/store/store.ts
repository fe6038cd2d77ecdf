/** One live row. `version` changes with every write of any row, so equal versions mean the same write. */
export type Entry = {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly expiresAt?: number;
  /** From when on somebody has to look at it; the same clock. */
  readonly dueAt?: number;
};

export type Check = { readonly key: string; readonly version: number | 'absent' };

/** A row is written as a whole: without `ttlMs` it stays, without `dueMs` nobody is called to it. Both count from now. */
export type Write =
  | { readonly key: string; readonly value: string; readonly ttlMs?: number; readonly dueMs?: number }
  | { readonly key: string; readonly remove: true };

/** Keys that one change may name. */
export const MOST_KEYS = 64;

/**
 * Checks and writes that happen together or not at all.
 *
 * A store that takes many changes at once locks the keys in their order, those that are only checked for others to
 * check as well, those that are written for itself alone. What is not there cannot be locked: so a key that is checked
 * for `absent` is written by the same change, or removed, which then takes what has expired and nothing else.
 */
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

/** @throws TypeError for a change that not every store could keep its promise for; called before anything is written */
export function assertChange({ checks = [], writes }: Change): void {
  const written = new Set(writes.map(({ key }) => key));
  const open = checks.find(({ key, version }) => version === 'absent' && !written.has(key));
  if (open !== undefined) throw new TypeError('a key that is checked for absence is written by the same change');
  const keys = new Set([...written, ...checks.map(({ key }) => key)]);
  if (keys.size > MOST_KEYS) throw new TypeError(`a change names ${keys.size} keys, which are more than ${MOST_KEYS}`);
}

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
  /**
   * Takes rows whose due time is over, the longest due first: each is given to one caller, and is due again after
   * `forMs` unless it was written meanwhile. Their versions stay as they are.
   */
  readonly takeDue: (take: { readonly limit: number; readonly forMs: number }) => Promise<readonly Entry[]>;
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
  /** Calls to every row at once that would wait for more than `longestMs` for it, for the same reason. @returns how many. */
  readonly hasten: (longestMs: number) => Promise<number>;
  /** Writes a consistent copy to a new file. */
  readonly snapshot: (path: string) => Promise<void>;
  readonly close: () => Promise<void>;
};
