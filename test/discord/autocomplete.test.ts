import { expect, test } from 'vitest';
import { alice, card, general, leverageSet, startBot } from './support.ts';

test('completions come from the command, with what stands in the other options', async () => {
  const asked: unknown[] = [];
  const bot = await startBot({
    commands: leverageSet(
      () => card('card'),
      async (caller, option, typed, values) => {
        asked.push({ user: caller.user, option, typed, values });
        return [{ name: 'BTC/USDT', value: 'BTCUSDT' }];
      },
    ),
  });
  const choices = await bot.asAlice.autocomplete(general, 'leverage set', {
    options: { venue: 'mudrex', market: 'bt' },
    focused: 'market',
  });
  expect(choices).toMatchObject({ kind: 'choices', choices: [{ name: 'BTC/USDT', value: 'BTCUSDT' }] });
  expect(asked).toEqual([{ user: alice.id, option: 'market', typed: 'bt', values: { venue: 'mudrex' } }]);
});

test('at most 25 completions are sent, names shortened and values never', async () => {
  const long = { name: 'n'.repeat(150), value: 'long name' };
  const tooLong = { name: 'too long a value', value: 'v'.repeat(101) };
  const many = Array.from({ length: 40 }, (_, index) => ({ name: `m${index}`, value: `m${index}` }));
  const bot = await startBot({
    commands: leverageSet(
      () => card('card'),
      async () => [long, tooLong, { name: ' ', value: 'blank' }, ...many],
    ),
  });
  const answer = await bot.asAlice.autocomplete(general, 'leverage set', {
    options: { market: '' },
    focused: 'market',
  });
  const choices = answer.kind === 'choices' ? answer.choices : [];
  expect(choices).toHaveLength(25);
  expect(choices[0]).toMatchObject({ name: `${'n'.repeat(99)}…`, value: 'long name' });
  expect(choices.map(({ value }) => value)).not.toContain('blank');
  expect(choices[1]).toMatchObject({ value: 'm0' });
});

test('an error is an empty list', async () => {
  const bot = await startBot({
    commands: leverageSet(
      () => card('card'),
      async () => {
        throw new TypeError('no markets');
      },
    ),
  });
  const choices = await bot.asAlice.autocomplete(general, 'leverage set', {
    options: { market: 'b' },
    focused: 'market',
  });
  expect(choices).toEqual({ kind: 'choices', choices: [] });
  expect(bot.log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
});

test('a command without completions answers with none', async () => {
  const bot = await startBot();
  const choices = await bot.asAlice.autocomplete(general, 'leverage set', {
    options: { market: 'b' },
    focused: 'market',
  });
  expect(choices).toEqual({ kind: 'choices', choices: [] });
});
