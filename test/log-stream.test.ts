import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { isLacking, titled } from './support/needs.ts';
import { temporaryDirectory } from './support/temporary.ts';

const program = fileURLToPath(new URL('support/chatty.ts', import.meta.url));
const answerSchema = z.object({ logged: z.number(), heapMiB: z.number() });

/** A program that logs to this, with its errors among what the test prints. */
function startLogging(out: number, [command, ...args]: readonly [string, ...string[]] = [process.execPath, program]) {
  const child = spawn(command, args, { stdio: ['ignore', out, 'inherit', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');

  async function log(lines: number) {
    child.send(lines);
    const [answer] = await Promise.race([once(child, 'message'), ended.then(() => [undefined])]);
    return answerSchema.safeParse(answer).data;
  }

  /** Has it write its last line and end. @returns its exit code */
  async function end(): Promise<unknown> {
    if (child.connected) child.send(0);
    return (await ended)[0];
  }

  return { log, end };
}

/** A pipe that is read only when the test says so. */
function openPipe() {
  const path = join(temporaryDirectory(), 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(fd));
  const chunk = Buffer.alloc(65_536);
  let read = '';

  function readSome(): boolean {
    try {
      read += chunk.toString('utf8', 0, readSync(fd, chunk));
      return true;
    } catch {
      return false;
    }
  }

  /** Reads until this was said. */
  async function until(text: string): Promise<string> {
    while (!read.includes(text)) {
      if (!readSome()) await nextTurn();
    }
    return read;
  }
  return { fd, until };
}

const LINES = 50_000;

/** Runs the program in a terminal of its own, whose screen is what `script` is read for. */
const inTerminal = ['script', '-qec', `exec '${process.execPath}' '${program}'`, '/dev/null'] as const;
const terminal = {
  isMet: spawnSync('script', ['--version']).status === 0,
  missing: 'no command script; it comes with util-linux',
};

test('a reader that stopped reading costs lines, and neither time nor memory nor the bot', async () => {
  await assertLosesLinesOnly();
});

test.skipIf(isLacking(terminal))(titled(terminal, 'a terminal that is stopped costs no more'), async () => {
  await assertLosesLinesOnly(inTerminal);
});

async function assertLosesLinesOnly(command?: readonly [string, ...string[]]): Promise<void> {
  const pipe = openPipe();
  const bot = startLogging(pipe.fd, command);
  const answer = await bot.log(LINES);
  expect(answer).toMatchObject({ logged: LINES });
  expect(answer?.heapMiB).toBeLessThan(200);
  const said = await pipe.until('lines were lost');
  const lines = said.slice(0, said.lastIndexOf('\n')).split('\n');
  const kept = lines.filter((line) => line.includes('"msg":"line"'));
  const lost = z.object({ lost: z.number() }).parse(JSON.parse(lines.find((line) => line.includes('were lost')) ?? ''));
  expect(kept.length + lost.lost).toBe(LINES);
  await bot.log(1);
  const ended = bot.end();
  expect(await pipe.until('the last line')).toContain('"number":0');
  expect(await ended).toBe(0);
}

test('a full disk costs lines, and not the bot', async () => {
  const full = openSync('/dev/full', 'w');
  onTestFinished(() => closeSync(full));
  const bot = startLogging(full);
  expect(await bot.log(1_000)).toMatchObject({ logged: 1_000 });
  expect(await bot.log(1_000)).toMatchObject({ logged: 1_000 });
  expect(await bot.end()).toBe(0);
});

test('a reader that has left costs lines, and not the bot', async () => {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdout?.once('close', resolve).destroy();
  await left;
  for (let round = 0; round < 3; round += 1) {
    child.send(1_000);
    expect(answerSchema.parse((await once(child, 'message'))[0])).toMatchObject({ logged: 1_000 });
  }
  const ended = once(child, 'exit');
  child.send(0);
  expect((await ended)[0]).toBe(0);
});
