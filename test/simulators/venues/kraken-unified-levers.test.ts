import { expect, test } from 'vitest';
import { createKrakenUnifiedSimulator } from '../../../simulators/venues/kraken-unified.ts';
import { createKrakenLevers, krakenLevers } from '../../../simulators/venues/kraken-unified-levers.ts';

/** A simulator of which it is written down what its levers do. */
function open() {
  const simulator = createKrakenUnifiedSimulator({
    now: () => Date.UTC(2026, 10, 21, 12),
    accounts: ['alice', 'bob'].map((id) => ({ id, keys: [{ key: id, secret: 'c2VjcmV0' }] })),
  });
  const done: unknown[] = [];
  const levers = createKrakenLevers({
    ...simulator,
    setStatus: (status) => void done.push(status),
    setFutures: (account, permission) => void done.push([account, permission]),
    revokeTokens: (account) => void done.push(['revoked', account]),
    dropConnections: () => void done.push('dropped'),
  });
  const turned = (account: string) => krakenLevers.map(({ id }) => id).filter((id) => levers.isOn(id, account));
  return { levers, done, turned, switches: simulator.switches };
}

test('a lever is turned for everybody, and turned back', () => {
  const { levers, turned, switches } = open();
  levers.turn('tell-in-preferences', 'alice', true);
  expect(switches.preferencesTellLeverage).toBe(true);
  expect([turned('alice'), turned('bob')]).toEqual([['tell-in-preferences'], ['tell-in-preferences']]);
  levers.turn('tell-in-preferences', 'bob', false);
  expect(switches.preferencesTellLeverage).toBe(false);
  expect(turned('alice')).toEqual([]);
});

test('what an account may do is turned for that account alone', () => {
  const { levers, done, turned } = open();
  levers.turn('reduce-only', 'alice', true);
  expect([turned('alice'), turned('bob')]).toEqual([['reduce-only'], []]);
  levers.turn('futures-disabled', 'alice', true);
  expect(turned('alice')).toEqual(['futures-disabled']);
  levers.turn('futures-disabled', 'alice', false);
  expect(done).toEqual([
    ['alice', 'reduce_only'],
    ['alice', 'disabled'],
    ['alice', 'enabled'],
  ]);
});

test('levers of one kind turn each other back', () => {
  const { levers, done, turned, switches } = open();
  levers.turn('echo', 'alice', true);
  levers.turn('echo-unequal', 'alice', true);
  expect([turned('alice'), switches.echo]).toEqual([['echo-unequal'], 'unequal']);
  levers.turn('in-maintenance', 'alice', true);
  levers.turn('cancel-only', 'alice', true);
  expect(turned('alice')).toEqual(['cancel-only', 'echo-unequal']);
  levers.turn('cancel-only', 'alice', false);
  expect(done).toEqual([{ system: 'maintenance' }, { system: 'cancel_only' }, { system: 'online' }]);
});

test('what happens at once does not stay turned', () => {
  const { levers, done, turned, switches } = open();
  for (const { id } of krakenLevers.filter(({ isMoment }) => isMoment)) levers.turn(id, 'alice', true);
  expect(turned('alice')).toEqual([]);
  expect(done).toEqual([['revoked', 'alice'], 'dropped']);
  expect([switches.preferencesNotYet, switches.snapshotsTooLarge]).toEqual([1, 1]);
});

test('every lever has a name and says what to watch for', () => {
  expect(new Set(krakenLevers.map(({ id }) => id)).size).toBe(krakenLevers.length);
  for (const { title, watchFor } of krakenLevers) expect([title, watchFor].every((text) => text.length > 5)).toBe(true);
});
