import { type Delivery, isPublic } from '../delivery.ts';
import { marketLabel } from '../leverage/market.ts';
import type { Button, View } from '../view.ts';
import { maySetAgain, type Outcome, wasSent } from './outcome.ts';
import type { Proposal } from './proposal.ts';
import { answerWords, changeWords, outcomeWords, type Words } from './receipt-words.ts';

/** Shown from the claim until the outcome is known. */
export function workingView(venue: string, proposal: Proposal): View {
  return {
    tone: 'plain',
    title: `Setting ${changeWords(proposal)} on ${venue} …`,
    body: 'Confirmed. The bot checks once more, sends it once and looks what came of it. The result replaces this message or follows it.',
  };
}

/** The answer to a second press of "Set again", while its card waits. */
export function setAgainView(): View {
  return {
    tone: 'plain',
    title: 'This button has made its card already',
    body: 'Nothing was sent. Confirm or cancel that card. If you do not find it, run the command again.',
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
 * those reasons would tell of them by its silence. It is the same with what one shows that does so only sometimes.
 */
export function receiptIn(place: Delivery, venue: string, proposal: Proposal, outcome: Outcome): View {
  const view = receiptView(venue, proposal, outcome);
  if (!isPublic(place)) return view;
  if ('failure' in outcome && outcome.failure !== undefined) {
    const { title, body } = withoutReason(venue, proposal, outcome.kind);
    return { ...view, title, body, aside: view };
  }
  if (proposal.showsSetting !== 'sometimes' || !wasSent(outcome)) return view;
  const shown = { ...answerWords(venue, proposal, outcome.sent), ...(view.footer && { footer: view.footer }) };
  // There will be more of what is not final yet; and where the venue shows nothing, its answer is all.
  const isAll = outcome.kind === 'applied' && outcome.isHidden === true && outcome.shown === undefined;
  return isAll || outcome.kind === 'unsettled' ? shown : { ...shown, aside: view };
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
      return [...(mayTellMore(proposal, outcome) ? [check] : []), ...(outcome.isHidden ? backButtons(proposal) : [])];
    case 'unknown':
      return [...againButtons(proposal, outcome), ...(mayTellMore(proposal, outcome) ? [check] : [])];
    case 'unsettled':
      return mayTellMore(proposal, outcome) ? [check] : [];
    case 'differs':
      return [check];
    default:
      return [];
  }
}

/**
 * Whether asking the venue once more can tell anything. One that did not show its setting shows it only where it did so
 * before: for the card, or since. Elsewhere "Check now" would say the same for ever.
 */
function mayTellMore({ seen }: Proposal, outcome: Extract<Outcome, { isHidden?: true }>): boolean {
  if ('gone' in outcome) return false;
  return !outcome.isHidden || seen.current.mode !== 'unknown' || outcome.shown !== undefined;
}

/** "Set again": until a press has made its card. */
function againButtons({ id }: Proposal, outcome: Outcome): readonly Button[] {
  if (!maySetAgain(outcome) || outcome.again !== undefined) return [];
  return [{ kind: 'press', verb: 'again', id, label: 'Set again', style: 'secondary' }];
}

/** "Back to 3x": absent where nothing was set before, because a venue cannot unset. */
function backButtons({ id, seen }: Proposal): readonly Button[] {
  if (seen.current.mode === 'unset' || seen.current.mode === 'unknown') return [];
  const label = seen.current.mode === 'cross' ? 'Back to cross' : `Back to ${seen.current.leverage}x`;
  return [{ kind: 'press', verb: 'back', id, label, style: 'secondary' }];
}
