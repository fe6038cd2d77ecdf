import { Big } from 'big.js';
import { z } from 'zod';
import type { Refusal, Silence } from '../errors.ts';

/** What a venue's answer means: its value, its own documented refusal, or nothing that can be relied on. */
export type Verdict<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | Refused
  | { readonly kind: 'silent'; readonly silence: Silence };

export type Refused = {
  readonly kind: 'refused';
  readonly refusal: Refusal;
  readonly detail?: string;
  /** Until when nothing more may be sent, where the body of "too many" says it; milliseconds since the epoch. */
  readonly restUntil?: number;
};

/** Errors that say only that something broke: a write that meets one may have been carried out all the same. */
export const breakdowns: ReadonlySet<Refusal> = new Set(['venue-error', 'venue-unavailable']);

export type Answer = { readonly status: number; readonly text: string };

export const refused = (refusal: Refusal, detail?: string): Refused => ({
  kind: 'refused',
  refusal,
  ...(detail !== undefined && { detail }),
});

export const silent = (silence: Silence): Verdict<never> => ({ kind: 'silent', silence });

/**
 * Reads a success body. In doubt silent: a 2xx of another shape proves nothing, and neither does a 4xx or 5xx
 * without a documented error.
 */
export function readSuccess<S extends z.ZodType>(schema: S, answer: Answer, json: unknown): Verdict<z.output<S>> {
  if (answer.status >= 500) return silent('server-error');
  const body = answer.status < 300 ? schema.safeParse(json) : undefined;
  return body?.success ? { kind: 'ok', value: body.data } : silent('unreadable');
}

/** A decimal that a venue sent as a number or a text, as plain decimal text. Never a float; sizes are capped. */
export const decimal = z
  .union([z.number(), z.string().regex(/^-?[0-9]{1,18}(\.[0-9]{1,18})?$/)])
  .transform((value) => new Big(value))
  .refine((value) => value.abs().lt('1e18'))
  .transform((value) => value.toFixed());

/** A {@link decimal} above zero. */
export const positive = decimal.refine((value) => new Big(value).gt(0));
