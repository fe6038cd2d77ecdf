import { expect } from 'vitest';
import type { Outcome } from '../../src/confirm/outcome.ts';
import type { Stage } from '../../src/confirm/proposal.ts';
import type { Gate } from '../support/gate.ts';
import type { Fate } from '../support/paper-venue.ts';

/** What the design says of one card; times are those of the store's clock. */
export type Card = {
  readonly id: string;
  readonly key: string;
  /** A market of its own, so that every write tells which card it came from. */
  readonly market: string;
  readonly expiresAt: number;
  stage: Stage;
  outcome: Outcome['kind'] | undefined;
  /** Since when a card in `settling` waits for an answer. */
  since: number;
  /** From when on it is looked after, whoever had it. */
  dueAt: number;
};

/** `leases` holds which card holds a key, and until when. */
export type Model = {
  now: number;
  readonly cards: Card[];
  readonly leases: Map<string, { readonly id: string; readonly until: number }>;
  fate: Fate;
  canReadBack: boolean;
};

/** So long whoever claimed a card may go on with it, so much longer its key is kept for whoever takes over. */
export const LEASE_MS = 20_000;
const TAKEOVER_MS = 10_000;
export const READ_AGAIN_MS = 30_000;
const RETRY_MS = 10_000;
export const LONGEST_SETTLING_MS = 5 * 60_000;
/** Two labels of one exchange key, and another key. */
export const labels = { main: 'k1', twin: 'k1', other: 'k2' } as const;

export const isOpen = ({ stage }: Card) => stage !== 'done';
export const cardAt = ({ cards }: Model, index: number) => cards[index % cards.length];

export function holderOf({ leases, now }: Model, key: string): string | undefined {
  const lease = leases.get(key);
  return lease !== undefined && lease.until > now ? lease.id : undefined;
}

/** Whether whoever claimed a card may still go on with it. */
export function isOwned({ leases, now }: Model, { id, key }: Card): boolean {
  const lease = leases.get(key);
  return lease?.id === id && now < lease.until - TAKEOVER_MS;
}

/** Where a card goes when its venue call came to this. */
export function afterWrite({ fate, canReadBack }: Model): { readonly stage: Stage; readonly kind: Outcome['kind'] } {
  switch (fate) {
    case 'refused':
    case 'not-sent':
      return { stage: 'done', kind: fate };
    case 'accepted':
    case 'silent, applied':
      return canReadBack ? { stage: 'done', kind: 'applied' } : { stage: 'settling', kind: 'unsettled' };
    case 'accepted, no effect':
    case 'silent, lost':
      return { stage: 'settling', kind: 'unsettled' };
  }
}

type Settling = { readonly since: number; readonly lookAt: number };

export function put(model: Model, card: Card, stage: Stage, kind?: Outcome['kind'], settling?: Settling): void {
  const { since, lookAt } = settling ?? { since: model.now, lookAt: model.now + 1_000 };
  const dueAt = stage === 'settling' ? lookAt : model.now + LEASE_MS + 1_000;
  Object.assign(card, { stage, outcome: kind, since, dueAt });
  if (stage === 'done' && model.leases.get(card.key)?.id === card.id) model.leases.delete(card.key);
  if (stage === 'claimed' || stage === 'sending') hold(model, card, model.now + LEASE_MS + TAKEOVER_MS);
  if (stage === 'settling') hold(model, card, Math.max(since + LONGEST_SETTLING_MS, lookAt + RETRY_MS));
}

function hold(model: Model, { key, id }: Card, until: number): void {
  const holder = holderOf(model, key);
  if (holder === undefined || holder === id) model.leases.set(key, { id, until });
}

/** What must hold after every command, whatever came before. */
export async function assertAgrees(model: Model, gate: Gate): Promise<void> {
  const { proposals } = gate.parts();
  for (const card of model.cards) {
    const { stage, outcome } = await proposals.require(card.id);
    expect({ stage, outcome: outcome?.kind }, card.market).toEqual({ stage: card.stage, outcome: card.outcome });
    const writes = gate.writes.filter(({ market }) => market === card.market).length;
    expect(writes, `writes of ${card.market}`).toBeLessThanOrEqual(1);
    const mayHaveSent = ['sending', 'settling', 'done'].includes(card.stage);
    if (!mayHaveSent || ['cancelled', 'expired', 'stale', 'not-sent'].includes(card.outcome ?? '')) {
      expect(writes, `writes of ${card.market}, ${card.outcome ?? card.stage}`).toBe(0);
    }
  }
  const leases = await gate.store.list('lease/');
  const held = [...labelHolders(model)].sort();
  expect(leases.map(({ value }) => value).sort(), 'holders of keys').toEqual(held);
  expect([...(await proposals.openIds())].sort()).toEqual(
    model.cards
      .filter(isOpen)
      .map(({ id }) => id)
      .sort(),
  );
}

function labelHolders(model: Model): readonly string[] {
  return [...new Set(Object.values(labels))].flatMap((key) => holderOf(model, key) ?? []);
}

/** What the claim of a card must come to, by its stage, its time and its key. */
export function claimOf(model: Model, card: Card) {
  if (card.stage !== 'pending') return 'already';
  if (model.now >= card.expiresAt) return 'expired';
  return holderOf(model, card.key) === undefined ? 'claimed' : 'busy';
}
