import { z } from 'zod';

/** How the bot's process is started; the made-up secrets travel here instead of in its environment. */
export const botSetupSchema = z.object({
  /** As an operator would set them in the environment. */
  variables: z.record(z.string(), z.string()),
  discordApi: z.string(),
  /** By venue id. */
  venueUrls: z.record(z.string(), z.string()),
  publicUrl: z.string(),
  offsetMs: z.number(),
});
export type BotSetup = z.infer<typeof botSetupSchema>;

/** From the playground to the bot's process. */
export const toBotSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), setup: botSetupSchema }),
  z.object({ kind: z.literal('clock'), offsetMs: z.number(), id: z.int() }),
]);
export type ToBot = z.infer<typeof toBotSchema>;

/** From the bot's process to the playground. */
export const fromBotSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), webUrl: z.string() }),
  z.object({ kind: z.literal('failed'), problem: z.string() }),
  z.object({ kind: z.literal('clock-moved'), id: z.int() }),
]);
export type FromBot = z.infer<typeof fromBotSchema>;
