import { z } from 'zod';
import type { FailureData, Silence } from '../errors.ts';
import { shownSettingSchema } from '../leverage/setting.ts';

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
export type SentRequest = Readonly<z.infer<typeof sentSchema>>;

/** What the venue held when it was last read, which was not what had been asked for. */
const shownSchema = z.object({ asOf: z.number(), holds: shownSettingSchema });

/** That the venue answered when it was last read, and did not show what is set. */
const hiddenSchema = { isHidden: z.literal(true).exactOptional() };

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
  ...hiddenSchema,
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
 * - `applied`: the venue accepted it, or a read-back agreed; `isReadBack` tells which. `shown` is what a read-back right
 *   after it still showed, of a venue that has shown nothing since.
 * - `not-applied`: no usable answer to the write, and read-backs from `since` on, half a minute apart, show another
 *   setting; or the one of a later "Check now".
 * - `differs`: the venue said success, and its read-backs show something else.
 * - `unknown`: no usable answer to the write, and none to the read-backs that could have told.
 *
 * `isHidden` says that the venue does not show it: it has answered, so waiting for an answer is of no use.
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
    shown: shownSchema.exactOptional(),
    ...settlingSchema,
    ...unreadSchema,
    ...hiddenSchema,
  }),
  z.object({
    kind: z.literal('not-applied'),
    since: z.number(),
    asOf: z.number(),
    holds: shownSettingSchema.exactOptional(),
    ...settlingSchema,
  }),
  z.object({ kind: z.literal('differs'), asOf: z.number(), holds: shownSettingSchema, ...settlingSchema }),
  z.object({
    kind: z.literal('unknown'),
    since: z.number(),
    /** The id of the card that "Set again" has made. */
    again: z.string().exactOptional(),
    shown: shownSchema.exactOptional(),
    ...settlingSchema,
    ...unreadSchema,
    ...hiddenSchema,
  }),
]);
export type Outcome = Readonly<z.infer<typeof outcomeSchema>>;

/** Whether whoever asked can be given a new card for the same: nobody will ever be told what became of this one. */
export function maySetAgain(outcome: Outcome | undefined): outcome is Extract<Outcome, { kind: 'unknown' }> {
  return outcome?.kind === 'unknown' && outcome.isHidden === true && outcome.gone === undefined;
}

type Sent = Extract<Outcome, { kind: 'unsettled' | 'applied' | 'not-applied' | 'differs' | 'unknown' }>;

/** Whether it tells of a request that may have reached the venue, and what it tells may depend on what the venue shows. */
export function wasSent(outcome: Outcome): outcome is Sent {
  const { kind } = outcome;
  return (
    kind === 'unsettled' || kind === 'applied' || kind === 'not-applied' || kind === 'differs' || kind === 'unknown'
  );
}

/** Whether its owner has to hear of it: cards that nobody confirmed are not worth telling later. */
export function isWorthTelling({ kind }: Outcome): boolean {
  return kind !== 'expired' && kind !== 'cancelled';
}
