import { describe, expect, test } from 'vitest';
import { alice, CARD_MS, isolated, openGate, shownBy, wordsOf } from '../support/gate.ts';

const HOUR_MS = 60 * 60_000;
const SECOND_MS = 1_000;

/** Two cards of one key, for two markets. */
async function withTwoCards() {
  const gate = await openGate();
  await gate.addKey(alice);
  const first = await gate.ask(alice);
  const second = await gate.ask(alice, { market: 'ETHUSD' });
  const tick = (ms: number) => {
    gate.clock.advance(ms);
    return gate.parts().caretaker.tick();
  };
  return { gate, first, second, tick };
}

describe('a clock that is set forward', () => {
  test('while a write is under way lets no second write of the same key go out', async () => {
    const { gate, first, second } = await withTwoCards();
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    gate.state.duringWrite = () => {
      gate.state.duringWrite = async () => {};
      reached.resolve();
      return goOn.promise;
    };
    const pressed = gate.press('confirm', first.id);
    await reached.promise;
    // More than any lease, less than the life of the second card.
    gate.clock.step(30 * SECOND_MS);
    const { answer } = await gate.press('confirm', second.id);
    expect(wordsOf(answer)).toContain('Another change with this key is not finished');
    goOn.resolve();
    expect(shownBy(await pressed)).toContain('Done: BTCUSD is at 5x isolated');
    expect(shownBy(await gate.press('confirm', second.id))).toContain('Done: ETHUSD is at 5x isolated');
    expect(gate.writes).toHaveLength(2);
  });

  test('after a write without an answer frees its key no sooner, and makes no word final', async () => {
    const { gate, first, tick } = await withTwoCards();
    gate.state.fate = 'silent, lost';
    await gate.press('confirm', first.id);
    gate.clock.step(HOUR_MS);
    await tick(0);
    const { stage, outcome } = await gate.parts().proposals.require(first.id);
    expect({ stage, outcome }).toMatchObject({ stage: 'settling', outcome: { kind: 'unsettled' } });
    await expect(gate.ask(alice, { market: 'ETHUSD' })).rejects.toThrow('Another change with this key');
    await tick(29 * SECOND_MS);
    expect((await gate.parts().proposals.require(first.id)).stage).toBe('settling');
    await tick(31 * SECOND_MS);
    expect((await gate.parts().proposals.require(first.id)).outcome).toMatchObject({ kind: 'not-applied' });
    expect(await gate.ask(alice, { market: 'ETHUSD' })).toBeDefined();
  });

  test('ends cards, as when a machine was suspended', async () => {
    const { gate, first, tick } = await withTwoCards();
    gate.clock.step(HOUR_MS);
    expect(shownBy(await gate.press('confirm', first.id))).toContain('Expired');
    await tick(0);
    expect(gate.messages.map(({ view }) => view.title)).toContain('Expired: ETHUSD to 5x isolated');
    expect(gate.writes).toEqual([]);
  });
});

describe('a clock that is set back', () => {
  test('lets no card run after its time, and ten of them shut nobody out', async () => {
    const { gate, first, tick } = await withTwoCards();
    for (let card = 2; card < 10; card += 1) await gate.ask(alice, { market: `A${card}AUSD` });
    await expect(gate.ask(alice)).rejects.toThrow('TOO_MANY_OPEN_CARDS');
    gate.clock.step(-HOUR_MS);
    gate.clock.advance(CARD_MS);
    expect(shownBy(await gate.press('confirm', first.id))).toContain('Expired');
    await tick(0);
    expect(await gate.ask(alice)).toMatchObject({ setting: isolated('5') });
    expect(gate.writes).toEqual([]);
  });

  test('after a write without an answer delays neither the second look nor the key', async () => {
    const { gate, first, tick } = await withTwoCards();
    gate.state.fate = 'silent, lost';
    await gate.press('confirm', first.id);
    gate.clock.step(-HOUR_MS);
    await tick(31 * SECOND_MS);
    expect((await gate.parts().proposals.require(first.id)).outcome).toMatchObject({ kind: 'not-applied' });
    expect(await gate.ask(alice, { market: 'ETHUSD' })).toBeDefined();
  });
});
