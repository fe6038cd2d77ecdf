import { z } from 'zod';

/** The exchanges at which everybody trades. */
export const venueNames = ['mudrex', 'kraken-futures', 'kraken'] as const;
export type VenueName = (typeof venueNames)[number];

/** One thing for each of them. */
export function byVenue<T>(make: (venue: VenueName) => T): Readonly<Record<VenueName, T>> {
  return { mudrex: make('mudrex'), 'kraken-futures': make('kraken-futures'), kraken: make('kraken') };
}

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
  'unshown-agrees',
  'hasty-verdict',
  'strangers-cancel',
  'trusting-clock',
  'hasty-drain',
  'host-clock',
  'no-fence',
  'hasty-takeover',
  'hasty-check',
  'audit-afterwards',
  'resend-after-reconnect',
  'no-socket-fence',
] as const;
export type PlantName = (typeof plantNames)[number];

const deadlines = z.object({ connectMs: z.number(), readMs: z.number(), writeMs: z.number() });
const venueUrls = z.record(
  z.enum(venueNames),
  z.union([z.string(), z.object({ rest: z.string(), socket: z.string() })]),
);

/** How a bot's process is started; its made-up secrets travel here instead of in its environment. */
export const botSetupSchema = z.object({
  /** As an operator would set them in the environment. */
  variables: z.record(z.string(), z.string()),
  discordApi: z.string(),
  venueUrls,
  deadlines,
  /** The file that shows what the clocks were moved by. */
  clockFile: z.string(),
  plant: z.enum(plantNames).optional(),
});
export type BotSetup = z.infer<typeof botSetupSchema>;

/**
 * Where the process can be stopped that nobody outside sees: around any change of its database, once it has stored that
 * it sends, after it decided to send a write, and once that has a connection; on a socket, when a subscription was taken,
 * right after a write was handed to it, and before its answer is read.
 */
export const innerMoments = [
  ...(['commit', 'sending', 'request', 'connected'] as const),
  ...(['subscribed', 'sent', 'answered'] as const),
] as const;
export type InnerMoment = (typeof innerMoments)[number];

/** Where and when the process is to stop itself: at this moment, when it comes to it for the `nth` time. */
export const stopSchema = z.object({ at: z.enum(innerMoments), nth: z.int() });

/** Both ends of a connection, as its client sees them. */
export const lineOf = (localPort: number | undefined, remotePort: number | undefined): string =>
  `${localPort}>${remotePort}`;

/** All times are those of this machine, in milliseconds; see `machineMs`. */
export const noteSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stopped'), at: z.number() }),
  /** A change of the database: proposals whose row was written, and those that ended with it. */
  z.object({
    kind: z.literal('committed'),
    pid: z.int(),
    from: z.number(),
    to: z.number(),
    isClaim: z.boolean(),
    rows: z.array(z.string()),
    ended: z.array(z.string()),
  }),
  /** A write to a venue goes to its socket, or is through, as the process sees it; `line` names the connection. */
  z.object({ kind: z.enum(['left', 'over']), pid: z.int(), line: z.string(), at: z.number() }),
]);
export type Note = z.infer<typeof noteSchema>;
