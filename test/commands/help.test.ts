import { expect, test } from 'vitest';
import { renderView } from '../../src/discord/render.ts';
import { alice } from '../support/gate.ts';
import { openCommands } from './support.ts';

const ids = new Map([
  ['leverage', '11'],
  ['keys', '12'],
  ['help', '13'],
  ['privacy', '14'],
]);

test('the help is the text of the message, names every command with its description, and offers each to be tapped', async () => {
  const { run, all } = await openCommands();
  const { content = '', embeds } = renderView(await run(alice, 'help'), ids);
  expect(embeds).toEqual([]);
  for (const [name, { description }] of all) {
    expect(content).toContain(`\n</${name}:${ids.get(name.split(' ')[0] ?? '')}> ${description}`);
  }
});

test('before Discord has told the ids, commands are plain text', async () => {
  const { run } = await openCommands();
  const { content = '' } = renderView(await run(alice, 'help'));
  expect(content).toMatch(/^1\\\. \/keys add adds/m);
  expect(content).not.toMatch(/<\//);
});

test('the help fits a phone, with an exchange that ends, and says that nothing is sent before a press', async () => {
  const retires = { noNewKeysFrom: 1, closesAt: 2, at: Date.UTC(2027, 2, 1), eraseAt: 4 };
  const { run } = await openCommands({ facts: { label: 'Kraken Futures', retires } });
  const { content = '' } = renderView(await run(alice, 'help'));
  // A phone shows some 34 letters in a line and some 23 lines between its bars.
  const lines = content.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 34)), 0);
  expect(lines).toBeLessThanOrEqual(23);
  expect(content).toContain('Only then it is sent');
  expect(content).toContain('Kraken Futures (old API, ends 1 March 2027): ask the operator.');
});
