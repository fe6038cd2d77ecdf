import { rateLimited } from '../refusal.ts';

/** A fixed window by the given clock; a clock that jumps back opens a new one. */
export function createRateLimit(options: {
  readonly now: () => number;
  readonly limit: number;
  readonly windowMs: number;
}) {
  const { now, limit, windowMs } = options;
  let startedAt = Number.NEGATIVE_INFINITY;
  let used = 0;
  return {
    /** Counts one request, or refuses it with 429. */
    take(): void {
      const at = now();
      if (at < startedAt || at >= startedAt + windowMs) [startedAt, used] = [at, 0];
      if (used >= limit) throw rateLimited(startedAt + windowMs - at, 'global');
      used += 1;
    },
  };
}
