import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { malformedEnvLines } from '../src/env-file.ts';

test.each([
  'A=1',
  '  A = 1  ',
  'export A=1',
  'A=',
  'A="x # y"',
  "A='x'  # note",
  'A=`x`',
  'A=x # note',
  'A=x"y',
  'A==x=',
  '# A="',
  '',
  '   ',
  'A=1\r',
])('%j is a line like any other', (line) => {
  expect(malformedEnvLines(`${line}\nB=2`)).toEqual([]);
  expect(parseEnv(`${line}\nB=2`)).toMatchObject({ B: '2' });
});

test.each([
  ['A', 'NAME=value'],
  ['A: canary', 'NAME=value'],
  ['=canary', 'NAME=value'],
  ['A-B=canary', 'NAME=value'],
  ['\uFEFFA=canary', 'NAME=value'],
  ['A B=canary', 'NAME=value'],
  ['A="canary', 'quote'],
  ["A='canary", 'quote'],
  ['A="can"ary', 'after its closing quote'],
  ['A=can#ary', '#'],
  ['A=#canary', '#'],
  ['A=  ', 'spaces'],
  ['export A=', 'export'],
])('%j is reported by its number, without its text', (line, problem) => {
  expect(malformedEnvLines(`# first\n${line}\nZ=1`)).toEqual([{ line: 2, problem: expect.stringContaining(problem) }]);
  expect(JSON.stringify(malformedEnvLines(line))).not.toContain('canary');
});

test('a name that is set twice is reported where it comes again', () => {
  expect(malformedEnvLines('A=1\nB=2\nA=3')).toEqual([{ line: 3, problem: expect.stringContaining('A again') }]);
});

test('where nothing is reported, Node reads each line as it looks', () => {
  const part = fc.constantFrom('A', 'B', '=', '"', "'", '`', '#', ' ', 'x', '\\n', 'export ', '$', '-', '\t');
  const line = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(line, (text) => {
      if (malformedEnvLines(text).length > 0) return;
      const name = /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=/.exec(text)?.[1];
      expect(parseEnv(`${text}\nZ=1`)).toEqual({ ...(name && { [name]: expect.any(String) }), Z: '1' });
    }),
    { numRuns: 20_000 },
  );
});
