import type { Span, View } from '../command.ts';
import type { Outcome, Proposal } from '../confirm/proposal.ts';
import { describeSetting } from './setting.ts';

/** One outcome as one line for the operator: who, where, from, to, result. No position data. */
export type AuditLine = {
  readonly user: string;
  readonly venue: string;
  readonly market: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: Outcome['kind'];
};

export function auditLine({ account, market, seen, setting }: Proposal, outcome: Outcome): AuditLine {
  const [from, to] = [describeSetting(seen.current), describeSetting(setting)];
  return { user: account.user, venue: account.venue, market: market.symbol, from, to, outcome: outcome.kind };
}

/** The same line for the audit channel. Cards that nobody confirmed are not worth one. */
export function auditView(line: AuditLine): View | undefined {
  if (line.outcome === 'expired' || line.outcome === 'cancelled') return undefined;
  const body: readonly Span[] = [{ user: line.user }, ` · ${line.venue} · ${line.from} → ${line.to}`];
  return { tone: 'plain', title: `${line.market}: ${line.outcome}`, body };
}
