import { z } from 'zod';
import { readFlags } from '../forms/message-form.ts';
import type { Interaction, Interactions } from '../interactions.ts';
import type { Message, MessageOrigin, Messages } from '../messages.ts';
import { callbackTypes, interactionTypes, messageFlags } from '../model.ts';
import { invalidForm, readForm } from '../refusal.ts';
import type { Wire } from '../wire.ts';
import type { Answer } from './http.ts';

const callback = z.object({ type: z.int(), data: z.unknown().optional() });
const choice = z.object({ name: z.string().min(1).max(100), value: z.union([z.string().max(100), z.number()]) });
const choiceList = z.object({ choices: z.array(choice).max(25) });

type Effect = Partial<Pick<Interaction, 'originalId' | 'messageIds' | 'choices'>>;

/** The first answer to an interaction: `POST /interactions/:id/:token/callback`. */
export function createCallback(options: {
  readonly now: () => number;
  readonly interactions: Interactions;
  readonly messages: Messages;
  readonly wire: Wire;
}) {
  const { now, interactions, messages, wire } = options;

  function perform(interaction: Interaction, type: number, data: unknown): Effect {
    const source = interaction.sourceMessageId;
    switch (type) {
      case callbackTypes.message:
        return owned(messages.create(draftOf(interaction, data), { body: data, under: ['data'] }));
      case callbackTypes.deferredMessage:
        return owned(messages.createThinking(draftOf(interaction, data ?? {})));
      case callbackTypes.deferredUpdate:
        return source === undefined ? {} : { originalId: source };
      case callbackTypes.update:
        if (source === undefined) return {};
        return { originalId: messages.edit(source, { body: data ?? {}, under: ['data'] }).id };
      default:
        return { choices: readForm(choiceList, data, ['data']).choices };
    }
  }

  return (id: string, token: string, body: unknown, withResponse: boolean): Answer => {
    const interaction = interactions.answerable(id, token);
    const { type, data } = readForm(callback, body);
    const allowed = allowedTypes(interaction);
    if (!allowed.includes(type)) {
      const message = `Value must be one of {${allowed.join(', ')}}.`;
      throw invalidForm([{ path: ['type'], code: 'BASE_TYPE_CHOICES', message }]);
    }
    const effect = perform(interaction, type, data);
    interactions.amend(id, { ...effect, acknowledgedAt: now(), callbackType: type });
    if (!withResponse) return { status: 204 };
    const made = effect.originalId === undefined ? undefined : messages.find(effect.originalId);
    return { status: 200, body: response(interaction, type, made, wire) };
  };
}

/** What a message says about the interaction that made it. */
export function originOf({ id, type, userId, name }: Interaction): MessageOrigin {
  return { interactionId: id, type, userId, name };
}

function draftOf(interaction: Interaction, data: unknown) {
  const isEphemeral = (readFlags(data, ['data']) & messageFlags.ephemeral) !== 0;
  const onlyFor = isEphemeral ? interaction.userId : undefined;
  return { channelId: interaction.place.channelId, origin: originOf(interaction), onlyFor };
}

function owned({ id }: Message): Effect {
  return { originalId: id, messageIds: [id] };
}

function allowedTypes({ type, sourceMessageId }: Interaction): readonly number[] {
  const { message, deferredMessage, deferredUpdate, update, choices } = callbackTypes;
  const onMessage = sourceMessageId === undefined ? [] : [deferredUpdate, update];
  if (type === interactionTypes.autocomplete) return [choices];
  return [message, deferredMessage, ...onMessage];
}

function response({ id, type }: Interaction, callbackType: number, message: Message | undefined, wire: Wire) {
  const about = message && {
    response_message_id: message.id,
    response_message_loading: (message.flags & messageFlags.loading) !== 0,
    response_message_ephemeral: message.onlyFor !== undefined,
  };
  return {
    interaction: { id, type, ...about },
    resource: { type: callbackType, ...(message === undefined ? {} : { message: wire.message(message) }) },
  };
}
