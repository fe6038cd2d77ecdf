import type { Outcome } from '../../src/confirm/outcome.ts';
import { describeSetting } from '../../src/leverage/setting.ts';
import { type Audit, isSameSpot, type Journal, type Shown } from '../journal.ts';
import type { Meaning, Said } from '../said.ts';
import { torturedVenues } from '../venues.ts';
import { type Case, nameOf } from './cases.ts';
import type { Timeline } from './timeline.ts';
import type { Violation } from './violation.ts';

/** What was claimed about a proposal, on the screen or in the database. */
type Claim = {
  readonly meaning: Meaning;
  /** When what is claimed was read, where a time stands beside it. */
  readonly asOf: number;
  readonly where: string;
};

/** Half a minute, less what lies between the bot's clock and the moment in which a write arrives. */
const PATIENCE_MS = 28_000;

/** For how long a venue is asked whose settings can be read, when it does not answer. */
const ASKED_FOR_MS = 290_000;

const unsent = ['not-sent', 'unchanged', 'stale', 'cancelled', 'expired'] as const;
/** What nobody can say of a setting that was not read. */
const needsReading: ReadonlySet<Meaning> = new Set(['applied', 'not-applied', 'differs']);
const isUnsent = (text: string): text is (typeof unsent)[number] => unsent.some((kind) => kind === text);

/** Whether every outcome that somebody was shown, or that is stored, is what the venue's own log says. */
export function checkOutcomes(
  cases: readonly Case[],
  { timeline, journal, wanders }: { readonly timeline: Timeline; readonly journal: Journal; readonly wanders: boolean },
): readonly Violation[] {
  const violations: Violation[] = [];

  function judge(one: Case, claim: Claim): void {
    const problem = problemOf(one, claim);
    if (problem === undefined) return;
    const rule = isUnsent(claim.meaning) ? 'no-write-after-end' : 'true-outcome';
    violations.push({ rule, what: `${claim.where} ${claim.meaning}, but ${problem}: ${nameOf(one)}` });
  }

  function problemOf(one: Case, { meaning, asOf }: Claim): string | undefined {
    if (isUnsent(meaning)) return one.attempts.length > 0 ? 'a write was sent' : undefined;
    const isTold = timeline.readsOf(one.spot, one.attempts[0]?.seq ?? 0, asOf).length > 0;
    if (needsReading.has(meaning) && !isTold) return 'the venue has not told what it holds';
    switch (meaning) {
      case 'applied':
        if (one.attempts.length === 0) return 'nothing was sent';
        // An old value that a venue shows may happen to be the one that was asked for.
        return holds(one, asOf, (isThere) => isThere) || isMisled(one, asOf, (isThere) => isThere)
          ? undefined
          : 'the venue did not hold it';
      case 'accepted':
        return isCarriedOut(one) || one.attempts.some(({ isIgnored }) => isIgnored)
          ? undefined
          : 'the venue carried nothing out';
      case 'refused':
        return isCarriedOut(one) ? 'the venue carried it out' : undefined;
      case 'not-applied':
      case 'differs':
        if (isTooEarly(one, asOf)) return 'a venue may show it later';
        // A crash right before the request leaves nothing at the venue: "not applied" is as true as it can be known.
        return holds(one, asOf, (isThere) => !isThere) || isMisled(one, asOf, (isThere) => !isThere)
          ? undefined
          : 'the venue held it';
      default:
        return undefined;
    }
  }

  function holds({ spot, value, attempts }: Case, asOf: number, fits: (isThere: boolean) => boolean): boolean {
    return timeline.couldRead(spot, attempts[0]?.seq ?? 0, asOf, (held) => fits(held === value));
  }

  function isCarriedOut({ spot, value, attempts }: Case): boolean {
    const since = attempts[0]?.seq ?? Number.POSITIVE_INFINITY;
    return journal.changes.some(
      (change) =>
        change.by === 'write' && change.seq > since && change.value === value && isSameSpot(change.spot, spot),
    );
  }

  /** Whether the venue was seen to answer one of the last two reads by then with what it did not hold. */
  function isMisled({ spot, value, attempts }: Case, asOf: number, fits: (isThere: boolean) => boolean): boolean {
    const read = timeline.readsOf(spot, attempts[0]?.seq ?? 0, asOf).slice(-2);
    const about = ({ market, currency }: Shown) => market === spot.market && currency === spot.currency;
    return read.some(({ lies }) => lies.some((lie) => about(lie) && fits(lie.value === value)));
  }

  /** Until half a minute after the write it is not known that it will not show. */
  function isTooEarly({ attempts: [sent] }: Case, asOf: number): boolean {
    return !wanders && sent !== undefined && asOf - sent.at < PATIENCE_MS;
  }

  /** Where settings can be read, nobody gives up before minutes have passed; elsewhere a write may land for half a minute. */
  function isGivenUpTooEarly({ attempts: [sent], spot }: Case, { title, at }: Said): boolean {
    const leastMs = torturedVenues[spot.venue].frames === undefined ? ASKED_FOR_MS : PATIENCE_MS;
    return !wanders && sent !== undefined && title.startsWith('Not known: ') && at - sent.at < leastMs;
  }

  /** What the operator's log says of it; undefined where its words fit another card as well. */
  function loggedOf({ found: { proposal }, spot, value }: Case): readonly string[] | undefined {
    const isAlone = cases.filter((other) => isSameSpot(other.spot, spot) && other.value === value).length === 1;
    const to = describeSetting(proposal.setting);
    const name = spot.currency === undefined ? spot.market : `${spot.market} (${spot.currency})`;
    const isOwn = ({ user, venue, market, to: other }: Audit) =>
      user === spot.user && venue === spot.venue && market === name && other === to;
    return isAlone ? journal.audits.filter(isOwn).map(({ outcome }) => outcome) : undefined;
  }

  for (const one of cases) {
    const { outcome } = one.found;
    if (outcome !== undefined) {
      const meaning = meaningOf(outcome);
      const asOf = wanders ? one.said.find((said) => said.meaning === meaning)?.at : asOfIn(outcome);
      if (asOf !== undefined || isUnsent(meaning)) judge(one, { meaning, asOf: asOf ?? 0, where: 'stored as' });
    }
    const logged = loggedOf(one);
    if (outcome !== undefined && logged !== undefined && !logged.includes(outcome.kind))
      violations.push({ rule: 'result-audited', what: `the log never said what became of it: ${nameOf(one)}` });
    for (const kind of logged ?? []) {
      if (isUnsent(kind)) judge(one, { meaning: kind, asOf: Number.POSITIVE_INFINITY, where: 'logged as' });
    }
    for (const { meaning, text } of one.said) {
      judge(one, { meaning, asOf: shownAsOf(one, text, wanders), where: 'shown as' });
    }
    for (const said of one.said) {
      if (!isGivenUpTooEarly(one, said)) continue;
      violations.push({ rule: 'true-outcome', what: `given up too early: ${nameOf(one)}` });
    }
    if (isDenied(one)) {
      const what = `every press was answered "nothing was changed", but a write was sent: ${nameOf(one)}`;
      violations.push({ rule: 'true-outcome', what });
    }
  }
  return violations;
}

/** Every confirmation was told that nothing was changed, and a write was sent all the same. */
function isDenied({ confirms, said, attempts }: Case): boolean {
  if (attempts.length === 0 || confirms.length === 0) return false;
  const deniedTo = new Set(
    said.filter(({ meaning }) => meaning === 'denied').map(({ interactionId }) => interactionId),
  );
  return confirms.every(({ interactionId }) => deniedTo.has(interactionId));
}

export function meaningOf(outcome: Outcome): Meaning {
  if (outcome.kind === 'unsettled') return outcome.sent?.answer === 'accepted' ? 'accepted' : 'unknown';
  if (outcome.kind !== 'applied') return outcome.kind;
  return outcome.isReadBack ? 'applied' : 'accepted';
}

function asOfIn(outcome: Outcome): number {
  if ('asOf' in outcome) return outcome.asOf;
  return 'at' in outcome ? outcome.at : outcome.since;
}

/** "as of 12:00:01" covers that whole second, but nothing after it was first said. */
function shownAsOf({ said }: Case, text: string, wanders: boolean): number {
  const first = said.find((one) => one.text === text)?.at ?? Number.POSITIVE_INFINITY;
  // Before it may stand when the request was sent.
  const [, seconds] = [...text.matchAll(/<t:(\d+):T>/g)].at(-1) ?? [];
  return seconds === undefined || wanders ? first : Math.min(first, Number(seconds) * 1_000 + 999);
}
