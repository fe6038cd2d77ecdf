import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aliasesOf, findMarket, type Market } from '../../src/leverage/market.ts';
import { searchMarkets } from '../../src/leverage/market-search.ts';

function market(symbol: string, base: string, quote: string): Market {
  const aliases = aliasesOf(symbol, base, quote, symbol);
  const bounds = { min: '1', max: '50', step: '0.01' };
  return { venue: 'test', id: symbol, symbol, aliases, base, quote, bounds, tradeable: true };
}

const markets = [
  market('PF_XBTUSD', 'XBT', 'USD'),
  market('PF_ETHUSD', 'ETH', 'USD'),
  market('FF_XBTUSD_261225', 'XBT', 'USD'),
  market('PF_DOGEUSD', 'DOGE', 'USD'),
  market('PF_ETHFIUSD', 'ETHFI', 'USD'),
];

test('a search gives what starts with the text before what contains it', () => {
  expect(searchMarkets(markets, 'eth', 5).map(({ symbol }) => symbol)).toEqual(['PF_ETHUSD', 'PF_ETHFIUSD']);
  expect(searchMarkets(markets, 'usd', 2)).toHaveLength(2);
  expect(searchMarkets(markets, 'nope', 5)).toEqual([]);
});

test.each([
  ['bitcoin', 'PF_XBTUSD'],
  ['Bitcoi', 'PF_XBTUSD'],
  ['bitcon', 'PF_XBTUSD'],
  ['ethereum', 'PF_ETHUSD'],
  ['ether', 'PF_ETHUSD'],
  ['BTCUSDT', 'PF_XBTUSD'],
  ['btc-usdc', 'PF_XBTUSD'],
  ['ETHUSDT', 'PF_ETHUSD'],
  ['ETH-PERP', 'PF_ETHUSD'],
  ['ETHUSTD', 'PF_ETHUSD'],
  ['EHTUSD', 'PF_ETHUSD'],
  ['ethfiusd', 'PF_ETHFIUSD'],
  ['etfhiusd', 'PF_ETHFIUSD'],
])('a search for %j suggests %s first', (text, symbol) => {
  expect(searchMarkets(markets, text, 5)[0]?.symbol).toBe(symbol);
});

test('what is only near is offered where nothing else is, and never for short texts', () => {
  expect(searchMarkets(markets, 'ETHUSD', 5).map(({ symbol }) => symbol)).toEqual(['PF_ETHUSD']);
  for (const text of ['etx', 'perp', 'usdtusdt', 'xthusd', 'ethxxd', 'ethusdethusd', 'e'.repeat(200)]) {
    expect(searchMarkets(markets, text, 5)).toEqual([]);
  }
});

test('a search suggests and never decides: only a name of the market itself is the market', () => {
  for (const text of ['bitcoin', 'BTCUSDT', 'ETHUSTD']) expect(findMarket(markets, text)).toBeUndefined();
});

test('a search of 200,000 markets takes no time that grows with their square', () => {
  const one = market('CUSD', 'C', 'USD');
  const many = Array.from({ length: 200_000 }, () => ({ ...one }));
  const before = process.cpuUsage();
  expect(searchMarkets(many, 'c', 25)).toHaveLength(25);
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(1.5);
});

test('a search for what is near costs little, however many long names a venue lists', () => {
  const letters = (index: number) => [...String(index).padStart(5, '0')].map((digit) => 'ABCDEFGHIJ'[Number(digit)]);
  const many = Array.from({ length: 5_000 }, (_, index) => {
    const base = `B${letters(index).join('')}QWERTYUIOPASDFGHJ`;
    return market(`PF_${base}USD`, base, 'USD');
  });
  const search = () => ['B'.repeat(24), 'BQQQQQQWERTYUIOPASDFGHJX'].map((text) => searchMarkets(many, text, 25));
  search();
  const before = process.cpuUsage();
  for (let times = 0; times < 10; times += 1) expect(search().flat()).toEqual([]);
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(1.5);
});

test('nobody can make a search slow or throw', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => market(`PF_C${index}USD`, `C${index}`, 'USD'));
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      findMarket(many, text);
      expect(searchMarkets(many, text, 25).length).toBeLessThanOrEqual(25);
    }),
    { numRuns: 200 },
  );
});
