import { expect, test } from 'vitest';
import { createClock } from '../src/clock.ts';

const HOUR_MS = 60 * 60_000;

/** A host whose clock can be set and whose monotonic clock only passes. */
function openHost() {
  const host = { wall: 1_000_000, monotonic: 50.25 };
  const setBack: number[] = [];
  const clock = createClock({
    wall: () => host.wall,
    monotonic: () => host.monotonic,
    onSetBack: (byMs) => void setBack.push(byMs),
  });
  clock.now();
  return {
    ...clock,
    setBack,
    pass: (ms: number) => {
      host.wall += ms;
      host.monotonic += ms;
    },
    /** Somebody sets the clock, or a suspended machine wakes up. */
    step: (ms: number) => {
      host.wall += ms;
    },
  };
}

test('a clock that nobody sets says what the host says', () => {
  const host = openHost();
  expect(host.now()).toBe(1_000_000);
  host.pass(1_234);
  expect(host.now()).toBe(1_001_234);
});

test('time passes as before when the host is set back, and while it catches up', () => {
  const host = openHost();
  host.step(-HOUR_MS);
  expect(host.now()).toBe(1_000_000);
  host.pass(20_000);
  expect(host.now()).toBe(1_020_000);
  host.step(HOUR_MS / 2);
  expect(host.now()).toBe(1_020_000);
});

test('a machine that was suspended wakes up at the time of its host', () => {
  const host = openHost();
  const before = host.elapsed();
  host.step(HOUR_MS);
  expect(host.now()).toBe(1_000_000 + HOUR_MS);
  expect(host.elapsed()).toBe(before);
});

test('a clock that was ahead for a moment is never behind afterwards', () => {
  const host = openHost();
  host.step(HOUR_MS);
  host.now();
  host.step(-HOUR_MS);
  host.pass(1);
  expect(host.now()).toBe(1_000_001 + HOUR_MS);
});

test('a step back is told once, a correction of less than a second is not', () => {
  const host = openHost();
  host.step(-900);
  host.now();
  expect(host.setBack).toEqual([]);
  host.step(-HOUR_MS);
  for (let second = 0; second < 10; second += 1) {
    host.pass(1_000);
    host.now();
  }
  expect(host.setBack).toEqual([HOUR_MS + 900]);
  host.step(-HOUR_MS);
  host.now();
  expect(host.setBack).toEqual([HOUR_MS + 900, 2 * HOUR_MS + 900]);
});

test('a clock that is moved by hand passes by its forward steps', () => {
  let wall = 1_000_000;
  const clock = createClock({ wall: () => wall });
  clock.now();
  wall -= HOUR_MS;
  expect(clock.now()).toBe(1_000_000);
  wall += 60_000;
  expect(clock.now()).toBe(1_060_000);
  expect(clock.elapsed()).toBe(60_000);
});

test('durations are whole milliseconds, as the store takes them, whatever the monotonic clock counts in', () => {
  const host = openHost();
  expect(host.elapsed()).toBe(50);
  host.pass(0.8);
  expect(host.elapsed()).toBe(51);
  expect(Number.isInteger(host.now())).toBe(true);
});
