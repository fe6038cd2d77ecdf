import { z } from 'zod';
import type { Secret } from './secret.ts';

/** One exchange key of one person: (Discord user, venue, label). */
export const accountSchema = z.object({ user: z.string(), venue: z.string(), label: z.string() });
export type Account = Readonly<z.infer<typeof accountSchema>>;

/** How rows of one account are named: no part can hold a slash. */
export function accountPath({ user, venue, label }: Account): string {
  return `${user}/${venue}/${label}`;
}

/** A venue's own credential fields by name, for example `{ apiKey, apiSecret }`. */
export type Credentials = Readonly<Record<string, Secret>>;
