import type { Attempt, Journal, Read } from '../journal.ts';
import { torturedVenues } from '../venues.ts';
import { type Case, nameOf } from './cases.ts';
import type { Violation } from './violation.ts';

const unread: ReadonlySet<string> = new Set(['refused', 'not-sent']);

/** Half a minute, less what lies between the bot's clock and the moment in which a write arrives. */
const PATIENCE_MS = 28_000;

/**
 * A key belongs to a change until it was read back: no other write of the key goes out while its first read-back is
 * under way, or before it. Where a venue does not tell what it holds, it belongs to the change until that was answered,
 * or half a minute has passed.
 */
export function* checkTurns({ attempts, reads }: Journal, cases: readonly Case[]): Generator<Violation> {
  const byAttempt = new Map(cases.flatMap((one) => one.attempts.map((attempt) => [attempt, one] as const)));
  for (const [index, attempt] of attempts.entries()) {
    const before = attempts.slice(0, index).findLast((other) => isSameKey(other, attempt));
    const former = before && byAttempt.get(before);
    const later = byAttempt.get(attempt);
    if (before === undefined || former === undefined || later === undefined || former === later) continue;
    if (unread.has(former.found.outcome?.kind ?? '')) continue;
    const readBack = reads.find((read) => read.seq > before.seq && isReadOf(read, before));
    if (readBack !== undefined && readBack.endedAt < attempt.seq) continue;
    const { frames } = torturedVenues[attempt.spot.venue];
    const isAnswered = (before.answeredAt ?? Number.POSITIVE_INFINITY) < attempt.seq;
    if (frames !== undefined && (isAnswered || attempt.at - before.at >= PATIENCE_MS)) continue;
    yield { rule: 'one-at-a-time', what: `${nameOf(later)} was sent before this was read back: ${nameOf(former)}` };
  }
}

function isSameKey(a: Attempt, b: Attempt): boolean {
  return a.spot.venue === b.spot.venue && a.spot.user === b.spot.user;
}

function isReadOf({ venue, user, market }: Read, { spot }: Attempt): boolean {
  return venue === spot.venue && user === spot.user && (market ?? spot.market) === spot.market;
}
