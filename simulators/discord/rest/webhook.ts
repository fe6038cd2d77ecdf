import { readFlags } from '../forms/message-form.ts';
import type { Interaction, Interactions } from '../interactions.ts';
import { isThinking, type Message, type Messages } from '../messages.ts';
import { messageFlags } from '../model.ts';
import { unknownMessage, unknownWebhook } from '../refusal.ts';
import type { Wire } from '../wire.ts';
import { originOf } from './callback.ts';
import type { Answer, Call } from './http.ts';

/** Edits and follow-ups with an interaction's token: `/webhooks/:app/:token` and its messages. */
export function createWebhook(options: {
  readonly applicationId: string;
  readonly interactions: Interactions;
  readonly messages: Messages;
  readonly wire: Wire;
}) {
  const { applicationId, interactions, messages, wire } = options;

  function owner({ app = '', token = '' }: Call['params']): Interaction {
    if (app !== applicationId) throw unknownWebhook();
    return interactions.editable(token);
  }

  function target(call: Call): Message {
    const { originalId, messageIds, sourceMessageId } = owner(call.params);
    const { message: named = '' } = call.params;
    const id = named === '@original' ? originalId : named;
    if (id === undefined || ![originalId, sourceMessageId, ...messageIds].includes(id)) throw unknownMessage();
    return messages.get(id);
  }

  return {
    followUp(call: Call): Answer {
      const interaction = owner(call.params);
      const { originalId, userId, place } = interaction;
      const original = originalId === undefined ? undefined : messages.find(originalId);
      const sent = { body: call.body, under: [] };
      // Right after a deferred reply Discord takes a follow-up for its edit, and keeps the flag of the deferral.
      if (original !== undefined && isThinking(original)) {
        return { status: 200, body: wire.message(messages.edit(original.id, sent)) };
      }
      const isEphemeral = (readFlags(call.body, []) & messageFlags.ephemeral) !== 0;
      const replies = original === undefined ? {} : { repliesTo: original.id };
      const onlyFor = isEphemeral ? userId : undefined;
      const made = messages.create(
        { channelId: place.channelId, origin: originOf(interaction), onlyFor, ...replies },
        sent,
      );
      interactions.amend(interaction.id, { messageIds: [...interaction.messageIds, made.id] });
      return { status: 200, body: wire.message(made) };
    },
    edit(call: Call): Answer {
      const { id } = target(call);
      return { status: 200, body: wire.message(messages.edit(id, { body: call.body, under: [] })) };
    },
    remove(call: Call): Answer {
      messages.remove(target(call).id);
      return { status: 204 };
    },
  };
}
