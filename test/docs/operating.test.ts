import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fromBotSchema, type ToBot } from '../../playground/bot-messages.ts';
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
  const { env, origin } = await createWorld();
  const said: string[] = [];
  const bot = fork(join(root, 'playground/bot.ts'), {
    execPath: node,
    execArgv: flags,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  onTestFinished(() => void bot.kill('SIGKILL'));
  for (const stream of [bot.stdout, bot.stderr]) stream?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const venueUrls = {
    mudrex: `${origin}/mudrex/fapi/v1`,
    'kraken-futures': `${origin}/kraken`,
    'kraken-futures-demo': `${origin}/kraken-demo`,
  };
  const where = { discordApi: `${origin}/discord/api`, venueUrls, publicUrl: 'http://127.0.0.1:1' };
  const start: ToBot = { kind: 'start', setup: { variables: { ...env, DATA_DIR: data }, ...where, offsetMs: 0 } };
  bot.send(start);
  const [answer] = await once(bot, 'message');
  return { bot, answer: fromBotSchema.parse(answer), said: () => said.join('') };
}

describe('under the permissions of the systemd unit', () => {
  test('the bot connects, and writes its database, a snapshot and its compile cache', async () => {
    const confined = confinement();
    const { bot, answer, said } = await startConfined(confined);
    expect([answer.kind, said()]).toEqual(['ready', expect.not.stringMatching(/ERR_ACCESS_DENIED|"level":[56]0/)]);
    await expect.poll(() => readdirSync(join(confined.data, 'backups'))).toEqual([expect.stringMatching(/Z\.db$/)]);
    const ended = once(bot, 'exit');
    bot.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
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
