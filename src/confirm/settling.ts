import { unreachable } from '../errors.ts';
import type { CurrentSetting } from '../leverage/setting.ts';
import type { Gone, Outcome, Unsettled } from './outcome.ts';

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
  | { readonly kind: 'disagrees'; readonly asOf: number; readonly holds: CurrentSetting }
  | { readonly kind: 'unread'; readonly at: number }
  | { readonly kind: 'never'; readonly gone: Gone };

/** What is known before a read-back. */
export type Doubt = Omit<Unsettled, 'kind' | 'lookAt'>;

/** What has passed: `age` since the doubt began, `readAge` since the first read-back that showed something else. */
export type Passed = { readonly now: number; readonly age: number; readonly readAge: number };

/** What is known after one more read-back of a write that was sent once. It is never sent again. */
export function afterRead(doubt: Doubt, read: ReadBack, passed: Passed): Outcome {
  switch (read.kind) {
    case 'agrees':
      return { kind: 'applied', asOf: read.asOf, isReadBack: true, ...sentIn(doubt) };
    case 'disagrees': {
      const { asOf, holds } = read;
      const { firstReadAt } = doubt;
      const isAgain = firstReadAt !== undefined && passed.readAge >= READ_AGAIN_MS;
      if (!isAgain) return unsettled({ ...doubt, firstReadAt: firstReadAt ?? asOf, shown: { asOf, holds } }, passed);
      if (wasAccepted(doubt)) return { kind: 'differs', asOf, holds, ...sentIn(doubt) };
      return { kind: 'not-applied', since: firstReadAt, asOf, holds, ...sentIn(doubt) };
    }
    case 'unread':
      return passed.age >= SETTLE_MS ? lastKnown(doubt) : unsettled(doubt, passed);
    case 'never':
      return lastKnown(doubt, read.gone);
    default:
      return unreachable(read);
  }
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
      return { kind: 'differs', asOf, holds, ...sentIn(ended) };
    }
    case 'unread':
    case 'never':
      return undefined;
    default:
      return unreachable(read);
  }
}

/** Whether one more read-back can say more of an ended proposal; what was never sent is not for the venue to tell. */
export function mayStillBeTold(ended: Outcome): boolean {
  return ended.kind === 'unknown' || ended.kind === 'differs' || (ended.kind === 'applied' && !ended.isReadBack);
}

/** What is true for good once nobody asks any more. */
function lastKnown(doubt: Doubt, gone?: Gone): Outcome {
  const { sent, shown, since } = doubt;
  const why = gone === undefined ? {} : { gone };
  if (sent?.answer !== 'accepted') return { kind: 'unknown', since, ...(shown && { shown }), ...sentIn(doubt), ...why };
  if (shown !== undefined) return { kind: 'differs', ...shown, sent };
  return { kind: 'applied', asOf: sent.until, isReadBack: false, sent, ...why };
}

function unsettled(doubt: Doubt, { now, age, readAge }: Passed): Unsettled {
  const { since, sent, firstReadAt, shown } = doubt;
  const known = { ...(sent && { sent }), ...(firstReadAt !== undefined && { firstReadAt }), ...(shown && { shown }) };
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
