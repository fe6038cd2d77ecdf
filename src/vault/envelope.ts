import type { webcrypto } from 'node:crypto';
import { FlattenedEncrypt, type FlattenedJWE, flattenedDecrypt } from 'jose';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Sealer } from '../store/sealer.ts';

/** A master key: 32 bytes as base64url, and the id that names it in every row it sealed. */
export type MasterKey = { readonly id: string; readonly key: Secret };

/** A {@link Sealer} that also says which master key sealed a text. */
export type Envelope = Sealer & {
  /** @returns the master key's id, or undefined for what is no sealed text. */
  readonly keyIdOf: (sealed: string) => string | undefined;
  /** The id of the key that seals from now on. */
  readonly currentKeyId: string;
};

// Stored without its `aad` member: the reader builds it from where the row lies, so a moved row does not open.
const storedSchema = z.strictObject({ protected: z.string(), iv: z.string(), ciphertext: z.string(), tag: z.string() });
const headerSchema = z.object({ alg: z.literal('dir'), enc: z.literal('A256GCM'), kid: z.string() });

/**
 * Seals data with the first key of the ring as a flattened JWE (`dir`, A256GCM, `kid`), opens with any of them.
 *
 * @throws Failure SEAL_BROKEN from `open` for anything that this ring did not seal for exactly this context.
 * @see RFC 7516 (JSON Web Encryption), section 7.2.2
 */
export async function createEnvelope(ring: readonly [MasterKey, ...MasterKey[]]): Promise<Envelope> {
  const keys = new Map(await Promise.all(ring.map(async ({ id, key }) => [id, await importKey(key)] as const)));
  const currentKeyId = ring[0].id;
  const currentKey = await importKey(ring[0].key);

  async function seal(context: readonly string[], data: unknown): Promise<string> {
    const jwe = await new FlattenedEncrypt(Buffer.from(JSON.stringify(data)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: currentKeyId })
      .setAdditionalAuthenticatedData(binding(context))
      .encrypt(currentKey);
    return JSON.stringify({ protected: jwe.protected, iv: jwe.iv, ciphertext: jwe.ciphertext, tag: jwe.tag });
  }

  async function decrypt(context: readonly string[], sealed: string): Promise<unknown> {
    const stored = storedSchema.parse(JSON.parse(sealed));
    const jwe: FlattenedJWE = { ...stored, aad: Buffer.from(binding(context)).toString('base64url') };
    const opened = await flattenedDecrypt(jwe, (header) => requireKey(keys, header?.kid), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return JSON.parse(Buffer.from(opened.plaintext).toString());
  }

  async function open(context: readonly string[], sealed: string): Promise<unknown> {
    try {
      return await decrypt(context, sealed);
    } catch (error) {
      throw new Failure({ code: 'SEAL_BROKEN' }, { cause: error });
    }
  }

  return { seal, open, keyIdOf, currentKeyId };
}

function importKey(key: Secret): Promise<webcrypto.CryptoKey> {
  const bytes = Buffer.from(key.reveal(), 'base64url');
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

function requireKey(keys: ReadonlyMap<string, webcrypto.CryptoKey>, kid: string | undefined): webcrypto.CryptoKey {
  const key = keys.get(kid ?? '');
  if (key === undefined) throw new TypeError('sealed by a master key that is not in the ring');
  return key;
}

/** Unambiguous, because no part may hold the separator. */
function binding(context: readonly string[]): Uint8Array {
  if (context.some((part) => part.includes('|'))) throw new TypeError('a sealing context may not contain |');
  return Buffer.from(['levergate', 'v1', ...context].join('|'));
}

/** @returns the id of the master key that a sealed text names, or undefined for what is no sealed text. */
export function keyIdOf(sealed: string): string | undefined {
  try {
    const { protected: header } = storedSchema.parse(JSON.parse(sealed));
    return headerSchema.parse(JSON.parse(Buffer.from(header, 'base64url').toString())).kid;
  } catch {
    return undefined;
  }
}
