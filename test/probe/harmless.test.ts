import { expect, test } from 'vitest';
import { createTelling, errorTexts } from '../../probe/harmless.ts';
import { Secret } from '../../src/secret.ts';

const textsOf = (json: unknown, ...learned: readonly unknown[]) => {
  const telling = createTelling([new Secret('SecretWords-of-alice')]);
  telling.allow(['PF_XBTUSD']);
  for (const one of learned) telling.learn(one);
  return errorTexts(json, telling);
};

test.each([
  ['EAPI:Invalid key'],
  ["Unknown 'params.leverage_mode.symbol'"],
  ["Leverage exceeds the market's margin schedule"],
  ['Preferences are not available yet, try again later'],
  ['authenticationError'],
  ['apiKeyNotFound'],
  ['EGeneral:Permission denied'],
  ['CONTRACT_DOES_NOT_EXIST'],
  ["'params.snapshot' is not valid for the margin channel"],
])('the words of a documented error stay: %s', (text) => {
  expect(textsOf({ error: [text] })).toEqual([`"${text}"`]);
});

test.each([
  ['Insufficient margin 1234.56', '"Insufficient margin (…)"'],
  ['Token aGVsbG8gd29ybGQ is old', '"Token (…) is old"'],
  ['Token canaryTokenAbCdEfGh is old', '"Token (…) is old"'],
  ['Token QWErtzUIOpasDFGh is old', '"Token (…) is old"'],
  ['Not for jane@doe.example', '"Not for (…)"'],
  ['Key of alice SecretWords', '"Key of (…) (…)"'],
  ['Order kept-elsewhere is open', '"Order (…) is open"'],
  ['`code` <b>| and', '"(…) (…) and"'],
])('a word that could tell something is left out: %s', (text, shown) => {
  expect(textsOf({ errors: [{ text }] }, { id: 'kept-elsewhere' })).toEqual([shown]);
});

test('a reply of any depth is read to its bound', () => {
  const deep = Array.from({ length: 50_000 }).reduce<unknown>((inner) => ({ error: inner }), 'canary');
  expect(textsOf({ deep, error: 'shown' }, deep)).toEqual(['"shown"']);
});

test('the code of an error stays, and no other number', () => {
  expect(textsOf({ errors: [{ code: 87, message: 'NO' }], balance: 42, code: 7 })).toEqual(['code 87', '"NO"']);
});
