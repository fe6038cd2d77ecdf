/** A test that the threat model names; of a title with placeholders, all that it makes. `file` is seen from the root. */
export type NamedTest = { readonly file: string; readonly title: string };

/** A test as a run of Vitest left it. */
export type RanTest = NamedTest & { readonly state: string };

/** Every test that the text of docs/security.md names: a file in backticks, a colon, titles in asterisks. */
export function namedTests(markdown: string): readonly NamedTest[] {
  return markdown
    .replace(/\s+/g, ' ')
    .split('`test/')
    .slice(1)
    .flatMap((part) => {
      const [path = '', rest = ''] = part.split('`', 2);
      const [titles = ''] = /^: (\*[^*]+\*(; )?)+/.exec(rest) ?? [];
      const named = [...titles.matchAll(/\*([^*]+)\*/g)].map(([, title = '']) => title);
      // A file without a title proves nothing: no test is called like this one.
      return (named.length === 0 ? [''] : named).map((title) => ({ file: `test/${path}`, title }));
    });
}

/** Matches a title in which Vitest has filled in the placeholders of `test.each`, such as %s and $name. */
export function patternOf(title: string): string {
  return title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%[sdifjoO#]|\\\$\w+/g, '.*');
}

/** One line for each named test that did not run, or not with success. */
export function brokenPromises(named: readonly NamedTest[], ran: readonly RanTest[]): readonly string[] {
  return named.flatMap(({ file, title }) => {
    const pattern = new RegExp(`^${patternOf(title)}$`);
    const meant = ran.filter((test) => test.file === file && pattern.test(test.title));
    const states = new Set(meant.map(({ state }) => state));
    states.delete('passed');
    if (meant.length > 0 && states.size === 0) return [];
    return [`${file}: "${title}" ${meant.length === 0 ? 'is gone' : [...states].join(', ')}`];
  });
}
