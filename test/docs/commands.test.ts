import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openCommands } from '../commands/support.ts';

const text = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
const rows = [...text.matchAll(/^\| `\/([^`]+)` \| (.*) \|$/gm)].map(([, usage = '', says = '']) => ({ usage, says }));

test('the table of commands has each, with its options, in the order of /help', async () => {
  const { all } = await openCommands();
  const declared = all.map(([name, { options }]) =>
    [name, ...Object.entries(options).map(([option, { isRequired }]) => (isRequired ? option : `[${option}]`))].join(
      ' ',
    ),
  );
  expect(rows.map(({ usage }) => usage)).toEqual(declared);
});

test('what the table says of a command begins as Discord and /help say it', async () => {
  const { all } = await openCommands();
  for (const [index, [, { description }]] of all.entries())
    expect(rows[index]?.says).toMatch(new RegExp(`^${description}`));
});

test('every option is explained, and none that no command has', async () => {
  const { all } = await openCommands();
  const declared = new Set(all.flatMap(([, { options }]) => Object.keys(options)));
  const explained = [...text.matchAll(/^- `(\w+)`: /gm)].map(([, name]) => name);
  expect(explained.sort()).toEqual([...declared].sort());
});
