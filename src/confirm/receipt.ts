import { type Delivery, isPublic } from '../delivery.ts';
import { marketLabel } from '../leverage/market.ts';
import type { Button, View } from '../view.ts';
import type { Outcome } from './outcome.ts';
import type { Proposal } from './proposal.ts';
import { changeWords, outcomeWords, type Words } from './receipt-words.ts';

/** Shown from the claim until the outcome is known. */
export function workingView(venue: string, proposal: Proposal): View {
  return {
    tone: 'plain',
    title: `Setting ${changeWords(proposal)} on ${venue} …`,
    body: 'Confirmed. The bot checks once more, sends it once and reads it back. The result replaces this message or follows it.',
  };
}

/**
 * What became of a confirmed proposal: what the venue now holds and as of when, or what was refused and why, or what
 * is not known.
 */
export function receiptView(venue: string, proposal: Proposal, outcome: Outcome): View {
  const { tone, title, body } = outcomeWords(venue, proposal, outcome);
  const buttons = buttonsFor(proposal, outcome);
  const account = `${venue}, account ${proposal.account.label}`;
  return { tone, title, body, footer: account, ...(buttons.length > 0 && { buttons }) };
}

/**
 * The receipt for a place that everybody may read, or its owner alone.
 *
 * Why an exchange refused may tell of a position or of the margin, so no public receipt says why: one that withheld only
 * those reasons would tell of them by its silence.
 */
export function receiptIn(place: Delivery, venue: string, proposal: Proposal, outcome: Outcome): View {
  const view = receiptView(venue, proposal, outcome);
  const isWithheld = isPublic(place) && 'failure' in outcome && outcome.failure !== undefined;
  if (!isWithheld) return view;
  const { title, body } = withoutReason(venue, proposal, outcome.kind);
  return { ...view, title, body, aside: view };
}

function withoutReason(venue: string, proposal: Proposal, kind: 'refused' | 'not-sent'): Pick<Words, 'title' | 'body'> {
  const [title, what] =
    kind === 'refused'
      ? [`Not changed: ${venue} refused it`, `${venue} changed nothing.`]
      : [`Not sent: ${marketLabel(proposal)} stays as it is`, `Nothing was sent and nothing was changed at ${venue}.`];
  return { title, body: `${what} Only the owner of this card sees why.` };
}

function buttonsFor(proposal: Proposal, outcome: Outcome): readonly Button[] {
  const { id } = proposal;
  const check: Button = { kind: 'press', verb: 'check', id, label: 'Check now', style: 'secondary' };
  switch (outcome.kind) {
    case 'applied':
      if (outcome.isReadBack) return backButtons(proposal);
      return outcome.gone === undefined ? [check] : [];
    case 'unknown':
      return outcome.gone === undefined ? [check] : [];
    case 'unsettled':
    case 'differs':
      return [check];
    default:
      return [];
  }
}

/** "Back to 3x": absent where nothing was set before, because a venue cannot unset. */
function backButtons({ id, seen }: Proposal): readonly Button[] {
  if (seen.current.mode === 'unset' || seen.current.mode === 'unknown') return [];
  const label = seen.current.mode === 'cross' ? 'Back to cross' : `Back to ${seen.current.leverage}x`;
  return [{ kind: 'press', verb: 'back', id, label, style: 'secondary' }];
}
