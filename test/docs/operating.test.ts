import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openChild } from '../../simulators/child.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { createWorld } from '../support/world.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const text = readFileSync(join(root, 'docs/operating.md'), 'utf8');
const unit = (/```ini\n(\[Unit\][\s\S]*?)```/.exec(text)?.[1] ?? '').replace(/\\\n\s*/g, '');

/** Node's arguments and the environment of the systemd unit, for these sources and directories of the test's own. */
function confinement() {
  const directory = temporaryDirectory();
  const [data, cache] = [join(directory, 'data'), join(directory, 'cache')];
  for (const each of [data, cache]) mkdirSync(each);
  const here = (line: string) =>
    line
      .replaceAll('/opt/levergate', root)
      .replaceAll('/var/lib/levergate', data)
      .replaceAll('/var/cache/levergate', cache);
  const [node = '', ...flags] = here(/^ExecStart=(.*) src\/start\.js$/m.exec(unit)?.[1] ?? '').split(' ');
  const [, name = '', value = ''] = /^Environment=(\w+)=(.*)$/m.exec(here(unit)) ?? [];
  return { node, flags, environment: { PATH: process.env.PATH ?? '', [name]: value }, data, cache };
}

/** Starts the bot as the unit does, but on a loopback Discord and simulated exchanges. @returns once it is ready. */
async function startConfined({ node, flags, environment, data }: ReturnType<typeof confinement>) {
  const { env, origin, venueUrls } = await createWorld();
  const said: string[] = [];
  const bot = openChild(new URL('../../playground/bot.ts', import.meta.url), {
    ...{ node, flags, environment },
    onLine: (line) => void said.push(line),
  });
  onTestFinished(async () => void (await bot.kill('SIGKILL', 0)));
  const where = { discordApi: `${origin}/discord/api`, venueUrls, publicUrl: 'http://127.0.0.1:1' };
  await bot.ask('start', { variables: { ...env, DATA_DIR: data }, ...where, offsetMs: 0 }, z.undefined());
  return { bot, said: () => said.join('\n') };
}

describe('under the permissions of the systemd unit', () => {
  test('the bot connects, and writes its database, a snapshot and its compile cache', async () => {
    const confined = confinement();
    const { bot, said } = await startConfined(confined);
    expect(said()).not.toMatch(/ERR_ACCESS_DENIED|"level":[56]0/);
    await expect.poll(() => readdirSync(join(confined.data, 'backups'))).toEqual([expect.stringMatching(/Z\.db$/)]);
    expect(await bot.kill('SIGTERM', 15_000)).toEqual({ code: 0, signal: null });
    expect(readdirSync(confined.data)).toContain('levergate.db');
    expect(readdirSync(confined.cache)).not.toEqual([]);
    expect(said()).not.toContain('ERR_ACCESS_DENIED');
  });

  test.each([
    ['read what is not its own', 'require("node:fs").readFileSync("/etc/passwd")'],
    ['change its sources', 'require("node:fs").writeFileSync("src/main.ts", "")'],
    ['start a program', 'require("node:child_process").execFileSync("/bin/true")'],
    ['start a worker', 'new (require("node:worker_threads").Worker)("1", { eval: true })'],
    ['load native code', 'process.dlopen({ exports: {} }, "/nowhere.node")'],
  ])('it cannot %s', async (_what, code) => {
    const { node, flags, environment } = confinement();
    const failed = await promisify(execFile)(node, [...flags, '-e', code], { cwd: root, env: environment }).catch(
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/ERR_ACCESS_DENIED|ERR_DLOPEN_DISABLED/),
    });
  });
});
