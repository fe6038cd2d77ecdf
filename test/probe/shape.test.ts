import { expect, test } from 'vitest';
import { compare, shapeOf } from '../../probe/shape.ts';

const differencesOf = (documented: unknown, came: unknown) =>
  Object.fromEntries(compare(shapeOf(documented), shapeOf(came)).map(({ path, kind }) => [path, kind]));

test('fields that are gone, of another kind, or new are told apart', () => {
  const documented = { data: { leverage: 'five', amount: '5', mode: 'x', id: 1, none: null } };
  expect(differencesOf(documented, { data: { leverage: 5, amount: 5, mode: 'y', extra: true, none: 'one' } })).toEqual({
    '(all of it)': 'same',
    data: 'same',
    'data.leverage': 'other',
    'data.amount': 'same',
    'data.none': 'same',
    'data.mode': 'same',
    'data.id': 'missing',
    'data.extra': 'new',
  });
});

test('an empty list tells nothing of its rows, and a field that only some documented rows have is not missed', () => {
  const documented = { rows: [{ a: 1, b: 2 }, { a: 1 }] };
  expect(differencesOf(documented, { rows: [] })).toEqual({ '(all of it)': 'same', rows: 'empty' });
  expect(differencesOf(documented, { rows: null })).toEqual({ '(all of it)': 'same', rows: 'empty' });
  expect(differencesOf(documented, { rows: [{ a: 1 }] })).toMatchObject({ 'rows[].a': 'same', 'rows[].b': 'empty' });
});

test('a name that could be a value is left out, and so is every value', () => {
  const shape = shapeOf({
    'a1b2c3d4-uuid': 'canary',
    'btc/usdt': 1,
    balance: '12.5',
    maxLeverage: 5,
    mode: 'ISOLATED',
  });
  expect([...shape.keys()]).toEqual(['', '(name)', 'balance', 'maxLeverage', 'mode']);
  const shown = JSON.stringify(compare(new Map(), shape));
  expect(shown).not.toMatch(/canary|12\.5|uuid|btc/);
  expect(shown).toContain('ISOLATED');
});
