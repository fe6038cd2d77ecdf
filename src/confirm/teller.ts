import { TOKEN_LIVES_MS } from '../delivery.ts';
import { labelOf, type Venues } from '../leverage/venue.ts';
import type { Messenger, News } from '../messenger.ts';
import { isWorthTelling, type Outcome } from './outcome.ts';
import type { Found } from './proposal-rows.ts';
import type { Proposals } from './proposals.ts';
import { receiptIn, receiptView, workingView } from './receipt.ts';
import type { Telling } from './telling.ts';

const MEND_AFTER_MS = 10_000;
/** How often a message is edited again that Discord did not let be edited. */
const MENDS = 3;

export type Teller = ReturnType<typeof createTeller>;

/**
 * Shows people what became of their changes, in the message that shows the change.
 *
 * @param options.watch - Has {@link Teller.mendNow} called for an ended proposal at a time (milliseconds, store's clock).
 */
export function createTeller(options: {
  readonly proposals: Proposals;
  readonly telling: Telling;
  readonly venues: Venues;
  readonly messenger: Pick<Messenger, 'edit' | 'whisper'>;
  readonly now: () => Promise<number>;
  readonly watch: (id: string, at: number) => void;
  readonly onError: (error: unknown) => void;
}) {
  const { proposals, telling, venues, messenger, now, watch, onError } = options;
  /** Messages that may show something else than their receipt, with the tries that are left. */
  const torn = new Map<string, number>();

  const venueOf = ({ proposal }: Found): string => labelOf(venues, proposal.account.venue);

  /** What a public receipt withholds is whispered to its owner, and is news until it was. */
  async function show(found: Found, outcome: Outcome): Promise<'told' | 'lost'> {
    const { delivery, proposal } = found;
    const view = receiptIn(delivery, venueOf(found), proposal, outcome);
    const result = await messenger.edit(delivery, view);
    return view.aside === undefined || result === 'lost' ? result : messenger.whisper(delivery, view.aside);
  }

  /** What cannot be shown in its message now is told with the next command, and its message is put right later. */
  async function tell(found: Found): Promise<void> {
    const { delivery, outcome, proposal } = found;
    if (outcome === undefined) return;
    torn.delete(proposal.id);
    // Without a place of its own it would take that of another message.
    const result = delivery.kind === 'unplaced' ? 'lost' : await show(found, outcome);
    if (result === 'told') {
      telling.shown(found);
      await telling.settleNotes();
      return catchUp(found);
    }
    if (isWorthTelling(outcome)) await telling.lost(found);
    const mayStillBeEdited = delivery.kind !== 'unplaced' && (await now()) - delivery.at < TOKEN_LIVES_MS;
    if (mayStillBeEdited) await mend(proposal.id);
  }

  /** What had not ended may have gone on while it was shown, and been shown first: then it is shown again. */
  async function catchUp(shown: Found): Promise<void> {
    if (shown.stage === 'done') return;
    const found = await proposals.find(shown.proposal.id);
    if (found !== undefined && found.version !== shown.version) await tell(found);
  }

  /** Has the message of an ended proposal edited again, a little later: it may show something else than its receipt. */
  async function mend(id: string): Promise<void> {
    // Where it is still read again, what is read is shown.
    if ((await proposals.require(id)).stage !== 'done') return;
    torn.set(id, MENDS);
    watch(id, (await now()) + MEND_AFTER_MS);
  }

  async function mendNow(found: Found): Promise<void> {
    const { delivery, outcome, proposal } = found;
    const tries = torn.get(proposal.id);
    torn.delete(proposal.id);
    if (tries === undefined || outcome === undefined) return;
    const view = receiptIn(delivery, venueOf(found), proposal, outcome);
    if ((await messenger.edit(delivery, view)) === 'told') {
      if (view.aside === undefined) telling.shown(found);
      return;
    }
    if (tries === 1) return;
    torn.set(proposal.id, tries - 1);
    watch(proposal.id, (await now()) + MEND_AFTER_MS * 2 ** (MENDS - tries + 1));
  }

  /** What cannot be put into words keeps nothing else from being told. */
  function newsOf(found: Found): readonly News[] {
    const { proposal, outcome } = found;
    const venue = venueOf(found);
    try {
      const view = outcome === undefined ? workingView(venue, proposal) : receiptView(venue, proposal, outcome);
      return [{ view, told: () => proposals.markTold([found]) }];
    } catch (error) {
      onError(error);
      return [];
    }
  }

  /** What a person must still be told. */
  async function newsFor(user: string): Promise<readonly News[]> {
    return (await telling.dueTo(user)).flatMap(newsOf);
  }

  return { tell, catchUp, mend, mendNow, newsFor };
}
