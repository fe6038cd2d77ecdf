import { randomBytes } from 'node:crypto';

const DISCORD_EPOCH_MS = 1_420_070_400_000;

export type Ids = {
  readonly snowflake: () => string;
  readonly secret: () => string;
  readonly interactionToken: (interactionId: string) => string;
};

/** Snowflakes from the given clock; unique even when the clock stands still or jumps back. */
export function createIds({ now, newSecret = randomSecret }: { now: () => number; newSecret?: () => string }): Ids {
  let count = 0n;
  return {
    snowflake() {
      count += 1n;
      const elapsed = BigInt(Math.max(0, Math.trunc(now()) - DISCORD_EPOCH_MS));
      return String((elapsed << 22n) | (count & 0x3fffffn));
    },
    secret: newSecret,
    // The base64 of such a text, as at Discord; no longer than the 100 characters a fastify parameter takes by default.
    interactionToken: (id) => Buffer.from(`interaction:${id}:${newSecret().slice(0, 40)}`).toString('base64url'),
  };
}

function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}
