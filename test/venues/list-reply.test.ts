import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutList, cutLists, isModest, judgeList, type ListReply, mostCharacters } from '../../src/venues/list-reply.ts';
import { turnsWhile } from '../support/turns.ts';

/** What a text is cut into, or why it is not. */
function cut(text: string) {
  const found = cutList(text, 'list');
  if (typeof found === 'string') throw new Error(found);
  return found;
}

const rowsOf = (text: string) => {
  const found = cutList(text, 'list');
  return typeof found === 'string' ? found : found.rows;
};

describe('a list is cut into its rows', () => {
  test.each([
    ['{"list":[]}', []],
    ['{"list": [ ] }', []],
    ['{"list":[1]}', ['1']],
    ['{"a":1,"list" : [{"b":[1,2]}, "x,]", null],"c":{}}', ['{"b":[1,2]}', ' "x,]"', ' null']],
    ['{"list":["\\"],[","\\\\"]}', ['"\\"],["', '"\\\\"']],
  ])('%s', (text, rows) => {
    expect(cut(text).rows).toEqual(rows);
    expect(JSON.parse(cut(text).around)).toEqual({ ...JSON.parse(text), list: [] });
  });

  test.each([
    '{"list":{}}',
    '{"list":null}',
    '{"other":[1]}',
    '{"a":{"list":[1]}}',
    '[{"list":[1]}]',
    '{"a":"list","b":[1]}',
  ])('%s has none at its top', (text) => {
    expect(cutList(text, 'list')).toEqual({ around: text, rows: [] });
  });

  test.each(['{"list":[1', '{"list":[1,', '{"list":[1}', '{"list":[', '{"list":["]}'])('%s is not cut', (text) => {
    expect(cutList(text, 'list')).toBe('unreadable');
  });

  test('any reply is cut without losing anything', () => {
    const body = fc.record({
      a: fc.jsonValue({ maxDepth: 3 }),
      list: fc.array(fc.jsonValue({ maxDepth: 3 })),
      z: fc.jsonValue({ maxDepth: 3 }),
    });
    fc.assert(
      fc.property(body, fc.constantFrom(0, 2), (value, indent) => {
        const { rows, around } = cut(JSON.stringify(value, undefined, indent));
        expect(rows.map((row) => JSON.parse(row))).toEqual(JSON.parse(JSON.stringify(value.list)));
        expect(JSON.parse(around)).toEqual(JSON.parse(JSON.stringify({ ...value, list: [] })));
      }),
    );
  });
});

describe('lists inside an object are cut out of it', () => {
  test.each([
    ['{"data":{"a":[1,{"b":[2]}],"b":["]"]}}', ['1', '{"b":[2]}'], ['"]"']],
    ['{"b":[9],"data" : { "b" : [ ] , "a":[3] } ,"a":[9]}', ['3'], []],
    ['{"data":[{"a":[1],"b":[2]}]}', [], []],
    ['{"data":{"x":{"a":[1]},"b":[2]}}', [], ['2']],
    ['{"data":null,"a":[1]}', [], []],
    ['{"x":{"data":{"a":[1]}}}', [], []],
  ])('%s', (text, a, b) => {
    const found = cutLists(text, ['data.a', 'data.b']);
    expect(found).toMatchObject({ lists: [a, b] });
    expect(JSON.parse(typeof found === 'string' ? found : found.around)).toBeTypeOf('object');
  });

  test.each([
    '{"data":{"a":[1]},"data":{"a":[2]}}',
    '{"data":{"a":[1],"a":[2]}}',
    '{"data":{"a":[1]},"data":1}',
    '{"data":{"a":[1}}',
  ])('but not %s', (text) => {
    expect(cutLists(text, ['data.a'])).toBe('unreadable');
  });

  test('and what stands around all of them is as short as around one', () => {
    const rows = Array<string>(4_000).fill('"0123456789abcdef"').join(',');
    expect(cutLists(`{"data":{"a":[${rows}],"b":[${rows}]}}`, ['data.a', 'data.b'])).toMatchObject({
      around: '{"data":{"a":[],"b":[]}}',
    });
    expect(cutLists(`{"data":{"a":[${rows}],"b":[${rows}]}}`, ['data.a'])).toBe('too-large');
  });
});

describe('what no venue sends is not cut, let alone parsed (P49)', () => {
  const list = (...rows: readonly string[]) => `{"list":[${rows.join(',')}]}`;

  test('more than 5,000 rows', () => {
    expect(rowsOf(list(...Array<string>(5_000).fill('1')))).toHaveLength(5_000);
    expect(rowsOf(list(...Array<string>(5_001).fill('1')))).toBe('too-large');
    expect(rowsOf(`{"list":[${'{},'.repeat(1_000_000)}`)).toBe('too-large');
  });

  test('a row, or what stands around the list, longer than 64 KiB', () => {
    const long = JSON.stringify('x'.repeat(mostCharacters));
    expect(rowsOf(list(long.slice(0, mostCharacters - 1).concat('"')))).toHaveLength(1);
    expect(rowsOf(list(long))).toBe('too-large');
    expect(cutList(`{"a":${long},"list":[]}`, 'list')).toBe('too-large');
    expect(isModest(long)).toBe(false);
  });

  test('nesting deeper than 20, in a row or anywhere else', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(rowsOf(list(nested(18)))).toHaveLength(1);
    expect(rowsOf(list(nested(19)))).toBe('too-large');
    expect(rowsOf(list(nested(100_000)))).toBe('too-large');
    expect([isModest(nested(20)), isModest(nested(21)), isModest(nested(60_000))]).toEqual([true, false, false]);
    expect(isModest('{"a":'.repeat(21))).toBe(false);
    expect(isModest(JSON.stringify('['.repeat(100)))).toBe(true);
  });

  test('a list that comes twice: nobody knows which one counts', () => {
    for (const text of ['{"list":[1],"list":[]}', '{"list":[1],"list":null}', '{"list":null,"list":[1]}'])
      expect(rowsOf(text)).toBe('unreadable');
  });
});

describe('rows are read in slices', () => {
  const counting = (): ListReply<unknown, number> => ({
    name: 'list',
    around: () => ({ kind: 'ok', value: undefined }),
    row: (row) => row,
    conclude: (rows) => ({ kind: 'ok', value: rows.length }),
  });

  const turnsOf = (text: string) => turnsWhile(() => judgeList({ status: 200, text }, counting()));

  test('of 200 rows', async () => {
    expect((await turnsOf(JSON.stringify({ list: Array(5_000).fill(1) }))).count).toBeGreaterThanOrEqual(24);
  });

  test('of 64 KiB', async () => {
    const rows = Array(40).fill('x'.repeat(60_000));
    expect((await turnsOf(JSON.stringify({ list: rows }))).count).toBeGreaterThanOrEqual(20);
  });

  test('and a row that is no JSON is an unreadable one', async () => {
    const seen: unknown[] = [];
    const reply = { ...counting(), row: (row: unknown) => seen.push(row) };
    expect(await judgeList({ status: 200, text: '{"list":[1,x,,{"a":}]}' }, reply)).toEqual({ kind: 'ok', value: 4 });
    expect(seen).toEqual([1, undefined, undefined, undefined]);
  });
});
