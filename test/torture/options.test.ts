import { expect, test } from 'vitest';
import { plantNames } from '../../torture/bot-messages.ts';
import { pickPlants, readOptions } from '../../torture/options.ts';
import { quick, real } from '../../torture/pace.ts';

test('a seed picks the same planted bugs again, and seeds together pick each', () => {
  expect(pickPlants('a1b2c3d', 2)).toEqual(pickPlants('a1b2c3d', 2));
  const picked = new Set(Array.from({ length: 400 }, (_, index) => pickPlants(`commit ${index}`, 2)).flat());
  expect([...picked].toSorted()).toEqual(plantNames.toSorted());
  expect(pickPlants('1', 2)).toHaveLength(2);
});

test('the times are short unless the real ones are asked for', () => {
  expect(readOptions([])).toMatchObject({ pace: quick, picked: [], planted: [] });
  expect(readOptions(['--real-times', '--plants', '2'])).toMatchObject({
    pace: real,
    picked: [{}, {}].map(() => expect.any(String)),
  });
  expect(readOptions(['--plants', 'two'])).toBe('--plants must be a whole number above zero');
});

test('an empty seed is none', () => {
  expect(readOptions(['--seed', ''])).toMatchObject({ seed: expect.stringMatching(/^\d+$/) });
});
