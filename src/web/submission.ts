import { createHash } from 'node:crypto';
import type { Account, Credentials } from '../account.ts';
import type { Delivery } from '../delivery.ts';
import { Failure, type FailureData, unreachable } from '../errors.ts';
import type { SavedKey } from '../keys.ts';
import type { KeyCheck, Venue } from '../leverage/venue.ts';
import type { Log } from '../log.ts';
import { Secret } from '../secret.ts';
import type { Attempt, Links } from './links.ts';

/** A key that was checked and saved, and waits for *Use this key*. `delivery` is the message that carried the link. */
export type SavedEvent = SavedKey & {
  readonly account: Account;
  readonly delivery: Delivery;
  /** What the venue said of a usable key, in plain sentences. */
  readonly notes: readonly string[];
  /** The venue did not say what the key may do; its owner saved it all the same. */
  readonly isUndecided: boolean;
};

/** What became of a submitted form. Except for `saved` nothing was stored. */
export type Submission =
  | { readonly kind: 'saved'; readonly saved: SavedEvent }
  /** Fields that do not look as they should; no try was taken. */
  | { readonly kind: 'malformed'; readonly fields: readonly string[] }
  /**
   * `refused`: the venue or the bot does not take this key. `unchecked`: the venue or the store could not be asked.
   * `undecided`: the venue knows the key but did not say what it may do.
   */
  | {
      readonly kind: 'refused' | 'unchecked' | 'undecided';
      readonly failure: FailureData;
      readonly triesLeft: number;
    }
  | { readonly kind: 'gone' };

/** What was typed, by field name. */
export type Typed = Readonly<Record<string, string>>;

/** @param isRiskTaken - Whether to save a key also when the venue does not say that it cannot withdraw. */
export type Submit = (token: string, venue: Venue, typed: Typed, isRiskTaken: boolean) => Promise<Submission>;

/**
 * Checks a typed key at its venue and saves it, once per link.
 *
 * The same form sent twice at the same time (a double click) is one submission with one result.
 */
export function createSubmit(options: {
  readonly links: Links;
  readonly save: (account: Account, credentials: Credentials, isUndecided: boolean) => Promise<SavedKey>;
  readonly onSaved: (saved: SavedEvent) => Promise<void>;
  readonly log: Log;
}): Submit {
  const { links, save, onSaved, log } = options;
  const underWay = new Map<string, Promise<Submission>>();

  async function decide(token: string, venue: Venue, typed: Typed, isRiskTaken: boolean): Promise<Submission> {
    const attempt = await links.attempt(token);
    if (attempt === undefined) return { kind: 'gone' };
    const credentials = credentialsOf(venue, typed);
    // Only with a try: what is sent without end would push other secrets out of the scrubber's memory.
    for (const secret of Object.values(credentials)) log.protect(secret);
    const check = await checkKey(venue, credentials, attempt);
    const isUndecided = check.kind === 'undecided';
    if (check.kind === 'usable') return saveOnce(attempt, credentials, { notes: check.notes, isUndecided });
    if (isUndecided && isRiskTaken) return saveOnce(attempt, credentials, { notes: [], isUndecided });
    await attempt.failed();
    return { kind: check.kind, failure: failureOf(venue, check), triesLeft: attempt.link.triesLeft };
  }

  /** The link goes first: two submissions at the same time cannot both save. */
  async function saveOnce(
    attempt: Attempt,
    credentials: Credentials,
    said: Pick<SavedEvent, 'notes' | 'isUndecided'>,
  ): Promise<Submission> {
    const consumed = await attempt.succeeded();
    if (consumed === undefined) return { kind: 'gone' };
    const { account, delivery, triesLeft } = attempt.link;
    try {
      const saved = { ...(await save(account, credentials, said.isUndecided)), account, delivery, ...said };
      await tell(saved);
      return { kind: 'saved', saved };
    } catch (error) {
      await consumed.restore();
      if (error instanceof Failure) return { kind: 'unchecked', failure: error.data, triesLeft };
      throw error;
    }
  }

  /** The key is saved by now: that the message could not be edited must not look like a failure. */
  async function tell(saved: SavedEvent): Promise<void> {
    try {
      await onSaved(saved);
    } catch (error) {
      log.error({ error, venue: saved.account.venue }, 'a saved key could not be announced');
    }
  }

  async function submit(token: string, venue: Venue, typed: Typed, isRiskTaken: boolean): Promise<Submission> {
    const fields = venue.credentialFields.filter(({ name, pattern }) => !pattern.test(typed[name] ?? ''));
    if (fields.length > 0) return { kind: 'malformed', fields: fields.map(({ name }) => name) };
    return decide(token, venue, typed, isRiskTaken);
  }

  return (token, venue, typed, isRiskTaken) => {
    const id = createHash('sha256')
      .update(JSON.stringify([token, typed, isRiskTaken]))
      .digest('base64');
    const sameForm = underWay.get(id);
    if (sameForm !== undefined) return sameForm;
    const submission = submit(token, venue, typed, isRiskTaken).finally(() => underWay.delete(id));
    underWay.set(id, submission);
    return submission;
  };
}

function credentialsOf(venue: Venue, typed: Typed): Credentials {
  const entries = venue.credentialFields.map(({ name }) => [name, new Secret(typed[name] ?? '')] as const);
  return Object.fromEntries(entries);
}

type Checked = KeyCheck | { readonly kind: 'unchecked'; readonly failure: FailureData };

async function checkKey(venue: Venue, credentials: Credentials, attempt: Attempt): Promise<Checked> {
  try {
    return await venue.checkKey(credentials);
  } catch (error) {
    if (error instanceof Failure) return { kind: 'unchecked', failure: error.data };
    await attempt.failed();
    throw error;
  }
}

function failureOf({ label }: Venue, check: Exclude<Checked, { kind: 'usable' }>): FailureData {
  switch (check.kind) {
    case 'unchecked':
      return check.failure;
    case 'undecided':
      return { code: 'KEY_UNDECIDED', venue: label };
    case 'refused':
      return { code: 'KEY_REFUSED', venue: label, reason: check.reason };
    default:
      return unreachable(check);
  }
}
