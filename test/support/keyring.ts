import { randomBytes } from 'node:crypto';
import { Secret } from '../../src/secret.ts';
import type { MasterKey } from '../../src/vault/envelope.ts';

/** A fresh master key under this id. */
export function masterKey(id: string): MasterKey {
  return { id, key: new Secret(randomBytes(32).toString('base64url')) };
}
