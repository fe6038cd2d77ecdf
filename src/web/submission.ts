import { createHash } from 'node:crypto';
import { type Account, type Credentials, credentialsOf } from '../account.ts';
import { Failure, type FailureData, unreachable } from '../errors.ts';
import type { NewKey, SavedKey } from '../keys.ts';
import type { KeyCheck, Venue } from '../leverage/venue.ts';
import type { Log } from '../log.ts';
import type { Links, Try } from './links.ts';

/** What became of a submitted form. Except for `saved` nothing was stored. */
export type Submission =
  | { readonly kind: 'saved'; readonly saved: NewKey }
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

/** A form as it was sent. */
export type SentForm = {
  /** Of the link that it is for. */
  readonly token: string;
  readonly venue: Venue;
  readonly typed: Typed;
  /** Whether to save a key also when the venue does not say that it cannot withdraw. */
  readonly isRiskTaken: boolean;
};

type SubmitContext = {
  readonly links: Pick<Links, 'takeTry'>;
  readonly save: (account: Account, credentials: Credentials, isUndecided: boolean) => Promise<SavedKey>;
  readonly onSaved: (saved: NewKey) => Promise<void>;
  readonly log: Log;
};

export type Submit = (sent: SentForm) => Promise<Submission>;

/**
 * Checks a typed key at its venue and saves it, once per link.
 *
 * The same form sent twice at the same time (a double click) is one submission with one result.
 */
export function createSubmit(context: SubmitContext): Submit {
  const underWay = new Map<string, Promise<Submission>>();
  return (sent) => {
    const { token, typed, isRiskTaken } = sent;
    const id = createHash('sha256')
      .update(JSON.stringify([token, typed, isRiskTaken]))
      .digest('base64');
    const sameForm = underWay.get(id);
    if (sameForm !== undefined) return sameForm;
    const submission = submit(context, sent).finally(() => underWay.delete(id));
    underWay.set(id, submission);
    return submission;
  };
}

async function submit(context: SubmitContext, sent: SentForm): Promise<Submission> {
  const fields = sent.venue.credentialFields.filter(({ name, pattern }) => !pattern.test(sent.typed[name] ?? ''));
  if (fields.length > 0) return { kind: 'malformed', fields: fields.map(({ name }) => name) };
  const taken = await context.links.takeTry(sent.token);
  return taken === undefined ? { kind: 'gone' } : decide(context, sent, taken);
}

async function decide(
  context: SubmitContext,
  { venue, typed, isRiskTaken }: SentForm,
  taken: Try,
): Promise<Submission> {
  const fields = venue.credentialFields.map(({ name }) => [name, typed[name] ?? ''] as const);
  const credentials = credentialsOf(taken.link.account.user, Object.fromEntries(fields));
  // Only with a try: what is sent without end would push other secrets out of the scrubber's memory.
  for (const secret of Object.values(credentials.fields)) context.log.protect(secret);
  const check = await checkKey(venue, credentials, taken);
  const isUndecided = check.kind === 'undecided';
  if (check.kind === 'usable') return saveOnce(context, taken, credentials, { notes: check.notes, isUndecided });
  if (isUndecided && isRiskTaken) return saveOnce(context, taken, credentials, { notes: [], isUndecided });
  await taken.failed();
  return { kind: check.kind, failure: failureOf(venue, check), triesLeft: taken.link.triesLeft };
}

/** The link goes first: two submissions at the same time cannot both save. */
async function saveOnce(
  context: SubmitContext,
  taken: Try,
  credentials: Credentials,
  said: Pick<NewKey, 'notes' | 'isUndecided'>,
): Promise<Submission> {
  const used = await taken.succeeded();
  if (used === undefined) return { kind: 'gone' };
  const { account, delivery, triesLeft } = taken.link;
  try {
    const saved = { ...(await context.save(account, credentials, said.isUndecided)), account, delivery, ...said };
    await announce(context, saved);
    return { kind: 'saved', saved };
  } catch (error) {
    await used.restore();
    if (error instanceof Failure) return { kind: 'unchecked', failure: error.data, triesLeft };
    throw error;
  }
}

/** The key is saved by now: that the message could not be edited must not look like a failure. */
async function announce({ onSaved, log }: SubmitContext, saved: NewKey): Promise<void> {
  try {
    await onSaved(saved);
  } catch (error) {
    log.error({ error, venue: saved.account.venue }, 'a saved key could not be announced');
  }
}

type Checked = KeyCheck | { readonly kind: 'unchecked'; readonly failure: FailureData };

async function checkKey(venue: Venue, credentials: Credentials, taken: Try): Promise<Checked> {
  try {
    return await venue.checkKey(credentials);
  } catch (error) {
    if (error instanceof Failure) return { kind: 'unchecked', failure: error.data };
    await taken.failed();
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
