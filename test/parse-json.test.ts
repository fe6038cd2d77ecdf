import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../src/parse-json.ts';

test('what is not JSON is undefined, never a throw', () => {
  expect(parseJson('{"a":1}')).toEqual({ a: 1 });
  for (const text of ['', '{', '<html>', '\u0000']) expect(parseJson(text)).toBeUndefined();
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseJson(text)));
});
