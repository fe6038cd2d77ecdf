import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

/** A run of one file on a machine without Chromium. */
function runWithoutChromium(CI: string | undefined) {
  const { CI: _ours, VITEST: _own, ...env } = process.env;
  const given = { ...env, CHROMIUM: '/nowhere/chromium', NO_COLOR: '1', ...(CI === undefined ? {} : { CI }) };
  const args = [vitest, 'run', 'test/playground/page/keyboard.test.ts'];
  return spawnSync(process.execPath, args, { cwd: root, env: given, encoding: 'utf8', timeout: 60_000 });
}

it('a run ends by naming what was skipped, and why', { timeout: 60_000 }, () => {
  const { status, stdout } = runWithoutChromium(undefined);
  expect(stdout).toContain(
    'Skipped 2 tests: no Chromium at /nowhere/chromium; install it, or set CHROMIUM to its path',
  );
  expect(status).toBe(0);
});

it('with CI set nothing is skipped: what is missing fails', { timeout: 60_000 }, () => {
  const { status, stdout } = runWithoutChromium('true');
  expect(stdout).not.toContain('skipped: no Chromium');
  expect(stdout).toContain('1 failed');
  expect(status).toBe(1);
});
