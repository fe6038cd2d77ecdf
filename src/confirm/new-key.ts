import type { NewKey } from '../keys.ts';
import { keyEndText } from '../leverage/retirement.ts';
import { requireVenue, type Venues } from '../leverage/venue.ts';
import type { Messenger } from '../messenger.ts';
import { strangerView, waitingKeyView } from './new-key-view.ts';
import type { Tickets } from './tickets.ts';

export type NewKeyContext = {
  readonly tickets: Tickets;
  readonly venues: Venues;
  readonly messenger: Pick<Messenger, 'edit' | 'whisper'>;
  readonly cardMs: number;
};

/** How long *Use this key* waits: whoever has just entered a key still has to go back to Discord. No button lasts longer. */
export function useKeyMs(cardMs: number): number {
  return cardMs * 10;
}

/** Asks its owner in Discord whether to use a key. */
export async function askToUseKey(context: NewKeyContext, newKey: NewKey): Promise<void> {
  const { tickets, venues, messenger, cardMs } = context;
  const { account, delivery, ...saved } = newKey;
  const action = { kind: 'use-key', account, fingerprint: saved.fingerprint } as const;
  const { id: ticket, endsAt } = await tickets.issue(account.user, action, useKeyMs(cardMs));
  const venue = requireVenue(venues, account.venue);
  const ending = keyEndText(venue);
  const shown = { ...saved, venue: venue.label, label: account.label, ticket, endsAt };
  await messenger.edit(delivery, waitingKeyView({ ...shown, ...(ending !== undefined && { ending }) }));
}

/** Tells the owner of a link that somebody else signed in on it. */
export async function warnOfStranger(
  { venues, messenger }: NewKeyContext,
  { account, delivery }: Pick<NewKey, 'account' | 'delivery'>,
): Promise<void> {
  await messenger.whisper(delivery, strangerView(requireVenue(venues, account.venue).label, account.label));
}
