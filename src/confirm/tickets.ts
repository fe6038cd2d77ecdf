import { z } from 'zod';
import { Failure } from '../errors.ts';
import { parseJson } from '../parse-json.ts';
import type { Entry, Store } from '../store/store.ts';
import { accountSchema, settingSchema } from './proposal.ts';
import type { Reseal, Sealer } from './sealer.ts';

/** What a trader asks for, before anything was read. */
const wishSchema = z.object({
  venue: z.string(),
  label: z.string(),
  market: z.string(),
  currency: z.string().exactOptional(),
  setting: settingSchema,
});
export type Wish = Readonly<z.infer<typeof wishSchema>>;

/** What a ticket's button does: to the presser's own data, or to make a card; none of it changes anything at a venue. */
export const errandSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('use-key'), account: accountSchema, fingerprint: z.string() }),
  z.object({ kind: z.literal('remove-key'), account: accountSchema }),
  z.object({ kind: z.literal('ask-erase') }),
  z.object({ kind: z.literal('erase-user') }),
  z.object({ kind: z.literal('make-card'), wish: wishSchema }),
]);
export type Errand = Readonly<z.infer<typeof errandSchema>>;

const rowSchema = z.object({ user: z.string(), sealed: z.string() });
const prefix = 'ticket/';
const ticketKey = (id: string) => `${prefix}${id}`;

export type Tickets = {
  /** @returns the id for the buttons; it works once, for its user, until `ttlMs` is over by the store's clock. */
  readonly issue: (user: string, errand: Errand, ttlMs: number) => Promise<string>;
  /**
   * Takes a ticket: of two presses one gets it.
   *
   * @param assertPossible - Throws what stands in the way of the errand just now; the ticket is not spent then.
   * @throws Failure CARD_GONE, NOT_YOURS (which spends nothing)
   */
  readonly take: (id: string, user: string, assertPossible?: (errand: Errand) => Promise<void>) => Promise<Errand>;
};

export function createTickets(options: {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly newId: () => string;
}): Tickets {
  const { store, sealer, newId } = options;
  return {
    issue: async (user, errand, ttlMs) => {
      const id = newId();
      const value = JSON.stringify({ user, sealed: await sealer.seal(['ticket', user, id], errand) });
      await store.commit({
        checks: [{ key: ticketKey(id), version: 'absent' }],
        writes: [{ key: ticketKey(id), value, ttlMs }],
      });
      return id;
    },
    take: async (id, user, assertPossible) => {
      const key = ticketKey(id);
      const entry = await store.get(key);
      if (entry === undefined) throw new Failure({ code: 'CARD_GONE' });
      const row = rowSchema.parse(JSON.parse(entry.value));
      if (row.user !== user) throw new Failure({ code: 'NOT_YOURS' });
      const errand = errandSchema.parse(await sealer.open(['ticket', user, id], row.sealed));
      await assertPossible?.(errand);
      const taken = await store.commit({ checks: [{ key, version: entry.version }], writes: [{ key, remove: true }] });
      if (taken.kind !== 'committed') throw new Failure({ code: 'CARD_GONE' });
      return errand;
    },
  };
}

/** How tickets are sealed again during a rotation of the master keys. */
export function ticketRewraps(reseal: Reseal) {
  async function rewrap({ key, value }: Entry): Promise<string | undefined> {
    const row = rowSchema.safeParse(parseJson(value)).data;
    if (row === undefined) return undefined;
    const sealed = await reseal(['ticket', row.user, key.slice(prefix.length)], row.sealed);
    if (sealed === undefined) return undefined;
    return sealed === row.sealed ? value : JSON.stringify({ ...row, sealed });
  }
  return [{ prefix, rewrap }] as const;
}
