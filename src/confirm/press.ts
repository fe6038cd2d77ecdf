import type { Clock } from '../clock.ts';
import { followUpOf } from '../delivery.ts';
import { Failure, unreachable } from '../errors.ts';
import type { Keys, LoadedKey } from '../keys.ts';
import type { Limits } from '../leverage/limits.ts';
import { nameOf } from '../leverage/market.ts';
import type { LeverageSetting } from '../leverage/setting.ts';
import { labelOf, requireVenue, type Venues } from '../leverage/venue.ts';
import { answeredAloneView, failureView } from '../messages.ts';
import type { Press, PressHandler, PressReply } from '../press.ts';
import type { View } from '../view.ts';
import { busyView, type Cards } from './cards.ts';
import type { Caretaker } from './caretaker.ts';
import type { Errands } from './errands.ts';
import { execute } from './execute.ts';
import type { Outcome } from './outcome.ts';
import type { Proposal } from './proposal.ts';
import type { Found } from './proposal-rows.ts';
import type { Proposals } from './proposals.ts';
import { receiptIn, receiptView, workingView } from './receipt.ts';
import type { Running } from './running.ts';
import { afterRead } from './settling.ts';
import type { Telling } from './telling.ts';
import type { Errand, Tickets, Wish } from './tickets.ts';

type Assert = Parameters<Tickets['take']>[2];

/**
 * Every press of a button, after Discord's acknowledgement. Only the owner of a card can press it.
 *
 * @param options.running - The executions of this process, so that a second press waits for the first one's result.
 * @throws Failure for what the presser alone is told; the card stays as it is.
 */
export function createPressHandler(options: {
  readonly proposals: Proposals;
  readonly tickets: Tickets;
  readonly errands: Errands;
  readonly cards: Cards;
  readonly caretaker: Caretaker;
  readonly telling: Telling;
  readonly keys: Keys;
  readonly venues: Venues;
  readonly limits: Limits;
  readonly running: Running;
  readonly riskPercent: number;
  readonly now: () => Promise<number>;
  readonly clock: Clock;
  /** Told of an error that does not keep the presser from an answer. */
  readonly onError: (error: unknown) => void;
}): PressHandler {
  const { proposals, tickets, errands, cards, caretaker, telling, keys, venues, limits, running } = options;

  async function requireOwn({ id, user }: Press): Promise<Found> {
    const found = await proposals.require(id);
    if (found.proposal.by !== user) throw new Failure({ code: 'NOT_YOURS' });
    return found;
  }

  async function confirm(press: Press, progress: (view: View) => void): Promise<PressReply> {
    const found = await requireOwn(press);
    if (found.stage !== 'pending') return alreadyPressed(found, press);
    const { proposal } = found;
    const venue = requireVenue(venues, proposal.account.venue);
    limits.assertChange(venue, proposal.setting);
    const key = await keys.load(proposal.account);
    if (key.keyHash !== proposal.keyHash) throw new Failure({ code: 'KEY_CHANGED' });
    const claim = await proposals.claim(press.id, press.delivery);
    switch (claim.kind) {
      case 'claimed':
        return running.run(proposal, () => runClaimed(claim.found, key, progress));
      case 'already':
      case 'expired':
        return alreadyPressed(claim.found, press);
      case 'busy':
        return { answer: busyView(venue, claim.by, { user: press.user, hasCard: true }) };
      default:
        return unreachable(claim);
    }
  }

  async function runClaimed(claimed: Found, key: LoadedKey, progress: (view: View) => void): Promise<PressReply> {
    const { proposal } = claimed;
    const venue = requireVenue(venues, proposal.account.venue);
    let current = claimed;
    const startSending = async (): Promise<boolean> => {
      const sending = await proposals.startSending(current);
      current = sending ?? current;
      return sending !== undefined;
    };
    progress(workingView(venue.label, proposal));
    try {
      const { credentials } = key;
      const { riskPercent, now, clock } = options;
      const { outcome, fresh } = await execute({ venue, credentials, proposal, riskPercent, now, clock, startSending });
      current = await record(current, outcome);
      if (outcome.kind !== 'stale' || fresh === undefined) return receipt(current, current);
      // Not recorded, the old card's end will be shown in this message: no new card may stand there.
      if (current.stage !== 'done') throw new Failure({ code: 'STORE_UNAVAILABLE' });
      return { update: (await cards.renew(proposal, fresh, claimed.delivery)).view, ...noting(current) };
    } catch (error) {
      telling.giveUp(proposal.id);
      caretaker.watch(proposal.id, await options.now());
      // No new card stands there: the message is to show how the old one ended.
      if (current.stage === 'done') await caretaker.mend(proposal.id).catch(options.onError);
      if (current.stage !== 'sending') throw error;
      // The request may be under way: "nothing was changed" would be a guess. The caretaker settles it by reading back.
      options.onError(error);
      const at = await options.now();
      const outcome = afterRead({ since: at }, { kind: 'unread', at }, { now: at, age: 0, readAge: 0 });
      return receipt({ ...current, outcome }, current);
    }
  }

  /** What became of it is known, and is shown even when the store cannot record it just now. */
  async function record(found: Found, outcome: Outcome): Promise<Found> {
    try {
      return await caretaker.conclude(found, outcome);
    } catch (error) {
      options.onError(error);
      caretaker.watch(found.proposal.id, await options.now());
      return { ...found, outcome };
    }
  }

  /** @param shown - Where the receipt will stand. */
  function receipt(found: Found, shown: Pick<Found, 'delivery'>): PressReply {
    const { proposal, outcome } = found;
    const venue = labelOf(venues, proposal.account.venue);
    const catchUp = () => caretaker.catchUp(found);
    if (outcome === undefined) return { update: workingView(venue, proposal), told: catchUp };
    const { told, lost } = noting(found);
    return {
      update: receiptIn(shown.delivery, venue, proposal, outcome),
      told: async () => {
        await told();
        await catchUp();
      },
      lost,
      mend: () => caretaker.mend(proposal.id),
    };
  }

  function noting(found: Found): Required<Pick<PressReply, 'told' | 'lost'>> {
    return { told: async () => telling.shown(found), lost: () => telling.lost(found) };
  }

  /** A second press shows what the first one led to, and waits for it where it is under way. */
  async function alreadyPressed(found: Found, press: Press): Promise<PressReply> {
    const { proposal, outcome } = found;
    const result = await running.resultOf(proposal.id);
    if (result !== undefined) return result;
    // Its new card stands in that message.
    if (outcome?.kind === 'stale') return answerBeside(found);
    return receipt(found, press);
  }

  async function cancel(press: Press): Promise<PressReply> {
    const found = await requireOwn(press);
    if (found.stage !== 'pending') return alreadyPressed(found, press);
    // A confirmation may have come first: then this shows what it leads to.
    return alreadyPressed(await caretaker.conclude(found, { kind: 'cancelled', at: await options.now() }), press);
  }

  async function check(press: Press): Promise<PressReply> {
    const found = await requireOwn(press);
    // Only what was confirmed has this button: a card still waits for its own two.
    if (found.stage === 'pending') throw new Failure({ code: 'CARD_GONE' });
    const isElsewhere = press.delivery.isPublic && press.delivery.publicId !== publicIdOf(found);
    if (isElsewhere) {
      const checked = await checkNow(found);
      telling.giveUp(press.id);
      return answerBeside(checked);
    }
    return (await running.resultOf(press.id)) ?? receipt(await checkNow(found), press);
  }

  /** The message of the change may be another one than that of the button: it too shows the end. */
  async function checkNow(found: Found): Promise<Found> {
    const checked = await caretaker.check(found);
    if (checked.version !== found.version) await caretaker.mend(found.proposal.id);
    return checked;
  }

  /** The button of one card in the public message of another was forged: that message stays as it is. */
  function answerBeside({ proposal, outcome }: Found): PressReply {
    const venue = labelOf(venues, proposal.account.venue);
    if (outcome === undefined) return { answer: workingView(venue, proposal) };
    return { answer: receiptView(venue, proposal, outcome) };
  }

  async function back(press: Press): Promise<PressReply> {
    const { proposal } = await requireOwn(press);
    const setting = previousSetting(proposal);
    if (setting === undefined) throw new Failure({ code: 'CARD_GONE' });
    const { currency } = proposal;
    const { venue, label } = proposal.account;
    const wish = {
      venue,
      label,
      market: nameOf(proposal.market),
      setting,
      ...(currency !== undefined && { currency }),
    };
    // The answer is a message of its own that only the presser sees, whatever the receipt was.
    const delivery = followUpOf(press.delivery);
    const card = await cards.ask({ ...press, isShared: false, delivery }, wish);
    const { proposal: next } = card;
    if (next === undefined) return { answer: card.view };
    return { answer: card.view, answered: (messageId) => proposals.attach(next.id, messageId) };
  }

  async function runErrand(press: Press): Promise<PressReply> {
    const { user } = press;
    const errand = await takeTicket(press, async (each) => {
      // Both open a key; everybody may always delete what is theirs.
      if (each.kind === 'make-card' || each.kind === 'use-key') limits.assertAllowed(press);
      if (each.kind !== 'make-card') await errands.assertPossible(each, user);
    });
    if (errand === 'ended') return { update: failureView({ code: 'BUTTON_ENDED' }) };
    if (errand.kind !== 'make-card') return { update: await errands.run(errand, user) };
    const view = await makeCard(press, errand.wish);
    const isWithheld = press.delivery.isPublic && view.isPrivate === true;
    return isWithheld ? { update: answeredAloneView(), answer: view } : { update: view };
  }

  /** A button that has ended leaves its message, where that is the presser's own. */
  async function takeTicket({ id, user, delivery }: Press, assertPossible?: Assert): Promise<Errand | 'ended'> {
    try {
      return await tickets.take(id, user, assertPossible);
    } catch (error) {
      const hasEnded = error instanceof Failure && error.data.code === 'BUTTON_ENDED';
      if (hasEnded && !delivery.isPublic) return 'ended';
      throw error;
    }
  }

  async function dropErrand(press: Press): Promise<PressReply> {
    const errand = await takeTicket(press);
    return { update: errand === 'ended' ? failureView({ code: 'BUTTON_ENDED' }) : await errands.decline(errand) };
  }

  /** In place of the question whose button asked for it, which works once. */
  async function makeCard(press: Press, wish: Wish): Promise<View> {
    try {
      return (await cards.ask({ ...press, isShared: press.delivery.isPublic }, wish)).view;
    } catch (error) {
      if (error instanceof Failure) return { ...failureView(error.data), isPrivate: true };
      throw error;
    }
  }

  return async (press, progress) => {
    // Tickets touch nothing but the presser's own data; everybody may always delete those.
    if (press.verb !== 'do' && press.verb !== 'drop') limits.assertAllowed(press);
    switch (press.verb) {
      case 'confirm':
        return confirm(press, progress);
      case 'cancel':
        return cancel(press);
      case 'check':
        return check(press);
      case 'back':
        return back(press);
      case 'do':
        return runErrand(press);
      case 'drop':
        return dropErrand(press);
      default:
        return unreachable(press.verb);
    }
  };
}

function publicIdOf({ delivery }: Found): string | undefined {
  return delivery.kind === 'own' ? delivery.publicId : undefined;
}

function previousSetting({ seen }: Proposal): LeverageSetting | undefined {
  return seen.current.mode === 'unset' ? undefined : seen.current;
}
