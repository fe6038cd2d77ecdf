import type { Account, Credentials } from './account.ts';
import type { Delivery } from './delivery.ts';

/** A key opened for one operation. */
export type LoadedKey = {
  readonly account: Account;
  readonly credentials: Credentials;
  /** Keyed hash of the key itself: equal when two labels hold the same key, and after a rotation of the master keys. */
  readonly keyHash: string;
  readonly fingerprint: string;
  readonly addedAt: number;
};

/** What `/keys list` may show of a key. */
export type KeyListing = {
  readonly account: Account;
  /** `waiting`: saved on the page, not used until its owner presses *Use this key*. */
  readonly status: 'active' | 'waiting' | 'unreadable';
  readonly fingerprint?: string;
  /** Milliseconds since the epoch. */
  readonly addedAt?: number;
  /** A waiting key of which the venue did not say what it may do. */
  readonly isUndecided?: true;
};

export type SavedKey = { readonly fingerprint: string; readonly replaces?: string };

/** A key from the page, saved, that waits for *Use this key*. `delivery` is the message that carried the link. */
export type NewKey = SavedKey & {
  readonly account: Account;
  readonly delivery: Delivery;
  /** What the venue said of a usable key, in plain sentences. */
  readonly notes: readonly string[];
  /** The venue did not say what the key may do; its owner saved it all the same. */
  readonly isUndecided: boolean;
};

/**
 * The users' exchange keys, as the rest of the program sees them.
 *
 * @throws Failure from `load`: KEY_MISSING, KEY_INACTIVE, KEY_UNREADABLE; from every call: STORE_UNAVAILABLE.
 */
export type Keys = {
  readonly load: (account: Account) => Promise<LoadedKey>;
  readonly list: (user: string) => Promise<readonly KeyListing[]>;
  /** @throws Failure TOO_MANY_KEYS when the account would be one too many */
  readonly assertRoom: (account: Account) => Promise<void>;
  /**
   * @param isUndecided - Whether the venue did not say what the key may do; false unless told.
   * @throws Failure TOO_MANY_KEYS
   */
  readonly saveIncoming: (account: Account, credentials: Credentials, isUndecided?: boolean) => Promise<SavedKey>;
  /** @returns false when the waiting key is gone or is not the one that was shown. */
  readonly activate: (account: Account, fingerprint: string) => Promise<boolean>;
  readonly discard: (account: Account) => Promise<boolean>;
  /** Removes the key and every byte of it from the store's files. @returns false when there was none. */
  readonly remove: (account: Account) => Promise<boolean>;
  readonly removeAll: (user: string) => Promise<number>;
};
