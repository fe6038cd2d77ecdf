import { Failure } from '../errors.ts';
import { demand, mayUse, type Permission, type Rules } from '../leverage/policy.ts';
import type { Wish } from '../leverage/wish.ts';
import { answeredAloneView, failureView } from '../messages.ts';
import type { Press, PressReply } from '../press.ts';
import type { View } from '../view.ts';
import { askForCard } from './cards.ts';
import type { PressContext } from './press-context.ts';
import { assertPossible, declineAction, runAction } from './ticket-actions.ts';
import type { TicketAction } from './tickets.ts';

/** A press of a button that works once: `do` does what it is for, `drop` says no to it. */
export async function pressTicket(context: PressContext, press: Press, verb: 'do' | 'drop'): Promise<PressReply> {
  const action = await takeTicket(context, press, verb);
  if (action === 'ended') return { update: failureView({ code: 'BUTTON_ENDED' }) };
  if (verb === 'drop') return { update: await declineAction(context, action) };
  if (action.kind !== 'make-card') return { update: await runAction(context, action, press.user) };
  const view = await makeCard(context, press, action.wish);
  const isWithheld = press.delivery.isPublic && view.isPrivate === true;
  return isWithheld ? { update: answeredAloneView(), answer: view } : { update: view };
}

/** A button that has ended leaves its message, where that is the presser's own. */
async function takeTicket(context: PressContext, press: Press, verb: 'do' | 'drop'): Promise<TicketAction | 'ended'> {
  const { id, user, delivery } = press;
  const assertReady = async (action: TicketAction): Promise<void> => {
    demand(mayDo(context.rules, press, action));
    await assertPossible(context, action, user);
  };
  try {
    return await context.tickets.take(id, user, verb === 'do' ? assertReady : undefined);
  } catch (error) {
    const hasEnded = error instanceof Failure && error.data.code === 'BUTTON_ENDED';
    if (hasEnded && !delivery.isPublic) return 'ended';
    throw error;
  }
}

/** Everybody may always delete what is theirs; the others open a key. */
function mayDo(rules: Rules, press: Press, { kind }: TicketAction): Permission {
  return kind === 'make-card' || kind === 'use-key' ? mayUse(rules, press) : 'yes';
}

/** In place of the question whose button asked for it, which works once. */
async function makeCard(context: PressContext, press: Press, wish: Wish): Promise<View> {
  try {
    return (await askForCard(context, { ...press, isShared: press.delivery.isPublic }, wish)).view;
  } catch (error) {
    if (error instanceof Failure) return { ...failureView(error.data), isPrivate: true };
    throw error;
  }
}
