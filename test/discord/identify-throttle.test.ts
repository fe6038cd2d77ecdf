import { expect, test } from 'vitest';
import { createBackoff, createIdentifyThrottle, type SessionBudget } from '../../src/discord/identify-throttle.ts';

const DAY_MS = 24 * 60 * 60_000;

/** A throttle whose pauses move the clock instead of waiting. */
function openThrottle(budgets: readonly SessionBudget[] = []) {
  let at = 0;
  const left = [...budgets];
  const pauses: number[] = [];
  const throttle = createIdentifyThrottle({
    now: () => at,
    pause: async (ms, signal) => {
      signal?.throwIfAborted();
      at += ms;
      pauses.push(ms);
    },
    readBudget: async () => left.shift(),
  });
  const advance = (ms: number): void => {
    at += ms;
  };
  return { throttle, pauses, now: () => at, advance };
}

const never = new AbortController().signal;

test('the first identify does not wait, the next ones ever longer', async () => {
  const { throttle, now } = openThrottle();
  const times: number[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    await throttle.waitForIdentify(0, never);
    times.push(now());
  }
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(times[0]).toBe(0);
  expect(gaps).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]);
});

test('a session that is lost at once every time costs less than 1000 identifies a day', async () => {
  const { throttle, now } = openThrottle();
  let count = 0;
  while (now() < DAY_MS) {
    await throttle.waitForIdentify(0, never);
    count += 1;
  }
  expect(count).toBeGreaterThan(500);
  expect(count).toBeLessThan(1_000);
});

test('after a quiet quarter of an hour the wait is short again', async () => {
  const { throttle, now, advance } = openThrottle();
  for (let turn = 0; turn < 6; turn += 1) await throttle.waitForIdentify(0, never);
  advance(16 * 60_000);
  const before = now();
  await throttle.waitForIdentify(0, never);
  expect(now()).toBe(before);
});

test('shards identify one after the other, five seconds apart', async () => {
  const { throttle, pauses } = openThrottle();
  await Promise.all([0, 1, 2].map((shard) => throttle.waitForIdentify(shard, never)));
  expect(pauses).toEqual([5_000, 5_000]);
});

test('while Discord’s budget is used up nobody identifies again', async () => {
  const { throttle, now } = openThrottle([
    { remaining: 0, resetAfterMs: 3_600_000 },
    { remaining: 0, resetAfterMs: 1 },
    { remaining: 1_000, resetAfterMs: 0 },
  ]);
  await throttle.waitForIdentify(0, never);
  await throttle.waitForIdentify(0, never);
  expect(now()).toBe(5_000 + 3_600_000 + 5_000);
});

test('a shard that was closed meanwhile neither identifies nor holds up the next one', async () => {
  const { throttle, now } = openThrottle();
  const closed = new AbortController();
  await throttle.waitForIdentify(0, never);
  closed.abort();
  await expect(throttle.waitForIdentify(0, closed.signal)).rejects.toThrow('aborted');
  await throttle.waitForIdentify(0, never);
  expect(now()).toBe(5_000);
});

test('attempts to connect come at once at first, then ever slower, and again at once after a quiet time', () => {
  let at = 0;
  const backoff = createBackoff({ now: () => at });
  expect(Array.from({ length: 11 }, () => backoff.next())).toEqual([
    0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
  at += 5 * 60_000;
  expect(backoff.next()).toBe(0);
});
