import { describe, expect, test } from 'vitest';
import { quick } from '../../torture/pace.ts';
import { createPlanner } from '../../torture/plan.ts';
import { edits, sourceOf, withBug } from '../../torture/plants/edits.ts';
import { plants } from '../../torture/plants/plants.ts';
import { createRandom } from '../../torture/random.ts';
import { huntPlant, runTorture } from '../../torture/run.ts';

/** A short run, and the bug that is caught fastest; `npm run test:long` has the long ones and every planted bug. */
const ops = 40;
/** Few: with sixteen all of so few commands come at the same moment, and one trouble spoils most of them. */
const users = 4;
const names = ['plaintext-log'] as const;
const timeout = 170_000;

const plansOf = (seed: string) => {
  const strayUrl = 'http://127.0.0.1:1';
  const random = createRandom(seed);
  const planner = createPlanner({ random, venue: 'kraken-futures', strayUrl, breakages: ['full'], pace: quick });
  return Array.from({ length: 200 }, planner.next);
};

test('a seed makes the same decisions again, and another one others', () => {
  expect(plansOf('7.1')).toEqual(plansOf('7.1'));
  expect(plansOf('7.1')).not.toEqual(plansOf('7.2'));
});

test.each(Object.values(edits).flat())('a bug can be planted where $file has: $stands', (edit) => {
  expect(withBug(sourceOf(edit), edit)).not.toBe(sourceOf(edit));
});

describe.concurrent('under torture', { timeout }, () => {
  test(`${ops} operations break no promise`, async () => {
    const said: string[] = [];
    const result = await runTorture({ seed: '1', ops, minutes: 2, users, pace: quick, say: (line) => said.push(line) });
    expect(result.violations, [...said, result.rerun, result.trace].join('\n')).toEqual([]);
    expect(result.ops).toBe(ops);
    // Otherwise nothing was tried that could have broken one.
    expect(result.counts['writes carried out']).toBeGreaterThan(0);
  });

  test.each(names)('the planted bug "%s" is caught', async (name) => {
    const { caught } = await huntPlant(name, { seed: '1', users: 16, pace: quick });
    expect(caught, plants[name].bug).toBeOneOf([...plants[name].caughtBy]);
  });
});
