import { marketLabel } from '../leverage/market.ts';
import { describeSetting } from '../leverage/setting.ts';
import { labelOf, type Venues } from '../leverage/venue.ts';
import type { Note, Tone } from '../view.ts';
import { type Outcome, wasSent } from './outcome.ts';
import type { Proposal } from './proposal.ts';

/** One outcome as one line for the operator: who, where, from, to, result. No position data. */
type AuditLine = {
  readonly user: string;
  readonly venue: string;
  readonly market: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: Outcome['kind'];
};

type Audit = (proposal: Proposal, outcome: Outcome) => Promise<void>;

/** Makes an outcome known to the operator: in the log, in the metrics, and in the audit channel where there is one. */
export function createAudit(options: {
  readonly venues: Venues;
  readonly log: { readonly info: (line: AuditLine, message: string) => void };
  readonly metrics: { readonly outcomeReached: (labels: { readonly venue: string; readonly kind: string }) => void };
  /** Resolves once the note was posted, or lost for good. */
  readonly post: (note: Note) => Promise<void>;
}): Audit {
  const { venues, log, metrics, post } = options;
  return async (proposal, outcome) => {
    const line = auditLine(proposal, outcome);
    log.info(line, 'outcome');
    metrics.outcomeReached({ venue: line.venue, kind: line.outcome });
    const note = auditNote(line, labelOf(venues, line.venue), kindForChannel(proposal, outcome));
    if (note !== undefined) await post(note);
  };
}

export function auditLine(proposal: Proposal, outcome: Outcome): AuditLine {
  const { by, account, seen, setting, showsSetting } = proposal;
  // Where a venue shows it only sometimes, that it did may tell that something is open.
  const from = describeSetting(showsSetting === 'sometimes' ? { mode: 'unknown' } : seen.current);
  const to = describeSetting(setting);
  const market = marketLabel(proposal);
  return { user: by, venue: account.venue, market, from, to, outcome: outcome.kind };
}

/** What a channel is told of an outcome: its kind, or the venue's answer alone. */
type Kind = Outcome['kind'] | 'accepted' | 'no-answer';

/** Where whether the venue shows its setting may tell of a position, one line at the end with its answer, and no more. */
export function kindForChannel({ showsSetting }: Proposal, outcome: Outcome): Kind | undefined {
  const { kind } = outcome;
  if (showsSetting !== 'sometimes') return kind;
  if (kind === 'unsettled') return undefined;
  if (kind === 'unchanged') return 'not-sent';
  if (!wasSent(outcome)) return kind;
  return outcome.sent?.answer === 'accepted' ? 'accepted' : 'no-answer';
}

/**
 * The same line for the audit channel. Cards that nobody confirmed are not worth one.
 *
 * @param venue - The venue's label.
 * @param kind - What the channel is told of the outcome; nothing where there is none.
 */
export function auditNote(line: Omit<AuditLine, 'outcome'>, venue: string, kind: Kind | undefined): Note | undefined {
  const shown = kind && words(kind);
  if (shown === undefined) return undefined;
  const { market, from, to, user } = line;
  const text = [{ strong: market }, ` ${from} → ${to} · ${venue} · ${shown.text} · `, { user }];
  return { tone: shown.tone, text };
}

function words(kind: Kind): { readonly tone: Tone; readonly text: string } | undefined {
  switch (kind) {
    case 'accepted':
      return { tone: 'done', text: 'accepted' };
    case 'no-answer':
      return { tone: 'unknown', text: 'sent once, no usable answer' };
    case 'applied':
      return { tone: 'done', text: 'done' };
    case 'unchanged':
      return { tone: 'done', text: 'was so already' };
    case 'refused':
      return { tone: 'refused', text: 'refused by the exchange' };
    case 'not-sent':
      return { tone: 'refused', text: 'not sent' };
    case 'stale':
      return { tone: 'refused', text: 'not sent, the card was out of date' };
    case 'not-applied':
      return { tone: 'refused', text: 'not applied' };
    case 'differs':
      return { tone: 'unknown', text: 'the exchange shows another setting' };
    case 'unsettled':
      return { tone: 'unknown', text: 'not known yet' };
    case 'unknown':
      return { tone: 'unknown', text: 'not known' };
    case 'expired':
    case 'cancelled':
      return undefined;
  }
}
