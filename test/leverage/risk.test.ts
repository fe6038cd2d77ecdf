import { Big } from 'big.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import {
  distanceToLiquidation,
  estimateLiquidation,
  newOrderDistance,
  priceLadder,
  risksOf,
} from '../../src/leverage/risk.ts';
import type { CurrentSetting } from '../../src/leverage/setting.ts';
import type { Position } from '../../src/leverage/venue.ts';
import { isolated } from '../support/gate.ts';
import { createPaperVenue } from '../support/paper-venue.ts';

const long: Position = {
  symbol: 'BTCUSD',
  side: 'long',
  entryPrice: '100',
  markPrice: '100',
  maintenanceMargin: '0.01',
};
const short: Position = { ...long, side: 'short' };
const cross: CurrentSetting = { mode: 'cross' };
const distance = (position: Position, from: CurrentSetting = isolated('2'), to = isolated('10')) =>
  distanceToLiquidation(position, from, to);

describe('the distance to liquidation', () => {
  test.each([
    ['a long', long, { before: '49.0', after: '9.0' }],
    ['a short', short, { before: '49.0', after: '9.0' }],
    ['a long that gained', { ...long, markPrice: '200' }, { before: '74.5', after: '54.5' }],
    ['a short that lost', { ...short, markPrice: '149' }, { before: '0.0', after: '-26.8' }],
  ])('of %s is an isolated estimate before and after', (_what, position, percents) => {
    expect(distance(position)).toEqual({ kind: 'estimate', ...percents });
  });

  test.each([
    ['long', '90', '10.0'],
    ['short', '110', '10.0'],
    ['long', '101', '-1.0'],
    ['short', '99', '-1.0'],
  ] as const)(
    'of a %s with the venue’s own price %s is %s percent, whatever is set',
    (side, liquidationPrice, percent) => {
      const position = { ...long, side, liquidationPrice };
      expect(distance(position)).toEqual({ kind: 'venue', percent });
      expect(distance(position, cross)).toEqual({ kind: 'venue', percent });
    },
  );

  test('to or from cross depends on the whole account', () => {
    expect(distance(long, cross)).toEqual({ kind: 'whole-account' });
    expect(distance(long, { mode: 'unset' })).toEqual({ kind: 'whole-account' });
    expect(distance(long, isolated('2'), { mode: 'cross' })).toEqual({ kind: 'whole-account' });
  });

  test('where the venue does not show what is set is an estimate of what will be, and of nothing before', () => {
    const unknown: CurrentSetting = { mode: 'unknown' };
    expect(distance(long, unknown)).toEqual({ kind: 'estimate', after: '9.0' });
    expect(distance(long, unknown, { mode: 'cross' })).toEqual({ kind: 'whole-account' });
    const { maintenanceMargin, ...tierless } = long;
    expect(distance(tierless, unknown)).toEqual({ kind: 'unavailable' });
    expect(distanceToLiquidation(long, unknown, unknown)).toEqual({ kind: 'unavailable' });
    const own = { ...long, liquidationPrice: '90' };
    expect(distanceToLiquidation(own, unknown, unknown)).toEqual({ kind: 'venue', percent: '10.0' });
    expect(priceLadder(long, { kind: 'estimate', after: '9.0' }).map(({ name }) => name)).toEqual([
      'entry',
      'mark',
      'liquidation new',
    ]);
  });

  test('without a usable price or tier is not available, never a guess', () => {
    const { markPrice, ...priceless } = long;
    const { maintenanceMargin, ...tierless } = long;
    for (const position of [
      priceless,
      tierless,
      { ...long, markPrice: '0' },
      { ...long, markPrice: '-1', liquidationPrice: '5' },
    ]) {
      expect(distance(position)).toEqual({ kind: 'unavailable' });
    }
  });
});

test('liquidation is estimated at entry × (1 ∓ (1/L − mmr)), nearer with every step of leverage', () => {
  expect(estimateLiquidation('long', '60000', '10', '0.005').toFixed()).toBe('54300');
  expect(estimateLiquidation('short', '60000', '10', '0.005').toFixed()).toBe('65700');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99 }), fc.constantFrom('long', 'short'), (leverage, side) => {
      const gapAt = (value: number) => estimateLiquidation(side, '100', String(value), '0.005').minus(100).abs();
      const isNearer = gapAt(leverage + 1).lt(gapAt(leverage));
      expect(isNearer).toBe(true);
      expect(gapAt(leverage).lt(new Big(100).div(leverage))).toBe(true);
    }),
  );
});

test('a risk is a liquidation nearer than the threshold, or the market’s maximum', async () => {
  const { venue } = createPaperVenue();
  const market = await venue.readMarket(credentialsOf('1', {}), 'BTCUSD');
  const at = (percent: string) => risksOf(market, isolated('5'), { kind: 'venue', percent }, 10);
  expect([at('9.9'), at('10.0'), at('-3.0')]).toEqual([['near-liquidation'], [], ['near-liquidation']]);
  const estimated = { kind: 'estimate', before: '50.0', after: '9.9' } as const;
  expect(risksOf(market, isolated('49.99'), estimated, 10)).toEqual(['near-liquidation']);
  expect(risksOf(market, isolated('50'), estimated, 10)).toEqual(['near-liquidation', 'at-maximum']);
  expect(risksOf(market, isolated('50'), { kind: 'unavailable' }, 10)).toEqual(['at-maximum']);
  expect(risksOf(market, { mode: 'cross' }, { kind: 'whole-account' }, 10)).toEqual([]);
  const open = { ...market, bounds: { min: '1', step: '0.01' } };
  expect(risksOf(open, isolated('999'), { kind: 'unavailable' }, 10)).toEqual([]);
});

describe('the price ladder', () => {
  const estimate = { kind: 'estimate', before: '30.0', after: '8.0' } as const;

  test('of a long has liquidation below the mark price, the nearer one above', () => {
    expect(priceLadder({ ...long, entryPrice: '104' }, estimate)).toEqual([
      { name: 'entry', percent: '4.0' },
      { name: 'mark', percent: '0.0' },
      { name: 'liquidation new', percent: '-8.0' },
      { name: 'liquidation now', percent: '-30.0' },
    ]);
  });

  test('of a short has it above', () => {
    expect(priceLadder({ ...short, entryPrice: '99.96' }, estimate)).toEqual([
      { name: 'liquidation now', percent: '30.0' },
      { name: 'liquidation new', percent: '8.0' },
      { name: 'entry', percent: '0.0' },
      { name: 'mark', percent: '0.0' },
    ]);
  });

  test('has one liquidation where the change leaves it, and none where it cannot be told', () => {
    const names = (given: Parameters<typeof priceLadder>[1]) => priceLadder(long, given).map(({ name }) => name);
    expect(names({ kind: 'venue', percent: '12.0' })).toContain('liquidation');
    expect(names({ ...estimate, before: '8.0' })).toContain('liquidation');
    expect(names({ kind: 'whole-account' })).toEqual([]);
    expect(names({ kind: 'unavailable' })).toEqual([]);
    const { markPrice: _none, ...unpriced } = long;
    expect(priceLadder(unpriced, estimate)).toEqual([]);
  });
});

test.each([
  ['1', '100'],
  ['3', '33.4'],
  ['5', '20'],
  ['7', '14.3'],
  ['125', '0.8'],
])('at %sx a new position is liquidated less than %s %% away, never more', (leverage, percent) => {
  expect(newOrderDistance(leverage)).toBe(percent);
});
