import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rowKinds } from '../../src/row-kinds.ts';

test('docs/store.md has a line for every kind of row, and none for another', () => {
  const text = readFileSync(new URL('../../docs/store.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^\| `([\w-]+\/)/gm)].map(([, prefix]) => prefix);
  expect(documented.sort()).toEqual(rowKinds.map(({ prefix }) => prefix.replace(/\/.*/, '/')).sort());
});
