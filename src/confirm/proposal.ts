import { z } from 'zod';
import type { FailureData, Silence } from '../errors.ts';

/** One exchange key of one person: (Discord user, venue, label). */
export const accountSchema = z.object({ user: z.string(), venue: z.string(), label: z.string() });
export type Account = Readonly<z.infer<typeof accountSchema>>;

/** How rows of one account are named: no part can hold a slash. */
export function accountPath({ user, venue, label }: Account): string {
  return `${user}/${venue}/${label}`;
}

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

export const settingSchema = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('isolated'), leverage: z.string() }),
  z.object({ mode: z.literal('cross') }),
]);
export const currentSchema = z.union([settingSchema, z.object({ mode: z.literal('unset') })]);

const boundsSchema = z.object({ min: z.string(), max: z.string(), step: z.string() });
const tierSchema = z.object({
  fromSize: z.string(),
  measuredIn: z.enum(['contracts', 'quote']).exactOptional(),
  initialMargin: z.string(),
  maintenanceMargin: z.string(),
});

const marketSchema = z.object({
  venue: z.string(),
  id: z.string(),
  symbol: z.string(),
  aliases: z.array(z.string()).readonly(),
  base: z.string(),
  quote: z.string(),
  bounds: boundsSchema,
  tiers: z.array(tierSchema).readonly().exactOptional(),
  tradeable: z.boolean(),
  namedBy: z.enum(['id', 'symbol']).exactOptional(),
});

/** What the card was based on; a difference at the click makes it stale. */
export const seenSchema = z.object({
  current: currentSchema,
  position: z.enum(['none', 'long', 'short']),
  hasOpenOrders: z.boolean(),
  bounds: boundsSchema,
  isRisky: z.boolean(),
});
export type Seen = Readonly<z.infer<typeof seenSchema>>;

/** What a card asks for: plain data, sealed in the store, so that what runs is what was shown. */
export const proposalSchema = z.object({
  id: z.string(),
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
  createdAt: z.number(),
  expiresAt: z.number(),
});
export type Proposal = Readonly<z.infer<typeof proposalSchema>>;

/** A failure as data; only this program seals one, so its code is all that is checked. */
const failureSchema = z.custom<FailureData>((value) => z.object({ code: z.string() }).safeParse(value).success);

const silences = [
  'timeout',
  'reset',
  'too-large',
  'unreadable',
  'redirect',
  'server-error',
] as const satisfies Silence[];

/** The one request: when it went out, and what had come of it when. Absent where the bot died in between. */
const sentSchema = z.object({ at: z.number(), until: z.number(), answer: z.enum(['accepted', ...silences]) });
export type Sent = Readonly<z.infer<typeof sentSchema>>;

/** What the venue held when it was last read, which was not what had been asked for. */
const shownSchema = z.object({ asOf: z.number(), holds: currentSchema });

/**
 * What is known after the request, while that may still change: nobody knows `since` when. `firstReadAt` is the first
 * read-back that showed something else, `lookAt` when it is read again.
 */
const unsettledSchema = z.object({
  kind: z.literal('unsettled'),
  since: z.number(),
  lookAt: z.number(),
  sent: sentSchema.exactOptional(),
  firstReadAt: z.number().exactOptional(),
  shown: shownSchema.exactOptional(),
});
export type Unsettled = Readonly<z.infer<typeof unsettledSchema>>;

const settlingSchema = { sent: sentSchema.exactOptional() };

/** Why nobody can ask the venue any more: the key of the change, or the whole venue, is no longer in use. */
const goneSchema = z.enum(['key', 'venue']);
export type Gone = z.infer<typeof goneSchema>;
const unreadSchema = { gone: goneSchema.exactOptional() };

/**
 * How a proposal ended, or what is known so far. All times are milliseconds since the epoch by the store's clock.
 *
 * - `stale`, `unchanged`, `not-sent`: decided before anything was sent.
 * - `unsettled`: the read-back does not agree (yet), or cannot be had: it is read again.
 * - `applied`: the venue accepted it, or a read-back agreed; `isReadBack` tells which.
 * - `not-applied`: no usable answer to the write, and read-backs from `since` on, half a minute apart, show another
 *   setting; or the one of a later "Check now".
 * - `differs`: the venue said success, and its read-backs show something else.
 * - `unknown`: no usable answer to the write, and none to the read-backs that could have told.
 */
export const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cancelled'), at: z.number() }),
  z.object({ kind: z.literal('expired'), at: z.number() }),
  z.object({ kind: z.literal('stale'), at: z.number() }),
  z.object({ kind: z.literal('unchanged'), at: z.number() }),
  z.object({ kind: z.literal('not-sent'), at: z.number(), failure: failureSchema.exactOptional() }),
  z.object({ kind: z.literal('refused'), at: z.number(), failure: failureSchema }),
  unsettledSchema,
  z.object({
    kind: z.literal('applied'),
    asOf: z.number(),
    isReadBack: z.boolean(),
    ...settlingSchema,
    ...unreadSchema,
  }),
  z.object({
    kind: z.literal('not-applied'),
    since: z.number(),
    asOf: z.number(),
    holds: currentSchema.exactOptional(),
    ...settlingSchema,
  }),
  z.object({ kind: z.literal('differs'), asOf: z.number(), holds: currentSchema, ...settlingSchema }),
  z.object({
    kind: z.literal('unknown'),
    since: z.number(),
    shown: shownSchema.exactOptional(),
    ...settlingSchema,
    ...unreadSchema,
  }),
]);
export type Outcome = Readonly<z.infer<typeof outcomeSchema>>;

/** Whether its owner has to hear of it: cards that nobody confirmed are not worth telling later. */
export function isWorthTelling({ kind }: Outcome): boolean {
  return kind !== 'expired' && kind !== 'cancelled';
}

/**
 * Where a proposal stands. `settling` means that the write may still land or show: its outcome so far is `unsettled`,
 * the key's lease is kept, and it is read again.
 */
export const stageSchema = z.enum(['pending', 'claimed', 'sending', 'settling', 'done']);
export type Stage = z.infer<typeof stageSchema>;
