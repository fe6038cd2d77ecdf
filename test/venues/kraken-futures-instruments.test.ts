import { describe, expect, test } from 'vitest';
import { instrumentsOf } from '../../src/venues/kraken-futures-instruments.ts';
import { judgeList } from '../../src/venues/list-reply.ts';
import { meaningOf } from '../support/list-reply.ts';

describe('instruments', () => {
  const row = {
    symbol: 'PF_XBTUSD',
    type: 'flexible_futures',
    base: 'BTC',
    quote: 'USD',
    tradeable: true,
    marginLevels: [{ contracts: 0, initialMargin: '0.02', maintenanceMargin: '0.01' }],
  };
  const read = (...rows: readonly unknown[]) => {
    const value = meaningOf(instrumentsOf('kraken-futures'), ...rows);
    if (value === undefined) throw new TypeError('instruments are never unreadable as a whole');
    return value;
  };
  const one = (change: object) => read({ ...row, ...change }).markets[0];

  test('are markets, other contracts, and those that cannot be read', () => {
    const inverse = { symbol: 'PI_XBTUSD', type: 'futures_inverse' };
    const broken = { symbol: 'PF_ODDUSD', type: 'flexible_futures' };
    const { markets, others, unreadable } = read(row, inverse, broken, null, { symbol: 5 });
    expect([markets.map(({ symbol }) => symbol), others, unreadable]).toEqual([
      ['PF_XBTUSD'],
      ['PI_XBTUSD'],
      ['PF_ODDUSD'],
    ]);
  });

  test('come perpetuals first, and main coins before others', () => {
    const symbols = ['FF_XBTUSD_1', 'PF_ADAUSD', 'PF_XRPUSD', 'FF_ADAUSD_1', 'PF_SOLUSD', 'PF_ETHUSD', 'PF_XBTUSD'];
    const rows = symbols.map((symbol) => ({ ...row, symbol, base: symbol.slice(3, 6).toLowerCase() }));
    expect(read(...rows).markets.map(({ symbol }) => symbol)).toEqual([
      'PF_XBTUSD',
      'PF_ETHUSD',
      'PF_SOLUSD',
      'PF_XRPUSD',
      'PF_ADAUSD',
      'FF_XBTUSD_1',
      'FF_ADAUSD_1',
    ]);
  });

  test('come with bitcoin first under either of its names', () => {
    const rows = ['PF_ETHUSD', 'PF_XBTUSD'].map((symbol) => ({
      ...row,
      symbol,
      base: symbol === 'PF_ETHUSD' ? 'ETH' : 'BTC',
    }));
    expect(read(...rows).markets.map(({ base }) => base)).toEqual(['BTC', 'ETH']);
  });

  test('name base and quote by themselves, else by their pair, else by their symbol', () => {
    const { base, quote, ...nameless } = row;
    expect(one({})).toMatchObject({ base: 'BTC', quote: 'USD', id: 'PF_XBTUSD', venue: 'kraken-futures' });
    const names = (change: object) => {
      const { base: b, quote: q } = read({ ...nameless, ...change }).markets[0] ?? {};
      return [b, q];
    };
    expect(names({ pair: 'ADA:EUR' })).toEqual(['ADA', 'EUR']);
    expect(names({})).toEqual(['XBT', 'USD']);
    expect(names({ base: '<b>', pair: 'a b:c d' })).toEqual(['XBT', 'USD']);
    expect(names({ symbol: 'ff_solusd_261225' })).toEqual(['SOL', 'USD']);
    expect(names({ symbol: 'PF_DOGEUSD' })).toEqual(['DOGE', 'USD']);
  });

  test('have tiers in the order of their size, by value where the venue gives it', () => {
    const level = { initialMargin: 0.04, maintenanceMargin: '0.02' };
    const marginLevels = [
      { ...level, contracts: null, numNonContractUnits: 1000000 },
      { ...level, contracts: 5, initialMargin: 0.02 },
      { ...level, contracts: 40 },
    ];
    const { tiers, bounds } = one({ marginLevels }) ?? {};
    expect(tiers).toEqual([
      { fromSize: '5', measuredIn: 'contracts', initialMargin: '0.02', maintenanceMargin: '0.02' },
      { fromSize: '40', measuredIn: 'contracts', initialMargin: '0.04', maintenanceMargin: '0.02' },
      { fromSize: '1000000', measuredIn: 'quote', initialMargin: '0.04', maintenanceMargin: '0.02' },
    ]);
    expect(bounds).toEqual({ min: '1', max: '50', step: '0.01' });
    expect(one({ marginLevels: [level] })?.tiers).toMatchObject([{ fromSize: '0', measuredIn: 'contracts' }]);
  });

  test.each([
    ['0.02', '50'],
    ['0.03', '33.33'],
    ['1', '1'],
    ['2', '1'],
    ['0.015', '66.66'],
  ])('allow the inverse of the first tier’s initial margin: %s is %sx', (initialMargin, max) => {
    const marginLevels = [{ contracts: 0, initialMargin, maintenanceMargin: '0.01' }];
    expect(one({ marginLevels })?.bounds.max).toBe(max);
  });

  test.each([
    { marginLevels: [] },
    { marginLevels: undefined },
    { marginLevels: [{ initialMargin: '0', maintenanceMargin: '0.01' }] },
    { tradeable: 'true' },
    { symbol: 'PF_XBT-USD' },
    { symbol: 'x PF_XBTUSD' },
  ])('with %j cannot be read', (change) => {
    expect(one(change)).toBeUndefined();
  });

  test('must say success, and be there', async () => {
    for (const body of [{ instruments: [row] }, { result: 'success' }, { result: 'success', instruments: {} }]) {
      const answer = { status: 200, text: JSON.stringify(body) };
      expect(await judgeList(answer, instrumentsOf('v'))).toEqual({ kind: 'silent', silence: 'unreadable' });
    }
  });
});
