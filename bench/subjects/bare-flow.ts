import { z } from 'zod';
import type { Trader } from '../world/people.ts';
import { readCalls, sendBare, writeCall } from './bare-venues.ts';

// The same requests to the venues as the bot sends for one change, and nothing done with the answers.

/** What the card is made from: the market, then setting, position and orders at once. */
export async function readAll(who: Trader, base: string): Promise<unknown> {
  const calls = readCalls(who, base);
  const market = await sendBare(who, calls.market);
  return [market, ...(await Promise.all(calls.others.map((call) => sendBare(who, call))))];
}

/** The check before the write, the write, and the read-back. */
export async function change(who: Trader, base: string, leverage: number): Promise<unknown> {
  await readAll(who, base);
  await sendBare(who, writeCall(who, base, leverage));
  return sendBare(who, readCalls(who, base).setting);
}

/** An INTERACTION_CREATE as far as this program looks at it. */
export const interaction = z.object({
  id: z.string(),
  token: z.string(),
  type: z.number(),
  member: z.object({ user: z.object({ id: z.string() }) }),
  data: z.object({
    custom_id: z.string().default(''),
    options: z.array(z.object({ options: z.array(z.object({ name: z.string(), value: z.string() })) })).default([]),
  }),
});
