import { z } from 'zod';
import { accountSchema } from '../account.ts';
import { Failure } from '../errors.ts';
import { wishSchema } from '../leverage/wish.ts';
import { removeAll } from '../store/pages.ts';
import { plainRows, type RowContext, sealedRows, unlessUnreadable } from '../store/sealed-rows.ts';
import type { Entry, Write } from '../store/store.ts';
import { commitInTurn } from '../store/turns.ts';

/** What a ticket's button does: to the presser's own data, or to make a card; none of it changes anything at a venue. */
const actionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('use-key'), account: accountSchema, fingerprint: z.string() }),
  z.object({ kind: z.literal('remove-key'), account: accountSchema }),
  z.object({ kind: z.literal('ask-erase') }),
  z.object({ kind: z.literal('erase-user') }),
  z.object({ kind: z.literal('make-card'), wish: wishSchema }),
]);
export type TicketAction = Readonly<z.infer<typeof actionSchema>>;

/** A ticket of 0.1 ended with it: anybody who could write the database made it last. */
export const ticketRows = sealedRows({
  kind: 'ticket',
  prefix: 'ticket/',
  version: 2,
  schema: z.object({ user: z.string(), action: actionSchema }),
  migrations: { 1: withAction },
  unversioned: 'ended',
});

const errandSchema = z.object({ user: z.string(), errand: z.unknown() });

/** In version 1 the action had another name. */
function withAction(older: unknown): unknown {
  const { user, errand } = errandSchema.parse(older);
  return { user, action: errand };
}

/** Each person's tickets; their rows live as long as the tickets'. */
export const ticketIndex = plainRows('ticket-of');

const MAX_TICKETS = 20;
/** Long enough to read a question and to answer it. */
const ASK_MS = 2 * 60_000;
/** A ticket's row outlives it by so much, so that it is known that a button has ended: its message may stay open. */
export const KNOWN_AFTER_MS = 24 * 60 * 60_000;

/** The id for the buttons, and when they end (milliseconds, the store's clock). */
export type Ticket = { readonly id: string; readonly endsAt: number };

/** Buttons that work once, each for one person. */
export type Tickets = {
  /**
   * Makes a ticket for a user.
   *
   * @param ttlMs - How long it works; two minutes unless told.
   * @throws Failure TOO_MANY_BUTTONS
   */
  readonly issue: (user: string, action: TicketAction, ttlMs?: number) => Promise<Ticket>;
  /**
   * Takes a ticket: of two presses one gets it.
   *
   * @param assertReady - Throws what stands in the way of the action just now; the ticket is not spent then.
   * @throws Failure CARD_GONE, BUTTON_ENDED, NOT_YOURS (which spends nothing)
   */
  readonly take: (id: string, user: string, assertReady?: AssertReady) => Promise<TicketAction>;
  readonly voidAll: (user: string) => Promise<void>;
};

type AssertReady = (action: TicketAction) => Promise<void>;
type TicketsContext = RowContext & { readonly newId: () => string };

export function createTickets(context: TicketsContext): Tickets {
  return {
    issue: (user, action, ttlMs = ASK_MS) => issueTicket(context, { user, action }, ttlMs),
    take: (id, user, assertReady) => takeTicket(context, id, user, assertReady),
    voidAll: (user) => voidTickets(context, user),
  };
}

async function issueTicket(
  context: TicketsContext,
  ticket: { readonly user: string; readonly action: TicketAction },
  ttlMs: number,
): Promise<Ticket> {
  const { store, newId } = context;
  const { user } = ticket;
  const id = newId();
  const issued = await commitInTurn(store, { user, of: 'tickets' }, async () => {
    const replaced = await makeRoom(context, user);
    const row = await ticketRows.write(context, id, ticket, ttlMs + KNOWN_AFTER_MS);
    const index = { key: indexKey(user, id), value: '', ttlMs: ttlMs + KNOWN_AFTER_MS };
    return { checks: [{ key: row.key, version: 'absent' }], writes: [row, index, ...replaced] };
  });
  if (issued.kind !== 'committed') throw new Failure({ code: 'STORE_UNAVAILABLE' });
  return { id, endsAt: issued.at + ttlMs };
}

/** @returns what goes for a new ticket: one goes for each that comes, so that those that ended are bounded too. */
async function makeRoom({ store }: TicketsContext, user: string): Promise<readonly Write[]> {
  const now = await store.now();
  const kept = await store.list(indexOf(user));
  const ended = kept.filter((entry) => endOf(entry) <= now);
  if (kept.length - ended.length >= MAX_TICKETS) {
    const waitMs = Math.min(...kept.map(endOf).filter((end) => end > now)) - now;
    throw new Failure({ code: 'TOO_MANY_BUTTONS', max: MAX_TICKETS, waitMs });
  }
  return kept.length < MAX_TICKETS ? [] : ended.slice(0, 1).flatMap((entry) => removalOf(user, idIn(user, entry)));
}

async function takeTicket(
  context: TicketsContext,
  id: string,
  user: string,
  assertReady?: AssertReady,
): Promise<TicketAction> {
  const { store } = context;
  const ticket = await ticketRows.get(context, id);
  if (ticket === undefined) throw new Failure({ code: 'CARD_GONE' });
  const { key, version, data } = ticket;
  if (data.user !== user) throw new Failure({ code: 'NOT_YOURS' });
  const hasEnded = endOf(ticket) <= (await store.now());
  if (!hasEnded) await assertReady?.(data.action);
  const taken = await store.commit({ checks: [{ key, version }], writes: removalOf(user, id) });
  if (hasEnded) throw new Failure({ code: 'BUTTON_ENDED' });
  if (taken.kind !== 'committed') throw new Failure({ code: 'CARD_GONE' });
  return data.action;
}

async function voidTickets(context: TicketsContext, user: string): Promise<void> {
  const { store } = context;
  for (const entry of await store.list(indexOf(user))) {
    const id = idIn(user, entry);
    const ticket = await ticketRows.get(context, id).catch(unlessUnreadable);
    // One that cannot be read, or is not there, is nobody's.
    if ((ticket?.data.user ?? user) !== user) continue;
    await store.commit({ writes: [{ key: ticketRows.prefix + id, remove: true }] });
  }
  await removeAll(store, [indexOf(user)]);
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

function idIn(user: string, { key }: Entry): string {
  return key.slice(indexOf(user).length);
}

function removalOf(user: string, id: string): readonly Write[] {
  return [ticketRows.prefix + id, indexKey(user, id)].map((key) => ({ key, remove: true }) as const);
}
