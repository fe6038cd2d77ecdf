import type { Row } from './forms/component-form.ts';
import type { Embed } from './forms/message-form.ts';
import type { Interaction, RestCall } from './interactions.ts';
import { isThinking, type Message, type MessageOrigin } from './messages.ts';
import type { JsonObject } from './wire.ts';

/** A message as somebody sees it in a channel. */
export type VisibleMessage = {
  readonly id: string;
  readonly channelId: string;
  readonly author: { readonly id: string; readonly username: string; readonly isBot: true };
  readonly content: string;
  readonly embeds: readonly Embed[];
  readonly components: readonly Row[];
  readonly flags: number;
  readonly isEphemeral: boolean;
  /** A deferred reply that has not been filled in: "… is thinking". */
  readonly isThinking: boolean;
  readonly createdAt: number;
  readonly editedAt: number | undefined;
  /** The interaction that made it, with its person and the full command name. */
  readonly origin: MessageOrigin | undefined;
  readonly repliesTo: string | undefined;
};

/** One interaction with everything that went over the wire about it. */
export type InteractionRecord = {
  readonly id: string;
  readonly type: number;
  readonly name: string | undefined;
  readonly userId: string;
  readonly channelId: string;
  readonly guildId: string | undefined;
  readonly createdAt: number;
  /** `failed`: three seconds passed without an answer; the client says "The application did not respond". */
  readonly state: 'waiting' | 'answered' | 'failed';
  readonly acknowledgedAt: number | undefined;
  readonly callbackType: number | undefined;
  /** How many gateway sessions got it at once; zero while the bot is away. */
  readonly delivered: number;
  readonly messageIds: readonly string[];
  /** What went to the bot, its token included. */
  readonly payload: JsonObject;
  readonly calls: readonly RestCall[];
};

export function viewMessage(
  message: Message,
  author: { readonly id: string; readonly username: string },
): VisibleMessage {
  const { id, channelId, content, embeds, components, flags, createdAt, editedAt, origin, repliesTo, onlyFor } =
    message;
  return {
    ...{ id, channelId, content, embeds, components, flags, createdAt, editedAt, origin, repliesTo },
    author: { ...author, isBot: true },
    isEphemeral: onlyFor !== undefined,
    isThinking: isThinking(message),
  };
}

export function viewInteraction(interaction: Interaction, now: number): InteractionRecord {
  const { id, type, name, userId, place, createdAt, acknowledgedAt, callbackType } = interaction;
  const { delivered, messageIds, payload, calls } = interaction;
  const isLate = now - createdAt > 3_000;
  return {
    ...{ id, type, name, userId, createdAt, acknowledgedAt, callbackType, delivered, messageIds, payload, calls },
    channelId: place.channelId,
    guildId: place.kind === 'guild' ? place.guild.id : undefined,
    state: acknowledgedAt !== undefined ? 'answered' : isLate ? 'failed' : 'waiting',
  };
}
