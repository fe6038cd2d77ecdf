import { z } from 'zod';
import { accountSchema } from '../account.ts';
import { Failure } from '../errors.ts';
import { settingSchema } from '../leverage/setting.ts';
import { removeAll } from '../store/pages.ts';
import { plainRows, type RowContext, sealedRows, unlessUnreadable } from '../store/sealed-rows.ts';
import { commitInTurn } from '../store/turns.ts';

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

/** A ticket of 0.1 ended with it: anybody who could write the database made it last. */
export const ticketRows = sealedRows({
  kind: 'ticket',
  prefix: 'ticket/',
  version: 1,
  schema: z.object({ user: z.string(), errand: errandSchema }),
  unversioned: 'ended',
});

/** Each person's tickets; their rows live as long as the tickets'. */
export const ticketIndex = plainRows('ticket-of');

const MAX_TICKETS = 20;
/** Long enough to read a question and to answer it. */
const ASK_MS = 2 * 60_000;
/** A ticket's row outlives it by so much, so that it is known that a button has ended: its message may stay open. */
export const KNOWN_AFTER_MS = 24 * 60 * 60_000;

/** The id for the buttons, and when they end (milliseconds, the store's clock). */
export type Ticket = { readonly id: string; readonly endsAt: number };

export type Tickets = {
  /**
   * Makes a ticket that works once, for its user.
   *
   * @param ttlMs - How long it works; two minutes unless told.
   * @throws Failure TOO_MANY_BUTTONS
   */
  readonly issue: (user: string, errand: Errand, ttlMs?: number) => Promise<Ticket>;
  /**
   * Takes a ticket: of two presses one gets it.
   *
   * @param assertPossible - Throws what stands in the way of the errand just now; the ticket is not spent then.
   * @throws Failure CARD_GONE, BUTTON_ENDED, NOT_YOURS (which spends nothing)
   */
  readonly take: (id: string, user: string, assertPossible?: (errand: Errand) => Promise<void>) => Promise<Errand>;
  readonly voidAll: (user: string) => Promise<void>;
};

export function createTickets(context: RowContext & { readonly newId: () => string }): Tickets {
  const { store, newId } = context;
  return {
    issue: async (user, errand, ttlMs = ASK_MS) => {
      const id = newId();
      const issued = await commitInTurn(store, { user, of: 'tickets' }, async () => {
        const now = await store.now();
        const kept = await store.list(indexOf(user));
        const ended = kept.filter((entry) => endOf(entry) <= now);
        if (kept.length - ended.length >= MAX_TICKETS) {
          const waitMs = Math.min(...kept.map(endOf).filter((end) => end > now)) - now;
          throw new Failure({ code: 'TOO_MANY_BUTTONS', max: MAX_TICKETS, waitMs });
        }
        const row = await ticketRows.write(context, id, { user, errand }, ttlMs + KNOWN_AFTER_MS);
        const index = { key: indexKey(user, id), value: '', ttlMs: ttlMs + KNOWN_AFTER_MS };
        // One goes for each that comes, so that those that ended are bounded too.
        const gone = kept.length < MAX_TICKETS ? [] : ended.slice(0, 1).flatMap(({ key }) => removalOf(user, key));
        return { checks: [{ key: row.key, version: 'absent' }], writes: [row, index, ...gone] };
      });
      if (issued.kind !== 'committed') throw new Failure({ code: 'STORE_UNAVAILABLE' });
      return { id, endsAt: issued.at + ttlMs };
    },
    take: async (id, user, assertPossible) => {
      const ticket = await ticketRows.get(context, id);
      if (ticket === undefined) throw new Failure({ code: 'CARD_GONE' });
      const { key, version, data } = ticket;
      if (data.user !== user) throw new Failure({ code: 'NOT_YOURS' });
      const hasEnded = endOf(ticket) <= (await store.now());
      if (!hasEnded) await assertPossible?.(data.errand);
      const writes = [key, indexKey(user, id)].map((each) => ({ key: each, remove: true }) as const);
      const taken = await store.commit({ checks: [{ key, version }], writes });
      if (hasEnded) throw new Failure({ code: 'BUTTON_ENDED' });
      if (taken.kind !== 'committed') throw new Failure({ code: 'CARD_GONE' });
      return data.errand;
    },
    voidAll: async (user) => {
      const index = indexOf(user);
      for (const { key } of await store.list(index)) {
        const id = key.slice(index.length);
        const ticket = await ticketRows.get(context, id).catch(unlessUnreadable);
        // One that cannot be read, or is not there, is nobody's.
        if ((ticket?.data.user ?? user) !== user) continue;
        await store.commit({ writes: [{ key: ticketRows.prefix + id, remove: true }] });
      }
      await removeAll(store, [index]);
    },
  };
}

/** When a ticket ends (milliseconds, the store's clock), by what is left of its row's life. */
function endOf({ expiresAt = 0 }: { readonly expiresAt?: number }): number {
  return expiresAt - KNOWN_AFTER_MS;
}

function indexOf(user: string): string {
  return `${ticketIndex.prefix}${user}/`;
}

function indexKey(user: string, id: string): string {
  return indexOf(user) + id;
}

function removalOf(user: string, key: string) {
  const row = ticketRows.prefix + key.slice(indexOf(user).length);
  return [key, row].map((each) => ({ key: each, remove: true }) as const);
}
