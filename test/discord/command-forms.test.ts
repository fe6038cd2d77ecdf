import { expect, test } from 'vitest';
import { type Command, type Options, optionalText, subcommand, textOption, venueOption } from '../../src/command.ts';
import { describeCommands } from '../../src/discord/command-forms.ts';
import { startBot, venues, view } from './support.ts';

const single = (name: string, description = 'Does something', options: Options = {}): Command =>
  subcommand({ name, description, options, run: async () => view('x') });
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

test('options are written as Discord takes them, required ones first', () => {
  const options = {
    note: optionalText('A note', { maxLength: 50 }),
    venue: venueOption('Where'),
    mode: textOption('How', { maxLength: 10, choices: ['cross', 'isolated'] }),
  };
  expect(describeCommands([single('go', 'Goes', options)], venues)).toEqual([
    {
      type: 1,
      name: 'go',
      description: 'Goes',
      integration_types: [0, 1],
      contexts: [0, 1, 2],
      options: [
        {
          type: 3,
          name: 'venue',
          description: 'Where',
          required: true,
          choices: [
            { name: 'Mudrex', value: 'mudrex' },
            { name: 'Kraken Futures', value: 'kraken-futures' },
          ],
        },
        {
          type: 3,
          name: 'mode',
          description: 'How',
          required: true,
          choices: [
            { name: 'cross', value: 'cross' },
            { name: 'isolated', value: 'isolated' },
          ],
        },
        { type: 3, name: 'note', description: 'A note', required: false, max_length: 50, autocomplete: false },
      ],
    },
  ]);
});

const text = (count: number) => 'x'.repeat(count);
const manyOptions = (count: number): Options =>
  Object.fromEntries(times(count, (index) => [`o${index}`, optionalText('Text', { maxLength: 5 })]));
const choices = (list: readonly string[]): Options => ({ o: textOption('Text', { maxLength: 5, choices: list }) });

const limits: readonly { what: string; within: readonly Command[]; beyond: readonly Command[] }[] = [
  { what: 'commands', within: times(100, (n) => single(`c${n}`)), beyond: times(101, (n) => single(`c${n}`)) },
  { what: 'length of a name', within: [single(text(32))], beyond: [single(text(33))] },
  { what: 'letters of a name', within: [single('a-b_c1')], beyond: [single('Upper')] },
  { what: 'presence of a name', within: [single('a')], beyond: [single('')] },
  { what: 'distinct names', within: [single('a'), single('b')], beyond: [single('a'), single('a')] },
  { what: 'length of a description', within: [single('a', text(100))], beyond: [single('a', text(101))] },
  { what: 'presence of a description', within: [single('a', 'b')], beyond: [single('a', '')] },
  { what: 'options', within: [single('a', 'b', manyOptions(25))], beyond: [single('a', 'b', manyOptions(26))] },
  {
    what: 'subcommands',
    within: [{ name: 'a', description: 'b', subcommands: times(25, (n) => subcommandOf(`s${n}`)) }],
    beyond: [{ name: 'a', description: 'b', subcommands: times(26, (n) => subcommandOf(`s${n}`)) }],
  },
  {
    what: 'choices',
    within: [single('a', 'b', choices(times(25, String)))],
    beyond: [single('a', 'b', choices(times(26, String)))],
  },
  {
    what: 'length of a choice',
    within: [single('a', 'b', choices([text(100)]))],
    beyond: [single('a', 'b', choices([text(101)]))],
  },
  {
    what: 'distinct choices',
    within: [single('a', 'b', choices(['a', 'b']))],
    beyond: [single('a', 'b', choices(['a', 'a']))],
  },
  {
    what: 'length of a text',
    within: [single('a', 'b', { o: textOption('Text', { maxLength: 6000 }) })],
    beyond: [single('a', 'b', { o: textOption('Text', { maxLength: 6001 }) })],
  },
  {
    what: 'size of a command',
    within: [single('a', 'b', big(2))],
    beyond: [single('a', 'b', big(3))],
  },
];

function subcommandOf(name: string) {
  return subcommand({ name, description: 'Does', options: {}, run: async () => view('x') });
}

/** About 3,000 letters for each option: 15 choices of 100 letters, counted as name and as value. */
function big(count: number): Options {
  const list = times(15, (index) => text(98) + String(index + 10));
  return Object.fromEntries(times(count, (index) => [`o${index}`, textOption('T', { maxLength: 5, choices: list })]));
}

test.each(limits)('Discord’s limit on the $what is kept', async ({ within, beyond }) => {
  const { discord } = await startBot({ commands: within });
  expect(discord.commands()).toHaveLength(within.length);
  expect(() => describeCommands(beyond, venues)).toThrow(RangeError);
});
