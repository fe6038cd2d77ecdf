import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExactJson, parseJson } from '../src/parse-json.ts';

test('what is not JSON is undefined, never a throw', () => {
  expect(parseJson('{"a":1}')).toEqual({ a: 1 });
  for (const text of ['', '{', '<html>', '\u0000']) expect(parseJson(text)).toBeUndefined();
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseJson(text)));
});

test('plain numbers stay as they are written, and everything else is as JSON has it', () => {
  expect(parseExactJson('{"a":1.10,"b":"1.10","c":[123456789012345678.5,-0.00000001],"d":null,"e":true}')).toEqual({
    ...{ a: '1.10', b: '1.10', c: ['123456789012345678.5', '-0.00000001'], d: null, e: true },
  });
  expect(parseExactJson('[1e3,1e999,1234567890123456789]')).toEqual(
    [1_000, Number.POSITIVE_INFINITY, 1234567890123456789n].map(Number),
  );
  for (const text of ['', '{', '01', '1.', '.5', '+1', '0x10', 'NaN']) expect(parseExactJson(text)).toBeUndefined();
});
