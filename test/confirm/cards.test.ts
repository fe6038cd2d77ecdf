import { expect, test } from 'vitest';
import type { Wish } from '../../src/leverage/wish.ts';
import {
  alice,
  bob,
  CARD_MS,
  callOf,
  delivery,
  freely,
  isolated,
  labelsOf,
  openGate,
  wordsOf,
} from '../support/gate.ts';
import { silence } from '../support/paper-venue.ts';

const wish: Wish = { venue: 'paper', label: 'main', market: 'btcusd', setting: isolated('5') };

async function withKey(options: Parameters<typeof openGate>[0] = {}) {
  const gate = await openGate(options);
  await gate.addKey(alice);
  return {
    ...gate,
    ask: (change: Partial<Wish> = {}) => gate.parts().cards.ask(callOf(alice), { ...wish, ...change }),
  };
}

test('a card proposes what was asked for, in the market that was found, and sends nothing', async () => {
  const gate = await withKey();
  const { proposal, view } = await gate.ask();
  expect(proposal).toMatchObject({
    account: gate.account(alice),
    market: { symbol: 'BTCUSD' },
    setting: isolated('5'),
    seen: { current: { mode: 'cross' }, position: 'none', hasOpenOrders: false },
    channel: '300',
    isShared: false,
    createdAt: gate.clock.now(),
    expiresAt: gate.clock.now() + CARD_MS,
  });
  expect(labelsOf(view)).toEqual(['Set BTCUSD to 5x isolated', 'Cancel']);
  expect(gate.writes).toEqual([]);
});

test('a proposal comes back from the store as it was opened, to the last field', async () => {
  const gate = await withKey();
  const { proposal } = await gate.ask();
  if (proposal === undefined) throw new TypeError('no card');
  const tiers = [
    { fromSize: '0', measuredIn: 'quote', initialMargin: '0.02', maintenanceMargin: '0.01' },
    { fromSize: '5', initialMargin: '0.04', maintenanceMargin: '0.02' },
  ] as const;
  const market = { ...proposal.market, tiers, namedBy: 'symbol' } as const;
  const { id, createdAt, expiresAt, ...request } = { ...proposal, market, currency: 'INR', guild: '400' };
  const opened = await gate.parts().proposals.open(request, CARD_MS, { ...delivery, publicId: '9' });
  const found = await gate.parts().proposals.require(opened.id);
  expect(found).toMatchObject({ proposal: opened, stage: 'pending', delivery: { ...delivery, publicId: '9' } });
  expect(found.proposal.market).toEqual(market);
});

test('what the venue holds already needs no card', async () => {
  const gate = await withKey();
  gate.held.set('BTCUSD', isolated('5.00'));
  const { proposal, view } = await gate.ask();
  expect(proposal).toBeUndefined();
  expect(wordsOf(view)).toContain('already at 5x isolated');
});

test.each([
  ['an unknown market', { market: 'nope' }, 'UNKNOWN_MARKET'],
  ['a leverage above the market’s', { setting: isolated('51') }, 'LEVERAGE_OUTSIDE_BOUNDS'],
  ['a venue that the bot does not run', { venue: 'elsewhere' }, 'UNKNOWN_VENUE'],
  ['a label without a key', { label: 'second' }, 'KEY_MISSING'],
  ['a margin currency that the venue does not have', { currency: 'INR' }, 'CURRENCY_UNSUPPORTED'],
])('%s is refused before anything is stored', async (_what, change, code) => {
  const gate = await withKey();
  await expect(gate.ask(change)).rejects.toMatchObject({ data: { code } });
  expect(await gate.parts().proposals.openIds()).toEqual([]);
});

test('cross margin is refused where the venue has none', async () => {
  const gate = await withKey({ facts: { modes: ['isolated'] } });
  const asked = gate.parts().cards.ask(callOf(alice), { ...wish, setting: { mode: 'cross' } });
  await expect(asked).rejects.toThrow('NO_CROSS');
});

test('the operator’s limits hold before the key is opened', async () => {
  const gate = await withKey({ rules: { ...freely, maxLeverage: new Map([['paper', '4']]) } });
  await expect(gate.ask({ label: 'none' })).rejects.toThrow('ABOVE_OPERATOR_MAXIMUM');
});

test('what cannot be read is a failure, never a card with a guess on it', async () => {
  const gate = await withKey();
  gate.state.readFailure = silence;
  await expect(gate.ask()).rejects.toThrow('VENUE_SILENT');
  expect(await gate.parts().proposals.openIds()).toEqual([]);
});

test('while a change with this exchange key is under way, it is shown instead, also under another label', async () => {
  const gate = await withKey();
  await gate.addKey(alice, `secret-of-${alice}`, 'twin');
  const { proposal } = await gate.ask();
  await gate.parts().proposals.claim(proposal?.id ?? '', delivery);
  const working = await gate.ask({ label: 'twin', market: 'ethusd' });
  expect(wordsOf(working.view)).toMatch(/not finished.*Setting BTCUSD/);
  expect(working.view.isPrivate, 'a shared command must not publish another change').toBe(true);
  expect(labelsOf(working.view)).toEqual([]);
});

test('while it is not known what became of a change, its card offers to check', async () => {
  const gate = await withKey();
  const { proposal } = await gate.ask();
  gate.state.fate = 'silent, lost';
  await gate.press('confirm', proposal?.id ?? '');
  const { view } = await gate.ask({ market: 'ethusd' });
  expect(labelsOf(view)).toEqual(['Check now']);
});

test('one person’s card does not hold back another person', async () => {
  const gate = await withKey();
  await gate.addKey(bob);
  const { proposal } = await gate.ask();
  await gate.parts().proposals.claim(proposal?.id ?? '', delivery);
  expect((await gate.parts().cards.ask(callOf(bob), wish)).proposal).toBeDefined();
});

test('somebody else’s change with the same exchange key holds one back, and nothing of it is told', async () => {
  const gate = await withKey();
  await gate.addKey(bob, `secret-of-${alice}`);
  const { proposal } = await gate.ask();
  await gate.parts().proposals.claim(proposal?.id ?? '', delivery);
  const asked = gate.parts().cards.ask(callOf(bob), { ...wish, market: 'ethusd' });
  await expect(asked).rejects.toMatchObject({ data: { code: 'KEY_SHARED', venue: 'Paper' } });
});
