import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    // A second, its default, is not much where other tests keep the processor busy.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
  },
});
