import { afterEach, describe, expect, test } from 'vitest';
import { connect, createConnectBudget } from '../../src/venues/kraken-connect-budget.ts';
import { refused } from '../../src/venues/verdict.ts';
import { createClock } from '../support/clock.ts';
import { openLoopback } from '../support/loopback.ts';
import { openSocketServer } from '../support/socket-server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const minutes = 60_000;
const seconds = 1_000;

function budget() {
  const clock = createClock();
  return { clock, ...createConnectBudget(clock) };
}

const take = (from: ReturnType<typeof budget>, count: number, user: (at: number) => string | undefined) =>
  Array.from({ length: count }, (_none, at) => from.take(user(at)));
const busy = (limit: string, retryAfterMs: number) => ({ kind: 'busy', limit, retryAfterMs });

describe('connects in ten minutes', () => {
  test('are ten for one person, who is told when the next one is there', () => {
    const one = budget();
    expect(take(one, 10, () => 'alice')).toEqual(Array(10).fill(undefined));
    one.clock.advance(4 * minutes);
    expect(one.take('alice')).toEqual(busy('connects-of-person', 6 * minutes));
    expect(one.take('bob')).toBeUndefined();
    one.clock.advance(6 * minutes - 1);
    expect(one.take('alice')).toEqual(busy('connects-of-person', 1));
    one.clock.advance(1);
    expect(one.take('alice')).toBeUndefined();
  });

  test('are a hundred for everybody together, and for public data', () => {
    const one = budget();
    expect(take(one, 99, (at) => `user ${at}`)).toEqual(Array(99).fill(undefined));
    expect(one.take(undefined)).toBeUndefined();
    one.clock.advance(minutes);
    expect([one.take('alice'), one.take(undefined)]).toEqual(Array(2).fill(busy('connects', 9 * minutes)));
    one.clock.advance(9 * minutes);
    expect(one.take('alice')).toBeUndefined();
  });

  test('are twenty for public data, which takes no more from people when it breaks all the time', () => {
    const one = budget();
    expect(take(one, 20, () => undefined)).toEqual(Array(20).fill(undefined));
    one.clock.advance(minutes);
    expect(one.take(undefined)).toEqual(busy('connects', 9 * minutes));
    expect(take(one, 80, (at) => `user ${at}`)).toEqual(Array(80).fill(undefined));
    expect(one.take('alice')).toEqual(busy('connects', 9 * minutes));
  });

  test('hold in every window of ten minutes, also where people are refused all the time', () => {
    const one = budget();
    const made: number[] = [];
    for (let at = 0; at < 3_600; at += 1) {
      for (const user of ['alice', 'bob', `${at}`]) if (one.take(user) === undefined) made.push(one.clock.elapsed());
      one.clock.advance(seconds);
    }
    const most = Math.max(...made.map((from) => made.filter((at) => at >= from && at < from + 10 * minutes).length));
    expect([most, made.length]).toEqual([100, 600]);
  });

  test('count what was tried by the time that passes, whatever the clock is set to', () => {
    const one = budget();
    take(one, 10, () => 'alice');
    one.clock.step(60 * minutes);
    expect(one.take('alice')).toEqual(busy('connects-of-person', 10 * minutes));
  });
});

describe('a venue that wants to be left alone', () => {
  test.each([
    ['seconds', '7', 7 * seconds],
    ['a date', 'Sat, 21 Nov 2026 12:00:09 GMT', 9 * seconds],
    ['no time', undefined, 10 * minutes],
    ['nonsense', 'soon', 10 * minutes],
    ['years', '99999999', 60 * minutes],
  ])('says so with %s, and nobody connects until then', (_title, retryAfter, ms) => {
    const one = budget();
    expect(one.pause(retryAfter)).toEqual(busy('address', ms));
    one.clock.advance(ms - 1);
    expect([one.take('alice'), one.take(undefined)]).toEqual(Array(2).fill(busy('address', 1)));
    one.clock.advance(1);
    expect(one.take('alice')).toBeUndefined();
  });

  test('is not connected to earlier because it says a shorter time later', () => {
    const one = budget();
    one.pause('60');
    expect(one.pause('1')).toEqual(busy('address', 60 * seconds));
  });

  test('what was refused does not count as tried', () => {
    const one = budget();
    one.pause('60');
    take(one, 50, () => 'alice');
    one.clock.advance(minutes);
    expect(take(one, 10, () => 'alice')).toEqual(Array(10).fill(undefined));
  });

  test('is tried every five seconds while it is in maintenance', () => {
    const one = budget();
    one.setMaintenance(true);
    expect(one.take('alice')).toBeUndefined();
    one.clock.advance(2 * seconds);
    expect(one.take('bob')).toEqual(busy('connects', 3 * seconds));
    one.clock.advance(3 * seconds);
    expect([one.take('bob'), one.take('carol')]).toEqual([undefined, busy('connects', 5 * seconds)]);
    one.setMaintenance(false);
    expect(one.take('carol')).toBeUndefined();
  });
});

describe('a connection within the budget', () => {
  const options = (url: string) => ({ url, connectMs: 5_000, elapsed: () => 0, onFrame: () => {} });

  async function turnedAway(status: number, headers: Readonly<Record<string, string>> = {}) {
    const server = await openLoopback((response) => response.writeHead(status, headers).end());
    closing.push(server.close);
    const one = budget();
    return { one, opening: await connect(one, options(server.url.replace('http', 'ws'))) };
  }

  test('is opened', async () => {
    const server = await openSocketServer();
    closing.push(server.close);
    const one = budget();
    const opening = await connect(one, options(server.url));
    expect(opening.kind).toBe('open');
    expect(one.take('alice')).toBeUndefined();
    if (opening.kind === 'open') opening.socket.terminate();
  });

  test('turned away with 429 keeps everybody away, for as long as the venue says', async () => {
    const { one, opening } = await turnedAway(429, { 'retry-after': '30' });
    expect(opening).toEqual(busy('address', 30 * seconds));
    expect(one.take('alice')).toEqual(busy('address', 30 * seconds));
    expect((await turnedAway(429)).opening).toEqual(busy('address', 10 * minutes));
  });

  test('turned away with 503 is tried again after what the venue says, else every five seconds', async () => {
    const { one, opening } = await turnedAway(503, { 'retry-after': '30' });
    expect(opening).toEqual(refused('venue-unavailable'));
    expect(one.take('alice')).toEqual(busy('address', 30 * seconds));
    const other = (await turnedAway(503)).one;
    expect([other.take('alice'), other.take('bob')]).toEqual([undefined, busy('connects', 5 * seconds)]);
  });

  test('turned away with 403 keeps nobody away', async () => {
    const { one, opening } = await turnedAway(403);
    expect(opening).toEqual({ kind: 'not-sent' });
    expect([one.take('alice'), one.take('bob')]).toEqual([undefined, undefined]);
  });
});
