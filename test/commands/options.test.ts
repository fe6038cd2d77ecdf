import { describe, expect, test } from 'vitest';
import { parseLabel, parseMarket } from '../../commands/options.ts';
import { openCommands } from './support.ts';

describe('a label', () => {
  test.each(['main', 'a', '0', 'desk-2', 'x'.repeat(20)])('may be %j', (text) => {
    expect(parseLabel('label', text)).toBe(text);
  });

  test.each(['', 'Main', 'a b', 'a_b', 'a/b', 'a|b', 'é', 'x'.repeat(21), 'a\n', '１'])('may not be %j', (text) => {
    expect(() => parseLabel('label', text)).toThrow('BAD_OPTION');
  });

  test('that was left out is main', () => {
    expect(parseLabel('label', undefined)).toBe('main');
  });
});

test('a completion of another venue than the chosen one is not taken for a market', async () => {
  const { gate } = await openCommands();
  const venues = new Map([...gate.venues, ['other', { ...gate.venue, id: 'other', label: 'Other' }]]);
  expect(() => parseMarket(venues, gate.venue, 'other:ETHUSD')).toThrow('BAD_OPTION');
  for (const text of ['BTC:USD', 'btc', ':', 'nowhere:ETHUSD'])
    expect(parseMarket(venues, gate.venue, text)).toBe(text);
});
