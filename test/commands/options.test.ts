import { describe, expect, test } from 'vitest';
import { parseLabel } from '../../commands/options.ts';
import { alice, bob } from '../support/gate.ts';
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

describe('completions of a market', () => {
  test('come from memory, with what each allows', async () => {
    const { complete, markets } = await openCommands();
    await markets.refreshPublic();
    expect(await complete(alice, 'leverage set', 'market', 'eth', { venue: 'paper' })).toEqual([
      { name: 'ETHUSD · up to 50x', value: 'ETHUSD' },
    ]);
  });

  test('are a hint where the list is not there, or nothing matches', async () => {
    const { complete } = await openCommands();
    const hint = 'Type a symbol such as BTCUSD';
    expect(await complete(alice, 'leverage set', 'market', '', { venue: 'paper' })).toEqual([
      { name: hint, value: 'BTCUSD' },
    ]);
    expect(await complete(alice, 'leverage set', 'market', 'zz', { venue: 'paper' })).toEqual([
      { name: hint, value: 'zz' },
    ]);
  });

  test('need a venue first, whatever stands there', async () => {
    const { complete } = await openCommands();
    for (const values of [{}, { venue: 'elsewhere' }, { venue: true }]) {
      expect(await complete(alice, 'leverage set', 'market', '', values)).toEqual([
        { name: 'Choose the venue first', value: '-' },
      ]);
    }
  });
});

test('completions of a label are one’s own at that venue, and nobody else’s', async () => {
  const { complete, gate } = await openCommands();
  for (const label of ['main', 'many', 'other']) await gate.addKey(alice, label, label);
  await gate.addKey(bob, 'bobs', 'mine-of-bob');
  const names = async (typed: string, venue = 'paper') =>
    (await complete(alice, 'keys remove', 'account', typed, { venue })).map(({ value }) => value);
  expect(await names('')).toEqual(['main', 'many', 'other']);
  expect(await names('ma')).toEqual(['main', 'many']);
  expect(await names('', 'elsewhere')).toEqual([]);
});
