import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maySetAgain, type Outcome } from '../../src/confirm/outcome.ts';
import type { Stage } from '../../src/confirm/proposal.ts';
import { alice, bob, CARD_MS, type Gate, isolated, openGate } from '../support/gate.ts';
import { type Fate, silence } from '../support/paper-venue.ts';
import {
  afterWrite,
  assertAgrees,
  type Card,
  cardAt,
  claimOf,
  heldIn,
  holderOf,
  isOpen,
  isOwned,
  LEASE_MS,
  LONGEST_SETTLING_MS,
  labels,
  type Model,
  put,
  READ_AGAIN_MS,
  settlingUntil,
} from './model.ts';

type Command = fc.AsyncCommand<Model, Gate>;

function command(title: string, can: (model: Model) => boolean, run: (model: Model, gate: Gate) => Promise<void>) {
  const one: Command = {
    check: can,
    run: async (model, gate) => {
      await run(model, gate);
      // A press may have waited for the end of a lease.
      model.now = gate.clock.now();
      await assertAgrees(model, gate);
    },
    toString: () => title,
  };
  return one;
}

/** A command about one card, in the stages in which it can be given. */
function about(
  title: string,
  index: number,
  stages: readonly Stage[],
  run: (card: Card, model: Model, gate: Gate) => Promise<void>,
) {
  const find = (model: Model) => {
    const card = cardAt(model, index);
    return card !== undefined && stages.includes(card.stage) ? card : undefined;
  };
  return command(
    `${title} ${index}`,
    (model) => find(model) !== undefined,
    async (model, gate) => {
      const card = find(model);
      if (card !== undefined) await run(card, model, gate);
    },
  );
}

const every: readonly Stage[] = ['pending', 'claimed', 'sending', 'settling', 'done'];

const open = (label: keyof typeof labels) =>
  command(
    `open with ${label}`,
    (model) => model.cards.filter(isOpen).length < 10 && holderOf(model, labels[label]) === undefined,
    async (model, gate) => {
      const market = `M${model.cards.length}USD`;
      const { id, expiresAt } = await gate.ask(alice, { market, setting: isolated('5'), label });
      expect(expiresAt).toBe(model.now + CARD_MS);
      addCard(model, { id, key: labels[label], market, expiresAt });
    },
  );

function addCard(model: Model, card: Pick<Card, 'id' | 'key' | 'market' | 'expiresAt'>): void {
  const fresh = { stage: 'pending', outcome: undefined, since: 0, dueAt: card.expiresAt } as const;
  model.cards.push({ ...card, isHidden: model.hides, ...fresh });
}

/** Three claims at once: one gets it, or none. */
const claim = (index: number) =>
  about('claim three times', index, every, async (card, model, gate) => {
    const expected = claimOf(model, card);
    const claims = await Promise.all([1, 2, 3].map(() => gate.parts().proposals.claim(card.id, gate.delivery)));
    const kinds = claims.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'claimed')).toHaveLength(expected === 'claimed' ? 1 : 0);
    expect(kinds).toContain(expected);
    if (expected === 'claimed') put(model, card, 'claimed');
    if (expected === 'expired') put(model, card, 'done', 'expired');
  });

const startSending = (index: number) =>
  about('start sending', index, ['claimed'], async (card, model, gate) => {
    const { proposals } = gate.parts();
    const maySend = isOwned(model, card);
    const started = await proposals.startSending(await proposals.require(card.id));
    expect(started !== undefined, 'may send').toBe(maySend);
    if (maySend) put(model, card, 'sending');
  });

/** Ends a claimed card before anything was sent, or one that is sending as its venue call went. */
const conclude = (index: number) =>
  about('conclude', index, ['claimed', 'sending'], async (card, model, gate) => {
    const { proposals, caretaker } = gate.parts();
    const found = await proposals.require(card.id);
    if (card.stage === 'claimed') {
      await caretaker.conclude(found, { kind: 'unchanged', at: model.now });
      return put(model, card, 'done', 'unchanged');
    }
    await caretaker.conclude(found, { kind: 'unsettled', since: model.now, lookAt: model.now + 1_000 });
    put(model, card, 'settling', 'unsettled');
  });

/** The whole press; a second one shows what the first one led to and sends nothing. */
const confirm = (index: number) => about('confirm', index, every, pressConfirm);

async function pressConfirm(card: Card, model: Model, gate: Gate): Promise<void> {
  const expected = claimOf(model, card);
  const before = gate.writes.length;
  gate.state.fate = model.fate;
  gate.state.readBackFailure = model.canReadBack ? undefined : silence;
  const wasThere = isThere(model, card, gate);
  const reply = await gate.press('confirm', card.id);
  gate.state.readFailure = undefined;
  expect(expected === 'busy' ? reply.answer : reply.update).toBeDefined();
  if (expected === 'expired') put(model, card, 'done', 'expired');
  if (expected !== 'claimed') return void expect(gate.writes).toHaveLength(before);
  put(model, card, 'claimed');
  if (wasThere) {
    expect(gate.writes).toHaveLength(before);
    return put(model, card, 'done', 'unchanged');
  }
  const { stage, kind } = afterWrite(model, card);
  put(model, card, stage, kind);
}

/** A change without an answer, at a venue that does not show what it holds: half a minute later nobody will ever know. */
const loseUnseen = (index: number) =>
  about('lose unseen', index, ['pending'], async (card, model, gate) => {
    if (claimOf(model, card) !== 'claimed') return;
    Object.assign(model, { fate: 'silent, lost', canReadBack: true, hides: true });
    gate.state.hidesSetting = true;
    await pressConfirm(card, model, gate);
    gate.clock.advance(READ_AGAIN_MS);
    model.now += READ_AGAIN_MS;
    await settled(model, card, gate, () => gate.press('check', card.id));
    expect(card.outcome).toBe('unknown');
  });

/** Whether the venue shows that it holds already what a card asks for: one that was set again may find that. */
function isThere(model: Model, { market }: Card, gate: Gate): boolean {
  return !model.hides && gate.held.get(market)?.mode === 'isolated';
}

/** Three presses of "Set again" at once: they make one card, of what nobody will know the end of, and else none. */
const setAgain = (index: number) =>
  about('set again three times', index, every, async (card, model, gate) => {
    const { proposals } = gate.parts();
    const { outcome } = await proposals.require(card.id);
    const press = () => gate.press('again', card.id);
    if (!maySetAgain(outcome)) return void (await expect(press()).rejects.toThrow('CARD_GONE'));
    const isFull = model.cards.filter(isOpen).length >= 10;
    const mayMake =
      outcome.again === undefined && holderOf(model, card.key) === undefined && !isThere(model, card, gate);
    if (isFull && mayMake) return void (await expect(press()).rejects.toThrow('TOO_MANY_OPEN_CARDS'));
    const before = new Set(await proposals.openIds());
    await Promise.all([press(), press(), press()]);
    const made = (await proposals.openIds()).filter((id) => !before.has(id));
    expect(made).toHaveLength(mayMake ? 1 : 0);
    for (const id of made) {
      const { expiresAt } = (await proposals.require(id)).proposal;
      addCard(model, { id, key: card.key, market: card.market, expiresAt });
    }
  });

const pressByStranger = (index: number) =>
  about('press by a stranger', index, every, async (card, _model, gate) => {
    for (const verb of ['confirm', 'cancel', 'check', 'back', 'again'] as const) {
      await expect(gate.press(verb, card.id, bob)).rejects.toThrow('NOT_YOURS');
    }
  });

const cancel = (index: number) =>
  about('cancel', index, every, async (card, model, gate) => {
    await gate.press('cancel', card.id);
    if (card.stage === 'pending') put(model, card, 'done', 'cancelled');
  });

/** One more read-back: it ends a card, or leaves it settling since the same moment. It never sends. */
async function settled(model: Model, card: Card, gate: Gate, readBack: () => Promise<unknown>): Promise<void> {
  const before = { stage: card.stage, kind: card.outcome, since: card.since, writes: gate.writes.length };
  gate.state.readFailure = model.canReadBack ? undefined : silence;
  await readBack();
  gate.state.readFailure = undefined;
  model.now = gate.clock.now();
  expect(gate.writes, 'a read-back sends nothing').toHaveLength(before.writes);
  const { stage, outcome } = await gate.parts().proposals.require(card.id);
  const settling = outcome?.kind === 'unsettled' ? outcome : undefined;
  const isSame = outcome?.kind === before.kind && stage === 'settling';
  if (isSame) expect(settling?.since).toBe(before.since);
  expect(settling === undefined, 'what is not settled is looked at again').toBe(stage === 'done');
  if (settling !== undefined) expect(settling.lookAt).toBeGreaterThan(model.now);
  const isShown = model.canReadBack && !model.hides;
  if (isShown) expect(['applied', 'not-applied', 'differs', 'unsettled']).toContain(outcome?.kind);
  else if (outcome?.kind === 'applied') expect(outcome.isReadBack, 'nothing could be read').toBe(false);
  else expect(['unsettled', 'unknown', 'differs', before.kind]).toContain(outcome?.kind);
  const isOver = before.stage === 'done' || (stage === 'done' && outcome?.kind !== 'applied');
  if (isOver && before.stage !== 'done') expect(model.now - before.since).toBeGreaterThanOrEqual(READ_AGAIN_MS);
  put(model, card, stage, outcome?.kind, settling);
}

/** "Check now": the only way in which something that ended may still be told better. */
const checkNow = (index: number) =>
  about('check now', index, every, async (card, model, gate) => {
    const { outcome } = await gate.parts().proposals.require(card.id);
    const check = () => gate.press('check', card.id);
    if (card.stage === 'sending' || card.stage === 'settling' || mayBeToldBetter(outcome)) {
      return settled(model, card, gate, check);
    }
    // A card that waits has no such button: a forged one changes nothing.
    if (card.stage === 'pending') await expect(check()).rejects.toThrow('CARD_GONE');
    else await check();
    // Nobody goes on with it any more, and nothing was sent.
    if (card.stage === 'claimed') return put(model, card, 'done', 'not-sent');
    expect((await gate.parts().proposals.require(card.id)).outcome).toEqual(outcome);
  });

function mayBeToldBetter(outcome: Outcome | undefined): boolean {
  if (outcome?.kind === 'applied') return !outcome.isReadBack;
  return outcome?.kind === 'differs' || outcome?.kind === 'unknown';
}

const pass = (ms: number) =>
  command(
    `${ms} ms pass`,
    () => true,
    async (model, gate) => {
      gate.clock.advance(ms);
      model.now += ms;
    },
  );

/** The process dies and starts again: what is due and was claimed was not sent, what was sending is read back. */
const restart = command(
  'crash and start again',
  () => true,
  async (model, gate) => {
    gate.restart();
    model.guards.clear();
    const { caretaker } = gate.parts();
    const due = model.cards.filter(({ dueAt }) => model.now >= dueAt);
    const underWay = due.filter(({ stage }) => stage === 'sending' || stage === 'settling');
    const interrupted = [...underWay, ...due.filter(({ stage }) => stage === 'claimed')];
    let recovered: Promise<void> | undefined;
    const recover = () => {
      recovered ??= caretaker.tick();
      return recovered;
    };
    for (const card of underWay) await settled(model, card, gate, recover);
    await recover();
    for (const card of due) {
      if (card.stage === 'claimed') put(model, card, 'done', 'not-sent');
      if (card.stage === 'pending') put(model, card, 'done', 'expired');
    }
    await adoptHolders(model, gate, interrupted);
  },
);

/** Which of two cards of one key is looked at first is not promised, and with it which of them has the key afterwards. */
async function adoptHolders(model: Model, gate: Gate, interrupted: readonly Card[]): Promise<void> {
  const leases = await gate.store.list('lease/');
  const { proposals } = gate.parts();
  for (const [key, rivals] of Map.groupBy(interrupted, (card) => card.key)) {
    const holder = heldIn(model, 'leases', key);
    const isAnother = holder !== undefined && rivals.every(({ id }) => id !== holder);
    const [first] = rivals;
    if (first === undefined || rivals.length < 2 || isAnother) continue;
    const held = leases.find(({ value }) => rivals.some((card) => card.id === value && isOpen(card)));
    if (held === undefined) model.leases.delete(key);
    else model.leases.set(key, { id: held.value, until: held.expiresAt ?? Number.POSITIVE_INFINITY });
    const { keyHash } = (await proposals.require(first.id)).proposal;
    const now = await proposals.holderOf(keyHash);
    const guarded = rivals.find(({ id, stage }) => id === now?.proposal.id && stage === 'settling');
    if (guarded === undefined) model.guards.delete(key);
    else model.guards.set(key, { id: guarded.id, until: settlingUntil(guarded) });
  }
}

const venueTurns = (fate: Fate, canReadBack: boolean, hides: boolean) =>
  command(
    `the venue turns to "${fate}"${canReadBack ? '' : ', unreadable'}${hides ? ', showing nothing' : ''}`,
    () => true,
    async (model, gate) => {
      Object.assign(model, { fate, canReadBack, hides });
      gate.state.hidesSetting = hides;
    },
  );

const index = fc.nat(9);
const fates = fc.constantFrom<Fate>(
  'accepted',
  'accepted, no effect',
  'refused',
  'not-sent',
  'silent, applied',
  'silent, lost',
);
const commands = fc.commands(
  [
    fc.constantFrom<keyof typeof labels>('main', 'twin', 'other').map(open),
    fc.constantFrom<keyof typeof labels>('main', 'twin', 'other').map(open),
    index.map(claim),
    index.map(startSending),
    index.map(conclude),
    index.map(confirm),
    index.map(confirm),
    index.map(cancel),
    index.map(checkNow),
    index.map(loseUnseen),
    index.map(setAgain),
    index.map(pressByStranger),
    fc.constantFrom(1, 5_000, LEASE_MS - 1, LEASE_MS, READ_AGAIN_MS, CARD_MS, LONGEST_SETTLING_MS).map(pass),
    fc.constant(restart),
    fc.tuple(fates, fc.boolean(), fc.boolean()).map((turn) => venueTurns(...turn)),
  ],
  { size: '+1' },
);

test('whatever is pressed, passes or dies in whatever order, every card goes only where the design lets it', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      await fc.asyncModelRun(async () => {
        const gate = await openGate();
        for (const [label, key] of Object.entries(labels)) await gate.addKey(alice, key, label);
        const model: Model = {
          now: gate.clock.now(),
          cards: [],
          leases: new Map(),
          guards: new Map(),
          fate: 'accepted',
          canReadBack: true,
          hides: false,
        };
        return { model, real: gate };
      }, sequence);
    }),
    { numRuns: 100 },
  );
}, 120_000);
