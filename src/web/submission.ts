import { createHash } from 'node:crypto';
import type { Account, Delivery } from '../confirm/proposal.ts';
import { Failure, type FailureData } from '../errors.ts';
import type { SavedKey } from '../keys.ts';
import type { Log } from '../log.ts';
import { Secret } from '../secret.ts';
import type { Credentials, KeyCheck, Venue } from '../venues/venue.ts';
import type { Attempt, Links } from './links.ts';

/** A key that was checked and saved, and waits for *Use this key*. `delivery` is the message that carried the link. */
export type SavedEvent = SavedKey & {
  readonly account: Account;
  readonly delivery: Delivery;
  /** What the venue said of a usable key, in plain sentences. */
  readonly notes: readonly string[];
};

/** What became of a submitted form. Except for `saved` nothing was stored. */
export type Submission =
  | { readonly kind: 'saved'; readonly saved: SavedEvent }
  /** Fields that do not look as they should; no try was taken. */
  | { readonly kind: 'malformed'; readonly fields: readonly string[] }
  | { readonly kind: 'refused'; readonly failure: FailureData; readonly triesLeft: number }
  /** The venue or the store could not be asked; the try came back. */
  | { readonly kind: 'undecided'; readonly failure: FailureData }
  | { readonly kind: 'gone' };

/** What was typed, by field name. */
export type Typed = Readonly<Record<string, string>>;

export type Submit = (token: string, venue: Venue, typed: Typed) => Promise<Submission>;

/**
 * Checks a typed key at its venue and saves it, once per link.
 *
 * The same form sent twice at the same time (a double click) is one submission with one result.
 */
export function createSubmit(options: {
  readonly links: Links;
  readonly save: (account: Account, credentials: Credentials) => Promise<SavedKey>;
  readonly onSaved: (saved: SavedEvent) => Promise<void>;
  readonly log: Log;
}): Submit {
  const { links, save, onSaved, log } = options;
  const underWay = new Map<string, Promise<Submission>>();

  async function decide(token: string, venue: Venue, credentials: Credentials): Promise<Submission> {
    const attempt = await links.attempt(token);
    if (attempt === undefined) return { kind: 'gone' };
    const check = await checkKey(venue, credentials, attempt);
    if (check.kind === 'usable') return saveOnce(attempt, credentials, check.notes);
    if (check.kind === 'unchecked') return { kind: 'undecided', failure: check.failure };
    await attempt.refused();
    const failure = { code: 'KEY_REFUSED', venue: venue.label, reason: check.reason } as const;
    return { kind: 'refused', failure, triesLeft: attempt.link.triesLeft };
  }

  /** The link goes first: two submissions at the same time cannot both save. */
  async function saveOnce(attempt: Attempt, credentials: Credentials, notes: readonly string[]): Promise<Submission> {
    const consumed = await attempt.succeeded();
    if (consumed === undefined) return { kind: 'gone' };
    const { account, delivery } = attempt.link;
    try {
      const saved = { ...(await save(account, credentials)), account, delivery, notes };
      await tell(saved);
      return { kind: 'saved', saved };
    } catch (error) {
      await consumed.restore();
      if (error instanceof Failure) return { kind: 'undecided', failure: error.data };
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

  async function submit(token: string, venue: Venue, typed: Typed): Promise<Submission> {
    const fields = venue.credentialFields.filter(({ name, pattern }) => !pattern.test(typed[name] ?? ''));
    if (fields.length > 0) return { kind: 'malformed', fields: fields.map(({ name }) => name) };
    const entries = venue.credentialFields.map(({ name }) => [name, new Secret(typed[name] ?? '')] as const);
    for (const [, secret] of entries) log.protect(secret);
    return decide(token, venue, Object.fromEntries(entries));
  }

  return (token, venue, typed) => {
    const id = createHash('sha256')
      .update(JSON.stringify([token, typed]))
      .digest('base64');
    const sameForm = underWay.get(id);
    if (sameForm !== undefined) return sameForm;
    const submission = submit(token, venue, typed).finally(() => underWay.delete(id));
    underWay.set(id, submission);
    return submission;
  };
}

type Checked = KeyCheck | { readonly kind: 'unchecked'; readonly failure: FailureData };

async function checkKey(venue: Venue, credentials: Credentials, attempt: Attempt): Promise<Checked> {
  try {
    return await venue.checkKey(credentials);
  } catch (error) {
    await attempt.undecided();
    if (error instanceof Failure) return { kind: 'unchecked', failure: error.data };
    throw error;
  }
}
