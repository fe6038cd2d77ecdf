import { expect, test } from 'vitest';
import { demand, mayAsk, mayPress, mayUse, type Rules, type WantedSetting } from '../../src/leverage/policy.ts';
import { freely, isolated } from '../support/gate.ts';

const rulesWith = (change: Partial<Rules>): Rules => ({ ...freely, ...change });
const paper = { id: 'paper', label: 'Paper' };
const callerOf = (user: string, guild?: string) => ({
  user,
  userName: user,
  channel: '300',
  ...(guild !== undefined && { guild }),
});
const toFive: WantedSetting = { venue: paper, setting: isolated('5') };

test('without limits everybody may do everything everywhere', () => {
  expect(mayUse(freely, callerOf('1', '2'))).toBe('yes');
  expect(mayUse(freely, callerOf('1'))).toBe('yes');
  expect(mayAsk(freely, callerOf('1'), { venue: paper, setting: isolated('999') })).toBe('yes');
});

test('only listed people may', () => {
  const rules = rulesWith({ allowedUsers: new Set(['1']) });
  expect(mayUse(rules, callerOf('1', '2'))).toBe('yes');
  for (const caller of [callerOf('3'), callerOf('3', '2')]) {
    for (const answer of [mayUse(rules, caller), mayAsk(rules, caller, toFive), mayPress(rules, caller, { by: '3' })]) {
      expect(answer).toEqual({ code: 'USER_NOT_ALLOWED' });
    }
  }
});

test('only listed servers may be used, and direct messages only by listed people', () => {
  const rules = rulesWith({ allowedGuilds: new Set(['900']) });
  expect(mayUse(rules, callerOf('100', '900'))).toBe('yes');
  for (const caller of [callerOf('100', '901'), callerOf('100')]) {
    expect(mayUse(rules, caller)).toEqual({ code: 'SERVER_NOT_ALLOWED' });
    expect(mayPress(rules, caller, { by: '100' })).toEqual({ code: 'SERVER_NOT_ALLOWED' });
  }
  const both = rulesWith({ allowedGuilds: new Set(['900']), allowedUsers: new Set(['100']) });
  expect(mayUse(both, callerOf('100'))).toBe('yes');
  expect(mayUse(both, callerOf('100', '900'))).toBe('yes');
  expect(mayUse(both, callerOf('200', '900'))).toEqual({ code: 'USER_NOT_ALLOWED' });
});

test('a maximum holds for its venue, up to and including itself, by value', () => {
  const rules = rulesWith({ maxLeverage: new Map([['paper', '5']]) });
  const ask = (change: WantedSetting) => mayAsk(rules, callerOf('1'), change);
  for (const leverage of ['1', '5', '5.00']) expect(ask({ venue: paper, setting: isolated(leverage) })).toBe('yes');
  expect(ask({ venue: { id: 'other', label: 'Other' }, setting: isolated('6') })).toBe('yes');
  expect(ask({ venue: paper, setting: { mode: 'cross' } })).toBe('yes');
  for (const leverage of ['5.01', '10', '50']) {
    const above = { code: 'ABOVE_OPERATOR_MAXIMUM', venue: 'Paper', leverage, max: '5' };
    expect(ask({ venue: paper, setting: isolated(leverage) })).toEqual(above);
  }
});

test('a halt holds for every change, to cross as well, and leaves the buttons of past cards', () => {
  const rules = rulesWith({ isHalted: true });
  for (const setting of [isolated('1'), { mode: 'cross' } as const]) {
    expect(mayAsk(rules, callerOf('1'), { venue: paper, setting })).toEqual({ code: 'HALTED' });
  }
  expect(mayPress(rules, callerOf('1'), { by: '1' })).toBe('yes');
});

test('only whoever asked for a card may press it', () => {
  expect(mayPress(freely, callerOf('1'), { by: '1' })).toBe('yes');
  expect(mayPress(freely, callerOf('2', '900'), { by: '1' })).toEqual({ code: 'NOT_YOURS' });
});

test('what is not allowed is thrown as it was answered', () => {
  demand('yes');
  expect(() => demand({ code: 'HALTED' })).toThrow('HALTED');
});
