import { MessageFlags } from 'discord-api-types/v10';
import type { View } from '../view.ts';
import type { Attempts } from './attempt.ts';
import { type MessagePayload, renderView } from './render.ts';
import type { InteractionKey, Pause, Rest, Sent } from './rest.ts';
import type { CommandIds } from './text.ts';

/** The bot gives up on an acknowledgement after two seconds, Discord after three. */
const LATE_ACK_MS = 1_500;

export type Replies = ReturnType<typeof createReplies>;

/** Shows views as answers to an acknowledged interaction. Never throws. */
export function createReplies(options: {
  readonly rest: Rest;
  readonly attempts: Attempts;
  readonly pause: Pause;
  /** Fires when waiting for Discord is over. */
  readonly hurry: AbortSignal;
  /** Undefined until Discord has told them. */
  readonly commandIds: () => CommandIds | undefined;
}) {
  const { rest, attempts, pause, hurry, commandIds } = options;

  function render(view: View): MessagePayload {
    try {
      return renderView(view, commandIds());
    } catch (error) {
      return renderView(attempts.unexpected(error, 'rendering'));
    }
  }

  /** Replaces the interaction's own message. */
  async function edit(key: InteractionKey, view: View): Promise<Sent> {
    const sent = await rest.editReply(key, render(view));
    if (sent.kind !== 'malformed') return sent;
    // Better a reference than "thinking" for ever.
    await rest.editReply(
      key,
      renderView(attempts.unexpected(new TypeError('Discord refused a message'), 'showing it')),
    );
    return sent;
  }

  /** Shows how far things are: tried once, since what comes next replaces it. */
  function progress(key: InteractionKey, view: View): Promise<Sent> {
    return rest.editOnce(key, render(view));
  }

  /**
   * Says something after an acknowledgement of which nobody knows whether Discord took it. It may still do so until
   * three seconds after the interaction, and only then is there a message to speak in: so this looks once more.
   */
  async function inDoubt(say: () => Promise<Sent>): Promise<void> {
    const { kind } = await say();
    if (kind !== 'gone' && kind !== 'refused') return;
    await pause(LATE_ACK_MS, hurry).catch(() => undefined);
    await say();
  }

  /** A new message that only the person sees who caused the interaction. */
  function whisper(key: InteractionKey, view: View): Promise<Sent> {
    return rest.followUp(key, { ...render(view), flags: MessageFlags.Ephemeral });
  }

  /** Whispers what a public view withholds. @returns whether the person has all of it */
  async function aside(key: InteractionKey, view: View): Promise<boolean> {
    return view.aside === undefined || (await whisper(key, view.aside)).kind === 'told';
  }

  return { render, edit, aside, progress, inDoubt, whisper };
}
