import { DiscordAPIError, HTTPError, RateLimitError } from '@discordjs/rest';

/**
 * What the log may be given of an error. The library's errors carry the address, and with it the interaction's token,
 * and the body of the request; the log itself takes no more than name, message, stack and cause from any other.
 */
export function describeError(error: unknown): unknown {
  if (error instanceof DiscordAPIError) {
    return { name: 'DiscordAPIError', status: error.status, code: error.code, method: error.method };
  }
  if (error instanceof HTTPError) return { name: 'HTTPError', status: error.status, method: error.method };
  // `route` is a pattern with placeholders.
  if (error instanceof RateLimitError) {
    return { name: 'RateLimitError', route: error.route, retryAfterMs: error.retryAfter, scope: error.scope };
  }
  return error;
}
