import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { importTable } from './architecture/import-table.ts';
import {
  circles,
  floorsOf,
  forbiddenImports,
  importsOf,
  readSources,
  risingArrows,
  rowOf,
  unusedEntries,
} from './architecture/imports.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['src', 'commands', 'simulators', 'playground', 'torture', 'bench', 'probe'].filter((folder) =>
  existsSync(`${root}/${folder}`),
);
const sources = readSources(root, folders);
const imports = importsOf(sources);

const arrow = (found: string) => found.replace(/ \(.*/, '');

describe('the import table', () => {
  test('allows every import of the product and of what is built around it, types included', () => {
    expect(forbiddenImports(importTable, imports)).toEqual([]);
  });

  test('allows nothing that nobody needs', () => {
    expect(unusedEntries(importTable, imports)).toEqual([]);
  });

  test('has no arrow that leads up', () => {
    expect(risingArrows(importTable)).toEqual([]);
  });

  test('has a row of its own for each folder of the product', () => {
    const nested = [...sources.keys()].filter((path) => /^src\/.+\//.test(path));
    expect(nested.filter((path) => rowOf(importTable, path) === 'src/')).toEqual([]);
  });
});

test('the product has at most ten floors, none of which reaches up', () => {
  const floors = floorsOf(imports);
  expect(floors.length).toBeLessThanOrEqual(10);
  expect(floors.at(-1)).toEqual(['src/start.js']);
});

test('no files import each other in a circle, types included', () => {
  expect(circles(imports)).toEqual([]);
});

describe('a planted import is found', () => {
  const planted = (from: string, line: string) => forbiddenImports(importTable, importsOf(new Map([[from, line]])));

  test.each([
    ['src/leverage/x.ts', "import { y } from '../confirm/y.ts';", 'src/leverage/ → src/confirm/'],
    ['src/leverage/x.ts', "import type { Y } from '../confirm/y.ts';", 'src/leverage/ → src/confirm/'],
    ['src/leverage/x.ts', "import {\n  type Y,\n  z,\n} from '../venues/y.ts';", 'src/leverage/ → src/venues/'],
    ['src/store/x.ts', "export * from '../vault/y.ts';", 'src/store/ → src/vault/'],
    ['src/web/x.ts', "import '../discord/y.ts';", 'src/web/ → src/discord/'],
    ['src/discord/x.ts', "const y = await import('../web/y.ts');", 'src/discord/ → src/web/'],
    ['src/view.ts', "type Y = import('./leverage/y.ts').Y;", 'src/ → src/leverage/'],
    ['src/app.ts', "new Worker(new URL('../torture/y.ts', import.meta.url));", 'src/app.ts → torture/'],
    ['commands/x.ts', "import { randomUUID } from 'node:crypto';", 'commands/ → node:crypto'],
    ['src/venues/mudrex.ts', "import { request } from 'undici';", 'src/venues/ → undici'],
    ['src/confirm/x.ts', "import { helper } from '../../test/support/y.ts';", 'src/confirm/ → undefined'],
  ])('in %s: %s', (from, line, found) => {
    expect(planted(from, line).map(arrow)).toEqual([found]);
  });

  test('in a row that nobody wrote down', () => {
    expect(planted('elsewhere/x.ts', "import { y } from '../src/y.ts';")).toHaveLength(1);
  });

  test('in a circle of types', () => {
    const found = importsOf(
      new Map([
        ['src/a.ts', "import type { B } from './b.ts';"],
        ['src/b.ts', "import type { C } from './c.ts';"],
        ['src/c.ts', "import type { A } from './a.ts';"],
        ['src/d.ts', "import type { A } from './a.ts';"],
      ]),
    );
    expect(circles(found)).toEqual(['src/a.ts, src/b.ts, src/c.ts']);
  });

  test('in a table whose arrow leads up', () => {
    const table = { 'a/': { rows: [], libraries: [] }, 'b/': { rows: ['a/'], libraries: [] } };
    expect(risingArrows(table)).toEqual(['b/ → a/']);
  });

  test('between two folders that import each other, which then stand on no floor', () => {
    const found = importsOf(
      new Map([
        ['src/app.ts', "import { a } from './confirm/a.ts';"],
        ['src/confirm/a.ts', "import { c } from '../leverage/c.ts';"],
        ['src/leverage/b.ts', "import type { A } from '../confirm/a.ts';"],
        ['src/leverage/c.ts', "import { d } from '../d.ts';"],
      ]),
    );
    expect(floorsOf(found)).toEqual([['src/d.ts']]);
  });
});
