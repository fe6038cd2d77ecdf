import type { View } from '../command.ts';
import type { Attempts } from './attempt.ts';
import { type MessagePayload, renderView } from './render.ts';
import type { InteractionKey, Rest, Sent } from './rest.ts';

export const EPHEMERAL = 1 << 6;

export type Replies = ReturnType<typeof createReplies>;

/** Shows views as answers to an acknowledged interaction. Never throws. */
export function createReplies(options: { readonly rest: Rest; readonly attempts: Attempts }) {
  const { rest, attempts } = options;

  function render(view: View): MessagePayload {
    try {
      return renderView(view);
    } catch (error) {
      return renderView(attempts.unexpected(error, 'rendering'));
    }
  }

  /** Replaces the interaction's own message. */
  async function edit(key: InteractionKey, view: View): Promise<Sent> {
    const sent = await rest.editReply(key, render(view));
    if (sent.kind !== 'refused') return sent;
    // Discord found fault with the message itself: better a reference than "thinking" for ever.
    await rest.editReply(
      key,
      renderView(attempts.unexpected(new TypeError('Discord refused a message'), 'showing it')),
    );
    return sent;
  }

  /** A new message that only the person sees who caused the interaction. */
  function whisper(key: InteractionKey, view: View): Promise<Sent> {
    return rest.followUp(key, { ...render(view), flags: EPHEMERAL });
  }

  return { render, edit, whisper };
}
