import { unreachable } from '../errors.ts';
import type { ShownSetting } from '../leverage/setting.ts';
import type { Gone, Outcome, SentRequest, Unsettled } from './outcome.ts';
import type { Proposal } from './proposal.ts';

/** A request that was delayed in the network can land this long after a read-back showed nothing. */
export const READ_AGAIN_MS = 30_000;
/** How long a key is held for a read-back, from the first moment without one that tells. */
export const SETTLE_MS = 5 * 60_000;
/**
 * When it is read again after the first read-back. An exchange may show the old value for a moment although it accepted
 * the new one, so the first looks come soon; afterwards it is read every half a minute.
 */
const LOOKS_MS = [1_000, 3_000, 10_000, READ_AGAIN_MS] as const;

/** What a read-back says: `never` when it can no longer be had, because the venue or the key is gone. */
export type ReadBack =
  | { readonly kind: 'agrees'; readonly asOf: number }
  | { readonly kind: 'disagrees'; readonly asOf: number; readonly holds: ShownSetting }
  /** The venue answered, and does not show what is set: that is neither "not set" nor another setting. */
  | { readonly kind: 'hidden' }
  | { readonly kind: 'unread'; readonly at: number }
  | { readonly kind: 'never'; readonly gone: Gone };

/** What is known before a read-back. */
export type Doubt = Omit<Unsettled, 'kind' | 'lookAt'>;

/**
 * What is known right after a write. Where the venue did not show its setting before, no answer to a read-back is waited
 * for, since that would not show it either.
 */
export function doubtOf({ seen }: Proposal, since: number, sent?: SentRequest): Doubt {
  return { since, ...(sent && { sent }), ...(seen.current.mode === 'unknown' && { isHidden: true }) };
}

/** What has passed: `age` since the doubt began, `readAge` since the first read-back that showed something else. */
export type Passed = { readonly now: number; readonly age: number; readonly readAge: number };

/** What is known after one more read-back of a write that was sent once. It is never sent again. */
export function afterRead(doubt: Doubt, read: ReadBack, passed: Passed): Outcome {
  switch (read.kind) {
    case 'agrees':
      return { kind: 'applied', asOf: read.asOf, isReadBack: true, ...sentIn(doubt) };
    case 'disagrees': {
      const { asOf, holds } = read;
      const { isHidden: _, ...known } = doubt;
      const { firstReadAt } = known;
      const isAgain = firstReadAt !== undefined && passed.readAge >= READ_AGAIN_MS;
      if (!isAgain) return unsettled({ ...known, firstReadAt: firstReadAt ?? asOf, shown: { asOf, holds } }, passed);
      if (wasAccepted(doubt)) return { kind: 'differs', asOf, holds, ...sentIn(doubt) };
      return { kind: 'not-applied', since: firstReadAt, asOf, holds, ...sentIn(doubt) };
    }
    case 'hidden':
      return whileHidden(doubt, passed);
    case 'unread':
      if (doubt.isHidden) return whileHidden(doubt, passed);
      return passed.age >= SETTLE_MS ? lastKnown(doubt) : unsettled(doubt, passed);
    case 'never':
      return lastKnown(doubt, read.gone);
    default:
      return unreachable(read);
  }
}

/**
 * The outcome while a venue does not show what is set. After "accepted" it is final at once, since waiting would tell
 * nothing; it is read once more where the venue has shown a setting here before, and for half a minute where it has just
 * shown another one. After silence it stays open for half a minute: so long the request can land, and a message can still
 * show it. Then it is final.
 */
function whileHidden(doubt: Doubt, passed: Passed): Outcome {
  const isDone = wasAccepted(doubt) && doubt.isHidden === true && doubt.shown === undefined;
  const known: Doubt = { ...doubt, isHidden: true };
  return isDone || passed.age >= READ_AGAIN_MS ? lastKnown(known) : unsettled(known, passed);
}

/** "Check now" on something that has ended. @returns undefined when it tells nothing new */
export function afterCheck(ended: Outcome, read: ReadBack): Outcome | undefined {
  if (!mayStillBeTold(ended)) return undefined;
  switch (read.kind) {
    case 'agrees':
      return { kind: 'applied', asOf: read.asOf, isReadBack: true, ...sentIn(ended) };
    case 'disagrees': {
      const { asOf, holds } = read;
      // Only a venue that said yes can differ from what it said.
      if (ended.kind === 'unknown') return { kind: 'not-applied', since: asOf, asOf, holds, ...sentIn(ended) };
      if (isTooEarly(ended, asOf)) return undefined;
      return { kind: 'differs', asOf, holds, ...sentIn(ended) };
    }
    case 'hidden':
    case 'unread':
    case 'never':
      return undefined;
    default:
      return unreachable(read);
  }
}

/** Where nothing was waited for after "accepted", the old value may be shown for a moment. */
function isTooEarly(ended: Outcome, asOf: number): boolean {
  return ended.kind === 'applied' && ended.isHidden === true && asOf - ended.asOf < READ_AGAIN_MS;
}

/** Whether one more read-back can say more of an ended proposal; what was never sent is not for the venue to tell. */
export function mayStillBeTold(ended: Outcome): boolean {
  return ended.kind === 'unknown' || ended.kind === 'differs' || (ended.kind === 'applied' && !ended.isReadBack);
}

/** What is true for good once nobody asks any more. */
function lastKnown(doubt: Doubt, gone?: Gone): Outcome {
  const { sent, shown, since, isHidden } = doubt;
  const why = { ...(gone !== undefined && { gone }), ...(isHidden && { isHidden }) };
  if (sent?.answer !== 'accepted') return { kind: 'unknown', since, ...(shown && { shown }), ...sentIn(doubt), ...why };
  // What it showed in the half minute after the write may have been the old value.
  if (isHidden) return { kind: 'applied', asOf: sent.until, isReadBack: false, ...(shown && { shown }), sent, ...why };
  if (shown !== undefined) return { kind: 'differs', ...shown, sent };
  return { kind: 'applied', asOf: sent.until, isReadBack: false, sent, ...why };
}

function unsettled(doubt: Doubt, { now, age, readAge }: Passed): Unsettled {
  const { since, sent, firstReadAt, shown, isHidden } = doubt;
  const known = {
    ...(sent && { sent }),
    ...(firstReadAt !== undefined && { firstReadAt }),
    ...(shown && { shown }),
    ...(isHidden && { isHidden }),
  };
  const read = doubt.firstReadAt === undefined ? age : readAge;
  const next = LOOKS_MS.find((look) => look > read) ?? read + READ_AGAIN_MS;
  return { kind: 'unsettled', since, lookAt: Math.ceil(now + next - read), ...known };
}

function wasAccepted({ sent }: Doubt): boolean {
  return sent?.answer === 'accepted';
}

function sentIn(known: Outcome | Doubt): Pick<Doubt, 'sent'> {
  return 'sent' in known && known.sent !== undefined ? { sent: known.sent } : {};
}
