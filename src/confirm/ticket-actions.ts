import { type Account, accountPath } from '../account.ts';
import { Failure } from '../errors.ts';
import type { Keys } from '../keys.ts';
import { closureOf } from '../leverage/retirement.ts';
import { labelOf, type Venues } from '../leverage/venue.ts';
import type { Store } from '../store/store.ts';
import { forgetTurns } from '../store/turns.ts';
import type { View } from '../view.ts';
import type { PastSymbols } from './past-symbols.ts';
import type { Proposals } from './proposals.ts';
import type { Running } from './running.ts';
import type { TicketAction, Tickets } from './tickets.ts';

/** What the buttons below messages about keys and data are pressed with. */
export type TicketContext = {
  readonly keys: Keys;
  readonly venues: Venues;
  readonly proposals: Proposals;
  readonly tickets: Tickets;
  readonly symbols: PastSymbols;
  /** The executions of this process, so that a second press waits for the first one's result. */
  readonly running: Running;
  readonly store: Store;
  /** Voids the user's open one-time links. */
  readonly voidLinks: (user: string) => Promise<void>;
  /** Forgets what was noted about the user's keys of exchanges that end. */
  readonly forgetNotices: (user: string) => Promise<void>;
  /** Told of each key that came into use. */
  readonly onActivated: (account: Account) => void;
};

type Of<Kind extends TicketAction['kind']> = Extract<TicketAction, { kind: Kind }>;

/**
 * Waits for what runs in this process.
 *
 * @throws Failure KEY_BUSY while a change is under way that needs the key, VENUE_ENDED for a key that is of no use any more
 */
export async function assertPossible(context: TicketContext, action: TicketAction, user: string): Promise<void> {
  if (action.kind === 'use-key') {
    const closure = closureOf(context.venues, action.account.venue);
    if (closure !== undefined) throw new Failure(closure);
  }
  if (action.kind === 'remove-key') return assertIdle(context, user, action.account);
  if (action.kind !== 'erase-user') return;
  await context.running.whenIdle(user);
  await assertIdle(context, user);
}

/**
 * Does what a pressed ticket is for, with the presser's own data.
 *
 * @throws Failure that says what stands in the way
 */
export async function runAction(
  context: TicketContext,
  action: Exclude<TicketAction, { kind: 'make-card' }>,
  user: string,
): Promise<View> {
  switch (action.kind) {
    case 'use-key':
      return useKey(context, action);
    case 'remove-key':
      return removeKey(context, action);
    case 'ask-erase':
      return askErase(context, user);
    case 'erase-user':
      return eraseUser(context, user);
  }
}

/** Says no to a ticket; a key that waited for it is dropped. */
export async function declineAction({ keys }: TicketContext, action: TicketAction): Promise<View> {
  if (action.kind !== 'use-key') return { tone: 'plain', title: 'Kept', body: 'Nothing was deleted.' };
  await keys.discard(action.account);
  return {
    tone: 'plain',
    title: 'The new key was dropped',
    body: 'The bot holds nothing of it. A key that was in use before stays in use.',
  };
}

async function useKey(context: TicketContext, { account, fingerprint }: Of<'use-key'>): Promise<View> {
  if (!(await context.keys.activate(account, fingerprint))) {
    return {
      tone: 'refused',
      title: 'This key is no longer waiting',
      body: 'It was replaced, removed, or waited for more than a day. Add it again with /keys add.',
    };
  }
  context.onActivated(account);
  return {
    tone: 'done',
    title: `In use: ${keyName(context, account)}`,
    body: ['Key ', { code: fingerprint }, ' now serves your commands. Try /leverage show or /leverage set.'],
  };
}

async function removeKey(context: TicketContext, { account }: Of<'remove-key'>): Promise<View> {
  const removed = await context.keys.remove(account);
  return {
    tone: 'done',
    title: `${removed ? 'Removed' : 'Already gone'}: ${keyName(context, account)}`,
    body: `The bot cannot use it any more. Encrypted daily backups keep it until they are overwritten. At ${labelOf(context.venues, account.venue)} the key still exists: delete it there if you no longer need it.`,
  };
}

async function askErase({ tickets }: TicketContext, user: string): Promise<View> {
  const { id, endsAt } = await tickets.issue(user, { kind: 'erase-user' });
  return {
    tone: 'risky',
    title: 'Delete everything of yours?',
    body: [
      'The bot will delete all your keys, cards and results. Its encrypted daily copies keep them until the copies are replaced. Your leverage at the exchanges stays as it is. The buttons end ',
      { time: endsAt, style: 'relative' },
      '.',
    ],
    buttons: [
      { kind: 'press', verb: 'do', id, label: 'Delete it all', style: 'danger' },
      { kind: 'press', verb: 'drop', id, label: 'Keep it', style: 'secondary' },
    ],
  };
}

async function eraseUser(context: TicketContext, user: string): Promise<View> {
  const { keys, proposals, tickets, symbols, store } = context;
  if (!(await proposals.eraseAll(user))) {
    // A press came first: say which, or that it has just ended.
    await assertIdle(context, user);
    throw new Failure({ code: 'STORE_UNAVAILABLE' });
  }
  const count = await keys.removeAll(user);
  await context.voidLinks(user);
  await tickets.voidAll(user);
  await symbols.forget(user);
  await context.forgetNotices(user);
  await forgetTurns(store, user);
  // Last: until then the bytes of what was removed lie in the write-ahead log.
  await store.erase();
  const what = count === 1 ? 'one key' : `${count} keys`;
  return {
    tone: 'done',
    title: 'Everything of yours is deleted',
    body: `Deleted: ${what}, and all cards with their results. Encrypted daily backups keep them until they are overwritten. Your keys still exist at the exchanges: delete them there if you no longer need them.`,
  };
}

/** While the venue may still answer, the key and the record are needed to say what became of the change. */
async function assertIdle({ proposals, venues }: TicketContext, user: string, only?: Account): Promise<void> {
  const busy = (await proposals.openOf(user)).find(
    ({ stage, proposal }) =>
      stage !== 'pending' && (only === undefined || accountPath(proposal.account) === accountPath(only)),
  );
  if (busy === undefined) return;
  const { account, market } = busy.proposal;
  throw new Failure({
    code: 'KEY_BUSY',
    venue: labelOf(venues, account.venue),
    account: account.label,
    market: market.symbol,
  });
}

function keyName({ venues }: TicketContext, { venue, label }: Account): string {
  return `${labelOf(venues, venue)} key "${label}"`;
}
