import { InteractionResponseType } from 'discord-api-types/v10';
import { failureView, tryAgainView } from '../messages.ts';
import type { Press, PressHandler, PressReply } from '../press.ts';
import type { View } from '../view.ts';
import type { Attempts } from './attempt.ts';
import type { PressInvocation } from './interaction.ts';
import { createLatestOnly } from './latest-only.ts';
import type { Replies } from './reply.ts';
import type { Sent } from './rest.ts';
import type { Acknowledge, Result } from './runner.ts';

/** Runs presses: acknowledged first, then handled; the card shows how far things are and at last how they ended. */
export function createPressRunner(options: {
  readonly replies: Replies;
  readonly attempts: Attempts;
  readonly acknowledge: Acknowledge;
  readonly press: PressHandler;
}) {
  const { replies, attempts, acknowledge } = options;

  /** @param isOvertakable - Whether an earlier edit may still arrive, and then stand in place of this one. */
  async function update(invocation: PressInvocation, reply: PressReply, isOvertakable: boolean): Promise<void> {
    const { update: view, told, lost, mend } = reply;
    if (view === undefined) return;
    const edited = await replies.edit(invocation, view);
    const isShown = edited.kind === 'told' || (await showBeside(invocation, view, edited));
    const note = (await replies.aside(invocation, view)) && isShown ? told : lost;
    if (note !== undefined) await attempts.quietly('noting whether a result was shown', note);
    const mayStandOtherwise = edited.kind !== 'told' || isOvertakable;
    if (mayStandOtherwise && mend !== undefined) await attempts.quietly('having a card put right', mend);
  }

  async function showBeside(invocation: PressInvocation, view: View, edited: Sent): Promise<boolean> {
    // More requests would only lengthen the wait; the card is put right a little later.
    if (edited.kind === 'limited') return false;
    // The card may be gone, dismissed by its owner for example, while the token still works.
    return (await replies.whisper(invocation, view)).kind === 'told';
  }

  async function answer(invocation: PressInvocation, { answer: view, answered }: PressReply): Promise<void> {
    if (view === undefined) return;
    const { kind, ...sent } = await replies.whisper(invocation, view);
    const messageId = 'messageId' in sent ? sent.messageId : undefined;
    if (kind !== 'told' || messageId === undefined || answered === undefined) return;
    await attempts.quietly('noting where the answer stands', () => answered(messageId));
  }

  return async (invocation: PressInvocation, at: number): Promise<Result> => {
    const ack = await acknowledge(invocation, { type: InteractionResponseType.DeferredMessageUpdate });
    // Not an edit: the interaction's own message is the card, whose button still works.
    if (ack.kind === 'uncertain') await replies.inDoubt(() => replies.whisper(invocation, tryAgainView()));
    if (ack.kind !== 'acked') return 'not-acknowledged';

    const { button } = invocation;
    if (button === undefined) {
      await replies.whisper(invocation, failureView({ code: 'CARD_GONE' }));
      return 'CARD_GONE';
    }
    let isOvertakable = false;
    const progress = createLatestOnly(async (view: View) => {
      const shown = await replies.progress(invocation, view);
      isOvertakable ||= shown.kind === 'silent';
    });
    const press = pressOf(invocation, button, at);
    const handled = await attempts.attempt(`press ${button.verb}`, () => options.press(press, progress.offer));
    await progress.settle();

    if (handled.kind === 'failed') {
      await replies.whisper(invocation, handled.view);
      return handled.result;
    }
    await update(invocation, handled.value, isOvertakable);
    await answer(invocation, handled.value);
    return 'ok';
  };
}

function pressOf(invocation: PressInvocation, button: NonNullable<PressInvocation['button']>, at: number): Press {
  const { token, caller, messageId, isPublic } = invocation;
  const publicId = isPublic ? { publicId: messageId } : {};
  return { ...caller, ...button, delivery: { kind: 'own', token, at, channel: caller.channel, isPublic, ...publicId } };
}
