import { venueNames } from '../bot-messages.ts';
import { CARD_MS } from '../client.ts';
import type { Contents } from '../database.ts';
import type { Desk } from '../desk.ts';
import type { Attempt, Ending, Journal } from '../journal.ts';
import { labelsAt } from '../venues.ts';
import { type Case, type Cases, createCases, nameOf } from './cases.ts';
import { checkEndings } from './endings.ts';
import { checkExposure } from './exposure.ts';
import { checkOutcomes, meaningOf } from './outcomes.ts';
import { checkOwners } from './owners.ts';
import { createTimeline } from './timeline.ts';
import { checkTurns } from './turns.ts';
import type { Violation } from './violation.ts';

const keysOfATrader = venueNames.flatMap(labelsAt).length;

/**
 * Holds everything that was seen against the promises.
 *
 * @param contents - The database after everything has come to rest.
 */
export function checkPromises(
  desk: Pick<Desk, 'clock' | 'journal' | 'wanders'>,
  contents: Contents,
): readonly Violation[] {
  const { clock, journal, wanders } = desk;
  journal.drain();
  const cases = createCases(journal, contents);
  const timeline = createTimeline(journal);
  return [
    ...cases.strays.map(strayWrite),
    ...cases.all.flatMap((one) => [
      ...checkWrites(one, wanders ? (write) => livesUntil(one, write, journal) : () => one.found.proposal.expiresAt),
      ...checkCard(one),
      ...checkCancel(one),
    ]),
    ...checkTurns(journal, cases.all),
    ...checkOwners(cases.all, journal, clock.passedAt),
    ...checkEndings(journal, cases.all),
    ...checkOutcomes(cases.all, { timeline, journal, wanders }),
    ...checkExposure(journal),
    ...checkRest(contents),
    ...checkLost(cases, contents),
    ...checkTold(cases, contents),
  ];
}

function strayWrite({ spot, value }: Attempt): Violation {
  return { rule: 'confirmed-write', what: `a write of ${value} for ${spot.market} of ${spot.user} belongs to no card` };
}

/** By the true clock: a card lives for its time from when it was shown, at most; after a restart nobody can tell. */
function livesUntil({ said }: Case, write: Attempt, { endings }: Journal): number {
  const card = said.find(({ meaning }) => meaning === 'card');
  const isRestarted = ({ to }: Ending): boolean => card !== undefined && to > card.seq && to < write.seq;
  if (card === undefined || endings.some(isRestarted)) return Number.POSITIVE_INFINITY;
  return card.at + CARD_MS;
}

function* checkWrites(one: Case, expiryFor: (write: Attempt) => number): Generator<Violation> {
  const { attempts, confirms } = one;
  if (attempts.length > 1) yield { rule: 'one-write', what: `${attempts.length} writes: ${nameOf(one)}` };
  for (const write of attempts) {
    const { seq, overlaps } = write;
    const expiresAt = expiryFor(write);
    if (overlaps) yield { rule: 'one-at-a-time', what: `sent while another write of the key was open: ${nameOf(one)}` };
    // Discord's word that the acknowledgement arrived, before the write, and before the card expired.
    const isConfirmed = confirms.some(({ ack }) => ack !== undefined && ack.seq < seq && ack.at < expiresAt);
    if (!isConfirmed) yield { rule: 'confirmed-write', what: `a write without a timely confirmation: ${nameOf(one)}` };
  }
}

/** A card that was cancelled was cancelled by its owner. */
function* checkCancel(one: Case): Generator<Violation> {
  const isOwn = one.cancels.some(({ ack }) => ack !== undefined);
  if (one.found.outcome?.kind === 'cancelled' && !isOwn)
    yield { rule: 'own-press', what: `cancelled by nobody who may: ${nameOf(one)}` };
}

/** What was shown is what is stored, and so what runs. */
function* checkCard(one: Case): Generator<Violation> {
  const { market, currency, setting } = one.found.proposal;
  const spot = currency === undefined ? market.symbol : `${market.symbol} (${currency})`;
  const wanted = `Set ${spot} to ${setting.mode === 'cross' ? 'cross margin' : `${setting.leverage}x isolated`}`;
  for (const { meaning, buttons } of one.said) {
    const label = buttons.find(({ verb }) => verb === 'confirm')?.label;
    if (meaning === 'card' && label !== wanted)
      yield { rule: 'true-outcome', what: `the card says "${label}": ${nameOf(one)}` };
  }
}

function* checkRest({ proposals, open, leases }: Contents): Generator<Violation> {
  for (const { stage, proposal } of proposals) {
    if (stage !== 'done') yield { rule: 'nothing-stuck', what: `${proposal.id} is still ${stage}` };
  }
  if (open.length > 0) yield { rule: 'nothing-stuck', what: `${open.length} cards are still listed as open` };
  if (leases.length > 0) yield { rule: 'nothing-stuck', what: `${leases.length} keys are still held` };
}

function* checkLost({ unknownCards }: Cases, { keys }: Contents): Generator<Violation> {
  for (const [user, count] of keys)
    if (count !== keysOfATrader) yield { rule: 'nothing-lost', what: `${user} has ${count} keys` };
  for (const { title } of unknownCards)
    yield { rule: 'nothing-lost', what: `a card was shown and is not stored: ${title}` };
}

/** Each result stood in a message that Discord took, or is noted to be told with the next command. */
function* checkTold({ all, news }: Cases, { untold }: Contents): Generator<Violation> {
  const noted = new Set(untold);
  const late = [...news];
  for (const one of all) {
    const { outcome, proposal } = one.found;
    if (outcome === undefined || one.confirms.length === 0 || noted.has(proposal.id)) continue;
    if (['cancelled', 'expired', 'stale'].includes(outcome.kind)) continue;
    const meaning = meaningOf(outcome);
    if (one.said.some((said) => said.isTold && said.meaning === meaning)) continue;
    const index = late.findIndex((said) => said.isTold && said.meaning === meaning);
    if (index >= 0) late.splice(index, 1);
    else yield { rule: 'result-told', what: `nobody was told: ${nameOf(one)}` };
  }
}
