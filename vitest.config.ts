import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { threatModelReporter } from './test/docs/threat-model-reporter.ts';
import { skippedReporter } from './test/support/skipped-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    // A second, its default, is not much where other tests keep the processor busy.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // Its default leaves a processor free, which is one of two here; but most tests wait more than they work.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ['default', skippedReporter, threatModelReporter],
  },
});
