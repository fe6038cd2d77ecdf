import { describe, expect, test } from 'vitest';
import { alice, bob } from '../support/gate.ts';
import { openCommands } from './support.ts';

describe('completions of a market', () => {
  test('come from memory, with what each allows', async () => {
    const { complete, markets } = await openCommands();
    await markets.refreshPublic();
    expect(await complete(alice, 'leverage set', 'market', 'eth', { venue: 'paper' })).toEqual([
      { name: 'ETHUSD · up to 50x', value: 'ETHUSD' },
    ]);
  });

  test('name no maximum where the exchange publishes none', async () => {
    const { complete, markets, gate } = await openCommands();
    gate.state.bounds = { min: '1', step: '0.01' };
    await markets.refreshPublic();
    const here = await complete(alice, 'leverage set', 'market', 'eth', { venue: 'paper' });
    expect([...here, ...(await complete(alice, 'leverage set', 'market', 'eth'))]).toEqual([
      { name: 'ETHUSD', value: 'ETHUSD' },
      { name: 'ETHUSD · Paper', value: 'paper:ETHUSD' },
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

  test('before a venue is chosen come from all, and their value names the venue too', async () => {
    const { complete, markets, run, gate } = await openCommands();
    for (const values of [{}, { venue: 'elsewhere' }, { venue: true }]) {
      expect(await complete(alice, 'leverage set', 'market', '', values)).toEqual([]);
    }
    await markets.refreshPublic();
    expect(await complete(alice, 'leverage set', 'market', 'eth')).toEqual([
      { name: 'ETHUSD · Paper · up to 50x', value: 'paper:ETHUSD' },
    ]);
    await gate.addKey(alice);
    const wish = { venue: 'paper', market: 'paper:ETHUSD', leverage: '5' };
    expect((await run(alice, 'leverage set', wish)).title).toBe('Set ETHUSD to 5x isolated on Paper?');
    expect((await run(alice, 'leverage show', { venue: 'paper', market: 'paper:ETHUSD' })).title).toContain('ETHUSD');
  });

  test('never offer a word that is no market', async () => {
    const { complete } = await openCommands();
    for (const values of [{}, { venue: 'paper' }]) {
      for (const { value } of await complete(alice, 'leverage set', 'market', '', values))
        expect(value).toMatch(/^[A-Z]+$/);
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
  const anywhere = await complete(alice, 'keys remove', 'account', 'ma');
  expect(anywhere.map(({ value }) => value)).toEqual(['main', 'many']);
});
