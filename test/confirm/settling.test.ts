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
const hidden = { kind: 'hidden' } as const;

const answers = fc.constantFrom<SentRequest['answer']>('accepted', 'timeout', 'server-error');
const doubts = fc.record({ answer: fc.option(answers), wasRead: fc.boolean(), wasHidden: fc.boolean() }).map(
  ({ answer, wasRead, wasHidden }): Doubt => ({
    since: NOW,
    ...(answer !== null && { sent: sentWith(answer) }),
    ...(wasRead && { firstReadAt: NOW, shown: { asOf: NOW, holds: isolated('3') } }),
    ...(wasHidden && { isHidden: true }),
  }),
);
const reads = fc.constantFrom<ReadBack>({ kind: 'agrees', asOf: NOW }, other, unread, hidden);

/** Whether the venue said yes and shows nothing at all: then nothing is waited for. */
const isDoneUnseen = ({ sent, shown, isHidden }: Doubt, { kind }: ReadBack) =>
  sent?.answer === 'accepted' && shown === undefined && isHidden === true && (kind === 'hidden' || kind === 'unread');
const ages = fc.record({
  age: fc.integer({ min: 0, max: 2 * SETTLE_MS }),
  readAge: fc.integer({ min: 0, max: SETTLE_MS }),
});

test('in its first half minute nothing ends a doubt but a read-back that agrees, or "accepted" of a venue that shows nothing', () => {
  fc.assert(
    fc.property(doubts, reads, ages, (doubt, read, { age, readAge }) => {
      const outcome = afterRead(doubt, read, { now: NOW, age: age % READ_AGAIN_MS, readAge: readAge % READ_AGAIN_MS });
      if (read.kind === 'agrees') expect(outcome).toMatchObject({ kind: 'applied', isReadBack: true });
      else if (isDoneUnseen(doubt, read)) expect(outcome).toMatchObject({ kind: 'applied', isReadBack: false });
      else if (outcome.kind === 'unsettled') expect(outcome.lookAt).toBeGreaterThan(NOW);
      else expect(outcome.kind).toBe('unsettled');
    }),
  );
});

test('a doubt keeps when it began, what was sent and what was first read, however often it is read', () => {
  fc.assert(
    fc.property(doubts, fc.constantFrom(other, unread, hidden), ({ isHidden: _, ...doubt }, read) => {
      fc.pre(!isDoneUnseen(doubt, read));
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

test('what a venue does not show is never said to be another setting, nor not to be set', () => {
  fc.assert(
    fc.property(doubts, ages, (doubt, passed) => {
      const outcome = afterRead(doubt, hidden, { now: NOW, ...passed });
      expect(['applied', 'unsettled', 'unknown']).toContain(outcome.kind);
      expect(outcome).toMatchObject({ isHidden: true });
      expect(outcome).not.toHaveProperty('holds');
      // It says nothing new: what was shown before stays, and nothing else is shown.
      expect('shown' in outcome ? outcome.shown : undefined).toEqual(doubt.shown);
    }),
  );
});

describe('a venue that does not show what is set', () => {
  const passed = (age: number) => ({ now: NOW + age, age, readAge: 0 });
  const accepted: Doubt = { since: NOW, sent: sentWith('accepted') };
  const silent: Doubt = { since: NOW, sent: sentWith('timeout') };

  test('and accepted a write has applied it, at once; one that showed it before is looked at once more', () => {
    const outcome = { kind: 'applied', asOf: NOW, isReadBack: false, isHidden: true, sent: sentWith('accepted') };
    expect(afterRead({ ...accepted, isHidden: true }, hidden, passed(0))).toEqual(outcome);
    const first = afterRead(accepted, hidden, passed(0));
    expect(first).toEqual({ ...accepted, kind: 'unsettled', isHidden: true, lookAt: NOW + 1_000 });
    expect(first.kind === 'unsettled' && afterRead(first, hidden, passed(1_000))).toEqual(outcome);
  });

  test('and did not answer a write is looked at for half a minute, and then it is not known for good', () => {
    for (const [age, next] of [
      [0, 1_000],
      [1_000, 3_000],
      [10_000, 30_000],
      [29_999, 30_000],
    ] as const) {
      const outcome = afterRead(silent, hidden, passed(age));
      expect(outcome).toEqual({ ...silent, kind: 'unsettled', isHidden: true, lookAt: NOW + next });
    }
    expect(afterRead(silent, hidden, passed(READ_AGAIN_MS))).toEqual({ ...silent, kind: 'unknown', isHidden: true });
  });

  test('and cannot be asked afterwards keeps nothing waiting any longer', () => {
    const doubt: Doubt = { ...silent, isHidden: true };
    expect(afterRead(doubt, unread, passed(READ_AGAIN_MS - 1))).toMatchObject({ kind: 'unsettled' });
    expect(afterRead(doubt, unread, passed(READ_AGAIN_MS))).toEqual({ ...doubt, kind: 'unknown' });
    expect(afterRead({ since: NOW }, unread, passed(READ_AGAIN_MS))).toMatchObject({ kind: 'unsettled' });
  });

  test('and shows it after all in that time is believed', () => {
    const doubt: Doubt = { ...silent, isHidden: true };
    expect(afterRead(doubt, { kind: 'agrees', asOf: NOW + 9 }, passed(9))).toMatchObject({ isReadBack: true });
    const shown = { kind: 'unsettled', firstReadAt: NOW, shown: { asOf: NOW, holds: isolated('3') } };
    expect(afterRead(doubt, other, passed(9))).toMatchObject(shown);
    expect(afterRead(doubt, other, passed(9))).not.toHaveProperty('isHidden');
  });

  test('and showed the old value right after "accepted" is waited for, and never said to differ', () => {
    const shown = { asOf: NOW, holds: isolated('3') };
    const doubt: Doubt = { ...accepted, firstReadAt: NOW, shown };
    expect(afterRead(doubt, hidden, passed(READ_AGAIN_MS - 1))).toMatchObject({ kind: 'unsettled', shown });
    expect(afterRead(doubt, hidden, passed(READ_AGAIN_MS))).toMatchObject({
      kind: 'applied',
      isReadBack: false,
      shown,
    });
  });
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

  test('within half a minute of "accepted" does not take an old value for another one', () => {
    const accepted = sentWith('accepted');
    const ended: Outcome = { kind: 'applied', asOf: NOW, isReadBack: false, isHidden: true, sent: accepted };
    const at = (asOf: number) => afterCheck(ended, { ...other, asOf });
    expect(at(NOW + READ_AGAIN_MS - 1)).toBeUndefined();
    expect(at(NOW + READ_AGAIN_MS)).toMatchObject({ kind: 'differs', holds: isolated('3') });
    expect(afterCheck(ended, { kind: 'agrees', asOf: NOW })).toMatchObject({ kind: 'applied', isReadBack: true });
  });

  test.each([unread, hidden, { kind: 'never', gone: 'key' }] as const)('tells nothing new after %j', (read) => {
    expect(afterCheck({ kind: 'unknown', since: NOW }, read)).toBeUndefined();
  });

  test('has nothing to say of what is known', () => {
    expect(afterCheck({ kind: 'applied', asOf: NOW, isReadBack: true }, other)).toBeUndefined();
    expect(afterCheck({ kind: 'not-sent', at: NOW }, other)).toBeUndefined();
  });
});
