import { MessageFlags } from 'discord-api-types/v10';
import type { View } from '../view.ts';
import type { Answering } from './answering.ts';
import { type MessagePayload, renderView } from './render.ts';
import { editReply, editReplyOnce, followUp, type Sent, type WebhookKey } from './rest.ts';
import { noteUnexpected } from './run-safely.ts';

/** The bot gives up on an acknowledgement after two seconds, Discord after three. */
const LATE_ACK_MS = 1_500;

/** Renders a view; one that cannot be is a reference to the log. */
export function render(context: Answering, view: View): MessagePayload {
  try {
    return renderView(view, context.commandIds());
  } catch (error) {
    return renderView(noteUnexpected(context, 'rendering', error));
  }
}

/** Replaces the interaction's own message. */
export async function showInPlace(context: Answering, key: WebhookKey, view: View): Promise<Sent> {
  const sent = await editReply(context.rest, key, render(context, view));
  if (sent.kind !== 'malformed') return sent;
  // Better a reference than "thinking" for ever.
  const unexpected = noteUnexpected(context, 'showing it', new TypeError('Discord refused a message'));
  await editReply(context.rest, key, renderView(unexpected));
  return sent;
}

/** Shows how far things are: tried once, since what comes next replaces it. */
export function showProgress(context: Answering, key: WebhookKey, view: View): Promise<Sent> {
  return editReplyOnce(context.rest, key, render(context, view));
}

/** A new message that only the person sees who caused the interaction. */
export function whisper(context: Answering, key: WebhookKey, view: View): Promise<Sent> {
  return followUp(context.rest, key, { ...render(context, view), flags: MessageFlags.Ephemeral });
}

/** Whispers what a public view withholds. @returns whether the person has all of it */
export async function whisperAside(context: Answering, key: WebhookKey, view: View): Promise<boolean> {
  return view.aside === undefined || (await whisper(context, key, view.aside)).kind === 'told';
}

/**
 * Says something after an acknowledgement of which nobody knows whether Discord took it. It may still do so until
 * three seconds after the interaction, and only then is there a message to speak in: so this looks once more.
 */
export async function sayInDoubt({ pause, hurry }: Answering, say: () => Promise<Sent>): Promise<void> {
  const { kind } = await say();
  if (kind !== 'gone' && kind !== 'refused') return;
  await pause(LATE_ACK_MS, hurry).catch(() => undefined);
  await say();
}
