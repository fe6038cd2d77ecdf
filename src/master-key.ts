import { randomBytes } from 'node:crypto';

/**
 * Makes a line for the environment with a fresh master key of 32 random bytes.
 *
 * @param now - Gives the key its id, for example `k20261121` (UTC).
 */
export function newMasterKeyLine(now: Date, random: (bytes: number) => Buffer = randomBytes): string {
  const id = `k${now.toISOString().slice(0, 10).replaceAll('-', '')}`;
  return `MASTER_KEYS=${id}:${random(32).toString('base64url')}`;
}

if (import.meta.main) console.log(newMasterKeyLine(new Date()));
