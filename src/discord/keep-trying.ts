import { RateLimitError } from '@discordjs/rest';
import type { Log } from '../log.ts';
import { describeError } from './describe-error.ts';
import { createBackoff } from './identify-throttle.ts';
import { isUnauthorized, type Pause } from './rest.ts';

const SHORTEST_MS = 500;

/**
 * Repeats what fails while Discord cannot be reached, after ever longer pauses.
 *
 * @param context.onUnauthorized - Discord refused the token: it is not tried again.
 * @returns undefined when that was so, or when the signal fired.
 */
export async function keepTrying<T>(
  context: {
    readonly now: () => number;
    readonly pause: Pause;
    readonly log: Pick<Log, 'warn'>;
    readonly onUnauthorized: () => void;
  },
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T | undefined> {
  const { now, pause, log, onUnauthorized } = context;
  const backoff = createBackoff({ now });
  while (!signal.aborted) {
    try {
      return await attempt();
    } catch (error) {
      log.warn({ error: describeError(error) }, 'Discord could not be reached');
      if (isUnauthorized(error)) {
        onUnauthorized();
        return undefined;
      }
      const waitMs = error instanceof RateLimitError ? error.retryAfter : backoff.next();
      await pause(Math.max(waitMs, SHORTEST_MS), signal).catch(() => undefined);
    }
  }
  return undefined;
}
