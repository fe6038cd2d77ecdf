import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Outcome, SentRequest } from '../../src/confirm/outcome.ts';
import {
  afterCheck,
  afterRead,
  type Doubt,
  READ_AGAIN_MS,
  type ReadBack,
  SETTLE_MS,
} from '../../src/confirm/settling.ts';
import { isolated } from '../support/gate.ts';

const NOW = 1_000_000;
const sentWith = (answer: SentRequest['answer']): SentRequest => ({ at: NOW - 4_000, until: NOW, answer });
const other = { kind: 'disagrees', asOf: NOW, holds: isolated('3') } as const;
const unread = { kind: 'unread', at: NOW } as const;

const answers = fc.constantFrom<SentRequest['answer']>('accepted', 'timeout', 'server-error');
const doubts = fc.record({ answer: fc.option(answers), wasRead: fc.boolean() }).map(
  ({ answer, wasRead }): Doubt => ({
    since: NOW,
    ...(answer !== null && { sent: sentWith(answer) }),
    ...(wasRead && { firstReadAt: NOW, shown: { asOf: NOW, holds: isolated('3') } }),
  }),
);
const reads = fc.constantFrom<ReadBack>({ kind: 'agrees', asOf: NOW }, other, unread);
const ages = fc.record({
  age: fc.integer({ min: 0, max: 2 * SETTLE_MS }),
  readAge: fc.integer({ min: 0, max: SETTLE_MS }),
});

test('nothing but a read-back that agrees ends a doubt in its first half minute, and the next look lies ahead', () => {
  fc.assert(
    fc.property(doubts, reads, ages, (doubt, read, { age, readAge }) => {
      const outcome = afterRead(doubt, read, { now: NOW, age: age % READ_AGAIN_MS, readAge: readAge % READ_AGAIN_MS });
      if (read.kind === 'agrees') expect(outcome).toMatchObject({ kind: 'applied', isReadBack: true });
      else if (outcome.kind === 'unsettled') expect(outcome.lookAt).toBeGreaterThan(NOW);
      else expect(outcome.kind).toBe('unsettled');
    }),
  );
});

test('a doubt keeps when it began, what was sent and what was first read, however often it is read', () => {
  fc.assert(
    fc.property(doubts, fc.constantFrom(other, unread), (doubt, read) => {
      const outcome = afterRead(doubt, read, { now: NOW + 1, age: 1, readAge: 1 });
      expect(outcome).toMatchObject({ kind: 'unsettled', ...doubt });
    }),
  );
});

test('only an accepted write differs, and only a write without a usable answer was not applied', () => {
  fc.assert(
    fc.property(doubts, reads, ages, (doubt, read, passed) => {
      const { kind } = afterRead(doubt, read, { now: NOW, ...passed });
      const isAccepted = doubt.sent?.answer === 'accepted';
      if (kind === 'differs') expect(isAccepted).toBe(true);
      if (kind === 'not-applied' || kind === 'unknown') expect(isAccepted).toBe(false);
    }),
  );
});

test.each([
  [0, 1_000],
  [999, 1_000],
  [1_000, 3_000],
  [3_000, 10_000],
  [10_000, 30_000],
])('%i ms after the first read-back the next one is at %i ms', (readAge, next) => {
  const doubt: Doubt = { since: NOW, sent: sentWith('timeout'), firstReadAt: NOW - readAge };
  const outcome = afterRead(doubt, other, { now: NOW, age: readAge, readAge });
  expect(outcome).toMatchObject({ kind: 'unsettled', lookAt: NOW - readAge + next });
});

test('what cannot be read for five minutes, or never again, ends with what is known', () => {
  const ended = (doubt: Doubt) => afterRead(doubt, unread, { now: NOW, age: SETTLE_MS, readAge: 0 });
  const shown = { asOf: NOW, holds: isolated('3') };
  const [accepted, silent] = [sentWith('accepted'), sentWith('timeout')];
  const rows: readonly (readonly [Doubt, Outcome])[] = [
    [
      { since: NOW, sent: accepted },
      { kind: 'applied', asOf: NOW, isReadBack: false, sent: accepted },
    ],
    [
      { since: NOW, sent: accepted, shown },
      { kind: 'differs', ...shown, sent: accepted },
    ],
    [
      { since: NOW, sent: silent, shown },
      { kind: 'unknown', since: NOW, shown, sent: silent },
    ],
    [{ since: NOW }, { kind: 'unknown', since: NOW }],
  ];
  for (const [doubt, outcome] of rows) {
    expect(ended(doubt)).toEqual(outcome);
    const never = afterRead(doubt, { kind: 'never', gone: 'key' }, { now: NOW, age: 0, readAge: 0 });
    expect(never).toEqual(outcome.kind === 'differs' ? outcome : { ...outcome, gone: 'key' });
  }
});

describe('"Check now" on what has ended', () => {
  const sent = sentWith('timeout');

  test('tells of what was not known, or not read back, and keeps the story of the write', () => {
    const unknown: Outcome = { kind: 'unknown', since: NOW, sent };
    expect(afterCheck(unknown, other)).toEqual({
      kind: 'not-applied',
      since: NOW,
      asOf: NOW,
      holds: isolated('3'),
      sent,
    });
    expect(afterCheck(unknown, { kind: 'agrees', asOf: NOW })).toMatchObject({ kind: 'applied', sent });
    expect(afterCheck({ kind: 'applied', asOf: NOW, isReadBack: false }, other)).toMatchObject({ kind: 'differs' });
  });

  test.each([unread, { kind: 'never', gone: 'key' }] as const)('tells nothing new after %j', (read) => {
    expect(afterCheck({ kind: 'unknown', since: NOW }, read)).toBeUndefined();
  });

  test('has nothing to say of what is known', () => {
    expect(afterCheck({ kind: 'applied', asOf: NOW, isReadBack: true }, other)).toBeUndefined();
    expect(afterCheck({ kind: 'not-sent', at: NOW }, other)).toBeUndefined();
  });
});
