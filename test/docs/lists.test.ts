import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import { rowKinds } from '../../src/row-kinds.ts';
import { plantNames } from '../../torture/bot-messages.ts';
import { ruleNames } from '../../torture/rules/violation.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The code at the beginning of each row of the table below this heading. */
function rowsBelow(document: string, heading: string): readonly string[] {
  const [, below = ''] = read(document).split(`${heading}\n`);
  const [table = ''] = /^\|.*\n(\|.*\n)+/m.exec(below) ?? [];
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, code = '']) => code);
}

test('the store’s document has a line for every kind of row, and none for another', () => {
  const prefixes = rowsBelow('docs/store.md', '## Rows').map((key) => key.replace(/\/.*/, '/'));
  expect(prefixes.sort()).toEqual(rowKinds.map(({ prefix }) => prefix.replace(/\/.*/, '/')).sort());
});

test('every rule and every planted bug of the torture is explained, and no other', () => {
  const rules = rowsBelow('docs/reliability.md', "Then all of it is held against the exchanges' own write\nlogs:");
  expect(rules).toEqual([...ruleNames]);
  const bugs = rowsBelow('docs/reliability.md', '### Planted bugs').map((row) => row.replace(/:.*/, ''));
  expect(bugs.sort()).toEqual([...plantNames].sort());
});

test('every metric of the bot’s own is explained, and no other', async () => {
  const served = [...(await createMetrics().text()).matchAll(/^# TYPE (levergate_\w+)/gm)].map(([, name]) => name);
  const [, metrics = ''] = read('docs/operating.md').split('| metric | labels | meaning |');
  const explained = [...metrics.matchAll(/^\| `(levergate_\w+)`/gm)].map(([, name]) => name);
  expect(explained.sort()).toEqual(served.sort());
});

test('every line of the log that is explained is one that the bot writes', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const code = sources.filter((path) => /\.[jt]s$/.test(path)).map((path) => read(join('src', path)));
  const [, table = ''] = read('docs/operating.md').split('| `msg` | meaning |');
  const explained = [...(/^(\|.*\n)+/m.exec(table)?.[0] ?? '').matchAll(/^\| (.*?) \| /gm)];
  const messages = explained.flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(?:… )?([^`]+)`/g)].map(([, text]) => text),
  );
  expect(messages.length).toBeGreaterThan(10);
  // Some are put together: of a heading and what it is about, or of a task that failed.
  const isWritten = (text = '') => text.split(/: | failed$/).every((part) => code.some((file) => file.includes(part)));
  expect(messages.filter((text) => !isWritten(text))).toEqual([]);
});
