import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import type { Seen } from '../../src/leverage/preview.ts';
import { isStale, preview, seenIn } from '../../src/leverage/preview.ts';
import { isolated } from '../support/gate.ts';
import { createPaperVenue, silence } from '../support/paper-venue.ts';

const credentials = credentialsOf('100', {});
const request = { market: 'btc/usd', setting: isolated('5'), riskPercent: 10 };
const position = {
  symbol: 'BTCUSD',
  side: 'long',
  entryPrice: '100',
  markPrice: '100',
  liquidationPrice: '95',
} as const;

test('a preview holds the market, what is set, the position, the orders and how far liquidation is', async () => {
  const { venue, held, state } = createPaperVenue();
  held.set('BTCUSD', isolated('3'));
  Object.assign(state, { position, orderCount: 2 });
  expect(await preview(venue, credentials, request)).toMatchObject({
    market: { symbol: 'BTCUSD' },
    setting: isolated('5'),
    current: isolated('3'),
    position,
    openOrders: { count: 2 },
    distance: { kind: 'venue', percent: '5.0' },
    risks: ['near-liquidation'],
  });
});

test('without a position there is no distance, and only the maximum is a risk', async () => {
  const { venue } = createPaperVenue();
  const calm = await preview(venue, credentials, request);
  expect(calm).not.toHaveProperty('distance');
  expect(calm).not.toHaveProperty('position');
  expect(calm).not.toHaveProperty('currency');
  expect(calm.risks).toEqual([]);
  expect((await preview(venue, credentials, { ...request, setting: isolated('50') })).risks).toEqual(['at-maximum']);
});

test('the margin currency goes into every read', async () => {
  const { venue } = createPaperVenue();
  const asked: unknown[] = [];
  const note = async <T>(target: { readonly currency?: string }, value: T): Promise<T> => {
    asked.push(target.currency);
    return value;
  };
  const watched = {
    ...venue,
    readSetting: (_credentials: object, target: object) => note(target, { mode: 'cross' } as const),
    readPosition: (_credentials: object, target: object) => note(target, undefined),
    readOpenOrders: (_credentials: object, target: object) => note(target, { count: 0 }),
  };
  expect(await preview(watched, credentials, { ...request, currency: 'INR' })).toMatchObject({ currency: 'INR' });
  expect(asked).toEqual(['INR', 'INR', 'INR']);
});

describe('nothing is previewed', () => {
  test.each([
    ['a market that is not tradeable', { isTradeable: false }, request, 'MARKET_NOT_TRADEABLE'],
    ['a leverage outside the bounds', {}, { ...request, setting: isolated('51') }, 'LEVERAGE_OUTSIDE_BOUNDS'],
    ['a leverage off the step', {}, { ...request, setting: isolated('5.001') }, 'LEVERAGE_OFF_STEP'],
    ['a read that fails', { readFailure: silence }, request, 'VENUE_SILENT'],
  ])('of %s', async (_what, change, asked, code) => {
    const { venue, state } = createPaperVenue();
    Object.assign(state, change);
    await expect(preview(venue, credentials, asked)).rejects.toThrow(code);
  });
});

test('cross margin is not held against the bounds of leverage', async () => {
  const { venue } = createPaperVenue();
  expect((await preview(venue, credentials, { ...request, setting: { mode: 'cross' } })).risks).toEqual([]);
});

describe('a card is stale', () => {
  const seen: Seen = {
    current: isolated('5'),
    position: 'none',
    hasOpenOrders: false,
    bounds: { min: '1', max: '50', step: '0.01' },
    isRisky: false,
  };

  test.each([
    ['the setting', { current: isolated('6') }],
    ['the margin mode', { current: { mode: 'cross' } }],
    ['a setting that is gone', { current: { mode: 'unset' } }],
    ['a new position', { position: 'long' }],
    ['open orders', { hasOpenOrders: true }],
    ['the smallest leverage', { bounds: { ...seen.bounds, min: '2' } }],
    ['the highest leverage', { bounds: { ...seen.bounds, max: '40' } }],
    ['the step', { bounds: { ...seen.bounds, step: '1' } }],
    ['a risk', { isRisky: true }],
  ] satisfies readonly (readonly [string, Partial<Seen>])[])('when %s changed', (_what, change) => {
    expect(isStale(seen, { ...seen, ...change })).toBe(true);
    expect(isStale({ ...seen, ...change }, seen)).toBe(true);
  });

  test('when the position changed its side', () => {
    expect(isStale({ ...seen, position: 'long' }, { ...seen, position: 'short' })).toBe(true);
  });

  test('never because the same leverage is written otherwise, or because there are more orders than before', async () => {
    expect(isStale(seen, { ...seen, current: isolated('5.00') })).toBe(false);
    const { venue, state } = createPaperVenue();
    const counts = [];
    for (const orderCount of [1, 7]) {
      Object.assign(state, { orderCount });
      counts.push(seenIn(await preview(venue, credentials, request)));
    }
    const [before, after] = counts;
    expect(before !== undefined && after !== undefined && isStale(before, after)).toBe(false);
  });
});
