import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { createRandom, type Random } from '../../torture/random.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const FILES = 3;
/** A few each time; `npm run test:long` makes it twenty. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? '4');
const writer = fileURLToPath(new URL('crash-writer.ts', import.meta.url));

/** Lets a process commit and kills it after a while. @returns how many commits it had acknowledged. */
async function writeUntilKilled(file: string, round: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [writer, file, round], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (printed === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    printed += text;
  });
  const ended = once(child.stdout, 'end');
  expect(await exited).toEqual([null, 'SIGKILL']);
  await ended;
  return Number(printed.slice(0, printed.lastIndexOf('\n')).split('\n').at(-1));
}

/** Crashes again and again on one file. @returns how many commits it holds in the end. */
async function crash(file: string, rounds: number, random: Random): Promise<number> {
  const survivors = new Map<string, number>();
  for (let round = 1; round <= rounds; round += 1) {
    const name = String(round).padStart(3, '0');
    const acknowledged = await writeUntilKilled(file, name, random.int(0, 60));
    const store = createSqliteStore({ file, now: Date.now });
    const last = Number((await store.get(`last/${name}`))?.value);
    // One more may have been committed than was acknowledged, and it is there as a whole.
    expect(last - acknowledged).toBeOneOf([0, 1]);
    survivors.set(name, last);
    for (const [each, count] of survivors) expect(await store.list(`entry/${each}/`)).toHaveLength(count);
    await store.close();
  }
  return [...survivors.values()].reduce((sum, last) => sum + last, 0);
}

test(`kill -9 loses no acknowledged commit and leaves none half done, ${FILES * ROUNDS} times`, {
  timeout: 180_000,
}, async () => {
  const random = createRandom('kill -9');
  const directory = temporaryDirectory();
  const files = Array.from({ length: FILES }, (_, index) => join(directory, `store-${index}.db`));
  const held = await Promise.all(files.map((file) => crash(file, ROUNDS, random.fork(file.slice(directory.length)))));
  for (const count of held) expect(count).toBeGreaterThan(ROUNDS);
});
