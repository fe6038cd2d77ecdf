import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';
import { brokenPromises, namedTests, patternOf } from './threat-model.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const named = namedTests(readFileSync(join(root, 'docs/security.md'), 'utf8'));

// That they run and pass is seen by the reporter at the end of the run: see threat-model-reporter.ts.
test.each(named)(
  'the threat model names a test of $file that a run of all tests would run: $title',
  ({ file, title }) => {
    expect(file).toMatch(/^test\/.*\.test\.ts$/);
    expect(existsSync(join(root, file))).toBe(true);
    expect(title).not.toBe('');
  },
);

test('the threat model names a test for most of what it promises', () => {
  expect(named.length).toBeGreaterThan(60);
});

test('files and titles are read over line ends, several to a file', () => {
  const text =
    'They cannot. → `test/a.test.ts`: *one\n  two*; *three %s*; `test/b.test.ts`:\n*four*. See `test/c.test.ts`.';
  expect(namedTests(text)).toEqual([
    { file: 'test/a.test.ts', title: 'one two' },
    { file: 'test/a.test.ts', title: 'three %s' },
    { file: 'test/b.test.ts', title: 'four' },
    { file: 'test/c.test.ts', title: '' },
  ]);
});

test('placeholders stand for anything, and nothing else does', () => {
  const pattern = new RegExp(`^${patternOf('a %s (P9) %j $file')}$`);
  expect(pattern.test('a 5.2 (P9) {"x":1} b')).toBe(true);
  expect(pattern.test('a 5.2 P9 {"x":1} b')).toBe(false);
});

describe('a named test', () => {
  const file = 'test/a.test.ts';
  const ran = (title: string, state: string) => ({ file, title, state });

  test.each([
    ['is gone', [ran('other', 'passed')], 'is gone'],
    ['stands in another file now', [{ file: 'test/b.test.ts', title: 'one of 2', state: 'passed' }], 'is gone'],
    ['was skipped', [ran('one of 2', 'skipped')], 'skipped'],
    ['failed in one of its forms', [ran('one of 2', 'passed'), ran('one of 3', 'failed')], 'failed'],
  ])('that %s breaks a promise', (_what, tests, why) => {
    expect(brokenPromises([{ file, title: 'one of %i' }], tests)).toEqual([`${file}: "one of %i" ${why}`]);
  });

  test('that passed in all its forms breaks none', () => {
    const tests = [ran('one of 2', 'passed'), ran('one of 3', 'passed'), ran('other', 'skipped')];
    expect(brokenPromises([{ file, title: 'one of %i' }], tests)).toEqual([]);
  });
});

describe('a run of Vitest', () => {
  /** A project of its own, whose threat model names one test, and this test of the threat model. */
  function run(declared: string, ...args: readonly string[]) {
    const project = temporaryDirectory();
    for (const directory of ['docs', 'test/docs']) mkdirSync(join(project, directory), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
    writeFileSync(join(project, 'docs/security.md'), 'They cannot. → `test/some.test.ts`: *it holds for %s*\n');
    writeFileSync(
      join(project, 'test/some.test.ts'),
      `import { test } from 'vitest';\ntest('other', () => {});\n${declared}`,
    );
    writeFileSync(join(project, 'test/docs/security.test.ts'), `import { test } from 'vitest';\ntest('is', () => {});`);
    const reporter = join(root, 'test/docs/threat-model-reporter.ts');
    writeFileSync(
      join(project, 'vitest.config.ts'),
      `import { threatModelReporter } from '${reporter}';\nexport default { test: { reporters: ['default', threatModelReporter] } };`,
    );
    const { CI: _ci, VITEST: _vitest, ...env } = process.env;
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const { status, stderr } = spawnSync(process.execPath, [vitest, 'run', ...args], {
      cwd: project,
      env,
      encoding: 'utf8',
    });
    return { status, says: stderr.includes('docs/security.md names tests that did not pass') };
  }
  const holds = `test.each(['a'])('it holds for %s', () => {});`;
  const skipped = holds.replace('test.each', 'test.skip.each');
  const slow = { timeout: 60_000 };

  test.each([[[]], [['test/docs']]])('passes when the named test does: %j', slow, (args) => {
    expect(run(holds, ...args)).toEqual({ status: 0, says: false });
  });

  test.each([[[]], [['test/docs']]])('fails when the named test is skipped: %j', slow, (args) => {
    expect(run(skipped, ...args)).toEqual({ status: 1, says: true });
  });

  test.each([[[]], [['test/docs']]])('fails when the named test is gone: %j', slow, (args) => {
    expect(run('', ...args)).toEqual({ status: 1, says: true });
  });

  test('of one other file does not answer for the rest', slow, () => {
    expect(run(holds, 'test/some.test.ts', '-t', 'other')).toEqual({ status: 0, says: false });
  });
});
