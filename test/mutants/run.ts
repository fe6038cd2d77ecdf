import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Mutation testing of the claim, the execution, the envelope and the error classifiers: `node test/mutants/run.ts`, or
 * with the files to mutate. It takes about a quarter of an hour, and fails when the score is below its threshold.
 *
 * Everything happens in a temporary copy of the tree. Stryker is installed only there, so that it stays out of
 * package.json.
 */
const version = '10.1.1';
const stryker = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${version}`);

const root = fileURLToPath(new URL('../../', import.meta.url));
const needed = [
  'src',
  'commands',
  'playground',
  'simulators',
  'test',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

const copy = mkdtempSync(join(tmpdir(), 'levergate-mutants-'));
try {
  for (const name of needed) cpSync(join(root, name), join(copy, basename(name)), { recursive: true });
  run('npm', ['ci', '--no-audit', '--no-fund']);
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', ...stryker]);
  const files = process.argv.slice(2);
  const only = files.length === 0 ? [] : ['--mutate', files.join(',')];
  process.exitCode = run('npx', ['--no-install', 'stryker', 'run', 'test/mutants/stryker.json', ...only], true);
} finally {
  rmSync(copy, { recursive: true, force: true });
}

function run(command: string, args: readonly string[], mayFail = false): number {
  const { status } = spawnSync(command, args, { cwd: copy, stdio: 'inherit' });
  if (status !== 0 && !mayFail) throw new Error(`${command} ${args[0]} failed`);
  return status ?? 1;
}
