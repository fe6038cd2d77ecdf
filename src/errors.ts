/** Why a venue refused a request, in the trader's terms; each venue maps its own error texts and codes onto these. */
export type Refusal =
  | 'leverage-out-of-range'
  | 'unknown-market'
  | 'market-not-isolated-capable'
  | 'market-unavailable'
  | 'would-liquidate'
  | 'insufficient-margin'
  | 'key-rejected'
  | 'key-lacks-permission'
  | 'key-forbidden'
  /** What the bot had agreed with the venue for a connection is over; the key may be good. */
  | 'session-ended'
  | 'account-inactive'
  | 'account-invalid'
  | 'rate-limited'
  | 'address-rate-limited'
  | 'nonce'
  | 'invalid-currency'
  | 'invalid-request'
  | 'conflict'
  | 'venue-error'
  | 'venue-unavailable';

/** A venue's own words for a refusal: what it says, to be read after its label, and what to do next. */
export type RefusalWords = { readonly what: string; readonly next: string };

/** What became of a request that has no usable answer. In each case it may have reached the venue. */
export type Silence = 'timeout' | 'reset' | 'too-large' | 'unreadable' | 'redirect' | 'server-error';

/**
 * What is used up: a venue's limit for one key, its limit for the bot's address, the bot's own connections to it, or how
 * many the bot opens in ten minutes, for everybody together or for one person.
 */
export type Limit = 'key' | 'address' | 'connections' | 'connects' | 'connects-of-person';

/** What an exchange did, or did not do. */
export type VenueFailure =
  | {
      readonly code: 'VENUE_REFUSED';
      readonly venue: string;
      readonly refusal: Refusal;
      readonly detail?: string;
      /** Where the venue has words of its own for it. */
      readonly words?: RefusalWords;
    }
  | { readonly code: 'VENUE_UNREACHABLE'; readonly venue: string }
  /** What the bot talks to there ends at `endsAt` (ms since the epoch), so nothing is sent; `successor` is a label. */
  | { readonly code: 'VENUE_ENDED'; readonly venue: string; readonly endsAt: number; readonly successor?: string }
  | { readonly code: 'VENUE_SILENT'; readonly venue: string; readonly silence: Silence }
  | {
      readonly code: 'VENUE_BUSY';
      readonly venue: string;
      /** The key's in results that an older version stored. */
      readonly limit?: Limit;
      readonly retryAfterMs: number;
    };

/** What was typed cannot be done. */
export type TypedFailure =
  | { readonly code: 'BAD_OPTION'; readonly option: string; readonly hint: string }
  | { readonly code: 'BAD_LEVERAGE'; readonly text: string }
  | {
      readonly code: 'LEVERAGE_OUTSIDE_BOUNDS';
      readonly leverage: string;
      readonly market: string;
      readonly min: string;
      /** Absent where the venue publishes none. */
      readonly max?: string;
    }
  | {
      readonly code: 'LEVERAGE_OFF_STEP';
      readonly leverage: string;
      readonly market: string;
      readonly step: string;
      readonly nearest: readonly string[];
    }
  | {
      readonly code: 'UNKNOWN_MARKET';
      readonly venue: string;
      readonly text: string;
      readonly suggestions: readonly string[];
    }
  | { readonly code: 'MARKET_NOT_TRADEABLE'; readonly venue: string; readonly market: string }
  | { readonly code: 'UNKNOWN_VENUE'; readonly id: string }
  | { readonly code: 'NO_CROSS'; readonly venue: string }
  | { readonly code: 'CURRENCY_UNSUPPORTED'; readonly venue: string; readonly currencies: readonly string[] };

/** What the operator does not allow. */
export type RulesFailure =
  | { readonly code: 'HALTED' }
  | { readonly code: 'SERVER_NOT_ALLOWED' }
  | { readonly code: 'USER_NOT_ALLOWED' }
  | {
      readonly code: 'ABOVE_OPERATOR_MAXIMUM';
      readonly venue: string;
      readonly leverage: string;
      readonly max: string;
    };

/**
 * Why a key is not taken.
 *
 * - `unknown-right`: it has a right of which this bot does not know what it allows.
 * - `second-factor`: each use of it seems to ask for a code that changes, which no program can keep, or it is for others'
 *   addresses only.
 * - `other-program`: its request numbers were driven so high by another program that none of this bot's is taken.
 */
export type KeyRefusal =
  | 'can-withdraw'
  | 'unknown-right'
  | 'read-only'
  | 'rejected'
  | 'no-access'
  | 'second-factor'
  | 'other-program';

/** What a key lacks, or what keeps it from being used. */
export type KeyFailure =
  | {
      readonly code: 'KEY_MISSING';
      readonly venue: string;
      readonly account: string;
      readonly others: readonly string[];
    }
  | { readonly code: 'KEY_INACTIVE'; readonly venue: string; readonly account: string }
  | { readonly code: 'KEY_UNREADABLE'; readonly venue: string; readonly account: string }
  | {
      readonly code: 'KEY_REFUSED';
      readonly venue: string;
      readonly reason: KeyRefusal;
    }
  /** The venue knows the key, but did not say what it may do. */
  | { readonly code: 'KEY_UNDECIDED'; readonly venue: string }
  /** The venue ends at `endsAt`; `successor` is a label. */
  | { readonly code: 'NO_NEW_KEYS'; readonly venue: string; readonly endsAt: number; readonly successor?: string }
  | { readonly code: 'KEY_CHANGED' }
  | { readonly code: 'KEY_SHARED'; readonly venue: string }
  | {
      readonly code: 'KEY_BUSY';
      readonly venue: string;
      readonly account: string;
      readonly market: string;
    }
  | { readonly code: 'LINKS_OFF' };

/** Why a button does nothing. */
export type ButtonFailure =
  | { readonly code: 'CARD_GONE' }
  | { readonly code: 'CARD_UNREADABLE' }
  | { readonly code: 'BUTTON_ENDED' }
  | { readonly code: 'NOT_YOURS' }
  | { readonly code: 'SHUTTING_DOWN' };

/** What one person has had too much of. */
export type BoundFailure =
  | { readonly code: 'TOO_MANY_KEYS'; readonly max: number }
  | { readonly code: 'TOO_MANY_OPEN_CARDS'; readonly max: number; readonly waitMs?: number }
  | { readonly code: 'TOO_MANY_CARDS'; readonly max: number }
  | { readonly code: 'TOO_MANY_LINKS'; readonly max: number }
  | { readonly code: 'TOO_MANY_BUTTONS'; readonly max: number; readonly waitMs: number }
  | { readonly code: 'TOO_FAST'; readonly what: 'commands' | 'button presses'; readonly retryAfterMs: number };

/** Why what is stored cannot be had, or the bot cannot start. */
export type StoreFailure =
  | { readonly code: 'SEAL_BROKEN' }
  | { readonly code: 'STORE_UNAVAILABLE' }
  | { readonly code: 'STORE_IN_USE'; readonly file: string }
  | { readonly code: 'STORE_DAMAGED'; readonly file: string }
  | { readonly code: 'STORE_EMPTY'; readonly file: string }
  | { readonly code: 'STORE_TOO_NEW'; readonly found: number; readonly supported: number }
  | { readonly code: 'ADDRESS_IN_USE'; readonly address: string }
  | { readonly code: 'MASTER_KEY_MISSING'; readonly keyId: string }
  | { readonly code: 'MASTER_KEY_WRONG'; readonly keyId: string };

/**
 * Every expected failure, by code, with the data that its sentence needs. Words: `explain-*.ts`.
 * `venue` is the venue's label, as people read it; `account` is a key's label.
 */
export type FailureData =
  | VenueFailure
  | TypedFailure
  | RulesFailure
  | KeyFailure
  | ButtonFailure
  | BoundFailure
  | StoreFailure;

export type FailureCode = FailureData['code'];

/**
 * An expected failure with its code, and the one error class beside the connection's own `StartError`. Anything else that
 * is thrown is a bug.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly data: FailureData;

  constructor(data: FailureData, options?: ErrorOptions) {
    super(data.code, options);
    this.data = data;
  }
}

/** Ends a switch over a union: the compiler objects when a case is missing. */
export function unreachable(value: never): never {
  throw new TypeError(`a case is missing for ${JSON.stringify(value)}`);
}
