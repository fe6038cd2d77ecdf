import { z } from 'zod';

/** The token of the interaction, which edits its messages for 15 minutes from `at` (ms). */
const tokenFields = { token: z.string(), at: z.number(), channel: z.string() };

/**
 * An interaction's own message: a command's reply, or the message that carries the pressed button. The bot itself can
 * edit a public one after the token, where its id in the channel is known.
 */
const ownMessageSchema = z.object({
  kind: z.literal('own'),
  ...tokenFields,
  isPublic: z.boolean(),
  publicId: z.string().exactOptional(),
});
export type OwnMessage = Readonly<z.infer<typeof ownMessageSchema>>;

/** A message after the interaction's own, which only the presser sees and only the token can edit. */
const followUpSchema = z.object({ kind: z.literal('follow-up'), ...tokenFields, messageId: z.string() });

/** One whose id is not known (yet): the token alone would edit the message that it follows. */
const unplacedSchema = z.object({ kind: z.literal('unplaced'), ...tokenFields });

/** How a message can be edited later. */
export const deliverySchema = z.discriminatedUnion('kind', [ownMessageSchema, followUpSchema, unplacedSchema]);
export type Delivery = Readonly<z.infer<typeof deliverySchema>>;

/** So long an interaction's token edits its messages. */
export const TOKEN_LIVES_MS = 15 * 60_000;

/** Whether everybody in the channel can read it. */
export function isPublic(delivery: Delivery): boolean {
  return delivery.kind === 'own' && delivery.isPublic;
}

/** A follow-up to the same interaction, whose id is not known yet. */
export function followUpOf({ token, at, channel }: Delivery): Delivery {
  return { kind: 'unplaced', token, at, channel };
}

/** The same message, once its id is known. */
export function placed({ token, at, channel }: Delivery, messageId: string): Delivery {
  return { kind: 'follow-up', token, at, channel, messageId };
}

const flaggedSchema = z.object({
  ...tokenFields,
  messageId: z.string().exactOptional(),
  publicId: z.string().exactOptional(),
  isPlaced: z.literal(false).exactOptional(),
  isPublic: z.boolean(),
});

/** A delivery as rows held it whose fields alone told its kind. */
export function deliveryOfFlags(older: unknown): Delivery {
  const { messageId, publicId, isPlaced, isPublic, ...token } = flaggedSchema.parse(older);
  if (isPlaced === false) return { kind: 'unplaced', ...token };
  if (messageId !== undefined) return { kind: 'follow-up', ...token, messageId };
  return { kind: 'own', ...token, isPublic, ...(publicId !== undefined && { publicId }) };
}
