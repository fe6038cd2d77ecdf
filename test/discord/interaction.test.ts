import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { describeCommands } from '../../src/discord/command-forms.ts';
import { createHandler } from '../../src/discord/handle.ts';
import { readInvocation } from '../../src/discord/interaction.ts';
import { receive } from '../../src/discord/receive.ts';
import {
  alice,
  applicationId,
  card,
  confirmId,
  createTestLog,
  general,
  leverageSet,
  openDiscord,
  openRest,
  options,
  until,
  venues,
} from './support.ts';

const payload = {
  id: '1573488112435200006',
  application_id: '900000000000000001',
  type: 2,
  token: 'aW50ZXJhY3Rpb246MQ',
  guild_id: '200000000000000001',
  channel_id: general,
  member: { user: { id: '100000000000000001', username: 'alice', global_name: null } },
  data: {
    id: '1',
    name: 'leverage',
    type: 1,
    options: [{ name: 'set', type: 1, options: [{ name: 'venue', type: 3, value: 'mudrex' }] }],
  },
};
const press = {
  ...payload,
  type: 3,
  data: { custom_id: confirmId, component_type: 2 },
  message: { id: '1573488112435200007', flags: 64 },
};
const completion = {
  ...payload,
  type: 4,
  data: {
    name: 'leverage',
    type: 1,
    options: [
      {
        name: 'set',
        type: 1,
        options: [
          { name: 'venue', type: 3, value: 'mudrex' },
          { name: 'market', type: 3, value: 'bt', focused: true },
        ],
      },
    ],
  },
};
const arrival = {
  id: payload.id,
  applicationId: payload.application_id,
  token: payload.token,
  createdAt: Date.UTC(2026, 10, 21),
  caller: { user: '100000000000000001', userName: 'alice', guild: '200000000000000001', channel: general },
};

test('a command is read with its subcommand and options', () => {
  expect(readInvocation(payload)).toEqual({
    kind: 'command',
    ...arrival,
    name: 'leverage',
    subcommand: 'set',
    options: { venue: 'mudrex' },
  });
});

test('a command without subcommands has its options at the top', () => {
  const data = { name: 'help', type: 1, options: [{ name: 'topic', type: 3, value: 'keys' }] };
  const read = readInvocation({ ...payload, data });
  expect(read).toMatchObject({ kind: 'command', name: 'help', options: { topic: 'keys' } });
  expect(read).not.toHaveProperty('subcommand');
  expect(readInvocation({ ...payload, data: { name: 'help', type: 1 } })).toMatchObject({ options: {} });
});

test('in direct messages the person stands beside the member’s place', () => {
  const { guild_id: _guild, member, ...rest } = payload;
  const read = readInvocation({ ...rest, user: member.user });
  expect(read).toMatchObject({ caller: { user: '100000000000000001', userName: 'alice', channel: general } });
  expect(read).not.toHaveProperty('caller.guild');
});

test('a person’s roles and permissions in the server are read, and none where Discord tells none', () => {
  const roles = ['200000000000000005', '200000000000000006'];
  const member = { ...payload.member, roles, permissions: '2251799813685247' };
  expect(readInvocation({ ...payload, member })).toMatchObject({ caller: { roles, permissions: 2n ** 51n - 1n } });
  expect(readInvocation(payload)).not.toHaveProperty('caller.permissions');
  for (const wrong of [{ permissions: '-1' }, { permissions: '0x10' }, { permissions: 8 }, { roles: ['admin'] }]) {
    expect(readInvocation({ ...payload, member: { ...member, ...wrong } })).toMatchObject({ reason: 'malformed' });
  }
});

test('a person goes by the unique user name, not by the display name that anybody can choose', () => {
  const { member, ...rest } = payload;
  const user = { ...member.user, global_name: 'Satoshi' };
  for (const named of [
    { ...rest, user },
    { ...rest, member: { ...member, user, nick: 'Satoshi' } },
  ]) {
    expect(JSON.stringify(readInvocation(named))).not.toContain('Satoshi');
    expect(readInvocation(named)).toMatchObject({ caller: { userName: 'alice' } });
  }
});

test('a press is read with its button and the visibility of its message', () => {
  expect(readInvocation(press)).toEqual({
    kind: 'press',
    ...arrival,
    button: { verb: 'confirm', id: 'A'.repeat(22) },
    messageId: '1573488112435200007',
    isPublic: false,
  });
  expect(readInvocation({ ...press, message: { id: '1', flags: 0 } })).toMatchObject({ isPublic: true });
});

test('a button of another version is a press without a button', () => {
  const read = readInvocation({ ...press, data: { custom_id: 'v0.x', component_type: 2 } });
  expect(read).toMatchObject({ kind: 'press' });
  expect(read).not.toHaveProperty('button');
});

test('autocomplete is read with what is typed and what stands in the other options', () => {
  expect(readInvocation(completion)).toEqual({
    kind: 'autocomplete',
    ...arrival,
    name: 'leverage',
    subcommand: 'set',
    focused: 'market',
    typed: 'bt',
    options: { venue: 'mudrex' },
  });
});

test.each([
  ['a ping', { type: 1 }, 'ping'],
  ['a ping with everything', { ...payload, type: 1 }, 'ping'],
  ['a form', { ...payload, type: 5 }, 'unknown-type'],
  ['a type to come', { ...payload, type: 99 }, 'unknown-type'],
  ['a menu command', { ...payload, data: { ...payload.data, type: 3 } }, 'malformed'],
  ['a select menu', { ...press, data: { ...press.data, component_type: 3 } }, 'malformed'],
  ['a press without its message', { ...press, message: undefined }, 'malformed'],
  ['autocomplete without focus', { ...payload, type: 4 }, 'malformed'],
  ['nobody', { ...payload, member: undefined }, 'malformed'],
  ['nowhere', { ...payload, channel_id: undefined }, 'malformed'],
  ['a token with a space', { ...payload, token: 'a b' }, 'malformed'],
  ['a token with half a character', { ...payload, token: '\ud800' }, 'malformed'],
  ['an id with a path in it', { ...payload, id: '1/callback' }, 'malformed'],
  ['nothing', undefined, 'malformed'],
  ['a list', [payload], 'malformed'],
])('%s is ignored', (_what, raw, reason) => {
  expect(readInvocation(raw)).toEqual({ kind: 'ignored', reason });
});

/** A payload in which something, at any depth, was replaced, removed or added. */
const mutated = fc
  .tuple(
    fc.constantFrom<unknown>(payload, press, completion),
    fc.array(fc.record({ at: fc.nat(), to: fc.anything(), action: fc.constantFrom('replace', 'remove', 'add') }), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([valid, mutations]) => mutations.reduce(mutate, structuredClone(valid)));

function mutate(root: unknown, { at, to, action }: { at: number; to: unknown; action: string }): unknown {
  const places = placesIn(root);
  const place = places[at % (places.length + 1)];
  if (place === undefined) return to;
  if (action === 'remove') Reflect.deleteProperty(place.holder, place.key);
  else Reflect.set(place.holder, action === 'add' ? '__proto__' : place.key, to);
  return root;
}

function placesIn(value: unknown): readonly { readonly holder: object; readonly key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{ holder: value, key }, ...placesIn(inner)]);
}

test('no payload makes the reader throw', () => {
  const kinds = ['command', 'press', 'autocomplete', 'ignored'];
  fc.assert(
    fc.property(fc.oneof(mutated, fc.anything(), fc.jsonValue()), (raw) => {
      expect(kinds).toContain(readInvocation(raw).kind);
    }),
    { numRuns: 5_000 },
  );
});

test('no payload ends the process or keeps the next one from being answered', async () => {
  const rejections: unknown[] = [];
  const listen = (reason: unknown) => void rejections.push(reason);
  process.on('unhandledRejection', listen).on('uncaughtException', listen);
  onTestFinished(() => void process.off('unhandledRejection', listen).off('uncaughtException', listen));

  const { take, drain, discord, ended } = await openHandler();
  const isInvocation = (raw: unknown) => readInvocation(raw).kind !== 'ignored';
  const payloads = fc.sample(fc.oneof(mutated, fc.jsonValue()), 1_000).map(withOwnId);
  for (const raw of payloads) take(raw);
  expect(payloads.filter(isInvocation).length).toBeGreaterThan(20);

  discord.as(alice.id).command(general, 'leverage set', options);
  take(discord.interactions().at(-1)?.payload);
  await until(() => ended.includes('ok'));
  await drain(10_000);
  expect(rejections).toEqual([]);
});

/** An id that was not broken becomes one that no other payload has: twins would be dropped. */
function withOwnId(raw: unknown, index: number): unknown {
  const hasId = typeof raw === 'object' && raw !== null && 'id' in raw && raw.id === payload.id;
  return hasId ? { ...raw, id: String(BigInt(payload.id) + BigInt(index)) } : raw;
}

/** A handler without a gateway, so that a test can hand it what no Discord would send. */
async function openHandler() {
  const { discord, api, call, clock } = await openDiscord();
  const commands = leverageSet(() => card('card'));
  await call('PUT', `/applications/${applicationId}/commands`, describeCommands(commands, venues));
  const log = createTestLog();
  const ended: string[] = [];
  const rest = openRest({ api, log });
  const handler = createHandler({
    commandIds: () => undefined,
    rest,
    commands,
    venueIds: venues.map(({ id }) => id),
    press: async () => ({}),
    news: async () => [],
    log,
    now: () => clock.ms,
    elapsed: () => clock.ms,
    bounds: { command: Infinity, press: Infinity, autocomplete: Infinity },
    newReference: () => 'ref',
    pause: async () => undefined,
    metrics: {
      interactionArrived: () => {},
      interactionAcknowledged: () => {},
      interactionEnded: ({ result }) => void ended.push(result),
    },
  });
  const take = (payload: unknown) => receive({ rest, handle: handler.handle, log }, payload);
  return { take, drain: handler.drain, discord, ended };
}
