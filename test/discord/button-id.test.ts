import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatButtonId, parseButtonId } from '../../src/discord/button-id.ts';

const verbs = ['confirm', 'cancel', 'check', 'back', 'again', 'do', 'drop'] as const;
const ids = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);

test('a button id is read as it was written, and fits Discord’s 100 characters', () => {
  fc.assert(
    fc.property(fc.constantFrom(...verbs), ids, (verb, id) => {
      const text = formatButtonId(verb, id);
      expect(parseButtonId(text)).toEqual({ verb, id });
      expect(text.length).toBeLessThanOrEqual(100);
    }),
  );
});

const id = 'abcdefghijklmnopqrstuv';

test.each([
  ['nothing', ''],
  ['another version', `v0.confirm.${id}`],
  ['an unknown verb', `v1.sell.${id}`],
  ['the name of a built-in property', `v1.constructor.${id}`],
  ['a short id', `v1.confirm.${id.slice(1)}`],
  ['a long id', `v1.confirm.${id}x`],
  ['another alphabet', `v1.confirm.${id.slice(1)}+`],
  ['something in front', ` v1.confirm.${id}`],
  ['something behind', `v1.confirm.${id}\n`],
])('%s is no button id', (_what, text) => {
  expect(parseButtonId(text)).toBeUndefined();
});

test('no text makes the reader throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseButtonId(text)));
  expect(parseButtonId('\ud800')).toBeUndefined();
});

test('an id of another form is refused before anybody can see the button', () => {
  expect(() => formatButtonId('confirm', 'short')).toThrow(TypeError);
  expect(() => formatButtonId('confirm', `${id}.${id}`)).toThrow('22 base64url characters');
});
