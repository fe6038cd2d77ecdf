import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../src/store/sqlite.ts';
import { alice, general, openDiscord } from './discord/support.ts';
import { temporaryDirectory } from './support/temporary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const entry = join(root, 'src/start.js');
const token = 'made-up-token.abcdef.0123456789abcdef0123456789';
const masterKeys = `k1:${Buffer.alloc(32, 7).toString('base64url')}`;
const allowedUsers = '100000000000000001';

/** The environment without anything that could configure a bot. */
const bare = { PATH: process.env.PATH ?? '' };

/** Runs the entry point in a directory of its own until it ends. */
async function run(directory: string, environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [entry], { cwd: directory, env: { ...bare, ...environment } });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data.toString()));
  const [code] = await once(child, 'close');
  return { code, said: said.join('') };
}

test('without a configuration each missing variable is named', async () => {
  const { code, said } = await run(temporaryDirectory());
  expect(code).toBe(2);
  expect(said).toMatch(/^DISCORD_TOKEN is missing/m);
  expect(said).toMatch(/^MASTER_KEYS is missing/m);
  expect(said).toMatch(/^ALLOWED_USERS is missing: without PUBLIC_URL/m);
});

test('a malformed line of .env and each wrong variable are named, and no value is shown', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, '.env'), `DISCORD_TOKEN canary-token\nMASTER_KEYS=canary-key\nWEB_PORT=canary-port\n`);
  const { code, said } = await run(directory);
  expect(code).toBe(2);
  expect(said).toMatch(/^\.env, line 1: /m);
  for (const variable of ['DISCORD_TOKEN', 'MASTER_KEYS', 'WEB_PORT'])
    expect(said).toMatch(new RegExp(`^${variable} `, 'm'));
  expect(said).not.toContain('canary');
});

test('an older Node is told which one it takes, in one line', async () => {
  const old = '/usr/bin/node';
  const version = await promisify(execFile)(old, ['--version']).then(
    ({ stdout }) => stdout,
    () => 'v24',
  );
  if (Number(/v(\d+)/.exec(version)?.[1]) >= 24) return;
  const failed = await promisify(execFile)(old, [entry]).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Levergate needs Node 24 or newer.*\n$/) });
});

test('a second bot on the same database ends with one clear line', async () => {
  const directory = temporaryDirectory();
  const store = createSqliteStore({ file: join(directory, 'levergate.db'), now: Date.now });
  onTestFinished(() => store.close());
  const { code, said } = await run(directory, {
    DISCORD_TOKEN: token,
    MASTER_KEYS: masterKeys,
    ALLOWED_USERS: allowedUsers,
    DATA_DIR: directory,
    WEB_PORT: '0',
  });
  expect(code).toBe(1);
  expect(said).toContain('Another process has the database open');
});

test('a port that is taken is named in one clear line', async () => {
  const directory = temporaryDirectory();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const environment = {
    DISCORD_TOKEN: token,
    MASTER_KEYS: masterKeys,
    ALLOWED_USERS: allowedUsers,
    DATA_DIR: directory,
    WEB_PORT: port,
  };
  const { code, said } = await run(directory, environment);
  expect(code).toBe(1);
  expect(said).toContain(`not started: Another program already listens on 127.0.0.1:${port}`);
});

test('SIGTERM to npm start ends the bot itself, with exit code 0 and its database free', async () => {
  const directory = temporaryDirectory();
  const environment = {
    ...bare,
    HOME: directory,
    DISCORD_TOKEN: token,
    MASTER_KEYS: masterKeys,
    ALLOWED_USERS: allowedUsers,
    DATA_DIR: directory,
    WEB_PORT: '0',
  };
  const child = spawn('npm', ['start', '--silent'], { cwd: root, env: environment });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  child.stdout.on('data', (data: Buffer) => said.push(data.toString()));
  while (!said.join('').includes('"starting"')) await once(child.stdout, 'data');
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  const [code] = await ended;
  expect(code).toBe(0);
  expect(said.join('')).toContain('"stopped"');
  await createSqliteStore({ file: join(directory, 'levergate.db'), now: Date.now }).close();
});

/** `npm start` with the loopback Discord instead of the real one. */
async function startWithDiscord(out: 'pipe' | number) {
  const { discord, api } = await openDiscord({ now: Date.now, botToken: token });
  const directory = temporaryDirectory();
  const environment = {
    ...bare,
    HOME: directory,
    NODE_OPTIONS: `--import=${new URL('support/discord-elsewhere.js', import.meta.url).href}`,
    TEST_DISCORD_API: api,
    DISCORD_TOKEN: token,
    MASTER_KEYS: masterKeys,
    DATA_DIR: directory,
    WEB_PORT: '0',
    // The other exchange's list of markets would be fetched from the network.
    VENUES: 'mudrex',
    ALLOWED_USERS: allowedUsers,
  };
  const child = spawn('npm', ['start', '--silent'], { cwd: root, env: environment, stdio: ['ignore', out, 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  child.stdout?.on('data', (data: Buffer) => said.push(data.toString()));
  const ended = once(child, 'close');
  await discord.until(() => discord.commands().some(({ name }) => name === 'help'));

  /** @returns how the bot ended, and after how long. */
  async function end() {
    const startedAt = performance.now();
    child.kill('SIGTERM');
    const [code] = await ended;
    // So its database is free.
    await createSqliteStore({ file: join(directory, 'levergate.db'), now: Date.now }).close();
    return { code, tookMs: performance.now() - startedAt };
  }
  return { discord, said, end };
}

test('SIGTERM to npm start ends the bot within eight seconds although what it says hangs at Discord', async () => {
  const { discord, said, end } = await startWithDiscord('pipe');
  discord.faults.edit.set('hang', Number.POSITIVE_INFINITY);
  discord.as(alice.id).command(general, 'help');
  await discord.until(() => discord.interactions()[0]?.calls.some(({ method }) => method === 'PATCH'));
  const { code, tookMs } = await end();
  expect(code).toBe(0);
  expect(said.join('')).toContain('"stopped"');
  // Eight, and what a busy machine takes to notice.
  expect(tookMs).toBeLessThan(9_500);
});

test('a log on a full disk neither ends the bot nor changes its exit code', async () => {
  const full = openSync('/dev/full', 'w');
  onTestFinished(() => closeSync(full));
  const { discord, end } = await startWithDiscord(full);
  discord.as(alice.id).command(general, 'help');
  await discord.until(() => discord.messages(general, alice.id).some(({ isThinking }) => !isThinking));
  expect((await end()).code).toBe(0);
});
