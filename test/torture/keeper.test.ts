import { expect, test } from 'vitest';
import { byVenue } from '../../torture/bot-messages.ts';
import { createClock } from '../../torture/clock.ts';
import { createJournal } from '../../torture/journal.ts';
import { createKeeper } from '../../torture/keeper.ts';
import { quick } from '../../torture/pace.ts';
import type { Violation } from '../../torture/rules/violation.ts';

const EPERM = 'EPERM: operation not permitted';

/**
 * A keeper of a bot that starts as it is told, on a disk that breaks and is mended at once.
 *
 * @param options.tookMs - How long SIGTERM takes.
 * @param options.lateMs - What the machine is late by meanwhile.
 */
function setUp(starts: readonly (() => string | undefined)[], { tookMs = 0, lateMs = 0 } = {}) {
  const violations: Violation[] = [];
  const clock = createClock();
  const left = [...starts];
  let late = 0;
  const keeper = createKeeper({
    desk: {
      clock,
      pace: quick,
      journal: createJournal({ now: clock.now, writes: byVenue(() => []) }),
      violate: (violation) => void violations.push(violation),
    },
    bot: {
      start: async () => left.shift()?.(),
      end: async () => {
        late += lateMs;
        return { code: 0, signal: null, tookMs };
      },
      isUp: () => true,
      isPaused: () => false,
      pause: () => false,
      pauseAt: () => {},
      pid: () => 1,
      tick: async () => 0,
    },
    disk: { break: (kind) => (kind === 'full' ? undefined : () => {}) },
    lateness: { sumMs: () => late },
    trace: () => {},
  });
  const beLate = (ms: number): void => {
    late += ms;
  };
  return { keeper, violations, beLate };
}

const breakDisk = ({ keeper }: ReturnType<typeof setUp>) => keeper.breakDisk('read-only', 1_000);

test('a start into a disk failure that is mended before the start ends is excused', async () => {
  const parts = setUp([
    () => {
      parts.keeper.mendDisk();
      return EPERM;
    },
  ]);
  expect(breakDisk(parts)).toBe(true);
  await parts.keeper.start();
  expect(parts.violations).toEqual([]);
});

test('a start is excused when the disk fails and is mended meanwhile, or fails until its end', async () => {
  const parts = setUp([
    () => {
      breakDisk(parts);
      parts.keeper.mendDisk();
      return EPERM;
    },
    () => {
      breakDisk(parts);
      return EPERM;
    },
  ]);
  await parts.keeper.start();
  expect(parts.violations).toEqual([]);
});

test('a start is excused when a disk was touched in vain: some of its files may have failed for a moment', async () => {
  const parts = setUp([
    () => {
      expect(parts.keeper.breakDisk('full', 1_000)).toBe(false);
      return EPERM;
    },
  ]);
  await parts.keeper.start();
  expect(parts.violations).toEqual([]);
});

test('a failure that was mended before the start excuses nothing', async () => {
  const parts = setUp([() => EPERM]);
  expect(breakDisk(parts)).toBe(true);
  parts.keeper.mendDisk();
  await parts.keeper.start();
  expect(parts.violations).toEqual([{ rule: 'clean-process', what: `it did not start: ${EPERM}` }]);
});

test('a start is excused on a machine that is many seconds late meanwhile', async () => {
  const parts = setUp([
    () => {
      parts.beLate(6_000);
      return 'no connection to Discord within 30 s';
    },
  ]);
  await parts.keeper.start();
  expect(parts.violations).toEqual([]);
});

test('SIGTERM may take longer by what the machine was late by meanwhile, and by no more', async () => {
  const onTime = setUp([], { tookMs: 12_000, lateMs: 2_600 });
  await onTime.keeper.stop();
  expect(onTime.violations).toEqual([]);
  const late = setUp([], { tookMs: 12_000, lateMs: 2_400 });
  await late.keeper.stop();
  expect(late.violations).toEqual([{ rule: 'clean-process', what: 'SIGTERM took 12000 ms' }]);
});
