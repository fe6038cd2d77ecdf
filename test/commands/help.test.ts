import { expect, test } from 'vitest';
import { alice, wordsOf } from '../support/gate.ts';
import { openCommands } from './support.ts';

test('the help shows every command with its options, from their declarations', async () => {
  const { run, all } = await openCommands();
  const names = (await run(alice, 'help')).fields?.map(({ name }) => name) ?? [];
  expect(names).toHaveLength(all.length);
  for (const [name, { options }] of all) {
    const line = names.find((each) => each === `/${name}` || each.startsWith(`/${name} `)) ?? '';
    for (const [option, { isRequired }] of Object.entries(options)) {
      expect(line.split(' ')).toContain(isRequired ? option : `[${option}]`);
    }
  }
});

test('the help says that nothing is sent before a press', async () => {
  const { run } = await openCommands();
  expect(wordsOf(await run(alice, 'help'))).toContain('sent only after you press');
});
