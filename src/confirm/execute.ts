import type { Credentials } from '../account.ts';
import { type Clock, within } from '../clock.ts';
import { Failure, type FailureCode, type FailureData, type Silence } from '../errors.ts';
import type { Keys, LoadedKey } from '../keys.ts';
import { nameOf } from '../leverage/market.ts';
import { isStale, type Preview, preview, seenIn } from '../leverage/preview.ts';
import { isSameSetting } from '../leverage/setting.ts';
import type { ApplyResult, MarketAndCurrency, Venue } from '../leverage/venue.ts';
import type { Outcome, SentRequest } from './outcome.ts';
import type { Proposal } from './proposal.ts';
import { afterRead, doubtOf, type ReadBack } from './settling.ts';

/** How one confirmed proposal went; `fresh` is what the re-check saw, for a new card when the old one was stale. */
type Execution = { readonly outcome: Outcome; readonly fresh?: Preview };

export type ExecuteOptions = {
  readonly venue: Venue;
  readonly credentials: Credentials;
  readonly proposal: Proposal;
  readonly riskPercent: number;
  /** The key as it is stored now. @throws Failure when it is gone, or another one */
  readonly keyNow: () => Promise<unknown>;
  /** Commits "sending" in the store. The write is sent only after it gave true. */
  readonly startSending: () => Promise<boolean>;
  readonly now: () => Promise<number>;
  /** This process's own, for how long ago "sending" was committed. */
  readonly clock: Clock;
};

/**
 * The request goes out this soon after "sending", or not at all. With the 4 s that it may take it is over before the
 * lease is, after which others read back what became of it: nothing is written after their verdict.
 */
const FENCE_MS = 8_000;

/**
 * Runs a claimed proposal: re-check, then at most one write, then read back.
 *
 * Returns every expected end as an outcome. It throws only what the store throws; before `startSending` gave true
 * nothing was sent.
 */
export async function execute(options: ExecuteOptions): Promise<Execution> {
  const { venue, credentials, proposal, now } = options;
  const fresh = await recheck(options);
  if (fresh instanceof Failure) return { outcome: { kind: 'not-sent', at: await now(), failure: fresh.data } };
  if (isThereAlready(proposal, fresh)) return { outcome: { kind: 'unchanged', at: await now() } };
  if (isStale(proposal.seen, seenIn(fresh))) return { outcome: { kind: 'stale', at: await now() }, fresh };
  // Whoever removed it may have looked for changes under way a moment before this one was claimed.
  const gone = await options.keyNow().then(() => undefined, goneOnly);
  if (gone !== undefined) return { outcome: { kind: 'not-sent', at: await now(), failure: gone.data } };
  // Before the commit: the lease may have begun before this process hears of it.
  const isInTime = within(options.clock, FENCE_MS);
  if (!(await options.startSending())) return { outcome: { kind: 'not-sent', at: await now() } };
  const sentAt = await now();
  const result = await venue.applySetting(credentials, marketAndCurrencyOf(proposal), proposal.setting, isInTime);
  // Not the venue's fault: this process was held up.
  if (result.kind === 'not-sent' && !isInTime()) return { outcome: { kind: 'not-sent', at: await now() }, fresh };
  return { outcome: await outcomeOf(options, result, sentAt), fresh };
}

/** The key that a proposal was made with. @throws Failure of the vault, KEY_CHANGED */
export async function keyOf(keys: Keys, { account, keyHash }: Proposal): Promise<LoadedKey> {
  const key = await keys.load(account);
  if (key.keyHash !== keyHash) throw new Failure({ code: 'KEY_CHANGED' });
  return key;
}

/** On a shared card it would tell a channel what the venue showed, and with it that something is open: it is set again. */
function isThereAlready({ setting, isShared, showsSetting }: Proposal, { current }: Preview): boolean {
  return isSameSetting(current, setting) && !(isShared && showsSetting === 'sometimes');
}

async function recheck({ venue, credentials, proposal, riskPercent }: ExecuteOptions): Promise<Preview | Failure> {
  const { setting, currency } = proposal;
  const request = {
    market: nameOf(proposal.market),
    setting,
    riskPercent,
    ...(currency !== undefined && { currency }),
  };
  return preview(venue, credentials, request).catch(failureOnly);
}

async function outcomeOf(options: ExecuteOptions, result: ApplyResult, sentAt: number): Promise<Outcome> {
  switch (result.kind) {
    case 'refused':
      return { kind: 'refused', at: await options.now(), failure: result.failure };
    case 'not-sent':
      return { kind: 'not-sent', at: await options.now(), failure: result.failure };
    case 'accepted':
      return firstRead(options, { at: sentAt, until: await options.now(), answer: 'accepted' });
    case 'silent':
      return firstRead(options, { at: sentAt, until: await options.now(), answer: silenceIn(result.failure) });
  }
}

async function firstRead(options: ExecuteOptions, sent: SentRequest): Promise<Outcome> {
  const read = await readBack(options);
  return afterRead(doubtOf(options.proposal, sent.until, sent), read, { now: await options.now(), age: 0, readAge: 0 });
}

function silenceIn(failure: FailureData): Silence {
  return failure.code === 'VENUE_SILENT' ? failure.silence : 'unreadable';
}

/** Reads what the venue holds now for the proposal's market. Never throws a Failure of the venue. */
export async function readBack(
  options: Pick<ExecuteOptions, 'venue' | 'credentials' | 'proposal' | 'now'>,
): Promise<ReadBack> {
  const { venue, credentials, proposal, now } = options;
  const holds = await venue.readSetting(credentials, marketAndCurrencyOf(proposal)).catch(failureOnly);
  if (holds instanceof Failure) {
    // Nobody asks a venue that has ended, not even what became of its last change.
    return holds.data.code === 'VENUE_ENDED' ? { kind: 'never', gone: 'venue' } : { kind: 'unread', at: await now() };
  }
  const asOf = await now();
  if (holds.mode === 'unknown') return { kind: 'hidden' };
  return isSameSetting(holds, proposal.setting) ? { kind: 'agrees', asOf } : { kind: 'disagrees', asOf, holds };
}

function marketAndCurrencyOf({ market, currency }: Proposal): MarketAndCurrency {
  return currency === undefined ? { market } : { market, currency };
}

/** Why the key of a card can never be had again. */
const goneKeys: ReadonlySet<FailureCode> = new Set(['KEY_MISSING', 'KEY_CHANGED', 'KEY_INACTIVE', 'KEY_UNREADABLE']);

export function isKeyGone(error: unknown): error is Failure {
  return error instanceof Failure && goneKeys.has(error.data.code);
}

function goneOnly(error: unknown): Failure {
  if (isKeyGone(error)) return error;
  throw error;
}

function failureOnly(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}
