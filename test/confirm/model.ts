import { expect } from 'vitest';
import type { Outcome } from '../../src/confirm/outcome.ts';
import type { Stage } from '../../src/confirm/proposal.ts';
import type { Gate } from '../support/gate.ts';
import type { Fate } from '../support/paper-venue.ts';

/** What the design says of one card; times are those of the store's clock. */
export type Card = {
  readonly id: string;
  readonly key: string;
  /** A market of its own, so that every write tells which card it came from; shared with those that ask for it again. */
  readonly market: string;
  /** Whether the venue did not show what is set when the card was made. */
  readonly isHidden: boolean;
  readonly expiresAt: number;
  stage: Stage;
  outcome: Outcome['kind'] | undefined;
  /** Since when a card in `settling` waits for an answer. */
  since: number;
  /** From when on it is looked after, whoever had it. */
  dueAt: number;
};

type Hold = { readonly id: string; readonly until: number };

/** `leases` holds which card holds a key in the store, and until when; `guards` the same of this process. */
export type Model = {
  now: number;
  readonly cards: Card[];
  readonly leases: Map<string, Hold>;
  readonly guards: Map<string, Hold>;
  fate: Fate;
  canReadBack: boolean;
  /** Whether the venue does not show what is set. */
  hides: boolean;
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

export function holderOf(model: Model, key: string): string | undefined {
  return heldIn(model, 'guards', key) ?? heldIn(model, 'leases', key);
}

export function heldIn(model: Model, where: 'guards' | 'leases', key: string): string | undefined {
  const hold = model[where].get(key);
  return hold !== undefined && hold.until > model.now ? hold.id : undefined;
}

/** Whether whoever claimed a card may still go on with it. */
export function isOwned(model: Model, { id, key }: Card): boolean {
  const lease = model.leases.get(key);
  const isMine = lease?.id === id && (heldIn(model, 'guards', key) ?? id) === id;
  return isMine && model.now < lease.until - TAKEOVER_MS;
}

type After = { readonly stage: Stage; readonly kind: Outcome['kind'] };

/** Where a card goes when its venue call came to this. */
export function afterWrite({ fate, canReadBack, hides }: Model, { isHidden }: Card): After {
  const isShown = canReadBack && !hides;
  // What the card could not show a read-back that fails could not show either.
  const isNeverShown = isHidden && !isShown;
  const [done, settling] = [
    { stage: 'done', kind: 'applied' } as const,
    { stage: 'settling', kind: 'unsettled' } as const,
  ];
  switch (fate) {
    case 'refused':
    case 'not-sent':
      return { stage: 'done', kind: fate };
    case 'accepted':
      return isShown || isNeverShown ? done : settling;
    case 'silent, applied':
      return isShown ? done : settling;
    case 'accepted, no effect':
      return isNeverShown ? done : settling;
    case 'silent, lost':
      return settling;
  }
}

type Settling = { readonly since: number; readonly lookAt: number };

export function put(model: Model, card: Card, stage: Stage, kind?: Outcome['kind'], settling?: Settling): void {
  const { since, lookAt } = settling ?? { since: model.now, lookAt: model.now + 1_000 };
  const dueAt = stage === 'settling' ? lookAt : model.now + LEASE_MS + 1_000;
  Object.assign(card, { stage, outcome: kind, since, dueAt });
  if (stage === 'done') for (const holds of [model.leases, model.guards]) release(holds, card);
  if (stage === 'claimed' || stage === 'sending') hold(model, card, model.now + LEASE_MS + TAKEOVER_MS);
  if (stage === 'settling') hold(model, card, settlingUntil(card));
}

/** So long what is read again holds its key. */
export function settlingUntil({ since, dueAt }: Card): number {
  return Math.max(since + LONGEST_SETTLING_MS, dueAt + RETRY_MS);
}

function hold(model: Model, { key, id }: Card, until: number): void {
  for (const where of ['leases', 'guards'] as const) {
    if ((heldIn(model, where, key) ?? id) === id) model[where].set(key, { id, until });
  }
}

function release(holds: Map<string, Hold>, { key, id }: Card): void {
  if (holds.get(key)?.id === id) holds.delete(key);
}

/** What must hold after every command, whatever came before. */
export async function assertAgrees(model: Model, gate: Gate): Promise<void> {
  const { proposals } = gate.parts();
  for (const card of model.cards) {
    const { stage, outcome } = await proposals.require(card.id);
    expect({ stage, outcome: outcome?.kind }, card.market).toEqual({ stage: card.stage, outcome: card.outcome });
  }
  for (const [market, cards] of Map.groupBy(model.cards, (card) => card.market)) {
    const writes = gate.writes.filter((write) => write.market === market).length;
    const said = cards.map(({ stage, outcome }) => outcome ?? stage).join();
    expect(writes, `writes of ${market}: ${said}`).toBeLessThanOrEqual(cards.filter(mayHaveSent).length);
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

function mayHaveSent({ stage, outcome }: Card): boolean {
  const isBegun = ['sending', 'settling', 'done'].includes(stage);
  return isBegun && !['cancelled', 'expired', 'stale', 'not-sent', 'unchanged'].includes(outcome ?? '');
}

function labelHolders(model: Model): readonly string[] {
  return [...new Set(Object.values(labels))].flatMap((key) => heldIn(model, 'leases', key) ?? []);
}

/** What the claim of a card must come to, by its stage, its time and its key. */
export function claimOf(model: Model, card: Card) {
  if (card.stage !== 'pending') return 'already';
  if (model.now >= card.expiresAt) return 'expired';
  return holderOf(model, card.key) === undefined ? 'claimed' : 'busy';
}
