import { MessageFlags } from 'discord-api-types/v10';
import { type Delivery, TOKEN_LIVES_MS } from '../delivery.ts';
import type { Log } from '../log.ts';
import type { Messenger } from '../messenger.ts';
import { describeError } from './describe-error.ts';
import { renderNotes, renderView } from './render.ts';
import { editMessage, editReply, followUp, postMessage, type Rest, type WebhookKey } from './rest.ts';

/** For the way there, and for clocks that differ. */
const MARGIN_MS = 15_000;

type Context = {
  readonly rest: Rest;
  /** Known once REST told it; `undefined` when that will never be. */
  readonly applicationId: Promise<string | undefined>;
  readonly now: () => number;
  readonly log: Pick<Log, 'error'>;
};

/** Sends what no interaction waits for. */
export function createMessenger(context: Context): Messenger {
  return {
    edit: (delivery, view) => tell(context, () => edit(context, delivery, renderView(view))),
    whisper: (delivery, view) => tell(context, () => whisper(context, delivery, renderView(view))),
    post: async (channel, lines) => {
      const { kind } = await postMessage(context.rest, channel, renderNotes(lines));
      return kind === 'told' || kind === 'limited' ? kind : 'lost';
    },
  };
}

async function tell({ log }: Context, send: () => Promise<boolean>): Promise<'told' | 'lost'> {
  try {
    return (await send()) ? 'told' : 'lost';
  } catch (error) {
    log.error({ error: describeError(error) }, 'a message could not be rendered');
    return 'lost';
  }
}

async function edit(context: Context, delivery: Delivery, body: unknown): Promise<boolean> {
  return (await editByToken(context, delivery, body)) || (await editAsBot(context, delivery, body));
}

async function editByToken(context: Context, delivery: Delivery, body: unknown): Promise<boolean> {
  // The token alone would edit another message.
  const key = delivery.kind === 'unplaced' ? undefined : await keyOf(context, delivery);
  if (key === undefined) return false;
  const messageId = delivery.kind === 'follow-up' ? delivery.messageId : undefined;
  return (await editReply(context.rest, key, body, messageId)).kind === 'told';
}

// To the bot's own routes a follow-up does not exist: only one person sees it.
async function editAsBot({ rest }: Context, delivery: Delivery, body: unknown): Promise<boolean> {
  if (delivery.kind !== 'own' || !delivery.isPublic || delivery.publicId === undefined) return false;
  return (await editMessage(rest, delivery.channel, delivery.publicId, body)).kind === 'told';
}

async function whisper(context: Context, delivery: Delivery, body: object): Promise<boolean> {
  const key = await keyOf(context, delivery);
  if (key === undefined) return false;
  return (await followUp(context.rest, key, { ...body, flags: MessageFlags.Ephemeral })).kind === 'told';
}

/** @returns undefined when the interaction's token has ended, or nearly */
async function keyOf({ applicationId, now }: Context, { token, at }: Delivery): Promise<WebhookKey | undefined> {
  if (now() - at >= TOKEN_LIVES_MS - MARGIN_MS) return undefined;
  const id = await applicationId;
  return id === undefined ? undefined : { applicationId: id, token };
}
