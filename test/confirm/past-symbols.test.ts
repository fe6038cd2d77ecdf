import { expect, test } from 'vitest';
import { alice, bob, type Gate, isolated, openGate } from '../support/gate.ts';
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
