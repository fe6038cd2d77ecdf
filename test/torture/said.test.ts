import { describe, expect, test } from 'vitest';
import { cardView } from '../../src/confirm/card-view.ts';
import { busyView } from '../../src/confirm/cards.ts';
import type { Outcome } from '../../src/confirm/outcome.ts';
import type { Proposal } from '../../src/confirm/proposal.ts';
import { receiptView, workingView } from '../../src/confirm/receipt.ts';
import { renderView } from '../../src/discord/render.ts';
import { failureView, tryAgainView } from '../../src/messages.ts';
import type { View } from '../../src/view.ts';
import { meaningOf } from '../../torture/rules/outcomes.ts';
import { type Meaning, readSaid } from '../../torture/said.ts';
import { createPaperVenue } from '../support/paper-venue.ts';

const bounds = { min: '1', max: '50', step: '0.01' };
const market = { venue: 'paper', id: 'BTCUSD', symbol: 'BTCUSD', aliases: [], base: 'BTC', quote: 'USD', bounds };

const proposal: Proposal = {
  id: 'abcdefghijklmnopqrstuv',
  by: '100',
  account: { user: '100', venue: 'paper', label: 'main' },
  keyHash: 'hash',
  market: { ...market, tradeable: true },
  setting: { mode: 'isolated', leverage: '5' },
  seen: { current: { mode: 'cross' }, position: 'none', hasOpenOrders: false, bounds, isRisky: false },
  channel: '300',
  isShared: false,
  createdAt: 0,
  expiresAt: 60_000,
};

const refusal = { code: 'VENUE_REFUSED', venue: 'Paper', refusal: 'venue-unavailable' } as const;
const outcomes: readonly Outcome[] = [
  { kind: 'cancelled', at: 0 },
  { kind: 'expired', at: 0 },
  { kind: 'stale', at: 0 },
  { kind: 'unchanged', at: 0 },
  { kind: 'not-sent', at: 0 },
  { kind: 'not-sent', at: 0, failure: { code: 'VENUE_UNREACHABLE', venue: 'Paper' } },
  { kind: 'refused', at: 0, failure: refusal },
  { kind: 'applied', asOf: 0, isReadBack: true },
  { kind: 'applied', asOf: 0, isReadBack: false },
  { kind: 'applied', asOf: 0, isReadBack: false, isHidden: true },
  { kind: 'not-applied', since: 0, asOf: 0 },
  { kind: 'differs', asOf: 0, holds: { mode: 'cross' } },
  { kind: 'unknown', since: 0 },
  { kind: 'unknown', since: 0, isHidden: true },
  { kind: 'unsettled', since: 0, lookAt: 1 },
  { kind: 'unsettled', since: 0, lookAt: 1, sent: { at: 0, until: 0, answer: 'timeout' } },
  { kind: 'unsettled', since: 0, lookAt: 1, sent: { at: 0, until: 0, answer: 'accepted' } },
];

const meaningIn = (view: View): Meaning | undefined => readSaid(renderView(view))?.meaning;

describe('the torture reads what a trader reads', () => {
  test.each(outcomes)('$kind', (outcome) => {
    expect(meaningIn(receiptView('Paper', proposal, outcome))).toBe(meaningOf(outcome));
  });

  test('a card, with its button', () => {
    const { venue } = createPaperVenue();
    const { market: found, setting } = proposal;
    const preview = {
      market: found,
      setting,
      current: { mode: 'cross' },
      openOrders: { count: 0 },
      risks: [],
      warnings: [],
    } as const;
    const said = readSaid(renderView(cardView(venue, proposal, preview)));
    expect(said).toMatchObject({
      meaning: 'card',
      buttons: [{ verb: 'confirm', id: proposal.id }, { verb: 'cancel' }],
    });
    expect(said?.buttons[0]?.label).toBe('Set BTCUSD to 5x isolated');
  });

  test('what is under way, refused to a press, or held by another change', () => {
    const { venue } = createPaperVenue();
    const found = {
      proposal,
      stage: 'claimed',
      delivery: { kind: 'own', token: '', at: 0, channel: '', isPublic: false },
      version: 1,
    } as const;
    expect(meaningIn(workingView('Paper', proposal))).toBe('working');
    expect(meaningIn(failureView({ code: 'NOT_YOURS' }))).toBe('denied');
    expect(meaningIn(tryAgainView())).toBe('denied');
    expect(meaningIn(busyView(venue, found, { user: proposal.by, hasCard: true }))).toBe('busy');
  });
});
