import { Failure } from '../errors.ts';

const MOST_ATTEMPTS = 10;

/**
 * Reads, decides and commits again while another change comes first.
 *
 * @param attempt - Gives undefined when another change came first.
 * @throws Failure STORE_UNAVAILABLE when one did every time
 */
export async function retried<T>(
  attempt: () => Promise<T | undefined>,
  mostAttempts: number = MOST_ATTEMPTS,
): Promise<T> {
  for (let count = 0; count < mostAttempts; count += 1) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new Failure({ code: 'STORE_UNAVAILABLE' });
}
