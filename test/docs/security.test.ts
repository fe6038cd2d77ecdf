import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/security.md', root), 'utf8').replace(/\s+/g, ' ');

/** Each file that the threat model names, with the titles that follow it. */
function namedTests(): readonly (readonly [string, readonly string[]])[] {
  return text
    .split('`test/')
    .slice(1)
    .map((part) => {
      const [path = '', rest = ''] = part.split('`', 2);
      const [titles = ''] = /^: (\*[^*]+\*(; )?)+/.exec(rest) ?? [];
      return [`test/${path}`, [...titles.matchAll(/\*([^*]+)\*/g)].map(([, title = '']) => title)] as const;
    });
}

const named = namedTests();

describe('the threat model names only tests that there are', () => {
  test.each(named)('%s %j', (path, titles) => {
    expect(existsSync(new URL(path, root))).toBe(true);
    const source = readFileSync(new URL(path, root), 'utf8').replaceAll("\\'", "'");
    expect(titles).not.toEqual([]);
    for (const title of titles) expect(source).toContain(title);
  });
});

test('the threat model names a test for most of what it promises', () => {
  expect(named.length).toBeGreaterThan(40);
});
