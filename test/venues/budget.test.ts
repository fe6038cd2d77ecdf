import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/errors.ts';
import type { Window } from '../../src/leverage/venue.ts';
import { Secret } from '../../src/secret.ts';
import { createBudget, type Spending } from '../../src/venues/budget.ts';
import { createVirtualTime } from '../support/virtual-time.ts';

type Arrival = { readonly at: number; readonly units: number };

/** Whether more than a window allows ever arrived within one window's length, wherever that begins. */
function overrun(arrivals: readonly Arrival[], { units, windowMs }: Window): number {
  const sorted = arrivals.toSorted((a, b) => a.at - b.at);
  const most = sorted.map(({ at }) =>
    sorted.filter((one) => one.at >= at && one.at < at + windowMs).reduce((sum, one) => sum + one.units, 0),
  );
  return Math.max(0, ...most) - units;
}

const key = new Secret('canary-key');
const spending = (more: Partial<Spending> = {}): Spending => ({
  key,
  units: 1,
  kind: 'read',
  maxWaitMs: 60_000,
  ...more,
});
const nothing = async () => {};

function failureOf(error: unknown) {
  return error instanceof Failure ? error.data : error;
}

describe('every sliding window holds (P14)', () => {
  test('the checker notices an overrun', () => {
    const arrivals = [0, 999, 1_000].map((at) => ({ at, units: 5 }));
    expect(overrun(arrivals, { units: 10, windowMs: 1_000 })).toBe(0);
    expect(overrun(arrivals, { units: 9, windowMs: 1_000 })).toBe(1);
    expect(overrun([...arrivals, { at: 1_998, units: 1 }], { units: 10, windowMs: 1_000 })).toBe(1);
  });

  const call = fc.record({
    at: fc.integer({ min: 0, max: 20_000 }),
    units: fc.integer({ min: 1, max: 5 }),
    kind: fc.constantFrom('read' as const, 'write' as const),
    tookMs: fc.integer({ min: 0, max: 3_000 }),
    arrivedAfter: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const windows = fc
    .record({
      units: fc.integer({ min: 5, max: 20 }),
      windowMs: fc.integer({ min: 50, max: 2_000 }),
      factor: fc.integer({ min: 2, max: 6 }),
    })
    .map(({ units, windowMs, factor }) => [
      { units, windowMs },
      { units: units * factor, windowMs: windowMs * factor * 2 },
    ]);

  test('wherever between start and answer the venue counts a call', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 120 }), windows, async (calls, limits) => {
        const time = createVirtualTime();
        const budget = createBudget({ venue: 'test', windows: limits, elapsed: time.now, sleep: time.sleep });
        const arrivals: Arrival[] = [];
        const done = calls.map(async ({ at, units, kind, tookMs, arrivedAfter }) => {
          await time.sleep(at);
          await budget.run(spending({ units, kind, maxWaitMs: 1e9 }), async () => {
            arrivals.push({ at: time.now() + tookMs * arrivedAfter, units });
            await time.sleep(tookMs);
          });
        });
        await time.run();
        await Promise.all(done);
        expect(arrivals).toHaveLength(calls.length);
        for (const limit of limits) expect(overrun(arrivals, limit)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 150 },
    );
  });

  test('calls that fit are not held back', async () => {
    const time = createVirtualTime();
    const budget = createBudget({ venue: 'test', windows: [{ units: 500, windowMs: 10_000 }], elapsed: time.now });
    for (let call = 0; call < 50; call += 1) await budget.run(spending({ units: 10 }), nothing);
    expect(time.now()).toBe(createVirtualTime().now());
    await expect(budget.run(spending({ units: 1, maxWaitMs: 500 }), nothing)).rejects.toThrow('VENUE_BUSY');
  });
});

const tenPerSecond = [{ units: 10, windowMs: 1_000 }];

function setUp(windows: readonly Window[] = tenPerSecond) {
  const time = createVirtualTime();
  return { time, budget: createBudget({ venue: 'test', windows, elapsed: time.now, sleep: time.sleep }) };
}

test('a call that cannot start in time fails at once and says how long to wait', async () => {
  const { budget } = setUp();
  for (let call = 0; call < 10; call += 1) await budget.run(spending(), nothing);
  let ran = false;
  const refused = budget.run(spending({ maxWaitMs: 300 }), async () => {
    ran = true;
  });
  const data = failureOf(await refused.catch((error: unknown) => error));
  expect(data).toMatchObject({ code: 'VENUE_BUSY', venue: 'test' });
  expect(data).toHaveProperty(
    'retryAfterMs',
    expect.toSatisfy((ms: number) => ms > 300 && ms <= 1_100),
  );
  expect(ran).toBe(false);
});

test('a write does not wait behind a queue of reads', async () => {
  const { time, budget } = setUp([{ units: 1, windowMs: 1_000 }]);
  const order: string[] = [];
  const note = (name: string) => async () => {
    order.push(name);
  };
  const reads = Array.from({ length: 20 }, (_, index) => budget.run(spending(), note(`read ${index}`)));
  const write = budget.run(spending({ kind: 'write' }), note('write'));
  await time.run();
  await Promise.all([...reads, write]);
  expect(order.slice(0, 3)).toEqual(['read 0', 'write', 'read 1']);
});

test('after "too many" a key rests, and only that key', async () => {
  const { time, budget } = setUp();
  budget.pause(key, 2_000);
  const early = await budget.run(spending({ maxWaitMs: 1_500 }), nothing).catch(failureOf);
  expect(early).toEqual({ code: 'VENUE_BUSY', venue: 'test', limit: 'key', retryAfterMs: 2_000 });
  await budget.run(spending({ key: new Secret('another key'), maxWaitMs: 0 }), nothing);
  const startedAt = time.now();
  const patient = budget.run(spending({ maxWaitMs: 2_000 }), nothing);
  await time.run();
  await patient;
  expect(time.now() - startedAt).toBe(2_000);
});

test('a task that fails still counts, and its error comes through', async () => {
  const { budget } = setUp([{ units: 1, windowMs: 1_000 }]);
  const failing = budget.run(spending(), () => Promise.reject(new TypeError('broken')));
  await expect(failing).rejects.toThrow('broken');
  await expect(budget.run(spending({ maxWaitMs: 0 }), nothing)).rejects.toThrow('VENUE_BUSY');
});

test('a long queue is refused rather than remembered', async () => {
  const { time, budget } = setUp([{ units: 1, windowMs: 1_000 }]);
  const waiting = Array.from({ length: 500 }, () => budget.run(spending({ maxWaitMs: 1e9 }), nothing));
  const outcomes = Promise.allSettled(waiting);
  await time.run();
  const refused = (await outcomes).filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThanOrEqual(290);
});

test('idle keys are forgotten, and no key is kept in plain text', async () => {
  const { time, budget } = setUp();
  for (let user = 0; user < 1_000; user += 1) await budget.run(spending({ key: new Secret(`key ${user}`) }), nothing);
  expect(budget.size()).toBe(1_000);
  time.set(time.now() + 5_000);
  await budget.run(spending(), nothing);
  expect(budget.size()).toBe(1);
  expect(JSON.stringify(budget)).not.toContain('canary');
});

test('after "too many" from this address every key rests, and public calls too', async () => {
  const { time, budget } = setUp();
  await budget.run(spending(), nothing);
  budget.pauseAll(2_000);
  const publicCall = { key: undefined, units: 0 };
  for (const more of [{}, { key: new Secret('another key') }, { kind: 'write' as const }, publicCall]) {
    const early = await budget.run(spending({ ...more, maxWaitMs: 1_500 }), nothing).catch(failureOf);
    expect(early).toEqual({ code: 'VENUE_BUSY', venue: 'test', limit: 'address', retryAfterMs: 2_000 });
  }
  const startedAt = time.now();
  const patient = [key, new Secret('another key'), undefined].map((one) =>
    budget.run(spending({ key: one, units: one ? 1 : 0, maxWaitMs: 2_000 }), nothing),
  );
  await time.run();
  await Promise.all(patient);
  expect(time.now() - startedAt).toBe(2_000);
});

test('a pause never lasts longer than a minute, whatever the venue asks for', async () => {
  const { time, budget } = setUp();
  budget.pause(key, 3_600_000);
  budget.pauseAll(3_600_000);
  const startedAt = time.now();
  const patient = budget.run(spending({ maxWaitMs: 60_000 }), nothing);
  await time.run();
  await patient;
  expect(time.now() - startedAt).toBe(60_000);
});

test('public calls have no limit of ours', async () => {
  const { time, budget } = setUp();
  for (let call = 0; call < 100; call += 1) {
    await budget.run(spending({ key: undefined, units: 0, maxWaitMs: 0 }), nothing);
  }
  expect(time.now()).toBe(createVirtualTime().now());
});
