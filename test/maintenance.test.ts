import { expect, onTestFinished, test, vi } from 'vitest';
import { createLog } from '../src/log.ts';
import { createMaintenance } from '../src/maintenance.ts';

const HOUR_MS = 60 * 60_000;

/** Housekeeping on a clock of its own, with what ran and what was logged. */
function open(broken = '') {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
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
    log,
  });
  onTestFinished(maintenance.stop);
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  return { maintenance, ran, lines, pass };
}

test('housekeeping runs at the start and every hour, what is for the start only once', async () => {
  const { maintenance, ran, pass } = open();
  maintenance.start();
  await pass(0);
  expect(ran).toEqual(['rotate', 'sweep', 'snapshot']);
  await pass(HOUR_MS - 1);
  expect(ran).toHaveLength(3);
  await pass(1);
  expect(ran.slice(3)).toEqual(['sweep', 'snapshot']);
});

test('a task that fails is logged by its name, keeps no other from running, and is tried again', async () => {
  const { maintenance, ran, lines, pass } = open('sweep');
  maintenance.start();
  await pass(HOUR_MS);
  expect(ran).toEqual(['rotate', 'sweep', 'snapshot', 'sweep', 'snapshot']);
  expect(lines.filter((line) => line.includes('sweep failed'))).toHaveLength(2);
});

test('after stopping nothing runs any more', async () => {
  const { maintenance, ran, pass } = open();
  maintenance.start();
  await pass(0);
  maintenance.stop();
  await pass(3 * HOUR_MS);
  expect(ran).toHaveLength(3);
});
