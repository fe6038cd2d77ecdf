import { followUpOf } from '../delivery.ts';
import { Failure, type FailureData, unreachable } from '../errors.ts';
import { nameOf } from '../leverage/market.ts';
import { demand, mayAsk, mayPress, mayUse } from '../leverage/policy.ts';
import { closureOf } from '../leverage/retirement.ts';
import type { LeverageSetting } from '../leverage/setting.ts';
import { requireVenue } from '../leverage/venue.ts';
import type { Wish } from '../leverage/wish.ts';
import type { Press, PressReply } from '../press.ts';
import type { View } from '../view.ts';
import { type Asker, askForCard, busyView } from './cards.ts';
import { keyOf } from './execute.ts';
import { maySetAgain } from './outcome.ts';
import type { PressContext } from './press-context.ts';
import { besideReply, receiptReply } from './press-reply.ts';
import { pressTicket } from './press-ticket.ts';
import type { Proposal } from './proposal.ts';
import type { StoredProposal } from './proposal-rows.ts';
import { setAgainView } from './receipt.ts';
import { runClaimed } from './run-claimed.ts';

/**
 * Every press of a button, after Discord's acknowledgement.
 *
 * @throws Failure for what the presser alone is told; the card stays as it is.
 */
export async function handlePress(
  context: PressContext,
  press: Press,
  progress: (view: View) => void,
): Promise<PressReply> {
  const { verb } = press;
  switch (verb) {
    case 'confirm':
      return confirm(context, press, progress);
    case 'cancel':
      return cancel(context, press);
    case 'check':
      return check(context, press);
    case 'back':
      return back(context, press);
    case 'again':
      return again(context, press);
    case 'do':
    case 'drop':
      return pressTicket(context, press, verb);
    default:
      return unreachable(verb);
  }
}

async function confirm(context: PressContext, press: Press, progress: (view: View) => void): Promise<PressReply> {
  const { venues, rules, keys, proposals, running } = context;
  const found = await pressedCard(context, press);
  if (found.stage !== 'pending') return alreadyPressed(context, found, press);
  const { proposal } = found;
  const closure = closureOf(venues, proposal.account.venue);
  if (closure !== undefined) return endWith(context, found, closure, press);
  const venue = requireVenue(venues, proposal.account.venue);
  demand(mayAsk(rules, press, { venue, setting: proposal.setting }));
  const key = await keyOf(keys, proposal);
  const claim = await proposals.claim(press.id, press.delivery);
  switch (claim.kind) {
    case 'claimed':
      return running.run(proposal, () => runClaimed(context, claim.found, key, progress));
    case 'already':
    case 'expired':
      return alreadyPressed(context, claim.found, press);
    case 'busy':
      return { answer: busyView(venue, claim.by, { user: press.user, hasCard: true }) };
    default:
      return unreachable(claim);
  }
}

/** Nobody can confirm it any more, since its venue has ended. */
async function endWith(
  context: PressContext,
  found: StoredProposal,
  failure: FailureData,
  press: Press,
): Promise<PressReply> {
  const ended = await context.caretaker.conclude(found, { kind: 'not-sent', at: await context.now(), failure });
  return alreadyPressed(context, ended, press);
}

async function cancel(context: PressContext, press: Press): Promise<PressReply> {
  const found = await pressedCard(context, press);
  if (found.stage !== 'pending') return alreadyPressed(context, found, press);
  const cancelled = await context.caretaker.conclude(found, { kind: 'cancelled', at: await context.now() });
  // A confirmation may have come first: then this shows what it leads to.
  return alreadyPressed(context, cancelled, press);
}

async function check(context: PressContext, press: Press): Promise<PressReply> {
  const found = await pressedCard(context, press);
  // Only what was confirmed has this button: a card still waits for its own two.
  if (found.stage === 'pending') throw new Failure({ code: 'CARD_GONE' });
  const isElsewhere = press.delivery.isPublic && press.delivery.publicId !== publicIdOf(found);
  if (isElsewhere) return besideReply(context, await checkNow(context, found));
  const underWay = await context.running.resultOf(press.id);
  return underWay ?? receiptOf(context, await checkNow(context, found), press);
}

/** "Back to 3x": a new card, in a message of its own that only the presser sees, whatever the receipt was. */
async function back(context: PressContext, press: Press): Promise<PressReply> {
  const { proposal } = await pressedCard(context, press);
  const setting = settingBefore(proposal);
  if (setting === undefined) throw new Failure({ code: 'CARD_GONE' });
  const delivery = followUpOf(press.delivery);
  return cardBeside(context, { ...press, isShared: false, delivery }, wishFor(proposal, setting));
}

/**
 * "Set again": a new card for the same setting, as "Back to" makes one. Nothing is sent before that is confirmed. A
 * receipt makes one such card, since two would look like one change.
 */
async function again(context: PressContext, press: Press): Promise<PressReply> {
  const found = await pressedCard(context, press);
  const { proposal, outcome } = found;
  if (!maySetAgain(outcome)) throw new Failure({ code: 'CARD_GONE' });
  if (outcome.again !== undefined) return madeAlready(context, outcome.again);
  const asker = { ...press, isShared: false, delivery: followUpOf(press.delivery), instead: proposal.id };
  try {
    const reply = await cardBeside(context, asker, wishFor(proposal, proposal.setting));
    // Its receipt loses the button.
    if (reply.answered !== undefined) await context.telling.mend(proposal.id).catch(context.onError);
    return reply;
  } catch (error) {
    const { outcome: now } = await context.proposals.require(proposal.id);
    if (maySetAgain(now) && now.again !== undefined) return madeAlready(context, now.again);
    throw error;
  }
}

/** What came of the card that another press has made. */
async function madeAlready(context: PressContext, id: string): Promise<PressReply> {
  const made = await context.proposals.find(id);
  return made === undefined || made.stage === 'pending' ? { answer: setAgainView() } : besideReply(context, made);
}

async function cardBeside(context: PressContext, asker: Asker, wish: Wish): Promise<PressReply> {
  const { view, proposal } = await askForCard(context, asker, wish);
  if (proposal === undefined) return { answer: view };
  return { answer: view, answered: (messageId) => context.proposals.attach(proposal.id, messageId) };
}

/** The card of the pressed button, for whom it belongs to. */
async function pressedCard({ rules, proposals }: PressContext, press: Press): Promise<StoredProposal> {
  // Whoever may not use the bot is told so, whether or not there is such a card.
  demand(mayUse(rules, press));
  const found = await proposals.require(press.id);
  demand(mayPress(rules, press, found.proposal));
  return found;
}

/** A second press shows what the first one led to, and waits for it where it is under way. */
async function alreadyPressed(context: PressContext, found: StoredProposal, press: Press): Promise<PressReply> {
  const current = await context.caretaker.afterOwner(found);
  const underWay = await context.running.resultOf(found.proposal.id);
  return underWay ?? receiptOf(context, current, press);
}

/** In place of the card, unless that went stale: then its new card stands there. */
function receiptOf(context: PressContext, found: StoredProposal, press: Press): PressReply {
  return isStale(found) ? besideReply(context, found) : receiptReply(context, found, press);
}

function isStale({ outcome }: StoredProposal): boolean {
  return outcome?.kind === 'stale';
}

/** The message of the change may be another one than that of the button: it too shows the end. */
async function checkNow({ caretaker, telling }: PressContext, found: StoredProposal): Promise<StoredProposal> {
  const checked = await caretaker.check(found);
  if (checked.version !== found.version && !isStale(checked)) await telling.mend(found.proposal.id);
  return checked;
}

function publicIdOf({ delivery }: StoredProposal): string | undefined {
  return delivery.kind === 'own' ? delivery.publicId : undefined;
}

function settingBefore({ seen }: Proposal): LeverageSetting | undefined {
  const { current } = seen;
  return current.mode === 'unset' || current.mode === 'unknown' ? undefined : current;
}

function wishFor({ account, market, currency }: Proposal, setting: LeverageSetting): Wish {
  const { venue, label } = account;
  return { venue, label, market: nameOf(market), setting, ...(currency !== undefined && { currency }) };
}
