import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlidingWindows, createWindowsPerKey } from '../../../simulators/venues/sliding-windows.ts';

describe('sliding windows', () => {
  it('allow a call again exactly one window after it was spent', () => {
    const windows = createSlidingWindows([{ windowMs: 1000, budget: 2 }]);
    const allowed = [0, 10, 999, 1000, 1009, 1010].map((at) => windows.tryTake(at));
    expect(allowed).toEqual([true, true, false, true, false, true]);
  });

  it('do not charge a call that is refused', () => {
    const windows = createSlidingWindows([
      { windowMs: 1000, budget: 10 },
      { windowMs: 10_000, budget: 3 },
    ]);
    expect(windows.tryTake(0, 4)).toBe(false);
    expect(windows.tryTake(0, 3)).toBe(true);
  });

  it('keep keys apart', () => {
    const windows = createWindowsPerKey([{ windowMs: 1000, budget: 1 }]);
    expect([windows.tryTake('a', 0), windows.tryTake('a', 0), windows.tryTake('b', 0)]).toEqual([true, false, true]);
  });

  it('never let more than the budget through in any window, and refuse only when it is spent', () => {
    const calls = fc.array(
      fc.record({ after: fc.integer({ min: 0, max: 400 }), cost: fc.integer({ min: 1, max: 5 }) }),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(calls, (steps) => {
        const rule = { windowMs: 1000, budget: 12 };
        const windows = createSlidingWindows([rule]);
        const spent: { at: number; cost: number }[] = [];
        let at = 0;
        for (const { after, cost } of steps) {
          at += after;
          const recent = spent
            .filter((spend) => spend.at > at - rule.windowMs)
            .reduce((sum, spend) => sum + spend.cost, 0);
          expect(windows.tryTake(at, cost)).toBe(recent + cost <= rule.budget);
          if (recent + cost <= rule.budget) spent.push({ at, cost });
        }
      }),
    );
  });
});
