import { marketLabel } from '../leverage/market.ts';
import { describeSetting } from '../leverage/setting.ts';
import { labelOf, type Venues } from '../leverage/venue.ts';
import type { Note, Tone } from '../view.ts';
import type { Outcome } from './outcome.ts';
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
    const note = auditNote(line, labelOf(venues, line.venue));
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

/**
 * The same line for the audit channel. Cards that nobody confirmed are not worth one.
 *
 * @param venue - The venue's label.
 */
export function auditNote(line: AuditLine, venue: string): Note | undefined {
  const shown = words(line.outcome);
  if (shown === undefined) return undefined;
  const { market, from, to, user } = line;
  const text = [{ strong: market }, ` ${from} → ${to} · ${venue} · ${shown.text} · `, { user }];
  return { tone: shown.tone, text };
}

function words(outcome: Outcome['kind']): { readonly tone: Tone; readonly text: string } | undefined {
  switch (outcome) {
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
