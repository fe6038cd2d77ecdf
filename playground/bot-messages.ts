import { z } from 'zod';

/** What the bot's process is asked to start with; the made-up secrets travel here instead of in its environment. */
export const botSetupSchema = z.object({
  /** As an operator would set them in the environment. */
  variables: z.record(z.string(), z.string()),
  discordApi: z.string(),
  /** By venue id. */
  /** One base, or one for each way to an exchange. */
  venueUrls: z.record(z.string(), z.union([z.string(), z.object({ rest: z.string(), socket: z.string() })])),
  publicUrl: z.string(),
  offsetMs: z.number(),
});
export type BotSetup = z.infer<typeof botSetupSchema>;

/** What it is told of the clock that everybody here shares. */
export const clockSchema = z.object({ offsetMs: z.number() });
