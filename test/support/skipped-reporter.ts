import type { Reporter } from 'vitest/node';
import { describeSkipped } from './needs.ts';

/** Says at the end of a run which tests were skipped, and why. */
export const skippedReporter: Reporter = {
  onTestRunEnd(testModules) {
    const skipped = testModules.flatMap(({ children }) => [...children.allTests('skipped')]);
    for (const line of describeSkipped(skipped.map(({ fullName }) => fullName))) console.log(line);
  },
};
