import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/confirm/outcome.ts';
import { alice, bob, callOf, type Gate, isolated, openGate, wordsOf } from '../support/gate.ts';
import { oldDatabase, oldMasterKey } from '../support/old-database.ts';

async function withKey(): Promise<Gate> {
  const gate = await openGate();
  await gate.addKey(alice);
  return gate;
}

async function set(gate: Gate, market: string, label = 'main'): Promise<void> {
  const { id } = await gate.ask(alice, { market, label, setting: isolated(String(2 + gate.writes.length)) });
  await gate.press('confirm', id);
  const { symbols } = gate.parts();
  while ((await symbols.setBy(gate.account(alice, label)))[0] !== market) await Promise.resolve();
}

test('the symbols that an account has set are kept, the latest first, each once', async () => {
  const gate = await withKey();
  await gate.addKey(alice, 'another-secret', 'second');
  await set(gate, 'BTCUSD');
  await set(gate, 'ETHUSD');
  await set(gate, 'SOLUSD', 'second');
  await set(gate, 'BTCUSD');
  const { symbols } = gate.parts();
  expect(await symbols.setBy(gate.account(alice))).toEqual(['BTCUSD', 'ETHUSD']);
  expect(await symbols.setBy(gate.account(alice, 'second'))).toEqual(['SOLUSD']);
  expect(await symbols.setBy(gate.account(bob))).toEqual([]);
});

test.each(['refused', 'not-sent'] as const)('a symbol whose write was %s is not among them', async (fate) => {
  const gate = await withKey();
  gate.state.fate = fate;
  await gate.press('confirm', (await gate.ask(alice)).id);
  const { symbols } = gate.parts();
  await symbols.note(await gate.ask(alice), { kind: 'cancelled', at: 0 });
  gate.state.fate = 'accepted';
  await set(gate, 'ETHUSD');
  expect(await symbols.setBy(gate.account(alice))).not.toContain('SOLUSD');
  expect((await gate.store.list('symbols/')).map(({ key }) => key)).toEqual([`symbols/${alice}/paper/main`]);
});

test('fifty symbols are kept, and nothing of them is readable in the store', async () => {
  const gate = await withKey();
  const { symbols } = gate.parts();
  const proposal = await gate.ask(alice);
  for (let index = 0; index < 60; index += 1) {
    const market = { ...proposal.market, symbol: `SYM${index}` };
    await symbols.note({ ...proposal, market }, { kind: 'applied', asOf: 0, isReadBack: true });
  }
  const kept = await symbols.setBy(gate.account(alice));
  expect(kept).toHaveLength(50);
  expect(kept[0]).toBe('SYM59');
  expect((await gate.store.list('symbols/'))[0]?.value).not.toContain('SYM');
});

test('symbols noted at the same moment are all kept', async () => {
  const gate = await withKey();
  const { symbols } = gate.parts();
  const proposal = await gate.ask(alice);
  const names = ['AAAUSD', 'BBBUSD', 'CCCUSD'];
  await Promise.all(
    names.map((symbol) =>
      symbols.note(
        { ...proposal, market: { ...proposal.market, symbol } },
        { kind: 'applied', asOf: 0, isReadBack: true },
      ),
    ),
  );
  expect((await symbols.setBy(gate.account(alice))).filter((symbol) => names.includes(symbol))).toHaveLength(3);
});

test('an account of 0.1 has the symbols of its past cards', async () => {
  const gate = await openGate({ file: oldDatabase(), ring: [oldMasterKey] });
  expect(await gate.parts().symbols.setBy(gate.account(alice, 'twin'))).toEqual(['ETHUSD']);
});

test('a row that was moved to another person’s account shows nothing', async () => {
  const gate = await withKey();
  await set(gate, 'BTCUSD');
  const { value } = (await gate.store.get(`symbols/${alice}/paper/main`)) ?? { value: '' };
  await gate.store.commit({ writes: [{ key: `symbols/${bob}/paper/main`, value }] });
  await expect(gate.parts().symbols.setBy(gate.account(bob))).rejects.toThrow('SEAL_BROKEN');
});

test('a change that is made known while its person deletes everything leaves no list behind', async () => {
  const gate = await withKey();
  const { symbols, proposals } = gate.parts();
  const proposal = await gate.ask(alice);
  gate.disk.beforeCommit = async () => {
    gate.disk.beforeCommit = async () => {};
    expect(await proposals.eraseAll(alice)).toBe(true);
    await symbols.forget(alice);
  };
  await symbols.note(proposal, { kind: 'applied', asOf: 0, isReadBack: true });
  expect(await gate.store.list('symbols/')).toEqual([]);
});

describe('what was last set, at a venue that need not show it', () => {
  async function atHidingVenue() {
    const gate = await openGate({ facts: { unlisted: 'unknown' } });
    await gate.addKey(alice);
    const proposal = await gate.ask(alice);
    const { symbols } = gate.parts();
    const last = async () => (await symbols.lastSetBy(gate.account(alice))).BTCUSD;
    const note = async (outcome: Outcome, leverage = '5') => {
      await symbols.note({ ...proposal, setting: isolated(leverage) }, outcome);
      return last();
    };
    return { gate, note, last };
  }
  const applied = (asOf: number): Outcome => ({ kind: 'applied', asOf, isReadBack: false, isHidden: true });

  test('is the latest that it has accepted, or of which nobody knows', async () => {
    const { note } = await atHidingVenue();
    expect(await note(applied(1_000))).toEqual({ setting: isolated('5'), at: 1_000, isKnown: true });
    const unsettled: Outcome = { kind: 'unsettled', since: 2_000, lookAt: 3_000 };
    expect(await note(unsettled, '6')).toEqual({ setting: isolated('5'), at: 1_000, isKnown: true });
    const unknown: Outcome = { kind: 'unknown', since: 2_000, isHidden: true };
    expect(await note(unknown, '6')).toEqual({ setting: isolated('6'), at: 2_000, isKnown: false });
    expect(await note(applied(1_500), '7'), 'made known late').toMatchObject({ setting: isolated('6') });
    expect(await note(applied(3_000), '8')).toEqual({ setting: isolated('8'), at: 3_000, isKnown: true });
  });

  test('is nothing any more once the venue has shown something else', async () => {
    const { note } = await atHidingVenue();
    await note({ kind: 'unknown', since: 2_000, isHidden: true });
    expect(await note({ kind: 'not-applied', since: 3_000, asOf: 3_000, holds: isolated('2') })).toBeUndefined();
    await note(applied(4_000));
    expect(await note({ kind: 'not-applied', since: 5_000, asOf: 5_000 }, '9')).toMatchObject({ isKnown: true });
    expect(await note({ kind: 'differs', asOf: 6_000, holds: isolated('2') })).toBeUndefined();
  });

  test('is kept of no other venue, goes with its person, and is nothing where it is damaged', async () => {
    const other = await withKey();
    await other.parts().symbols.note(await other.ask(alice), applied(1_000));
    expect(await other.parts().symbols.lastSetBy(other.account(alice))).toEqual({});
    const { gate, note, last } = await atHidingVenue();
    await note(applied(1_000));
    await gate.parts().symbols.forget(alice);
    expect(await last()).toBeUndefined();
    await note(applied(1_000));
    await gate.store.commit({ writes: [{ key: `symbols/${alice}/paper/main`, value: '{}' }] });
    expect(await last()).toBeUndefined();
  });

  test('stands on a card of one’s own and in the aside of a shared one, never where a channel reads it', async () => {
    const { gate, note } = await atHidingVenue();
    await note(applied(gate.clock.now()));
    gate.state.hidesSetting = true;
    const wish = { venue: 'paper', label: 'main', market: 'BTCUSD', setting: isolated('7') };
    const { cards } = gate.parts();
    const words = /Paper does not show the present setting\. Last set here: 5x isolated, .*relative/;
    expect(wordsOf((await cards.ask(callOf(alice), wish)).view)).toMatch(words);
    const { aside, ...shared } = (await cards.ask(callOf(alice, true), wish)).view;
    expect(wordsOf(aside)).toMatch(words);
    expect(wordsOf(shared)).not.toMatch(/Last set|5x/);
    await note({ kind: 'unknown', since: gate.clock.now(), isHidden: true }, '6');
    expect(wordsOf((await cards.ask(callOf(alice), wish)).view)).toMatch(
      /Last sent from here: 6x isolated, .*nobody knows whether it was set/,
    );
    gate.state.hidesSetting = false;
    expect(wordsOf((await cards.ask(callOf(alice), wish)).view)).not.toMatch(/Last se/);
  });
});
