import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { z } from 'zod';
import { brokenPromises, type NamedTest, namedTests, patternOf, type RanTest } from './threat-model.ts';

const ownTest = 'test/docs/security.test.ts';

/**
 * Fails a run in which a test that docs/security.md names was skipped, failed or is gone. A run of all tests answers by
 * itself; where only the threat model's own test was asked for, the tests that it names are run after it.
 */
export const threatModelReporter: Reporter = {
  async onTestRunEnd(testModules, _errors, reason) {
    const [first] = testModules;
    // With a filter by name everything else is skipped on purpose.
    if (first === undefined || reason === 'interrupted' || first.project.globalConfig.testNamePattern) return;
    const { root } = first.project.config;
    const named = namedTests(readFileSync(join(root, 'docs/security.md'), 'utf8'));
    const files = new Set(testModules.map(({ moduleId }) => relative(root, moduleId)));
    const ran = testModules.flatMap((module) => testsOf(root, module));
    const missing = files.has(ownTest) ? named.filter(({ file }) => !files.has(file)) : [];
    const answered = named.filter(({ file }) => files.has(file));
    const later = missing.length === 0 ? [] : await runNamed(root, missing);
    report(brokenPromises([...answered, ...missing], [...ran, ...later]));
  },
};

function report(broken: readonly string[]): void {
  if (broken.length === 0) return;
  console.error(`docs/security.md names tests that did not pass:\n${broken.join('\n')}`);
  process.exitCode = 1;
}

function testsOf(root: string, { moduleId, children }: TestModule): readonly RanTest[] {
  const file = relative(root, moduleId);
  return [...children.allTests()].map((test) => ({ file, title: test.name, state: test.result().state }));
}

const resultSchema = z.object({
  testResults: z.array(
    z.object({ name: z.string(), assertionResults: z.array(z.object({ title: z.string(), status: z.string() })) }),
  ),
});

/** Runs exactly these tests, in a process of their own. */
async function runNamed(root: string, named: readonly NamedTest[]): Promise<readonly RanTest[]> {
  const files = [...new Set(named.map(({ file }) => file))];
  console.log(`Running the tests that docs/security.md names, in ${files.length} files`);
  const directory = mkdtempSync(join(tmpdir(), 'levergate-'));
  const outputFile = join(directory, 'results.json');
  try {
    const pattern = `(${named.map(({ title }) => patternOf(title)).join('|')})$`;
    const args = ['run', ...files, '--testNamePattern', pattern, '--reporter=json', `--outputFile=${outputFile}`];
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    await once(spawn(process.execPath, [vitest, ...args], { cwd: root, stdio: 'ignore' }), 'close');
    const { testResults } = resultSchema.parse(JSON.parse(readFileSync(outputFile, 'utf8')));
    return testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ title, status }) => ({ file: relative(root, name), title, state: status })),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
