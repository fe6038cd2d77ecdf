import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...within('docs').filter((path) => path.endsWith('.md')),
];
/** Every file and folder of the sources, seen from the root. */
const paths = [
  ...readdirSync(root),
  ...['bench', 'commands', 'docs', 'playground', 'probe', 'simulators', 'src', 'test', 'torture'].flatMap(within),
];
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

function within(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => !path.includes('node_modules'));
}

/** What is written as `confirm/cards.ts`, `cards.ts` or `confirm/`; a NAME in capitals stands for the reader's own. */
function namedPaths(markdown: string): readonly string[] {
  const tokens = [...markdown.matchAll(/`([^`\s]+)`/g)].map(([, token = '']) => token);
  return tokens.filter((token) => /^[\w.-]+(\/[\w.-]+)*(\/|\w\.(ts|js|json|md))$/.test(token) && !/NAME/.test(token));
}

/** Targets of links within the repository: a file, a heading, or both. */
function links(markdown: string): readonly string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to).filter((to) => !/^https?:/.test(to));
}

/** The anchors that GitHub makes of the headings. */
function anchors(document: string): readonly string[] {
  const headings = [...readFileSync(join(root, document), 'utf8').matchAll(/^#+ (.*)$/gm)];
  return headings.map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  );
}

describe.each(documents)('%s', (document) => {
  const text = readFileSync(join(root, document), 'utf8');

  test('names only files and folders that exist', () => {
    const gone = namedPaths(text).filter((named) => {
      const tail = named.replace(/\/$/, '');
      return !paths.some((path) => path === tail || path.endsWith(`/${tail}`));
    });
    expect(gone).toEqual([]);
  });

  test('links only to files and headings that exist', () => {
    const broken = links(text).filter((link) => {
      const [file = '', heading] = link.split('#');
      const target = file === '' ? document : join(dirname(document), file);
      return !paths.includes(target) || (heading !== undefined && !anchors(target).includes(heading));
    });
    expect(broken).toEqual([]);
  });

  test('names only scripts that package.json has', () => {
    const named = [...text.matchAll(/npm run (?:--\S+ )*([\w-][\w:-]*)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test('what is written in backticks is taken for a path when it looks like one', () => {
  const text =
    'See `src/app.ts`, `commands/`, `app.ts`; not `/help`, `BTC/USD`, `a.db`, `NAME.ts`, `open/<user>` or `.ts`.';
  expect(namedPaths(text)).toEqual(['src/app.ts', 'commands/', 'app.ts']);
});
