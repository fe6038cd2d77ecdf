import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { Failure, type FailureData, type Refusal } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { checkKey } from '../../src/venues/kraken-key.ts';
import type { KeyInfo } from '../../src/venues/kraken-rest.ts';
import { createMemory } from '../../src/venues/kraken-told.ts';
import { outcomeOf } from '../support/fixture-venue.ts';
import fixtures from './fixtures/kraken.json' with { type: 'json' };

const now = Date.UTC(2026, 10, 21, 12);
const good: KeyInfo = {
  permissions: ['create-ws-token', 'modify-trades', 'query-open-trades'],
  validUntil: 'never',
  hasIpList: true,
  nonce: String(now * 1_000),
};
const venue = 'Kraken';
const refusal = (one: Refusal): FailureData => ({ code: 'VENUE_REFUSED', venue, refusal: one });
const silence: FailureData = { code: 'VENUE_SILENT', venue, silence: 'unreadable' };
const busy: FailureData = { code: 'VENUE_BUSY', venue, limit: 'key', retryAfterMs: 5 };

/** Checks a key of which Kraken says `info`, and whose connection says these messages or fails. */
function check(
  info: Partial<KeyInfo> | FailureData,
  socket: readonly object[] | FailureData = [fixtures.preferences.frame],
) {
  const asked: string[] = [];
  const memory = createMemory();
  if (!('code' in socket)) for (const frame of socket) memory.take(JSON.stringify(frame));
  const checked = checkKey(
    {
      now: () => now,
      rest: {
        readToken: async () => new Secret('token'),
        readKeyInfo: async () => {
          asked.push('info');
          if ('code' in info) throw new Failure(info);
          return { ...good, ...info };
        },
      },
      connections: {
        read: async (_credentials, { from, patience }) => {
          asked.push('socket');
          if ('code' in socket) throw new Failure(socket);
          const verdict = from(memory);
          if (verdict?.kind === 'ok') return verdict.value;
          if (patience === undefined) throw new Failure(silence);
          return patience.otherwise;
        },
        write: async () => ({ kind: 'not-sent', failure: silence }),
        shown: () => undefined,
        forget: () => {},
        close: async () => {},
      },
    },
    credentialsOf('alice', {}),
  );
  return outcomeOf(checked).then((outcome) => ({ outcome, asked }));
}

const outcomeFor = async (...args: Parameters<typeof check>) => (await check(...args)).outcome;

test('a key with what is needed and nothing else is usable, and nothing is to be said of it', async () => {
  expect(await check({})).toEqual({ outcome: { kind: 'usable', notes: [] }, asked: ['info', 'socket'] });
});

describe('a key is refused by its rights, before its connection is tried', () => {
  const { permissions } = good;
  test.each<readonly [string, readonly string[], string]>([
    ['withdraw', [...permissions, 'withdraw-funds'], 'can-withdraw'],
    ['add addresses', [...permissions, 'add-withdraw-address'], 'can-withdraw'],
    ['change addresses', [...permissions, 'update-withdraw-address'], 'can-withdraw'],
    ['withdraw and more that is unknown', ['a-new-right', 'withdraw-funds'], 'can-withdraw'],
    ['do something unknown', [...permissions, 'a-new-right'], 'unknown-right'],
    ['do what is written otherwise', [...permissions, 'Withdraw-Funds'], 'unknown-right'],
    ['not use sockets', ['modify-trades', 'query-open-trades'], 'no-access'],
    ['not trade', ['create-ws-token', 'query-open-trades'], 'read-only'],
    ['do nothing', [], 'no-access'],
  ])('that may %s', async (_what, rights, reason) => {
    expect(await check({ permissions: rights })).toEqual({ outcome: { kind: 'refused', reason }, asked: ['info'] });
  });
});

test('a key whose request numbers another program has driven ahead is refused', async () => {
  const nanoseconds = `${now}000000`;
  expect(await outcomeFor({ nonce: nanoseconds })).toEqual({ kind: 'refused', reason: 'other-program' });
  expect(await outcomeFor({ nonce: String((now + 61_000) * 1_000) })).toEqual({
    kind: 'refused',
    reason: 'other-program',
  });
  expect(await outcomeFor({ nonce: String((now + 59_000) * 1_000) })).toMatchObject({ kind: 'usable' });
  expect(await outcomeFor({ nonce: undefined })).toMatchObject({ kind: 'usable' });
  expect(await outcomeFor(refusal('nonce'))).toEqual({ kind: 'refused', reason: 'other-program' });
});

test('a key that is denied what needs no right seems to want a second factor', async () => {
  expect(await outcomeFor(refusal('key-lacks-permission'))).toEqual({ kind: 'refused', reason: 'second-factor' });
});

test('a key that Kraken does not know is rejected, wherever that shows', async () => {
  const rejected = { kind: 'refused', reason: 'rejected' };
  expect(await outcomeFor(refusal('key-rejected'))).toEqual(rejected);
  expect(await outcomeFor({}, refusal('key-rejected'))).toEqual(rejected);
});

test('a key that gets no token although it has the right is refused', async () => {
  expect(await outcomeFor({}, refusal('key-lacks-permission'))).toEqual({ kind: 'refused', reason: 'no-access' });
});

describe('what a key may do and Kraken did not say', () => {
  test('is undecided where its sockets take it, never usable', async () => {
    expect(await outcomeFor(silence)).toEqual({ kind: 'undecided' });
  });

  test('does not matter where they reject it', async () => {
    expect(await outcomeFor(silence, refusal('key-rejected'))).toEqual({ kind: 'refused', reason: 'rejected' });
  });

  test('stays open where they could not be asked', async () => {
    expect(await outcomeFor(silence, busy)).toEqual(busy);
  });
});

test.each([busy, refusal('venue-unavailable'), refusal('key-forbidden')])(
  'a key of which nothing could be learned is neither taken nor refused: %j',
  async (failure) => {
    expect(await outcomeFor(failure)).toEqual(failure);
    expect(await outcomeFor({}, failure)).toEqual(failure);
  },
);

test('a key whose sockets are silent is not usable', async () => {
  expect(await outcomeFor({}, silence)).toEqual(silence);
});

describe('of a usable key is noted', () => {
  const notes = async (...args: Parameters<typeof check>) => {
    const outcome = await outcomeFor(...args);
    return 'notes' in outcome ? outcome.notes : outcome;
  };

  test.each<readonly [Partial<KeyInfo>, readonly string[]]>([
    [{ validUntil: Date.UTC(2027, 2, 1) }, ['It ends by itself on 2027-03-01.']],
    [{ validUntil: undefined }, ['Kraken did not say until when it is valid.']],
    [{ hasIpList: false }, ['It works from every IP address: Kraken can limit it to that of this bot.']],
    [{ hasIpList: undefined }, []],
    [
      { permissions: [...good.permissions, 'query-funds', 'close-trades'] },
      ['It has rights that the bot does not need: "Query funds", "Cancel & close orders".'],
    ],
    [{ permissions: ['create-ws-token', 'modify-trades'] }, [expect.stringContaining('"Query open orders & trades"')]],
  ])('%j', async (info, expected) => {
    expect(await notes(info)).toEqual(expected);
  });

  test.each([
    ['reduce_only', 'only reduce or close'],
    ['disabled', 'does not let this account trade futures'],
  ])('that its account is %s', async (permission, words) => {
    const preferences = { channel: 'preferences', type: 'snapshot', data: { futures: permission } };
    expect(await notes({}, [preferences])).toEqual([expect.stringContaining(words)]);
  });

  test('nothing of a permission that is not told', async () => {
    expect(await notes({}, [])).toEqual([]);
  });
});
