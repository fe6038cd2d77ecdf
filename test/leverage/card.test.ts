import { describe, expect, test } from 'vitest';
import { actionLabel, cardView, distanceText, noChangeView } from '../../src/leverage/card.ts';
import type { Preview } from '../../src/leverage/preview.ts';
import { alice, isolated, openGate, wordsOf } from '../support/gate.ts';
import type { PaperState } from '../support/paper-venue.ts';

const position = {
  symbol: 'BTCUSD',
  side: 'long',
  entryPrice: '100',
  markPrice: '100',
  maintenanceMargin: '0.01',
} as const;

/** The card of a change from 2x, as the venue stands. */
async function cardOf(state: Partial<PaperState> = {}, leverage = '5', isShared = false) {
  const gate = await openGate();
  await gate.addKey(alice);
  gate.held.set('BTCUSD', isolated('2'));
  Object.assign(gate.state, state);
  const asked = { venue: 'paper', label: 'main', market: 'BTCUSD', setting: isolated(leverage) };
  const call = { user: alice, userName: 'a', channel: '300', isShared, delivery: gate.delivery };
  return (await gate.parts().cards.ask(call, asked)).view;
}

test('a card says what its button does, what holds now, what would, and what is allowed', async () => {
  const view = await cardOf();
  expect(view.title).toBe('Set BTCUSD to 5x isolated on Paper?');
  expect(wordsOf(view)).toMatch(/Now: 2x isolated\nNew: .*5x isolated.*\nAllowed here: 1x to 50x, steps of 0.01/);
  expect(view.buttons).toMatchObject([
    { verb: 'confirm', label: 'Set BTCUSD to 5x isolated', style: 'primary' },
    { verb: 'cancel', label: 'Cancel', style: 'secondary' },
  ]);
  expect(view.fields?.at(-1)).toMatchObject({ name: 'Expires', value: [{ style: 'relative' }] });
});

test('a calm card asks; a risky one warns, and its button is dangerous', async () => {
  expect((await cardOf()).tone).toBe('ask');
  const risky = await cardOf({ position }, '12');
  expect(risky.tone).toBe('risky');
  expect(risky.buttons?.[0]).toMatchObject({ style: 'danger' });
  expect(wordsOf(risky)).toContain('Careful: liquidation would be near');
  expect(wordsOf(await cardOf({}, '50'))).toContain('Careful: this is the highest leverage');
});

describe('a shared card', () => {
  test('shows neither position nor orders nor distance', async () => {
    const own = wordsOf(await cardOf({ position, orderCount: 3 }, '12'));
    for (const word of ['Position', 'Open orders', 'Distance', 'liquidation would be near'])
      expect(own).toContain(word);
    const shared = wordsOf(await cardOf({ position, orderCount: 3 }, '12', true));
    expect(shared).not.toMatch(/Position|Open orders|Distance|liquidation|long/);
  });

  test('is as risky as a private one, and says why only where that tells nothing of the position', async () => {
    expect(wordsOf(await cardOf({ position }, '12', true))).toContain('Careful: check your position');
    expect(wordsOf(await cardOf({ position }, '50', true))).toContain('Careful: this is the highest leverage');
  });
});

test('no card tells how large a position is or how many orders there are', async () => {
  const words = wordsOf(await cardOf({ position, orderCount: 37 }, '12'));
  expect(words).not.toContain('37');
  expect(words).toContain('Position: long');
});

test('what is there already is said without buttons', async () => {
  const gate = await openGate();
  const market = await gate.venue.readMarket({}, 'BTCUSD');
  const setting = { mode: 'cross' } as const;
  const preview: Preview = { market, setting, current: setting, openOrders: { count: 0 }, risks: [] };
  expect(noChangeView(gate.venue, preview)).toMatchObject({ title: 'BTCUSD is already at cross margin' });
  expect(noChangeView(gate.venue, preview)).not.toHaveProperty('buttons');
});

test('a new card in place of an old one says why', async () => {
  const gate = await openGate();
  await gate.addKey(alice);
  const proposal = await gate.ask(alice);
  const market = await gate.venue.readMarket({}, 'BTCUSD');
  const preview: Preview = {
    market,
    setting: isolated('5'),
    current: { mode: 'unset' },
    openOrders: { count: 0 },
    risks: [],
  };
  expect(wordsOf(cardView(gate.venue, proposal, preview, 'Because.'))).toMatch(
    /Because\. This sets[\s\S]*Now: not set/,
  );
});

test.each([
  [{ kind: 'estimate', before: '40.0', after: '9.5' }, /40\.0 % away now.*9\.5 % away.*after this/],
  [{ kind: 'estimate', before: '9.5', after: '9.5' }, /^estimate: 9\.5 % away$/],
  [{ kind: 'estimate', before: '9.5', after: '-1.0' }, /already past it \(-1\.0 %\)/],
  [{ kind: 'venue', percent: '12.0' }, /12\.0 % away, unchanged by this/],
  [{ kind: 'whole-account' }, /whole account/],
  [{ kind: 'unavailable' }, /not available/],
] as const)('the distance %j in words', (distance, words) => {
  expect(wordsOf({ tone: 'plain', title: '', body: distanceText(distance) })).toMatch(words);
});

test('a label names the market and the whole setting', () => {
  expect(actionLabel('PF_XBTUSD', isolated('2.5'))).toBe('Set PF_XBTUSD to 2.5x isolated');
  expect(actionLabel('PF_XBTUSD', { mode: 'cross' })).toBe('Set PF_XBTUSD to cross margin');
});
