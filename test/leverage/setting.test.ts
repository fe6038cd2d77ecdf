import { Big } from 'big.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CurrentSetting,
  describeSetting,
  isSameSetting,
  leverageFromReply,
  parseLeverage,
  readTypedLeverage,
} from '../../src/leverage/setting.ts';

const isolated = (leverage: string): CurrentSetting => ({ mode: 'isolated', leverage });

/** The leverage that typing this means; undefined where it means none, or where only a guess is possible. */
function typed(text: string): string | undefined {
  const read = readTypedLeverage(text);
  return read.kind === 'leverage' ? read.leverage : undefined;
}

describe('what a trader types is that leverage and nothing else (P35)', () => {
  test.each([
    ['10', '10'],
    ['10x', '10'],
    ['10X', '10'],
    [' 10', '10'],
    ['10 ', '10'],
    [' 10 ', '10'],
    ['  2.50x  ', '2.5'],
    ['1', '1'],
    ['2.5', '2.5'],
    ['2.50', '2.5'],
    ['5.00', '5'],
    ['0.5', '0.5'],
    ['100', '100'],
    ['999999.99999999', '999999.99999999'],
  ])('%j is %s', (text, leverage) => {
    expect(typed(text)).toBe(leverage);
  });

  test.each([
    '0x10',
    '1e1',
    '1E1',
    '10 x',
    '10xx',
    'x',
    'x x',
    '10\n',
    '\n10',
    '\t10',
    '',
    ' ',
    '\uff11\uff10',
    '1\u0660',
    '\u0967\u0966',
    '1,5',
    '1,000',
    '1\u066b5',
    '1.5.2',
    'x10',
    '010',
    '010x',
    '10\u00d7',
    '\u00a010',
    '+5',
    '-5',
    '\u22125',
    '05',
    '00',
    '0',
    '0.0',
    '.5',
    '5.',
    '.',
    '1_000',
    '1 000',
    '1\u00a0000',
    '5%',
    'ten',
    'NaN',
    'Infinity',
    '\u00bd',
    '\u2469',
    '10\u0000',
    '\u202e10',
    '10\u200b',
    '1000000000',
    '1.123456789',
    '0b1',
    '0o7',
    '5n',
    '5f',
    '1/2',
    '[5]',
    '{}',
    'null',
    'undefined',
    'true',
  ])('%j is refused', (text) => {
    expect(typed(text)).toBeUndefined();
    // Nor does the operator's configuration take it.
    expect(parseLeverage(text)).toBeUndefined();
  });

  test.each([
    ['2,5', '2.5'],
    ['2,50', '2.5'],
    [' 12,25x ', '12.25'],
    ['0,5', '0.5'],
  ])('%j is asked about: %s?', (text, meant) => {
    expect(readTypedLeverage(text)).toEqual({ kind: 'comma', meant });
  });

  test.each(['1,000', '1,2,3', ',5', '5,', '1,5.2', '1.5,2', '01,5', '0,0', '-2,5', '2, 5', '\uff12,5', '2,\uff15'])(
    '%j is not guessed at',
    (text) => {
      expect(readTypedLeverage(text)).toEqual({ kind: 'none' });
    },
  );
});

describe('hostile input (P34)', () => {
  const digits = fc.stringMatching(/^[0-9.,+\-eEx_ \u0660-\u0669\uff10-\uff19]{0,24}$/);
  const hostile = fc.oneof(digits, fc.string({ unit: 'binary', maxLength: 60 }), fc.json(), fc.double().map(String));

  test('10,000 texts: no throw, and only plain decimals within their digits are taken', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const leverage = typed(text);
        if (leverage === undefined) return;
        const [, number = ''] = /^ *([0-9]{1,9}(?:\.[0-9]{1,8})?)[xX]? *$/.exec(text) ?? [];
        expect(new Big(leverage).eq(number)).toBe(true);
        expect(new Big(leverage).gt(0)).toBe(true);
        expect(parseLeverage(leverage)).toBe(leverage);
      }),
      { numRuns: 10_000 },
    );
  });

  test('a megabyte of digits is refused', () => {
    for (const text of ['9'.repeat(1e6), `1.${'0'.repeat(1e6)}`, ' '.repeat(1e6), '1.'.repeat(5e5)]) {
      expect(readTypedLeverage(text)).toEqual({ kind: 'none' });
    }
  });
});

test.each([
  [10, '10'],
  ['5.00', '5'],
  ['2.5', '2.5'],
  [2.5, '2.5'],
  ['50', '50'],
  [0, undefined],
  ['0', undefined],
  [-5, undefined],
  ['', undefined],
  ['5x', undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [1e21, undefined],
  ['1e1', undefined],
])('a venue that says %j means %s', (value, leverage) => {
  expect(leverageFromReply(value)).toBe(leverage);
});

test('settings are compared by value, and "not set" is neither 1x nor cross', () => {
  expect(isSameSetting(isolated('5'), isolated('5.00'))).toBe(true);
  expect(isSameSetting(isolated('5'), isolated('5.01'))).toBe(false);
  expect(isSameSetting(isolated('5'), { mode: 'cross' })).toBe(false);
  expect(isSameSetting({ mode: 'unset' }, { mode: 'cross' })).toBe(false);
  expect(isSameSetting({ mode: 'unset' }, isolated('1'))).toBe(false);
  expect(isSameSetting({ mode: 'cross' }, { mode: 'cross' })).toBe(true);
  for (const other of [isolated('5'), { mode: 'cross' }, { mode: 'unset' }, { mode: 'unknown' }] as const) {
    expect(isSameSetting({ mode: 'unknown' }, other)).toBe(false);
    expect(isSameSetting(other, { mode: 'unknown' })).toBe(false);
  }
  expect(describeSetting({ mode: 'unknown' })).toBe('not shown');
});

test('settings read as a trader says them', () => {
  expect([isolated('2.5'), { mode: 'cross' } as const, { mode: 'unset' } as const].map(describeSetting)).toEqual([
    '2.5x isolated',
    'cross margin',
    'not set',
  ]);
});
