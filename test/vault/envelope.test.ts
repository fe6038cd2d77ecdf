import fc from 'fast-check';
import { FlattenedEncrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Secret } from '../../src/secret.ts';
import { createEnvelope } from '../../src/vault/envelope.ts';
import { masterKey } from '../support/keyring.ts';

const context: readonly string[] = ['credential', '100', 'mudrex', 'main'];
const sealedSchema = z.record(z.string(), z.string());

test('what was sealed opens for the same context', async () => {
  const { seal, open } = await createEnvelope([masterKey('k1')]);
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (data) => {
      expect(await open(context, await seal(context, data))).toEqual(JSON.parse(JSON.stringify(data)));
    }),
  );
});

test('it opens for no other kind, user, venue or label', async () => {
  const { seal, open } = await createEnvelope([masterKey('k1')]);
  const sealed = await seal(context, 'data');
  for (const index of context.keys()) {
    await expect(open(context.with(index, 'other'), sealed)).rejects.toThrow('SEAL_BROKEN');
  }
  await expect(open([...context, ''], sealed)).rejects.toThrow('SEAL_BROKEN');
  await expect(open(['credential', '100', 'mudrex|main'], sealed)).rejects.toThrow('SEAL_BROKEN');
});

test('a sealed text in which any character is changed does not open', async () => {
  const { seal, open } = await createEnvelope([masterKey('k1')]);
  const sealed = await seal(context, { secret: 'value' });
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.constantFrom('A', 'B', '"', '', 'é'), async (at, replacement) => {
      fc.pre(sealed[at] !== replacement);
      const changed = sealed.slice(0, at) + replacement + sealed.slice(at + 1);
      // The last character of base64url carries spare bits: another one may stand for the same bytes.
      fc.pre(!sameBytes(sealed, changed));
      await expect(open(context, changed)).rejects.toThrow('SEAL_BROKEN');
    }),
    { numRuns: 500 },
  );
});

test('truncated texts, swapped fields and garbage do not open', async () => {
  const { seal, open } = await createEnvelope([masterKey('k1')]);
  const [first, second] = [await seal(context, 'one'), await seal(context, 'two')];
  const [one, two] = [first, second].map((text) => sealedSchema.parse(JSON.parse(text)));
  for (const field of ['iv', 'ciphertext', 'tag']) {
    await expect(open(context, JSON.stringify({ ...one, [field]: two?.[field] }))).rejects.toThrow('SEAL_BROKEN');
  }
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.nat(first.length - 1).map((end) => first.slice(0, end)),
      ),
      async (text) => {
        await expect(open(context, text)).rejects.toThrow('SEAL_BROKEN');
      },
    ),
  );
});

test('another algorithm in the header is refused, as is a foreign aad member', async () => {
  const { seal, open } = await createEnvelope([masterKey('k1')]);
  const sealed = sealedSchema.parse(JSON.parse(await seal(context, 'data')));
  const header = Buffer.from(JSON.stringify({ alg: 'none', enc: 'A256GCM', kid: 'k1' })).toString('base64url');
  await expect(open(context, JSON.stringify({ ...sealed, protected: header }))).rejects.toThrow('SEAL_BROKEN');
  await expect(open(context, JSON.stringify({ ...sealed, aad: 'eA' }))).rejects.toThrow('SEAL_BROKEN');
});

describe('the algorithms are pinned before any key is used', () => {
  const header = (alg: string, enc: string) =>
    Buffer.from(JSON.stringify({ alg, enc, kid: 'k1', iv: 'AAAAAAAAAAAAAAAA', tag: 'A'.repeat(22) })).toString(
      'base64url',
    );

  test.each([
    ['A256GCMKW', 'A256GCM', '"alg"'],
    ['A256KW', 'A256GCM', '"alg"'],
    ['ECDH-ES', 'A256GCM', '"alg"'],
    ['RSA-OAEP-256', 'A256GCM', '"alg"'],
    ['none', 'A256GCM', '"alg"'],
    ['dir', 'A128GCM', '"enc"'],
    ['dir', 'A192GCM', '"enc"'],
    ['dir', 'A256CBC-HS512', '"enc"'],
  ])('%s with %s is not allowed', async (alg, enc, part) => {
    const { seal, open } = await createEnvelope([masterKey('k1')]);
    const sealed = sealedSchema.parse(JSON.parse(await seal(context, 'data')));
    const forged = JSON.stringify({ ...sealed, protected: header(alg, enc) });
    await expect(open(context, forged)).rejects.toMatchObject({
      data: { code: 'SEAL_BROKEN' },
      cause: { code: 'ERR_JOSE_ALG_NOT_ALLOWED', message: expect.stringContaining(part) },
    });
  });

  test('a text that a weaker algorithm sealed under a key of the ring does not open', async () => {
    const short = Buffer.alloc(16, 7);
    const jwe = await new FlattenedEncrypt(Buffer.from('"data"'))
      .setProtectedHeader({ alg: 'dir', enc: 'A128GCM', kid: 'k1' })
      .setAdditionalAuthenticatedData(Buffer.from(['levergate', 'v1', ...context].join('|')))
      .encrypt(await crypto.subtle.importKey('raw', short, 'AES-GCM', false, ['encrypt']));
    const { protected: head, iv, ciphertext, tag } = jwe;
    const { open } = await createEnvelope([{ id: 'k1', key: new Secret(short.toString('base64url')) }]);
    const opened = open(context, JSON.stringify({ protected: head, iv, ciphertext, tag }));
    await expect(opened).rejects.toThrow('SEAL_BROKEN');
  });
});

test('the first key of the ring seals and every key of it opens', async () => {
  const [old, fresh] = [masterKey('old'), masterKey('new')];
  const before = await createEnvelope([old]);
  const after = await createEnvelope([fresh, old]);
  const sealed = await before.seal(context, 'data');
  expect(await after.open(context, sealed)).toBe('data');
  expect(after.keyIdOf(sealed)).toBe('old');
  expect(after.keyIdOf(await after.seal(context, 'data'))).toBe('new');
  await expect((await createEnvelope([fresh])).open(context, sealed)).rejects.toThrow('SEAL_BROKEN');
});

test('what version 0.1 sealed opens for ever', async () => {
  const { open, keyIdOf } = await createEnvelope([
    { id: 'k1', key: new Secret(Buffer.alloc(32, 7).toString('base64url')) },
  ]);
  const sealed =
    '{"protected":"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiazEifQ","iv":"P58t037GRPp_6nTn","ciphertext":"K4wbdauQOcDfAorNudhAHUUE_4zbV8xI5pK4WPkgCo_Z3CScFl-5_Q","tag":"dpo6Qdqv6fA-sqti6cdRrQ"}';
  expect(await open(context, sealed)).toEqual({ fields: { apiSecret: 'x' }, addedAt: 1 });
  expect(keyIdOf(sealed)).toBe('k1');
});

test('what is no sealed text has no key id, and says for the log why it does not open', async () => {
  const { open, keyIdOf } = await createEnvelope([masterKey('k1')]);
  for (const text of ['', 'null', '{}', '{"protected":"x","iv":"","ciphertext":"","tag":""}']) {
    expect(keyIdOf(text)).toBeUndefined();
    await expect(open(context, text)).rejects.toMatchObject({ cause: expect.any(Error) });
  }
});

test('nothing is sealed for a context that could be read as another', async () => {
  const { seal } = await createEnvelope([masterKey('k1')]);
  await expect(seal(['credential', '100|mudrex', 'main'], 'data')).rejects.toThrow('may not contain |');
});

/** Whether two sealed texts decode to the same parts. */
function sameBytes(a: string, b: string): boolean {
  const decode = (text: string) =>
    Object.entries(sealedSchema.parse(JSON.parse(text))).map(([name, value]) => [
      name,
      Buffer.from(value, 'base64url').toString('hex'),
    ]);
  try {
    return JSON.stringify(decode(a)) === JSON.stringify(decode(b));
  } catch {
    return false;
  }
}
