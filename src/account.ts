import { z } from 'zod';
import { Secret } from './secret.ts';

/** One exchange key of one person: (Discord user, venue, label). */
export const accountSchema = z.object({ user: z.string(), venue: z.string(), label: z.string() });
export type Account = Readonly<z.infer<typeof accountSchema>>;

/** How rows of one account are named: no part can hold a slash. */
export function accountPath({ user, venue, label }: Account): string {
  return `${user}/${venue}/${label}`;
}

/** A key, opened: whose it is (a Discord user id), and the venue's own fields by name, such as `apiKey`, `apiSecret`. */
export type Credentials = { readonly user: string; readonly fields: Readonly<Record<string, Secret>> };

/** @param fields - As they were typed or stored, by name. */
export function credentialsOf(user: string, fields: Readonly<Record<string, string>>): Credentials {
  const sealed = Object.entries(fields).map(([name, value]) => [name, new Secret(value)] as const);
  return { user, fields: Object.fromEntries(sealed) };
}
