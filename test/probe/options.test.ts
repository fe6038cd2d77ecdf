import { expect, test } from 'vitest';
import { readOptions } from '../../probe/options.ts';

test('without options an exchange is only read', () => {
  expect(readOptions(['mudrex'])).toEqual({ venue: 'mudrex', waits: false, compares: false });
});

test('a change is a market with a leverage, or with cross', () => {
  const set = { market: 'PF_XBTUSD', setting: { mode: 'isolated', leverage: '2.5' } };
  expect(readOptions(['kraken-futures', '--set', 'PF_XBTUSD', '2.50'])).toMatchObject({ change: set });
  expect(readOptions(['kraken-futures', '--set', 'PF_XBTUSD', 'cross'])).toMatchObject({
    change: { setting: { mode: 'cross' } },
  });
});

test.each([
  [[]],
  [['binance']],
  [['mudrex', 'BTCUSDT']],
  [['mudrex', '--set', 'BTCUSDT']],
  [['mudrex', '--set', 'BTCUSDT', '5', '6']],
  [['mudrex', '--set', 'BTCUSDT', '5x']],
  [['mudrex', '--set', 'BTCUSDT', '-5']],
  [['mudrex', '--key', 'canary']],
])('%j is refused without repeating it', (parameters) => {
  const refused = readOptions(parameters);
  expect(refused).toEqual(expect.any(String));
  expect(refused).not.toMatch(/canary|BTCUSDT|binance/);
});

test.each([
  'https://example.org',
  'http://example.org',
  'http://127.0.0.1.example.org:4400',
  'http://user@10.0.0.1',
  'ftp://127.0.0.1',
  'https://trade.mudrex.com',
])('a key is sent to no other address: %s is not taken for a playground', (address) => {
  expect(readOptions(['mudrex', '--playground', address])).toMatch(/an address of this machine/);
});

test('a playground is named by its origin', () => {
  expect(readOptions(['mudrex', '--playground', 'http://127.0.0.1:4400/x?y'])).toMatchObject({
    playground: 'http://127.0.0.1:4400',
  });
});
