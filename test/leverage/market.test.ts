import { Big } from 'big.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/errors.ts';
import {
  aliasesOf,
  assertWithinBounds,
  type Bounds,
  findMarket,
  type Market,
  normalizeSymbol,
  rangeText,
} from '../../src/leverage/market.ts';
import { parseLeverage } from '../../src/leverage/setting.ts';
import { explain } from '../../src/messages.ts';

function market(symbol: string, base: string, quote: string, bounds: Partial<Bounds> = {}): Market {
  return {
    venue: 'test',
    id: symbol,
    symbol,
    aliases: aliasesOf(symbol, base, quote, symbol),
    base,
    quote,
    bounds: { min: '1', max: '50', step: '0.01', ...bounds },
    tradeable: true,
  };
}

const markets = [
  market('PF_XBTUSD', 'XBT', 'USD'),
  market('PF_ETHUSD', 'ETH', 'USD'),
  market('FF_XBTUSD_261225', 'XBT', 'USD'),
  market('PF_DOGEUSD', 'DOGE', 'USD'),
  market('PF_ETHFIUSD', 'ETHFI', 'USD'),
];

function failureOf(run: () => unknown) {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Failure ? error.data : error;
  }
}

test('btc/usd, BTC-USD and btc_usd are one text', () => {
  expect(['btc/usd', 'BTC-USD', ' btc_usd ', 'BTC USD'].map(normalizeSymbol)).toEqual(Array(4).fill('BTCUSD'));
});

test.each([
  ['PF_XBTUSD', 'PF_XBTUSD'],
  ['pf_xbtusd', 'PF_XBTUSD'],
  ['btc', 'PF_XBTUSD'],
  ['XBT', 'PF_XBTUSD'],
  ['BTC/USD', 'PF_XBTUSD'],
  ['xbtusd', 'PF_XBTUSD'],
  ['ff_xbtusd_261225', 'FF_XBTUSD_261225'],
  ['xdg', 'PF_DOGEUSD'],
  ['eth', 'PF_ETHUSD'],
  ['ethfi', 'PF_ETHFIUSD'],
  ['', undefined],
  ['/', undefined],
  ['ET', undefined],
  ['ETHUSDT', undefined],
])('%j means %s', (text, symbol) => {
  expect(findMarket(markets, text)?.symbol).toBe(symbol);
});

describe('bounds', () => {
  test('a leverage within them passes, with steps that floats cannot add', () => {
    for (const leverage of ['1', '50', '2.5', '1.1', '33.33', '49.99']) {
      expect(failureOf(() => assertWithinBounds(market('A', 'A', 'USD'), leverage))).toBeUndefined();
    }
  });

  test('outside names both ends', () => {
    for (const leverage of ['0.99', '50.01', '999999']) {
      expect(failureOf(() => assertWithinBounds(market('A', 'A', 'USD'), leverage))).toEqual({
        code: 'LEVERAGE_OUTSIDE_BOUNDS',
        leverage,
        market: 'A',
        min: '1',
        max: '50',
      });
    }
  });

  test('off the step names the nearest ones within the bounds', () => {
    const coarse = market('A', 'A', 'USD', { step: '0.5', max: '12.3' });
    expect(failureOf(() => assertWithinBounds(coarse, '2.7'))).toMatchObject({
      code: 'LEVERAGE_OFF_STEP',
      step: '0.5',
      nearest: ['2.5', '3'],
    });
    expect(failureOf(() => assertWithinBounds(coarse, '12.2'))).toMatchObject({ nearest: ['12'] });
  });

  test('without a published maximum have a minimum and a step only, and name no end that was made up', () => {
    const open = { ...market('A', 'A', 'USD'), bounds: { min: '1', step: '0.01' } };
    for (const leverage of ['1', '50', '999999']) {
      expect(failureOf(() => assertWithinBounds(open, leverage))).toBeUndefined();
    }
    const below = { code: 'LEVERAGE_OUTSIDE_BOUNDS', leverage: '0.5', market: 'A', min: '1' } as const;
    expect(failureOf(() => assertWithinBounds(open, '0.5'))).toStrictEqual(below);
    expect(failureOf(() => assertWithinBounds(open, '1.005'))).toMatchObject({ nearest: ['1', '1.01'] });
    expect(explain(below).next).toBe('Choose 1x or more.');
    expect(rangeText(open.bounds)).toBe('1x or more, as far as the exchange takes it');
    expect(rangeText({ min: '1', max: '50', step: '1' })).toBe('1x to 50x');
  });

  test('of 10,000 hostile texts only multiples of the step within the bounds pass (P34)', () => {
    const text = fc.oneof(
      fc.stringMatching(/^[0-9]{1,3}(\.[0-9]{1,4})?$/),
      fc.double({ min: -10, max: 200 }).map(String),
      fc.string({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('0.01', '0.1', '0.5', '1', '5'), (typed, step) => {
        const one = market('A', 'A', 'USD', { step });
        const leverage = parseLeverage(typed);
        if (leverage === undefined) return;
        const failure = failureOf(() => assertWithinBounds(one, leverage));
        const fits = new Big(leverage).gte(1) && new Big(leverage).lte(50) && new Big(leverage).mod(step).eq(0);
        expect(failure === undefined).toBe(fits);
        if (!fits) expect(failure).toHaveProperty('code', expect.stringMatching(/^LEVERAGE_/));
      }),
      { numRuns: 10_000 },
    );
  });
});
