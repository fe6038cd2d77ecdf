import { z } from 'zod';

/**
 * How a message can be edited later: by its interaction token for 15 minutes from `at` (ms), then, where it is
 * public, as the bot. Without `messageId` it is the interaction's own message: a command's reply, or the message that
 * carries the pressed button; `publicId` is then its id in the channel, for the time after the token. With `messageId`
 * it is a follow-up, which only the presser sees and only the token can edit. `isPlaced` is false for a follow-up whose
 * id is not known (yet): the token alone would edit the message that it follows.
 */
export const deliverySchema = z.object({
  token: z.string(),
  at: z.number(),
  channel: z.string(),
  messageId: z.string().exactOptional(),
  publicId: z.string().exactOptional(),
  isPlaced: z.literal(false).exactOptional(),
  isPublic: z.boolean(),
});
export type Delivery = Readonly<z.infer<typeof deliverySchema>>;

/** So long an interaction's token edits its messages. */
export const TOKEN_LIVES_MS = 15 * 60_000;
