import { z } from 'zod';
import { accountSchema } from '../account.ts';
import { marketSchema } from '../leverage/market.ts';
import { seenSchema } from '../leverage/preview.ts';
import { settingSchema } from '../leverage/setting.ts';

/** What a card asks for: plain data, sealed in the store, so that what runs is what was shown. */
export const proposalSchema = z.object({
  id: z.string(),
  /** Discord user who asked: they alone press it and are told of it. */
  by: z.string(),
  /** Whose key it is for. */
  account: accountSchema,
  /** Keyed hash of the API key the card was made with. */
  keyHash: z.string(),
  market: marketSchema,
  currency: z.string().exactOptional(),
  setting: settingSchema,
  seen: seenSchema,
  guild: z.string().exactOptional(),
  channel: z.string(),
  isShared: z.boolean(),
  /** Of a venue that need not show what is set: no channel is told what it has shown. */
  showsSetting: z.literal('sometimes').exactOptional(),
  createdAt: z.number(),
  expiresAt: z.number(),
});
export type Proposal = Readonly<z.infer<typeof proposalSchema>>;

/**
 * Where a proposal stands. `settling` means that the write may still land or show: its outcome so far is `unsettled`,
 * the key's lease is kept, and it is read again.
 */
export const stageSchema = z.enum(['pending', 'claimed', 'sending', 'settling', 'done']);
export type Stage = z.infer<typeof stageSchema>;
