import { labelOf } from '../leverage/venue.ts';
import type { PressReply } from '../press.ts';
import type { PressContext } from './press-context.ts';
import type { StoredProposal } from './proposal-rows.ts';
import { receiptIn, receiptView, workingView } from './receipt.ts';

/**
 * What became of a card, in place of the message with the pressed button.
 *
 * @param shown - Where the receipt will stand.
 */
export function receiptReply(
  context: PressContext,
  found: StoredProposal,
  shown: Pick<StoredProposal, 'delivery'>,
): PressReply {
  const { venues, telling } = context;
  const { proposal, outcome } = found;
  const venue = labelOf(venues, proposal.account.venue);
  const catchUp = () => telling.catchUp(found);
  if (outcome === undefined) return { update: workingView(venue, proposal), told: catchUp };
  const { told, lost } = notingWhetherShown(context, found);
  return {
    update: receiptIn(shown.delivery, venue, proposal, outcome),
    told: async () => {
      await told();
      await catchUp();
    },
    lost,
    mend: () => telling.mend(proposal.id),
  };
}

export function notingWhetherShown(
  { telling }: PressContext,
  found: StoredProposal,
): Required<Pick<PressReply, 'told' | 'lost'>> {
  return { told: async () => telling.shown(found), lost: () => telling.lost(found) };
}

/** The button of one card in the public message of another was forged: that message stays as it is. */
export function besideReply({ venues }: PressContext, { proposal, outcome }: StoredProposal): PressReply {
  const venue = labelOf(venues, proposal.account.venue);
  return { answer: outcome === undefined ? workingView(venue, proposal) : receiptView(venue, proposal, outcome) };
}
