import type { Button, Text, Tone, View } from '../command.ts';
import type { Outcome, Proposal } from '../confirm/proposal.ts';
import { type FailureData, unreachable } from '../errors.ts';
import { explain } from '../messages.ts';
import { marketLabel } from './market.ts';
import { describeSetting } from './setting.ts';

/** Shown from the claim until the outcome is known. */
export function workingView(venue: string, proposal: Proposal): View {
  return {
    tone: 'plain',
    title: `Setting ${what(proposal)} on ${venue} …`,
    body: 'Confirmed. The bot checks once more, sends it once and reads it back.',
  };
}

/**
 * What became of a confirmed proposal: what the venue now holds and as of when, or what was refused and why, or what
 * is not known.
 */
export function receiptView(venue: string, proposal: Proposal, outcome: Outcome): View {
  const { tone, title, body } = wordsFor(venue, proposal, outcome);
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
export function receiptIn(
  place: { readonly isPublic: boolean },
  venue: string,
  proposal: Proposal,
  outcome: Outcome,
): View {
  const view = receiptView(venue, proposal, outcome);
  const isWithheld = place.isPublic && 'failure' in outcome && outcome.failure !== undefined;
  if (!isWithheld) return view;
  const { title, body } = withoutReason(venue, proposal, outcome.kind);
  return { ...view, title, body, aside: view };
}

function withoutReason(venue: string, proposal: Proposal, kind: 'refused' | 'not-sent'): Pick<Words, 'title' | 'body'> {
  const [title, what] =
    kind === 'refused'
      ? [`Not changed: ${venue} refused it`, `${venue} changed nothing.`]
      : [`Not sent: ${marketLabel(proposal)} stays as it is`, `Nothing was sent and nothing was changed at ${venue}.`];
  return { title, body: `${what} Its owner alone is told why.` };
}

type Words = { readonly tone: Tone; readonly title: string; readonly body: Text };

function wordsFor(venue: string, proposal: Proposal, outcome: Outcome): Words {
  const setting = describeSetting(proposal.setting);
  const before = describeSetting(proposal.seen.current);
  const symbol = marketLabel(proposal);
  switch (outcome.kind) {
    case 'applied':
      return applied(venue, proposal, outcome);
    case 'refused':
      return refused(`Not changed: ${explain(outcome.failure).what}`, venue, before, outcome.failure);
    case 'not-sent':
      return notSent(venue, outcome.failure);
    case 'unchanged':
      return {
        tone: 'done',
        title: `${symbol} was already at ${setting}`,
        body: `${venue} held it before the press, so nothing was sent.`,
      };
    case 'stale':
      return {
        tone: 'refused',
        title: `${symbol} changed since this card was made`,
        body: 'Nothing was sent. A new card shows how it stands now.',
      };
    case 'cancelled':
      return { tone: 'plain', title: `Cancelled: ${what(proposal)}`, body: 'Nothing was sent.' };
    case 'expired':
      return {
        tone: 'plain',
        title: `Expired: ${what(proposal)}`,
        body: 'Nobody confirmed in time. Nothing was sent; run the command again for a new card.',
      };
    case 'not-applied':
      return {
        tone: 'refused',
        title: `Not applied: ${symbol} is not at ${setting}`,
        body: [
          `${venue} did not answer the request and, as of `,
          clock(outcome.asOf),
          `, still shows another setting. `,
          ...later(outcome),
        ],
      };
    case 'differs':
      return {
        tone: 'unknown',
        title: `${venue} said yes but shows ${describeSetting(outcome.holds)}`,
        body: [
          `It accepted ${setting} for ${symbol}; read back as of `,
          clock(outcome.asOf),
          ` it holds ${describeSetting(outcome.holds)}. Look at the exchange before you trade; the bot will not send it again.`,
        ],
      };
    case 'unknown':
      return {
        tone: 'unknown',
        title: `Not known: ${what(proposal)}`,
        body: [
          `The request was sent once; since `,
          clock(outcome.since),
          ` ${venue} answers neither it nor the read-back, so it may or may not hold now. The bot does not send it again. `,
          ...asking(outcome.isFinal),
        ],
      };
    default:
      return unreachable(outcome);
  }
}

function applied(venue: string, proposal: Proposal, outcome: Extract<Outcome, { kind: 'applied' }>): Words {
  const symbol = marketLabel(proposal);
  const setting = describeSetting(proposal.setting);
  const was = ` It was ${describeSetting(proposal.seen.current)} before.`;
  if (!outcome.isReadBack) {
    return {
      tone: 'done',
      title: `${symbol}: ${setting} accepted, not yet read back`,
      body: [
        `${venue} accepted it at `,
        clock(outcome.asOf),
        ', but could not be asked again. Press "Check now" to see what it holds.',
        was,
      ],
    };
  }
  return {
    tone: 'done',
    title: `Done: ${symbol} is at ${setting}`,
    body: [`${venue} holds it as of `, clock(outcome.asOf), '.', was],
  };
}

function refused(title: string, venue: string, before: string, failure: FailureData): Words {
  return {
    tone: 'refused',
    title,
    body: `${venue} changed nothing; the setting was ${before} when last read. ${explain(failure).next}`,
  };
}

function notSent(venue: string, failure: FailureData | undefined): Words {
  const title = failure === undefined ? 'Not sent: the bot was interrupted' : `Not sent: ${explain(failure).what}`;
  const next = failure === undefined ? 'Run the command again for a new card.' : explain(failure).next;
  return { tone: 'refused', title, body: `Nothing was sent and nothing was changed at ${venue}. ${next}` };
}

function later({ isFinal, since, asOf }: Extract<Outcome, { kind: 'not-applied' }>): readonly string[] {
  const again = 'Run the command again if you still want it.';
  return isFinal
    ? [since === asOf ? again : `It was read twice. ${again}`]
    : ['A late request could still land: it is read once more in half a minute, and this key is held until then.'];
}

function asking(isFinal: boolean): readonly string[] {
  return isFinal
    ? ['The bot has stopped asking. Look at the exchange, or press "Check now".']
    : ['It keeps asking for up to five minutes and holds other changes with this key until then.'];
}

function buttonsFor(proposal: Proposal, outcome: Outcome): readonly Button[] {
  const { id } = proposal;
  const check: Button = { kind: 'press', verb: 'check', id, label: 'Check now', style: 'secondary' };
  switch (outcome.kind) {
    case 'applied':
      return outcome.isReadBack ? backButtons(proposal) : [check];
    case 'not-applied':
      return outcome.isFinal ? [] : [check];
    case 'unknown':
    case 'differs':
      return [check];
    default:
      return [];
  }
}

/** "Back to 3x": absent where nothing was set before, because a venue cannot unset. */
function backButtons({ id, seen }: Proposal): readonly Button[] {
  if (seen.current.mode === 'unset') return [];
  const label = seen.current.mode === 'cross' ? 'Back to cross' : `Back to ${seen.current.leverage}x`;
  return [{ kind: 'press', verb: 'back', id, label, style: 'secondary' }];
}

function what(proposal: Proposal): string {
  return `${marketLabel(proposal)} to ${describeSetting(proposal.setting)}`;
}

function clock(time: number) {
  return { time, style: 'clock' } as const;
}
