import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { newMasterKeyLine } from '../src/master-key.ts';

test('a key is 32 random bytes under an id made of the date', () => {
  const bytes = Buffer.from('0123456789abcdef0123456789abcdef');
  expect(newMasterKeyLine(new Date('2026-11-21T23:59:59Z'), (size) => bytes.subarray(0, size))).toBe(
    `MASTER_KEYS=k20261121:${bytes.toString('base64url')}`,
  );
});

test('two keys are never the same', () => {
  const now = new Date();
  expect(newMasterKeyLine(now)).not.toBe(newMasterKeyLine(now));
});

test('the program prints one line and nothing else', () => {
  const file = fileURLToPath(new URL('../src/master-key.ts', import.meta.url));
  expect(execFileSync(process.execPath, [file], { encoding: 'utf8' })).toMatch(/^MASTER_KEYS=k\d{8}:[\w-]{43}\n$/);
});
