import { rateLimited } from '../refusal.ts';

/** A fixed window by the given clock; a clock that jumps back opens a new one. */
export function createRateLimit(options: {
  readonly now: () => number;
  readonly limit: number;
  readonly windowMs: number;
  readonly scope: 'global' | 'user';
}) {
  const { now, limit, windowMs, scope } = options;
  const windows = new Map<string, { readonly startedAt: number; readonly used: number }>();
  return {
    /** Counts one request, or refuses it with 429. Returns the headers that say what is left. */
    take(key: string): Readonly<Record<string, string>> {
      const at = now();
      const known = windows.get(key);
      const isOpen = known !== undefined && at >= known.startedAt && at < known.startedAt + windowMs;
      const { startedAt, used } = isOpen ? known : { startedAt: at, used: 0 };
      const leftMs = startedAt + windowMs - at;
      if (used >= limit) throw rateLimited(leftMs, scope);
      windows.set(key, { startedAt, used: used + 1 });
      return {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(limit - used - 1),
        'x-ratelimit-reset': String((startedAt + windowMs) / 1000),
        'x-ratelimit-reset-after': String(leftMs / 1000),
      };
    },
  };
}
