import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { decimal, positive, readSuccess, refused, silent } from '../../src/venues/verdict.ts';

const schema = z.object({ ok: z.literal(true) });
const success: unknown = { ok: true };
const read = (status: number, json: unknown) => readSuccess(schema, { status, text: '' }, json);

describe('a success', () => {
  test.each([200, 201, 299])('is a %i in the documented shape', (status) => {
    expect(read(status, success)).toEqual({ kind: 'ok', value: { ok: true } });
  });

  test.each([300, 302, 400, 404, 429, 499])('is never a %i, whatever its body says: that is unreadable', (status) => {
    expect(read(status, success)).toEqual({ kind: 'silent', silence: 'unreadable' });
  });

  test.each([500, 502, 599])('is never a %i, whatever its body says: that is a server error', (status) => {
    expect(read(status, success)).toEqual({ kind: 'silent', silence: 'server-error' });
  });

  test.each([undefined, null, {}, { ok: false }, { ok: 'true' }, [], 'ok'])(
    'is never a body of another shape: %j',
    (json) => {
      expect(read(200, json)).toEqual({ kind: 'silent', silence: 'unreadable' });
    },
  );
});

test('a verdict carries what it is about and nothing else', () => {
  expect(refused('nonce')).toStrictEqual({ kind: 'refused', refusal: 'nonce' });
  expect(refused('nonce', 'symbol')).toStrictEqual({ kind: 'refused', refusal: 'nonce', detail: 'symbol' });
  expect(silent('reset')).toStrictEqual({ kind: 'silent', silence: 'reset' });
});

describe('a decimal', () => {
  test.each([
    [5, '5'],
    [2.5, '2.5'],
    [0, '0'],
    [-3, '-3'],
    [1e-7, '0.0000001'],
    ['0.02', '0.02'],
    ['-12.50', '-12.5'],
    ['123456789012345678.123456789012345678', '123456789012345678.123456789012345678'],
    ['999999999999999999', '999999999999999999'],
  ])('%j is %s', (value, text) => {
    expect(decimal.parse(value)).toBe(text);
  });

  test.each([
    '',
    'x',
    'x5',
    '5x',
    ' 5',
    '5 ',
    '+5',
    '--5',
    '.5',
    '5.',
    '1e3',
    '0x10',
    '5\n',
    '1,5',
    '1234567890123456789',
    '1.1234567890123456789',
    1e18,
    -1e18,
    1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    true,
    {},
  ])('%j is none', (value) => {
    expect(decimal.safeParse(value).success).toBe(false);
  });

  test('is positive above zero only', () => {
    expect(['0.000000000000000001', 1].map((value) => positive.safeParse(value).success)).toEqual([true, true]);
    expect(['0', '-0', '0.00', 0, -1, '-0.1'].map((value) => positive.safeParse(value).success)).toEqual(
      Array(6).fill(false),
    );
  });
});
