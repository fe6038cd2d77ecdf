import { type Account, accountPath } from '../account.ts';
import { Failure } from '../errors.ts';
import type { Keys } from '../keys.ts';
import { labelOf, type Venues } from '../leverage/venue.ts';
import type { View } from '../view.ts';
import type { Proposals } from './proposals.ts';
import type { Errand, Tickets } from './tickets.ts';

/** Those that only concern the presser's own data. */
export type OwnErrand = Exclude<Errand, { kind: 'make-card' }>;

export type Errands = {
  /** Waits for what runs in this process. @throws Failure KEY_BUSY while a change is under way that needs the key */
  readonly assertPossible: (errand: OwnErrand, user: string) => Promise<void>;
  /** Does what a pressed ticket asks for. @throws Failure that says what stands in the way */
  readonly run: (errand: OwnErrand, user: string) => Promise<View>;
  /** Says no to a ticket; a key that waited for it is dropped. */
  readonly decline: (errand: Errand) => Promise<View>;
};

/**
 * What the buttons below key messages do: use a new key, remove one, erase everything of a user.
 *
 * @param options.whenIdle - Resolves once no press of this user is executing in this process.
 * @param options.voidLinks - Voids the user's open one-time links.
 * @param options.eraseTraces - Removes what else names the user, and the bytes of all removed rows from the files.
 * @param options.onActivated - Told of each key that came into use.
 */
export function createErrands(options: {
  readonly keys: Keys;
  readonly venues: Venues;
  readonly proposals: Proposals;
  readonly tickets: Tickets;
  readonly whenIdle: (user: string) => Promise<void>;
  readonly voidLinks: (user: string) => Promise<void>;
  readonly eraseTraces: (user: string) => Promise<void>;
  readonly onActivated: (account: Account) => void;
}): Errands {
  const { keys, venues, proposals, tickets, whenIdle, voidLinks, eraseTraces, onActivated } = options;

  async function useKey({ account, fingerprint }: Extract<Errand, { kind: 'use-key' }>): Promise<View> {
    const name = nameOf(account);
    if (!(await keys.activate(account, fingerprint))) {
      return {
        tone: 'refused',
        title: 'This key is no longer waiting',
        body: 'It was replaced, removed, or waited for more than a day. Add it again with /keys add.',
      };
    }
    onActivated(account);
    return {
      tone: 'done',
      title: `In use: ${name}`,
      body: ['Key ', { code: fingerprint }, ' now serves your commands. Try /leverage show or /leverage set.'],
    };
  }

  async function removeKey({ account }: Extract<Errand, { kind: 'remove-key' }>): Promise<View> {
    const removed = await keys.remove(account);
    const body = `The bot cannot use it any more. Encrypted daily backups keep it until they are overwritten. At ${labelOf(venues, account.venue)} the key still exists: delete it there if you no longer need it.`;
    return { tone: 'done', title: removed ? `Removed: ${nameOf(account)}` : `Already gone: ${nameOf(account)}`, body };
  }

  async function askErase(user: string): Promise<View> {
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

  async function eraseUser(user: string): Promise<View> {
    if (!(await proposals.eraseAll(user))) {
      // A press came first: say which, or that it has just ended.
      await assertIdle(user);
      throw new Failure({ code: 'STORE_UNAVAILABLE' });
    }
    const count = await keys.removeAll(user);
    await voidLinks(user);
    await tickets.voidAll(user);
    await eraseTraces(user);
    const what = count === 1 ? 'one key' : `${count} keys`;
    return {
      tone: 'done',
      title: 'Everything of yours is deleted',
      body: `Deleted: ${what}, and all cards with their results. Encrypted daily backups keep them until they are overwritten. Your keys still exist at the exchanges: delete them there if you no longer need them.`,
    };
  }

  /** While the venue may still answer, the key and the record are needed to say what became of the change. */
  async function assertIdle(user: string, only?: Account): Promise<void> {
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

  function nameOf({ venue, label }: Account): string {
    return `${labelOf(venues, venue)} key "${label}"`;
  }

  return {
    assertPossible: async (errand, user) => {
      if (errand.kind === 'remove-key') return assertIdle(user, errand.account);
      if (errand.kind !== 'erase-user') return;
      await whenIdle(user);
      await assertIdle(user);
    },
    run: async (errand, user) => {
      switch (errand.kind) {
        case 'use-key':
          return useKey(errand);
        case 'remove-key':
          return removeKey(errand);
        case 'ask-erase':
          return askErase(user);
        case 'erase-user':
          return eraseUser(user);
      }
    },
    decline: async (errand) => {
      if (errand.kind !== 'use-key') return { tone: 'plain', title: 'Kept', body: 'Nothing was deleted.' };
      await keys.discard(errand.account);
      return {
        tone: 'plain',
        title: 'The new key was dropped',
        body: 'The bot holds nothing of it. A key that was in use before stays in use.',
      };
    },
  };
}
