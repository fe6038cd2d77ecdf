import { type FailureData, unreachable } from '../errors.ts';
import { marketLabel } from '../leverage/market.ts';
import { describeSetting } from '../leverage/setting.ts';
import { explain } from '../messages.ts';
import type { Span, Text, Tone } from '../view.ts';
import type { Gone, Outcome, SentRequest } from './outcome.ts';
import type { Proposal } from './proposal.ts';

/** The part of a receipt that says what became of a change. */
export type Words = { readonly tone: Tone; readonly title: string; readonly body: Text };

export function outcomeWords(venue: string, proposal: Proposal, outcome: Outcome): Words {
  const setting = describeSetting(proposal.setting);
  const symbol = marketLabel(proposal);
  switch (outcome.kind) {
    case 'applied':
      return applied(venue, proposal, outcome);
    case 'refused':
      return refused(venue, proposal, outcome.failure);
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
        body: 'Nothing was sent. Use its new card, or run the command again for one.',
      };
    case 'cancelled':
      return { tone: 'plain', title: `Cancelled: ${changeWords(proposal)}`, body: 'Nothing was sent.' };
    case 'expired':
      return {
        tone: 'plain',
        title: `Expired: ${changeWords(proposal)}`,
        body: 'Its time ended before it was confirmed. Nothing was sent. Run the command again for a new card.',
      };
    case 'unsettled':
      return unsettled(venue, proposal, outcome);
    case 'not-applied':
      return notApplied(venue, proposal, outcome);
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
      return unknown(venue, proposal, outcome);
    default:
      return unreachable(outcome);
  }
}

/** What the venue answered, and nothing of what it has shown since: the same from the press to the end. */
export function answerWords(venue: string, proposal: Proposal, sent: SentRequest | undefined): Words {
  if (sent?.answer === 'accepted') {
    return {
      tone: 'done',
      title: appliedTitle(venue, proposal),
      body: [
        `${venue} accepted it at `,
        clock(sent.until),
        '. What it shows since, if anything, only the owner of this card sees.',
      ],
    };
  }
  return {
    tone: 'unknown',
    title: `Not known here: ${changeWords(proposal)}`,
    body: [...request(sent), ' The bot does not send it again by itself. Only the owner of this card sees the result.'],
  };
}

function appliedTitle(venue: string, proposal: Proposal): string {
  return `${marketLabel(proposal)}: ${describeSetting(proposal.setting)} applied, as ${venue} answered`;
}

type Of<Kind extends Outcome['kind']> = Extract<Outcome, { kind: Kind }>;

function applied(venue: string, proposal: Proposal, outcome: Of<'applied'>): Words {
  const symbol = marketLabel(proposal);
  const setting = describeSetting(proposal.setting);
  const { current } = proposal.seen;
  const was = current.mode === 'unknown' ? [] : [` It was ${describeSetting(current)} before.`];
  const { sent, asOf, gone } = outcome;
  if (outcome.isHidden && gone === undefined) return appliedUnseen(venue, proposal, outcome, was);
  if (!outcome.isReadBack) {
    return {
      tone: 'done',
      title: `${symbol}: ${setting} accepted, not read back`,
      body: [
        `${venue} accepted it at `,
        clock(asOf),
        ', but it could not be read back. ',
        gone === undefined
          ? 'Press "Check now" to see what it holds.'
          : `${cannotAsk(venue, gone)} Look at the exchange to see what it holds.`,
        ...was,
      ],
    };
  }
  const isTold = sent === undefined || sent.answer === 'accepted';
  const story = isTold
    ? [`${venue} holds it as of `, clock(asOf), '.']
    : [...request(sent), ' Read back at ', clock(asOf), `: ${venue} holds it.`];
  return { tone: 'done', title: `Done: ${symbol} is at ${setting}`, body: [...story, ...was] };
}

/** The venue said yes, and does not show what is set: its answer is all that there will be. */
function appliedUnseen(venue: string, proposal: Proposal, outcome: Of<'applied'>, was: readonly Span[]): Words {
  const { asOf, shown } = outcome;
  const still = shown && [
    ' At ',
    clock(shown.asOf),
    ` it still showed ${describeSetting(shown.holds)}. Look at ${venue} before you trade.`,
  ];
  return {
    tone: shown === undefined ? 'done' : 'unknown',
    title: appliedTitle(venue, proposal),
    body: [
      `${venue} accepted it at `,
      clock(asOf),
      `. Not read back: ${venue} does not show it.`,
      ...(still ?? []),
      ...was,
    ],
  };
}

/** What is known so far, and when there will be more: until then nothing is called done, and nothing failed. */
function unsettled(venue: string, proposal: Proposal, { sent, shown, lookAt, isHidden }: Of<'unsettled'>): Words {
  const isAccepted = sent?.answer === 'accepted';
  const still = shown && [
    ' Read back at ',
    clock(shown.asOf),
    `: ${venue} still shows ${describeSetting(shown.holds)}.`,
  ];
  const why = isAccepted ? ' An exchange may take a moment to show a change.' : ' The request can still take effect.';
  const heading = shown === undefined ? 'Accepted, not read back yet' : 'Accepted, not shown yet';
  return {
    tone: 'unknown',
    title: `${isAccepted ? heading : 'Not known yet'}: ${changeWords(proposal)}`,
    body: [
      ...request(sent),
      ...(still ?? [isHidden && !isAccepted ? ` ${doesNotShow(venue)}` : ' It could not be read back yet.']),
      why,
      ' Next look: ',
      { time: lookAt, style: 'relative' },
      isHidden && !isAccepted
        ? '. The bot stops looking after half a minute. Until then it sends nothing more, and this key takes no other change.'
        : '. Until the bot knows, it sends nothing more, and this key takes no other change.',
    ],
  };
}

function notApplied(venue: string, proposal: Proposal, { sent, since, asOf, holds }: Of<'not-applied'>): Words {
  const shows = holds === undefined ? 'another setting' : describeSetting(holds);
  const readings = since === asOf ? '' : ' It was read more than once.';
  return {
    tone: 'refused',
    title: `Not applied: ${marketLabel(proposal)} is not at ${describeSetting(proposal.setting)}`,
    body: [
      ...request(sent),
      ' As of ',
      clock(asOf),
      ` ${venue} shows ${shows}.${readings} Run the command again if you still want it.`,
    ],
  };
}

function unknown(venue: string, proposal: Proposal, outcome: Of<'unknown'>): Words {
  const { sent, since, shown, gone } = outcome;
  const last = shown && [' At ', clock(shown.asOf), ` ${venue} still showed ${describeSetting(shown.holds)}.`];
  const title = `Not known: ${changeWords(proposal)}`;
  const told = [...request(sent), ...(last ?? [])];
  if (outcome.isHidden && gone === undefined) return { tone: 'unknown', title, body: [...told, unseen(venue)] };
  return {
    tone: 'unknown',
    title,
    body: [
      ...told,
      ' Since ',
      clock(shown?.asOf ?? since),
      ' it could not be read back, so it may or may not hold now. The bot does not send it again. ',
      gone === undefined
        ? 'It has stopped asking. Look at the exchange, or press "Check now".'
        : `${cannotAsk(venue, gone)} Look at the exchange.`,
    ],
  };
}

/** Nobody will be told what became of it: whoever wants the setting asks for it once more. */
function unseen(venue: string): string {
  return ` ${doesNotShow(venue)} It may or may not hold now. The bot does not send it again by itself. Look at ${venue}, or press "Set again": that makes a new card, which you can confirm.`;
}

function doesNotShow(venue: string): string {
  return `${venue} does not show this setting, so the bot cannot read it back.`;
}

function cannotAsk(venue: string, gone: Gone): string {
  return gone === 'key'
    ? 'The key of this change is no longer in use, so the bot cannot ask.'
    : `The bot does not work with ${venue} any more, so it cannot ask.`;
}

/** The one request and what came of it. That an exchange did not answer is said only where it did not. */
function request(sent: SentRequest | undefined): readonly Span[] {
  if (sent === undefined) return ['The bot was interrupted while it sent the request, at most once.'];
  const after = seconds(sent.until - sent.at);
  return ['Sent once at ', clock(sent.at), `; ${answers[sent.answer](after)}.`];
}

const notUnderstood = (after: string) => `after ${after} an answer came that the bot does not understand`;

const answers: Readonly<Record<SentRequest['answer'], (after: string) => string>> = {
  accepted: (after) => `accepted after ${after}`,
  timeout: (after) => `no answer for ${after}`,
  reset: (after) => `the connection broke after ${after}, without an answer`,
  'too-large': notUnderstood,
  unreadable: notUnderstood,
  redirect: (after) => `after ${after} an answer came that points to another address`,
  'server-error': (after) => `after ${after} an answer came that says only that something broke`,
};

function seconds(ms: number): string {
  return ms < 1000 ? 'less than 1 s' : `${Math.round(ms / 1000)} s`;
}

function refused(venue: string, { seen: { current } }: Proposal, failure: FailureData): Words {
  const { what, next } = explain(failure);
  const before = current.mode === 'unknown' ? '' : `; the setting was ${describeSetting(current)} when last read`;
  return { tone: 'refused', title: `Not changed: ${what}`, body: `${venue} changed nothing${before}. ${next}` };
}

function notSent(venue: string, failure: FailureData | undefined): Words {
  const title = failure === undefined ? 'Not sent: the bot was interrupted' : `Not sent: ${explain(failure).what}`;
  const next = failure === undefined ? 'Run the command again for a new card.' : explain(failure).next;
  return { tone: 'refused', title, body: `Nothing was sent and nothing was changed at ${venue}. ${next}` };
}

/** "BTCUSD to 5x isolated" */
export function changeWords(proposal: Proposal): string {
  return `${marketLabel(proposal)} to ${describeSetting(proposal.setting)}`;
}

function clock(time: number) {
  return { time, style: 'clock' } as const;
}
