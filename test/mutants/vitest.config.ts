import { defineConfig } from 'vitest/config';

/** The tests that have to notice a mutant: those beside its file, without network and without waiting. */
export default defineConfig({
  test: {
    include: [
      'test/confirm/{proposals,handle-press,caretaker,cards,ticket-actions}.test.ts',
      'test/confirm/execute.test.ts',
      'test/vault/envelope.test.ts',
      'test/venues/{verdict,venue-api,mudrex-replies,kraken-futures-replies}.test.ts',
    ],
    testTimeout: 20_000,
  },
});
