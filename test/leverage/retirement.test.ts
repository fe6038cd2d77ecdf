import { describe, expect, test } from 'vitest';
import {
  closureOf,
  fullLabelOf,
  keyEndText,
  moveSteps,
  newKeyObstacle,
  requireOpen,
} from '../../src/leverage/retirement.ts';
import type { Ending, Venue, Venues } from '../../src/leverage/venue.ts';
import { outcomeOf } from '../support/fixture-venue.ts';
import { createPaperVenue } from '../support/paper-venue.ts';

const retires = {
  at: Date.UTC(2027, 2, 1),
  closesAt: Date.UTC(2027, 1, 28),
  noNewKeysFrom: Date.UTC(2027, 1, 1),
  eraseAt: Date.UTC(2027, 2, 14),
  successor: 'next',
};

function venues({ ending, isOffered = true }: { readonly ending?: Ending; readonly isOffered?: boolean }) {
  const { venue } = createPaperVenue();
  const old: Venue = { ...venue, id: 'old', label: 'Old', retires, ending: () => ending ?? 'announced' };
  const next: Venue = { ...venue, id: 'next', label: 'Next', keyAdvice: 'Make one without withdrawals.' };
  const all: Venues = new Map([old, ...(isOffered ? [next] : [])].map((one) => [one.id, one]));
  return { old, next, all };
}

describe('a venue that ends', () => {
  test('says so in its full label, and no other venue does', () => {
    const { old, next } = venues({});
    expect(fullLabelOf(old)).toBe('Old (old API, ends 1 March 2027)');
    expect(fullLabelOf(next)).toBe('Next');
  });

  test.each([
    ['announced', undefined, undefined],
    ['no-new-keys', undefined, 'NO_NEW_KEYS'],
    ['closed', 'VENUE_ENDED', 'NO_NEW_KEYS'],
  ] as const)('that is %s refuses all with %s, new keys with %s', (ending, closed, noKeys) => {
    const { all, old } = venues({ ending });
    expect([closureOf(all, 'old')?.code, newKeyObstacle(all, old)?.code]).toEqual([closed, noKeys]);
  });

  test('names its successor where that is offered', async () => {
    const offered = venues({ ending: 'closed' });
    expect(closureOf(offered.all, 'old')).toEqual({
      code: 'VENUE_ENDED',
      venue: 'Old',
      endsAt: retires.at,
      successor: 'Next',
    });
    const alone = venues({ ending: 'closed', isOffered: false });
    expect(newKeyObstacle(alone.all, alone.old)).toEqual({ code: 'NO_NEW_KEYS', venue: 'Old', endsAt: retires.at });
    expect(await outcomeOf(Promise.resolve().then(() => requireOpen(alone.all, 'old')))).toMatchObject({
      code: 'VENUE_ENDED',
    });
  });

  test('leads to its successor step by step: the successor’s own advice, the command, and the old key', () => {
    const { old, next } = venues({});
    expect(moveSteps(old, next)).toEqual([
      'The exchange switches the API of Old off on 1 March 2027. From 28 February 2027, 00:00 UTC, this bot sends nothing to it, and on 14 March 2027 it erases the keys that are still stored.',
      'What follows it is Next, with a key of another kind:',
      '1. Make one without withdrawals.',
      '2. Add it with /keys add, and choose Next.',
      '3. Delete the old key at the exchange.',
    ]);
    expect(moveSteps(old, next, true)).toEqual([
      expect.stringContaining('this bot sends nothing to it'),
      'You have a key for Next already. Remove the old one with /keys remove, and delete it at the exchange.',
    ]);
    expect(moveSteps(old, undefined).join(' ')).toContain('ask its operator');
    expect(moveSteps(next, undefined)).toEqual([]);
  });

  test('says of a key when it is erased', () => {
    const { old, next } = venues({});
    expect(keyEndText(old)).toMatch(/End of its API: 1 March 2027. The bot erases this key on 14 March 2027\.$/);
    expect(keyEndText(next)).toBeUndefined();
  });
});

test('a venue that is not there is not open, and one that does not end is', () => {
  const { all } = venues({});
  expect(closureOf(all, 'former')).toEqual({ code: 'UNKNOWN_VENUE', id: 'former' });
  expect(closureOf(all, 'next')).toBeUndefined();
  expect(requireOpen(all, 'next').label).toBe('Next');
});
