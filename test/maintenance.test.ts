import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';
import { createMaintenance } from '../src/maintenance.ts';
import { createClock } from './support/clock.ts';

const HOUR_MS = 60 * 60_000;

/** Housekeeping on a clock of its own, looked after every second, with what ran and what was logged. */
async function open(broken = '') {
  const clock = createClock();
  const ran: string[] = [];
  const lines: string[] = [];
  const task = (name: string) => async () => {
    ran.push(name);
    if (name === broken) throw new Error('no');
  };
  const log = createLog({ level: 'info', stream: { write: (line: string) => void lines.push(line) } });
  const maintenance = createMaintenance({
    tasks: { sweep: task('sweep'), snapshot: task('snapshot') },
    once: { rotate: task('rotate') },
    elapsed: clock.elapsed,
    log,
  });
  const pass = async (ms: number) => {
    clock.advance(ms);
    await maintenance.tick();
  };
  return { clock, maintenance, ran, lines, pass };
}

/** What begins at the start is not waited for there. */
async function started(broken = '') {
  const opened = await open(broken);
  opened.maintenance.start();
  await expect.poll(() => opened.ran).toHaveLength(3);
  return opened;
}

test('housekeeping runs at the start and every hour, what is for the start only once', async () => {
  const { ran, pass } = await started();
  expect(ran).toEqual(['rotate', 'sweep', 'snapshot']);
  await pass(HOUR_MS - 1);
  expect(ran).toHaveLength(3);
  await pass(1);
  expect(ran.slice(3)).toEqual(['sweep', 'snapshot']);
  await pass(1);
  expect(ran).toHaveLength(5);
});

test('nothing runs before the start', async () => {
  const { ran, pass } = await open();
  await pass(3 * HOUR_MS);
  expect(ran).toEqual([]);
});

test('a clock that is set forward makes no hour', async () => {
  const { ran, clock, pass } = await started();
  clock.step(24 * HOUR_MS);
  await pass(0);
  expect(ran).toHaveLength(3);
});

test('a task that fails is logged by its name, keeps no other from running, and is tried again', async () => {
  const { ran, lines, pass } = await started('sweep');
  await pass(HOUR_MS);
  expect(ran).toEqual(['rotate', 'sweep', 'snapshot', 'sweep', 'snapshot']);
  expect(lines.filter((line) => line.includes('sweep failed'))).toHaveLength(2);
});

test('after stopping nothing runs any more', async () => {
  const { maintenance, ran, pass } = await started();
  maintenance.stop();
  await pass(3 * HOUR_MS);
  expect(ran).toHaveLength(3);
});
