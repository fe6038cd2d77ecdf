import { z } from 'zod';

/** The bugs that can be planted into the harness's own copy of the bot; none of them is in the product. */
export const plantNames = [
  'select-then-update',
  'blind-retry',
  'execute-before-ack',
  'replica-clock',
  'no-owner-check',
  'plaintext-log',
  'false-read-back',
  'endless-lease',
  'cross-at-maximum',
  'renewal-shows-exposure',
  'early-release',
  'no-row-check',
  'read-back-without-currency',
  'hasty-verdict',
  'strangers-cancel',
  'trusting-clock',
  'hasty-drain',
] as const;
export type PlantName = (typeof plantNames)[number];

const deadlines = z.object({ connectMs: z.number(), readMs: z.number(), writeMs: z.number() });
const venueUrls = z.object({ mudrex: z.string(), 'kraken-futures': z.string() });

/** How a bot's process is started; its made-up secrets travel here instead of in its environment. */
export const botSetupSchema = z.object({
  /** As an operator would set them in the environment. */
  variables: z.record(z.string(), z.string()),
  discordApi: z.string(),
  venueUrls,
  deadlines,
  /** What the run has moved all clocks by, and what the bot's host is wrong by. */
  offsetMs: z.number(),
  skewMs: z.number(),
  plant: z.enum(plantNames).optional(),
});
export type BotSetup = z.infer<typeof botSetupSchema>;

/** From the harness to the bot's process. */
export const toBotSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), setup: botSetupSchema }),
  z.object({ kind: z.literal('clock'), offsetMs: z.number(), skewMs: z.number(), id: z.int() }),
  z.object({ kind: z.literal('tick'), id: z.int() }),
]);
export type ToBot = z.infer<typeof toBotSchema>;

/** From the bot's process to the harness. */
export const fromBotSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), webUrl: z.string() }),
  z.object({ kind: z.literal('failed'), problem: z.string() }),
  /** `open`: how many proposals have not ended, once a tick is over; -1 when the store does not say. */
  z.object({ kind: z.literal('done'), id: z.int(), open: z.int().optional() }),
]);
export type FromBot = z.infer<typeof fromBotSchema>;
