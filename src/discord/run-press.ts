import { InteractionResponseType } from 'discord-api-types/v10';
import { failureView, tryAgainView } from '../messages.ts';
import type { Press, PressReply } from '../press.ts';
import type { View } from '../view.ts';
import type { Acknowledge, Answering, Result } from './answering.ts';
import type { PressInvocation } from './interaction.ts';
import { createLatestOnly } from './latest-only.ts';
import { sayInDoubt, showInPlace, showProgress, whisper, whisperAside } from './reply.ts';
import type { Sent } from './rest.ts';
import { runQuietly, runSafely } from './run-safely.ts';

/** Runs a press: acknowledged first, then handled; the card shows how far things are and at last how they ended. */
export async function runPress(
  context: Answering,
  invocation: PressInvocation,
  acknowledge: Acknowledge,
  arrivedAt: number,
): Promise<Result> {
  const ack = await acknowledge({ type: InteractionResponseType.DeferredMessageUpdate });
  // Not an edit: the interaction's own message is the card, whose button still works.
  if (ack.kind === 'uncertain') await sayInDoubt(context, () => whisper(context, invocation, tryAgainView()));
  if (ack.kind !== 'acked') return 'not-acknowledged';

  const { button } = invocation;
  if (button === undefined) {
    await whisper(context, invocation, failureView({ code: 'CARD_GONE' }));
    return 'CARD_GONE';
  }
  let isOvertakable = false;
  const progress = createLatestOnly(async (view: View) => {
    const shown = await showProgress(context, invocation, view);
    isOvertakable ||= shown.kind === 'silent';
  });
  const press = pressOf(invocation, button, arrivedAt);
  const ran = await runSafely(context, `press ${button.verb}`, () => context.press(press, progress.offer));
  await progress.settle();

  if (ran.kind === 'failed') {
    await whisper(context, invocation, ran.view);
    return ran.result;
  }
  await updateCard(context, invocation, ran.value, isOvertakable);
  await answerAlone(context, invocation, ran.value);
  return 'ok';
}

function pressOf(invocation: PressInvocation, button: NonNullable<PressInvocation['button']>, at: number): Press {
  const { token, caller, messageId, isPublic } = invocation;
  const publicId = isPublic ? { publicId: messageId } : {};
  return { ...caller, ...button, delivery: { kind: 'own', token, at, channel: caller.channel, isPublic, ...publicId } };
}

/** @param isOvertakable - Whether an earlier edit may still arrive, and then stand in place of this one. */
async function updateCard(
  context: Answering,
  invocation: PressInvocation,
  { update: view, told, lost, mend }: PressReply,
  isOvertakable: boolean,
): Promise<void> {
  if (view === undefined) return;
  const edited = await showInPlace(context, invocation, view);
  const isShown = edited.kind === 'told' || (await showBeside(context, invocation, view, edited));
  const note = (await whisperAside(context, invocation, view)) && isShown ? told : lost;
  if (note !== undefined) await runQuietly(context, 'noting whether a result was shown', note);
  const mayStandOtherwise = edited.kind !== 'told' || isOvertakable;
  if (mayStandOtherwise && mend !== undefined) await runQuietly(context, 'having a card put right', mend);
}

async function showBeside(context: Answering, invocation: PressInvocation, view: View, edited: Sent): Promise<boolean> {
  // More requests would only lengthen the wait; the card is put right a little later.
  if (edited.kind === 'limited') return false;
  // The card may be gone, dismissed by its owner for example, while the token still works.
  return (await whisper(context, invocation, view)).kind === 'told';
}

async function answerAlone(
  context: Answering,
  invocation: PressInvocation,
  { answer: view, answered }: PressReply,
): Promise<void> {
  if (view === undefined) return;
  const sent = await whisper(context, invocation, view);
  const messageId = sent.kind === 'told' ? sent.messageId : undefined;
  if (messageId === undefined || answered === undefined) return;
  await runQuietly(context, 'noting where the answer stands', () => answered(messageId));
}
