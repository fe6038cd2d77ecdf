import { MessageFlags } from 'discord-api-types/v10';
import { type Delivery, TOKEN_LIVES_MS } from '../delivery.ts';
import type { Log } from '../log.ts';
import type { Messenger } from '../messenger.ts';
import { describeError } from './describe-error.ts';
import { renderNotes, renderView } from './render.ts';
import { editMessage, editReply, followUp, postMessage, type Rest, type WebhookKey } from './rest.ts';

/** For the way there, and for clocks that differ. */
const MARGIN_MS = 15_000;

/**
 * Sends what no interaction waits for.
 *
 * @param options.applicationId - Known once the gateway was ready; `undefined` when that will never be.
 */
export function createMessenger(options: {
  readonly rest: Rest;
  readonly applicationId: Promise<string | undefined>;
  readonly now: () => number;
  readonly log: Pick<Log, 'error'>;
}): Messenger {
  const { rest, now, log } = options;

  async function keyOf({ token, at }: Delivery): Promise<WebhookKey | undefined> {
    if (now() - at >= TOKEN_LIVES_MS - MARGIN_MS) return undefined;
    const applicationId = await options.applicationId;
    return applicationId === undefined ? undefined : { applicationId, token };
  }

  async function editByToken(delivery: Delivery, body: unknown): Promise<boolean> {
    // The token alone would edit another message.
    const key = delivery.kind === 'unplaced' ? undefined : await keyOf(delivery);
    if (key === undefined) return false;
    const sent = await editReply(rest, key, body, delivery.kind === 'follow-up' ? delivery.messageId : undefined);
    return sent.kind === 'told';
  }

  // To the bot's own routes a follow-up does not exist: only one person sees it.
  async function editAsBot(delivery: Delivery, body: unknown): Promise<boolean> {
    if (delivery.kind !== 'own' || !delivery.isPublic || delivery.publicId === undefined) return false;
    const sent = await editMessage(rest, delivery.channel, delivery.publicId, body);
    return sent.kind === 'told';
  }

  async function tell(send: () => Promise<boolean>): Promise<'told' | 'lost'> {
    try {
      return (await send()) ? 'told' : 'lost';
    } catch (error) {
      log.error({ error: describeError(error) }, 'a message could not be rendered');
      return 'lost';
    }
  }

  return {
    edit: (delivery, view) =>
      tell(async () => {
        const body = renderView(view);
        return (await editByToken(delivery, body)) || (await editAsBot(delivery, body));
      }),
    whisper: (delivery, view) =>
      tell(async () => {
        const body = { ...renderView(view), flags: MessageFlags.Ephemeral };
        const key = await keyOf(delivery);
        if (key === undefined) return false;
        const sent = await followUp(rest, key, body);
        return sent.kind === 'told';
      }),
    post: async (channel, lines) => {
      const { kind } = await postMessage(rest, channel, renderNotes(lines));
      return kind === 'told' || kind === 'limited' ? kind : 'lost';
    },
  };
}
