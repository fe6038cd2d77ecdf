import { expect, test } from 'vitest';
import { createLimits, type LimitOptions } from '../../src/leverage/limits.ts';
import { freely, isolated } from '../support/gate.ts';

const limitsWith = (change: Partial<LimitOptions>) => createLimits({ ...freely, ...change });
const paper = { id: 'paper', label: 'Paper' };

test('without limits everybody may do everything everywhere', () => {
  const { assertAllowed, assertChange } = limitsWith({});
  assertAllowed({ user: '1', guild: '2' });
  assertAllowed({ user: '1' });
  assertChange(paper, isolated('999'));
});

test('only listed people may', () => {
  const { assertAllowed } = limitsWith({ allowedUsers: new Set(['1']) });
  assertAllowed({ user: '1', guild: '2' });
  for (const guild of [undefined, '2']) {
    expect(() => assertAllowed({ user: '3', ...(guild !== undefined && { guild }) })).toThrow('USER_NOT_ALLOWED');
  }
});

test('only listed servers may be used, and direct messages only by listed people', () => {
  const { assertAllowed } = createLimits({ ...freely, allowedGuilds: new Set(['900']) });
  assertAllowed({ user: '100', guild: '900' });
  expect(() => assertAllowed({ user: '100', guild: '901' })).toThrow('SERVER_NOT_ALLOWED');
  expect(() => assertAllowed({ user: '100' })).toThrow('SERVER_NOT_ALLOWED');

  const both = createLimits({ ...freely, allowedGuilds: new Set(['900']), allowedUsers: new Set(['100']) });
  both.assertAllowed({ user: '100' });
  both.assertAllowed({ user: '100', guild: '900' });
  expect(() => both.assertAllowed({ user: '200', guild: '900' })).toThrow('USER_NOT_ALLOWED');
});

test('a maximum holds for its venue, up to and including itself, by value', () => {
  const { assertChange } = limitsWith({ maxLeverage: new Map([['paper', '5']]) });
  for (const leverage of ['1', '5', '5.00']) assertChange(paper, isolated(leverage));
  assertChange({ id: 'other', label: 'Other' }, isolated('6'));
  assertChange(paper, { mode: 'cross' });
  for (const leverage of ['5.01', '10', '50']) {
    expect(() => assertChange(paper, isolated(leverage))).toThrow('ABOVE_OPERATOR_MAXIMUM');
  }
});

test('a halt holds for every change, to cross as well', () => {
  const { assertChange } = limitsWith({ isHalted: true });
  for (const setting of [isolated('1'), { mode: 'cross' } as const]) {
    expect(() => assertChange(paper, setting)).toThrow('HALTED');
  }
});
