import { expect, test } from 'vitest';
import { startFlags } from '../../bench/bot.ts';
import { type Finding, figuresOf, isMet, type Measurement, showValue } from '../../bench/figures.ts';
import { shortestMs } from '../../bench/measurements/budget.ts';
import { measurements, readOptions } from '../../bench/options.ts';
import { type Run, replaceBlock, toJson, toMarkdown } from '../../bench/report.ts';
import { median, percentile, repeat } from '../../bench/statistics.ts';

test('the median of an even number of values is the mean of the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([9, 1, 2])).toBe(2);
  expect(median([])).toBeNaN();
});

test('a percentile is one of the values: the smallest that so many do not exceed', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(values, 50)).toBe(50);
  expect(percentile(values, 99)).toBe(99);
  expect(percentile(values, 100)).toBe(100);
  expect(percentile([7], 1)).toBe(7);
});

test('repeat does everything once, and never more at a time than it may', async () => {
  const done: number[] = [];
  let underWay = 0;
  let most = 0;
  await repeat(50, 4, async (index) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await Promise.resolve();
    done.push(index);
    underWay -= 1;
  });
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  expect(most).toBe(4);
});

test('the shortest time for a hundred writes is all windows but the last', () => {
  const second = { units: 10, windowMs: 1_000 };
  const minute = { units: 50, windowMs: 60_000 };
  expect(shortestMs(100, { windows: [second], cost: 1 })).toBe(9_000);
  expect(shortestMs(100, { windows: [second, minute], cost: 1 })).toBe(60_000);
  expect(shortestMs(100, { windows: [{ units: 500, windowMs: 10_000 }], cost: 10 })).toBe(10_000);
  expect(shortestMs(10, { windows: [second], cost: 1 })).toBe(0);
});

const finding: Finding = { key: 'a.ratio', says: 'a ratio', value: 1.234, unit: '×', aim: { atMost: 1.2 } };
const measurement: Measurement = {
  name: 'a',
  title: 'A',
  findings: [finding],
  context: { columns: ['x'], rows: [{ says: 'y', figures: [{ key: 'a.time', value: 12.34, unit: 'ms' }] }] },
};
const machine = { cpus: 2, cpu: 'some', memoryGiB: 4, system: 'Linux', node: '24', load: [0, 1] };
const run: Run = { machine, date: 'today', command: 'bench', rounds: 5, seconds: 1, measurements: [measurement] };

test('an aim is met or not, at its bound too', () => {
  expect(isMet(finding)).toBe(false);
  expect(isMet({ ...finding, value: 1.2 })).toBe(true);
  expect(isMet({ ...finding, value: 96, aim: { atLeast: 95 } })).toBe(true);
  expect(isMet({ key: 'k', value: 1, unit: '' })).toBeUndefined();
});

test('the JSON has one key for each figure, and its aim beside it', () => {
  const json: unknown = JSON.parse(toJson(run));
  expect(json).toMatchObject({
    figures: { 'a.ratio': 1.234, 'a.time': 12.34 },
    units: { 'a.ratio': '×', 'a.time': 'ms' },
    aims: { 'a.ratio': { atMost: 1.2, met: false } },
  });
  expect(figuresOf(measurement).map(({ key }) => key)).toEqual(['a.ratio', 'a.time']);
});

test('what never happened is null in the JSON', () => {
  const never = { ...measurement, findings: [{ ...finding, value: Number.POSITIVE_INFINITY }] };
  expect(JSON.parse(toJson({ ...run, measurements: [never] }))).toMatchObject({ figures: { 'a.ratio': null } });
});

test('a missed aim stands out in the table', () => {
  const text = toMarkdown(run);
  expect(text).toContain('| a ratio | 1.23× | ≤ 1.2× | **no** |');
  expect(text).toContain('| y | 12.3 ms |');
});

test('only the generated block of a document is replaced', () => {
  const document =
    'before\n<!-- written by npm run bench -- --markdown -->\nold\n<!-- end of what the bench wrote -->\nafter\n';
  const replaced = replaceBlock(document, 'new\n');
  expect(replaced).toMatch(/^before\n<!--[^>]*-->\n\nnew\n\n<!--[^>]*-->\nafter\n$/);
  expect(replaceBlock(replaced, 'new\n')).toBe(replaced);
  expect(() => replaceBlock('nothing', 'new')).toThrow('no block');
});

test('figures are shown with as many digits as mean something', () => {
  expect(showValue({ value: 1.2345, unit: '×' })).toBe('1.23×');
  expect(showValue({ value: 12.345, unit: 'ms' })).toBe('12.3 ms');
  expect(showValue({ value: 1234.5, unit: '/s' })).toBe('1235 /s');
  expect(showValue({ value: 3, unit: '' })).toBe('3');
});

test('options are read, and whatever else is given is answered by what there is', () => {
  expect(readOptions([])).toEqual({ output: 'text', isLong: false, rounds: 5, only: [] });
  expect(readOptions(['--json', '--long', '--rounds', '2', '--only', 'ack'])).toEqual({
    ...{ output: 'json', isLong: true, rounds: 2, only: ['ack'] },
  });
  for (const words of [['--rounds', '0'], ['--only', 'nothing'], ['--json', '--markdown'], ['--unknown'], ['word']]) {
    expect(readOptions(words)).toContain('npm run bench');
  }
});

test('there are the six measurements', () => {
  expect(Object.keys(measurements)).toEqual(['write', 'flow', 'ack', 'memory', 'growth', 'budget']);
});

test("the bot is measured with its start script's own flags", () => {
  expect(startFlags('exec node --max-semi-space-size=8 src/start.js')).toEqual(['--max-semi-space-size=8']);
});
