import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { threatModelReporter } from './test/docs/threat-model-reporter.ts';
import { MixedOrder } from './test/support/mixed-order.ts';
import { skippedReporter } from './test/support/skipped-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second, its default, is not much where other tests keep the processor busy.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // One more than there are processors, since most tests wait more than they work.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: MixedOrder },
    reporters: ['default', skippedReporter, threatModelReporter],
  },
});
