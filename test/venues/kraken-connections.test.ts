import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { credentialsOf } from '../../src/account.ts';
import { Failure } from '../../src/errors.ts';
import { parseJson } from '../../src/parse-json.ts';
import { Secret } from '../../src/secret.ts';
import { createConnectBudget } from '../../src/venues/kraken-connect-budget.ts';
import {
  createKrakenConnections,
  type KrakenConnectionsOptions,
  type PrivateReading,
  type PrivateWrite,
} from '../../src/venues/kraken-connections.ts';
import type { Judge } from '../../src/venues/venue-api.ts';
import { refused, silent } from '../../src/venues/verdict.ts';
import { createClock } from '../support/clock.ts';
import { outcomeOf } from '../support/fixture-venue.ts';
import { openLoopback, openTcp, unusedPort } from '../support/loopback.ts';
import { openSocketServer, type SocketServer } from '../support/socket-server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const frameShape = z.object({
  method: z.string(),
  req_id: z.int(),
  params: z.looseObject({ channel: z.string().optional(), token: z.string().optional() }).default({}),
});
type Frame = z.infer<typeof frameShape>;

/** What a test lets the exchange do with a frame; true when it has done what is usual instead. */
type Act = (client: WebSocket, frame: Frame, exchange: Exchange) => unknown;
type Exchange = SocketServer & {
  /** Changes carried out. */
  readonly changes: readonly unknown[];
  readonly carryOut: (frame: Frame) => void;
  readonly writes: () => readonly Frame[];
  readonly seen: (method: string) => readonly Frame[];
};

const success = ({ method, req_id }: Frame, more: object = {}) =>
  JSON.stringify({ method, success: true, req_id, ...more });
const refusal = ({ method, req_id }: Frame, error: string) => JSON.stringify({ method, success: false, error, req_id });
const statusFrame = (system: string) =>
  JSON.stringify({ channel: 'status', type: 'update', data: [{ system, api_version: 'v2' }] });
const word = (symbol: string, leverage: string) => JSON.stringify({ channel: 'preferences', word: [symbol, leverage] });

type Habits = {
  readonly greet?: (client: WebSocket) => unknown;
  readonly subscribe?: Act;
  readonly unsubscribe?: Act;
  readonly set?: Act;
  readonly ping?: Act;
};

const usual = {
  greet: (client: WebSocket) => client.send(statusFrame('online')),
  subscribe: (client: WebSocket, frame: Frame) => {
    client.send(success(frame, { result: { channel: frame.params.channel } }));
    client.send(JSON.stringify({ channel: frame.params.channel, type: 'snapshot', data: [] }));
  },
  unsubscribe: (client: WebSocket, frame: Frame) => client.send(success(frame)),
  set: (client: WebSocket, frame: Frame, exchange: Exchange) => {
    exchange.carryOut(frame);
    client.send(success(frame));
  },
  ping: (client: WebSocket, frame: Frame) => client.send(JSON.stringify({ ...frame, method: 'pong', success: true })),
};

/** An exchange that counts the frames it receives and the changes it makes. */
async function openExchange(habits: Habits = {}): Promise<Exchange> {
  const acts = { ...usual, ...habits };
  const changes: unknown[] = [];
  const server = await openSocketServer((client, text) => {
    const frame = frameShape.parse(parseJson(text));
    const act = {
      subscribe: acts.subscribe,
      unsubscribe: acts.unsubscribe,
      set_preference: acts.set,
      ping: acts.ping,
    }[frame.method];
    act?.(client, frame, exchange);
  }, acts.greet);
  closing.push(server.close);
  const seen = (method: string) =>
    server.frames.map((text) => frameShape.parse(parseJson(text))).filter((frame) => frame.method === method);
  const exchange: Exchange = {
    ...server,
    ...{ changes, seen },
    carryOut: ({ params }) => changes.push(params),
    writes: () => seen('set_preference'),
  };
  return exchange;
}

/** What the venue's own parsers would keep: here the frames of each channel. */
type Memory = { readonly take: (text: string) => void; readonly channels: Map<string, number> };
const tagged = z.object({ channel: z.string() });
/** A market, and its leverage; without one it is not shown any more. */
const wordShape = z.object({ word: z.tuple([z.string(), z.string()]) });

function createMemory(): Memory {
  const channels = new Map<string, number>();
  const take = (text: string) => {
    const { channel = 'none' } = tagged.safeParse(parseJson(text)).data ?? {};
    channels.set(channel, (channels.get(channel) ?? 0) + 1);
  };
  return { take, channels };
}

const verdictShape = z.object({ success: z.boolean(), error: z.string().optional() });
const judge: Judge<unknown> = ({ text }) => {
  const { success: isDone, error } = verdictShape.safeParse(parseJson(text)).data ?? {};
  if (isDone) return { kind: 'ok', value: undefined };
  if (error === 'EAPI:Invalid token') return refused('session-ended');
  if (error === 'Insufficient margin for the requested leverage') return refused('insufficient-margin');
  return error === 'EService:Unavailable' ? refused('venue-unavailable') : silent('unreadable');
};

const alice = credentialsOf('alice', { apiKey: 'alice-key', apiSecret: 'alice-secret' });
const bob = credentialsOf('bob', { apiKey: 'bob-key', apiSecret: 'bob-secret' });
const tokenOf: KrakenConnectionsOptions<Memory>['tokenOf'] = async ({ user }) => new Secret(`token of ${user}`);
const facts = {
  ...{ id: 'kraken', label: 'Kraken', refusalWords: {} },
  limits: { windows: [], costs: { read: 1, account: 1, write: 1 } },
};

function connections(url: string, more: Partial<KrakenConnectionsOptions<Memory>> = {}) {
  const clock = createClock();
  const built = createKrakenConnections<Memory>({
    ...{ url, facts, tokenOf, createMemory },
    ...{ elapsed: clock.elapsed, budget: createConnectBudget(clock), keepMs: 60_000 },
    deadlines: patient,
    preferences: { channel: 'preferences', params: { snapshot: true } },
    judgeSubscribed: judge,
    leverageTold: (text) => {
      const [symbol, leverage] = wordShape.safeParse(parseJson(text)).data?.word ?? [];
      if (symbol === undefined) return [];
      return [{ symbol, setting: leverage ? { mode: 'isolated', leverage } : { mode: 'unknown' } }];
    },
    ...more,
  });
  closing.push(built.close);
  return { ...built, clock };
}

const change = (more: Partial<PrivateWrite> = {}): PrivateWrite => ({
  method: 'set_preference',
  params: { asset_class: 'derivatives', leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: null } },
  symbol: 'PF_XBTUSD',
  setting: { mode: 'cross' },
  judge,
  isInTime: () => true,
  ...more,
});

/** Waits until so many frames of a channel have come that needs no subscription of its own. */
const heard = (channel: string, count = 1): PrivateReading<Memory, string> => ({
  from: ({ channels }) => ((channels.get(channel) ?? 0) >= count ? { kind: 'ok', value: channel } : undefined),
});
/** The same, subscribed. */
const from = (channel: string, count = 1): PrivateReading<Memory, string> => ({
  subscription: { channel, params: { asset_class: 'derivatives' } },
  ...heard(channel, count),
});
const alive: PrivateReading<Memory, string> = { from: () => ({ kind: 'ok', value: 'alive' }) };

/** Short where something is waited for in vain, and long elsewhere: a busy machine is no fault of the exchange. */
const patient = { connectMs: 5_000, readMs: 8_000, writeMs: 8_000 };
const shortReads = { deadlines: { ...patient, readMs: 1_000 } };
const shortWrites = { deadlines: { ...patient, writeMs: 1_000 } };
const venue = 'Kraken';
const unreachable = { code: 'VENUE_UNREACHABLE', venue };
const quiet = (silence: string) => ({ code: 'VENUE_SILENT', venue, silence });
const unavailable = { code: 'VENUE_REFUSED', venue, refusal: 'venue-unavailable' };

type Way = {
  readonly moment: string;
  readonly more?: Partial<KrakenConnectionsOptions<Memory>>;
  readonly failure: object;
};

describe('a change is not-sent, and no frame of it reaches the exchange, when', () => {
  const failing = (data: Failure['data']) => ({ tokenOf: () => Promise.reject(new Failure(data)) });
  const rows: readonly (Way & Habits & Pick<Partial<PrivateWrite>, 'isInTime'>)[] = [
    {
      moment: 'the token was refused',
      more: failing({ code: 'VENUE_REFUSED', venue, refusal: 'key-rejected' }),
      failure: { code: 'VENUE_REFUSED', venue, refusal: 'key-rejected' },
    },
    {
      moment: 'nobody knows what became of the token',
      more: failing({ code: 'VENUE_SILENT', venue, silence: 'timeout' }),
      failure: quiet('timeout'),
    },
    {
      moment: 'the token never comes',
      more: { ...shortReads, tokenOf: () => new Promise(() => {}) },
      failure: unreachable,
    },
    {
      moment: 'the exchange is in maintenance',
      greet: (client) => client.send(statusFrame('maintenance')),
      failure: unavailable,
    },
    {
      moment: 'the exchange is in maintenance and answers nothing any more',
      greet: (client) => client.send(statusFrame('maintenance')),
      subscribe: () => {},
      failure: unavailable,
    },
    {
      moment: 'maintenance begins before the reply to the subscription',
      subscribe: (client, frame) => {
        client.send(statusFrame('maintenance'));
        client.send(success(frame));
      },
      failure: unavailable,
    },
    {
      moment: 'the subscription is refused',
      subscribe: (client, frame) => client.send(refusal(frame, 'EAPI:Invalid token')),
      failure: { code: 'VENUE_REFUSED', venue, refusal: 'session-ended' },
    },
    {
      moment: 'the subscription is refused in unknown words',
      subscribe: (client, frame) => client.send(refusal(frame, 'Something new')),
      failure: quiet('unreadable'),
    },
    {
      moment: 'the connection hangs after the upgrade',
      more: shortReads,
      subscribe: () => {},
      failure: quiet('timeout'),
    },
    {
      moment: 'the reply to the subscription is about something else',
      more: shortReads,
      subscribe: (client, frame) => {
        client.send(success({ ...frame, req_id: 77 }));
        client.send(success({ ...frame, method: 'unsubscribe' }));
        client.send(JSON.stringify({ method: 'subscribe', success: true }));
        client.send(JSON.stringify({ method: 'subscribe', success: true, req_id: String(frame.req_id) }));
        client.send('{"method":"subscribe"');
      },
      failure: quiet('timeout'),
    },
    {
      moment: 'the exchange hangs up after the upgrade',
      greet: (client) => client.close(1000),
      failure: { venue },
    },
    {
      moment: 'the connection breaks after the upgrade',
      greet: (client) => client.terminate(),
      failure: { venue },
    },
    {
      moment: 'the exchange closes for good while it is subscribed to',
      subscribe: (client) => client.close(1008),
      failure: quiet('reset'),
    },
    {
      moment: 'the exchange floods',
      greet: (client) => {
        for (let count = 0; count < 3_000; count += 1) client.send('{}');
      },
      subscribe: () => {},
      failure: quiet('too-large'),
    },
    { moment: 'the process was held up past the fence', isInTime: () => false, failure: unreachable },
    {
      moment: 'its deadline is over before it can go out',
      more: { deadlines: { ...patient, writeMs: 100 } },
      subscribe: (client, frame) => setTimeout(() => usual.subscribe(client, frame), 400),
      failure: unreachable,
    },
  ];

  test.each(rows)('$moment', async ({ more, failure, isInTime, ...habits }) => {
    const exchange = await openExchange(habits);
    const { write } = connections(exchange.url, more);
    const result = await write(alice, change({ ...(isInTime && { isInTime }) }));
    expect(result.kind).toBe('not-sent');
    if (result.kind === 'not-sent') expect(result.failure).toMatchObject(failure);
    expect([exchange.writes(), exchange.changes]).toEqual([[], []]);
  });

  test('nobody is there', async () => {
    const { write } = connections(`ws://127.0.0.1:${await unusedPort()}`);
    expect(await write(alice, change())).toEqual({ kind: 'not-sent', failure: unreachable });
  });

  test('the connection hangs before the upgrade', async () => {
    const server = await openTcp(() => {});
    closing.push(server.close);
    const { write } = connections(`ws://${server.host}`, { deadlines: { ...patient, connectMs: 300 } });
    expect(await write(alice, change())).toEqual({ kind: 'not-sent', failure: unreachable });
  });

  test.each([
    [403, unreachable],
    [429, { code: 'VENUE_BUSY', venue, limit: 'address', retryAfterMs: 600_000 }],
    [503, unavailable],
  ])('the upgrade is answered with %i', async (status, failure) => {
    const server = await openLoopback((response) => response.writeHead(status).end());
    closing.push(server.close);
    const { write, read } = connections(server.url.replace('http', 'ws'));
    expect(await write(alice, change())).toEqual({ kind: 'not-sent', failure });
    expect(server.seen).toHaveLength(1);
    if (status !== 429) return;
    expect(await outcomeOf(read(bob, alive))).toEqual(failure);
    expect(server.seen).toHaveLength(1);
  });

  test('the person has used up their connections', async () => {
    const exchange = await openExchange();
    const { write, clock } = connections(exchange.url);
    for (let round = 0; round < 10; round += 1) expect(await write(alice, change())).toEqual({ kind: 'accepted' });
    clock.advance(60_000);
    const failure = { code: 'VENUE_BUSY', venue, limit: 'connects-of-person', retryAfterMs: 540_000 };
    expect(await write(alice, change())).toEqual({ kind: 'not-sent', failure });
    expect(await write(bob, change())).toEqual({ kind: 'accepted' });
    expect([exchange.changes.length, exchange.clients.length]).toEqual([11, 11]);
  });

  test('the connections were closed', async () => {
    const exchange = await openExchange();
    const { write, read, close } = connections(exchange.url);
    await close();
    expect(await write(alice, change())).toEqual({ kind: 'not-sent', failure: unreachable });
    expect(await outcomeOf(read(alice, alive))).toEqual(unreachable);
    expect(exchange.clients).toHaveLength(0);
  });
});

test('a token that fails as nobody expected leaves no connection behind', async () => {
  const exchange = await openExchange();
  const { write } = connections(exchange.url, {
    tokenOf: async () => {
      await expect.poll(() => exchange.clients.length).toBe(1);
      throw new TypeError('a key without a field');
    },
  });
  await expect(write(alice, change())).rejects.toThrow(TypeError);
  await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
  expect(exchange.frames).toEqual([]);
});

describe('a change that was handed over', () => {
  type Row = { readonly moment: string; readonly set: Act; readonly result: object; readonly isSlow?: true };
  const silence = (kind: string) => ({ kind: 'silent', failure: quiet(kind) });
  const rows: readonly Row[] = [
    { moment: 'is accepted', set: usual.set, result: { kind: 'accepted' } },
    {
      moment: 'is refused in listed words',
      set: (client, frame) => client.send(refusal(frame, 'Insufficient margin for the requested leverage')),
      result: { kind: 'refused', failure: { code: 'VENUE_REFUSED', venue, refusal: 'insufficient-margin' } },
    },
    {
      moment: 'is refused because its token has become stale in mid-session',
      set: (client, frame) => client.send(refusal(frame, 'EAPI:Invalid token')),
      result: { kind: 'refused', failure: { code: 'VENUE_REFUSED', venue, refusal: 'session-ended' } },
    },
    {
      moment: 'is refused in unknown words',
      set: (client, frame) => client.send(refusal(frame, 'Something new')),
      result: silence('unreadable'),
    },
    {
      moment: 'meets a breakdown',
      set: (client, frame) => client.send(refusal(frame, 'EService:Unavailable')),
      result: silence('server-error'),
    },
    {
      moment: 'is answered without a word of success',
      set: (client, { method, req_id }) => client.send(JSON.stringify({ method, req_id })),
      result: silence('unreadable'),
    },
    { moment: 'is never answered', set: () => {}, result: silence('timeout'), isSlow: true },
    {
      moment: 'is carried out, and the reply is lost',
      set: (client, frame, exchange) => {
        exchange.carryOut(frame);
        client.terminate();
      },
      result: silence('reset'),
    },
    { moment: 'is followed by a close with 1000', set: (client) => client.close(1000), result: silence('reset') },
    { moment: 'is followed by a close with 1008', set: (client) => client.close(1008), result: silence('reset') },
    {
      moment: 'is answered after the deadline',
      set: (client, frame) => setTimeout(() => client.send(success(frame)), 1_300),
      result: silence('timeout'),
      isSlow: true,
    },
    {
      moment: 'is answered under another number, method or none',
      set: (client, frame) => {
        const { method, req_id } = frame;
        client.send(success({ ...frame, req_id: req_id + 1 }));
        client.send(success({ ...frame, req_id: req_id - 1 }));
        client.send(success({ ...frame, method: 'subscribe' }));
        client.send(JSON.stringify({ method, success: true }));
        client.send(JSON.stringify({ method, success: true, req_id: `${req_id}` }));
        client.send(JSON.stringify([{ method, success: true, req_id }]));
        client.send(JSON.stringify({ req_id, success: true }));
      },
      result: silence('timeout'),
      isSlow: true,
    },
    {
      moment: 'is answered in broken JSON',
      set: (client, frame) => client.send(success(frame).slice(0, -1)),
      result: silence('timeout'),
      isSlow: true,
    },
    {
      moment: 'is answered with more than anybody has to say',
      set: (client, frame) => client.send(success(frame, { x: 'x'.repeat(2 * 1024 * 1024) })),
      result: silence('too-large'),
    },
    {
      moment: 'is answered in binary',
      set: (client, frame) => client.send(Buffer.from(success(frame))),
      result: silence('unreadable'),
    },
    {
      moment: 'is answered in pieces, between heartbeats',
      set: (client, frame) => {
        client.send('{"channel":"heartbeat"}');
        const [first = '', ...others] = success(frame);
        client.send(first, { fin: false });
        client.send(others.join(''));
        client.send('{"channel":"heartbeat"}');
      },
      result: { kind: 'accepted' },
    },
    {
      moment: 'is answered twice',
      set: (client, frame, exchange) => {
        usual.set(client, frame, exchange);
        client.send(refusal(frame, 'Insufficient margin for the requested leverage'));
      },
      result: { kind: 'accepted' },
    },
  ];

  test.each(rows)('$moment: one frame, once', async ({ set, result, isSlow }) => {
    let isFirst = true;
    const exchange = await openExchange({
      set: (...args) => {
        const act = isFirst ? set : usual.set;
        isFirst = false;
        return act(...args);
      },
    });
    const { write, read } = connections(exchange.url, isSlow && shortWrites);
    // The connection is there already, so that what is slow is the reply.
    await read(alice, alive);
    expect(await write(alice, change())).toEqual(result);
    expect(exchange.writes()).toHaveLength(1);
    expect(exchange.changes.length).toBeLessThanOrEqual(1);
    // Whatever came of it: the next change has a connection of its own, and reading goes on.
    await read(alice, from('positions'));
    expect(await write(alice, change())).toEqual({ kind: 'accepted' });
    expect(new Set(exchange.writes().map(({ params }) => params.token))).toEqual(new Set(['token of alice']));
    expect(exchange.writes()).toHaveLength(2);
    expect(exchange.clients.length).toBeGreaterThanOrEqual(2);
  });

  test('goes out after the first subscription only, with a token and a whole number', async () => {
    const exchange = await openExchange();
    const { write } = connections(exchange.url);
    await write(alice, change());
    expect(exchange.frames.map((text) => parseJson(text))).toEqual([
      { method: 'subscribe', req_id: 1, params: { channel: 'preferences', snapshot: true, token: 'token of alice' } },
      {
        method: 'set_preference',
        req_id: 2,
        params: {
          asset_class: 'derivatives',
          leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: null },
          token: 'token of alice',
        },
      },
    ]);
  });

  test('is known by its reply, also where a ping has not been answered yet', async () => {
    const exchange = await openExchange({ ping: () => {} });
    const { read, write } = connections(exchange.url, { pingMs: 1_000, ...shortWrites });
    await read(alice, alive);
    await expect.poll(() => exchange.seen('ping').length, { timeout: 3_000 }).toBe(1);
    expect(await write(alice, change())).toEqual({ kind: 'accepted' });
  });

  test('goes out at most once, however many are asked for at the same time', async () => {
    const exchange = await openExchange();
    const { write } = connections(exchange.url);
    const results = await Promise.all(Array.from({ length: 5 }, () => write(alice, change())));
    const sent = results.filter(({ kind }) => kind !== 'not-sent');
    expect(exchange.writes()).toHaveLength(sent.length);
    expect(exchange.changes).toHaveLength(sent.length);
    const perConnection = Map.groupBy(exchange.writes(), ({ req_id }) => req_id);
    expect(perConnection.get(2)).toHaveLength(sent.length);
  });
});

describe('whatever an exchange does', () => {
  const doings = {
    nothing: () => {},
    usual: (client, frame, exchange) => {
      if (frame.method === 'set_preference') usual.set(client, frame, exchange);
      else usual.subscribe(client, frame);
    },
    'usual, twice': (client, frame, exchange) => {
      doings.usual(client, frame, exchange);
      client.send(success(frame));
    },
    'carried out, no reply': (_client, frame, exchange) => {
      if (frame.method === 'set_preference') exchange.carryOut(frame);
    },
    refused: (client, frame) => client.send(refusal(frame, 'EAPI:Invalid token')),
    'in new words': (client, frame) => client.send(refusal(frame, 'Something new')),
    'about another': (client, frame) => client.send(success({ ...frame, req_id: frame.req_id + 1 })),
    broken: (client) => client.send('{'),
    closed: (client) => client.close(1000),
    'closed for good': (client) => client.close(1008),
    cut: (client) => client.terminate(),
    'in maintenance': (client) => client.send(statusFrame('maintenance')),
  } as const satisfies Readonly<Record<string, Act>>;
  const names = z.enum(Object.keys(doings)).options;
  type Doing = keyof typeof doings;
  const isDoing = (name: string): name is Doing => name in doings;
  const doing = fc.constantFrom(...names.filter(isDoing));

  test('each change sends one frame at most, a connection carries one, and what is not-sent has sent none', async () => {
    const round = fc.record({
      subscribed: doing,
      set: doing,
      inTime: fc.boolean(),
      together: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 4 }), async (rounds) => {
        let current = rounds[0];
        const carriers: WebSocket[] = [];
        const exchange = await openExchange({
          subscribe: (...args) => doings[current?.subscribed ?? 'usual'](...args),
          set: (...args) => {
            carriers.push(args[0]);
            doings[current?.set ?? 'usual'](...args);
          },
        });
        const { write } = connections(exchange.url, { deadlines: { connectMs: 1_000, readMs: 60, writeMs: 120 } });
        let sent = 0;
        for (const one of rounds) {
          current = one;
          const isInTime = () => one.inTime;
          const writing = Array.from({ length: one.together }, () => write(alice, change({ isInTime })));
          sent += (await Promise.all(writing)).filter(({ kind }) => kind !== 'not-sent').length;
          expect(carriers.length).toBeLessThanOrEqual(sent);
        }
        expect(new Set(carriers).size).toBe(carriers.length);
        expect(exchange.changes.length).toBeLessThanOrEqual(carriers.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a connection', () => {
  test('is one for each key: shared by its calls, opened once, with one token', async () => {
    const exchange = await openExchange();
    const tokens: string[] = [];
    const { read, write } = connections(exchange.url, {
      tokenOf: async ({ user }) => {
        tokens.push(user);
        return new Secret(`token of ${user}`);
      },
    });
    const wanted = ['positions', 'executions', 'positions'].map((channel) => read(alice, from(channel)));
    expect(await Promise.all([...wanted, read(alice, alive)])).toEqual([
      'positions',
      'executions',
      'positions',
      'alive',
    ]);
    expect(await write(alice, change())).toEqual({ kind: 'accepted' });
    expect([tokens, exchange.clients.length]).toEqual([['alice'], 1]);
    expect(exchange.seen('subscribe').map(({ params }) => params.channel)).toEqual([
      'preferences',
      'positions',
      'executions',
    ]);
  });

  test('is never shared between two keys, nor between two people with the same one', async () => {
    const exchange = await openExchange();
    const { read } = connections(exchange.url);
    const carol = credentialsOf('carol', { apiKey: 'alice-key', apiSecret: 'alice-secret' });
    const other = credentialsOf('alice', { apiKey: 'alice-key', apiSecret: 'another-secret' });
    for (const credentials of [alice, bob, carol, other, alice]) await read(credentials, from('positions'));
    expect(exchange.clients).toHaveLength(4);
    expect(exchange.seen('subscribe').map(({ params }) => params.token)).toEqual(
      ['alice', 'bob', 'carol', 'alice'].flatMap((user) => Array(2).fill(`token of ${user}`)),
    );
  });

  test('counts its requests from one, each with a number of its own', async () => {
    const exchange = await openExchange();
    const { read, write } = connections(exchange.url);
    for (const channel of ['positions', 'executions']) await read(alice, from(channel));
    await write(alice, change());
    await write(alice, change());
    const numbers = exchange.frames.map((text) => frameShape.parse(parseJson(text)).req_id);
    expect(numbers).toEqual([1, 2, 3, 4, 1, 2]);
  });

  test('is kept for a while after its last use, and then ended', async () => {
    const exchange = await openExchange();
    const { read } = connections(exchange.url, { keepMs: 150 });
    for (let round = 0; round < 3; round += 1) await read(alice, alive);
    expect(exchange.clients).toHaveLength(1);
    await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
    await read(alice, alive);
    expect(exchange.clients).toHaveLength(2);
  });

  test('is not ended while it is used', async () => {
    const exchange = await openExchange({ set: (client, frame) => setTimeout(() => client.send(success(frame)), 400) });
    const { read, write } = connections(exchange.url, { keepMs: 50 });
    await read(alice, alive);
    expect(await write(alice, change())).toEqual({ kind: 'accepted' });
    expect(exchange.clients).toHaveLength(1);
  });

  test('is opened again by the next call when the exchange has ended it', async () => {
    const exchange = await openExchange();
    const { read, write } = connections(exchange.url);
    await read(alice, alive);
    for (const client of exchange.clients) client.close(1000);
    await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
    expect(await write(alice, change())).toEqual({ kind: 'accepted' });
    expect(await read(alice, alive)).toBe('alive');
    expect(exchange.clients).toHaveLength(2);
  });

  test('that breaks under a reading is replaced once, and never under a change', async () => {
    let broken = 0;
    const exchange = await openExchange({
      subscribe: (client, frame) => {
        if (frame.params.channel === 'preferences') return usual.subscribe(client, frame);
        broken += 1;
        return client.terminate();
      },
    });
    const { read } = connections(exchange.url);
    expect(await outcomeOf(read(alice, from('positions')))).toEqual(quiet('reset'));
    expect([broken, exchange.clients.length]).toEqual([2, 2]);
  });

  test('whose token has become stale is replaced by one with a fresh token', async () => {
    let round = 0;
    const exchange = await openExchange({
      subscribe: (client, frame) =>
        frame.params.channel === 'positions' && frame.params.token === 'token 1'
          ? client.send(refusal(frame, 'EAPI:Invalid token'))
          : usual.subscribe(client, frame),
    });
    const { read } = connections(exchange.url, {
      tokenOf: async () => {
        round += 1;
        return new Secret(`token ${round}`);
      },
    });
    expect(await read(alice, from('positions'))).toBe('positions');
    await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
    expect(exchange.clients).toHaveLength(2);
  });

  test('whose token a change was refused for is not read from again', async () => {
    const set: Act = (client, frame) => client.send(refusal(frame, 'EAPI:Invalid token'));
    const exchange = await openExchange({ set });
    const { read, write } = connections(exchange.url);
    expect(await write(alice, change())).toMatchObject({ kind: 'refused' });
    await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
    expect(await read(alice, alive)).toBe('alive');
    expect(exchange.clients).toHaveLength(2);
  });

  test('is kept where one channel is refused', async () => {
    const exchange = await openExchange({
      subscribe: (client, frame) =>
        frame.params.channel === 'executions'
          ? client.send(refusal(frame, 'Insufficient margin for the requested leverage'))
          : usual.subscribe(client, frame),
    });
    const { read } = connections(exchange.url);
    const failure = { code: 'VENUE_REFUSED', venue, refusal: 'insufficient-margin' };
    for (let round = 0; round < 2; round += 1)
      expect(await outcomeOf(read(alice, from('executions')))).toEqual(failure);
    expect(await read(alice, from('positions'))).toBe('positions');
    expect(exchange.clients).toHaveLength(1);
  });

  test('that told something unreadable is not read from again', async () => {
    const exchange = await openExchange();
    const { read } = connections(exchange.url);
    const unreadable: PrivateReading<Memory, string> = { from: () => silent('unreadable') };
    expect(await outcomeOf(read(alice, unreadable))).toEqual(quiet('unreadable'));
    await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
    expect(await read(alice, alive)).toBe('alive');
    expect(exchange.clients).toHaveLength(2);
  });

  test('tells the next reading what has come in the meantime', async () => {
    const exchange = await openExchange();
    const { read } = connections(exchange.url);
    await read(alice, from('positions'));
    exchange.clients[0]?.send('{"channel":"positions","type":"update"}');
    expect(await read(alice, from('positions', 2))).toBe('positions');
    expect(exchange.seen('subscribe')).toHaveLength(2);
  });

  test('subscribes a channel anew with other parameters where that is wanted, for everybody who wants it then', async () => {
    const exchange = await openExchange();
    const { read } = connections(exchange.url);
    const subscription = { channel: 'positions', params: { snapshot: true }, replaces: true };
    const plain = { ...heard('positions', 2), subscription };
    await read(alice, from('positions'));
    expect(await Promise.all([read(alice, plain), read(alice, plain)])).toEqual(['positions', 'positions']);
    const asked = exchange.frames.map((text) => frameShape.parse(parseJson(text)));
    expect(asked.map(({ method, params }) => [method, params.channel])).toEqual([
      ['subscribe', 'preferences'],
      ['subscribe', 'positions'],
      ['unsubscribe', 'positions'],
      ['subscribe', 'positions'],
    ]);
    expect(exchange.clients).toHaveLength(1);
  });

  test('subscribes nothing for what it has told already', async () => {
    const exchange = await openExchange();
    const { read } = connections(exchange.url);
    const told = { ...from('positions'), isTold: ({ channels }: Memory) => channels.has('positions') };
    for (let round = 0; round < 2; round += 1) expect(await read(alice, told)).toBe('positions');
    const other = { ...told, subscription: { channel: 'positions', params: { with_margin: true } } };
    expect(await read(alice, other)).toBe('positions');
    expect(exchange.seen('subscribe')).toHaveLength(2);
  });

  test('is kept where what may never be told is waited for in vain, for as long as that takes', async () => {
    const exchange = await openExchange();
    const { read } = connections(exchange.url);
    const patient: PrivateReading<Memory, string> = { ...heard('margin'), patience: { ms: 50, otherwise: 'nothing' } };
    expect(await read(alice, patient)).toBe('nothing');
    exchange.clients[0]?.send('{"channel":"margin"}');
    await read(alice, heard('margin'));
    expect(await read(alice, patient)).toBe('margin');
    expect(exchange.clients).toHaveLength(1);
  });

  test('survives a reading that cannot look at what it was told', async () => {
    const exchange = await openExchange();
    const { read } = connections(exchange.url);
    const looking = read(alice, {
      from: ({ channels }) => {
        if (channels.has('margin')) throw new RangeError('a parser that fails');
        return undefined;
      },
    });
    await expect.poll(() => exchange.clients.length).toBe(1);
    exchange.clients[0]?.send('{"channel":"margin"}');
    await expect(looking).rejects.toThrow(RangeError);
    expect(await read(alice, alive)).toBe('alive');
    expect(exchange.clients).toHaveLength(1);
  });

  test('answers nobody who waits for longer than a reading may take', async () => {
    const exchange = await openExchange();
    const { read } = connections(exchange.url, shortReads);
    expect(await outcomeOf(read(alice, from('positions', 9)))).toEqual(quiet('timeout'));
  });
});

describe('a connection that may be dead', () => {
  test('is pinged while it is quiet, and ended when nobody answers', async () => {
    let pings = 0;
    const exchange = await openExchange({
      ping: (client, frame) => {
        pings += 1;
        if (pings < 3) usual.ping(client, frame);
      },
    });
    const { read } = connections(exchange.url, { ...shortReads, pingMs: 50 });
    await read(alice, alive);
    await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
    expect(pings).toBeGreaterThanOrEqual(3);
  });

  test('is asked before a change, which then goes out on another one only', async () => {
    const exchange = await openExchange({ ping: () => {} });
    const { read, write, clock } = connections(exchange.url, {
      deadlines: { ...patient, writeMs: 2_000 },
    });
    await read(alice, heard('preferences'));
    clock.advance(5_000);
    const result = write(alice, change());
    await expect.poll(() => exchange.seen('ping').length).toBe(1);
    expect(exchange.writes()).toEqual([]);
    expect(await result).toEqual({ kind: 'accepted' });
    expect([exchange.writes().length, exchange.clients.length]).toEqual([1, 2]);
    await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
  });

  test('is used when it says anything at all', async () => {
    const exchange = await openExchange({ ping: (client) => client.send('{"channel":"heartbeat"}') });
    const { read, write, clock } = connections(exchange.url);
    await read(alice, heard('preferences'));
    clock.advance(60_000);
    expect(await write(alice, change())).toEqual({ kind: 'accepted' });
    expect([exchange.seen('ping').length, exchange.clients.length]).toEqual([1, 1]);
  });

  test('is not used for a change while the exchange is in maintenance', async () => {
    const exchange = await openExchange();
    const { read, write } = connections(exchange.url);
    await read(alice, alive);
    exchange.clients[0]?.send(statusFrame('maintenance'));
    await read(alice, heard('status', 2));
    expect(await write(alice, change())).toEqual({ kind: 'not-sent', failure: unavailable });
    expect(exchange.writes()).toEqual([]);
  });

  test('after a close for maintenance is opened again five seconds later, not earlier', async () => {
    const exchange = await openExchange();
    const { read, clock } = connections(exchange.url);
    await read(alice, alive);
    exchange.clients[0]?.close(1012);
    await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
    clock.advance(2_000);
    const busy = { code: 'VENUE_BUSY', venue, limit: 'connects', retryAfterMs: 3_000 };
    expect(await outcomeOf(read(bob, alive))).toEqual(busy);
    clock.advance(3_000);
    expect([await read(bob, alive), await read(alice, alive)]).toEqual(['alive', 'alive']);
  });
});

describe('a setting that the exchange shows by itself', () => {
  const isolated = (leverage: string) => ({ mode: 'isolated', leverage });

  test('is known as it was shown last, on the connections of its key only', async () => {
    const exchange = await openExchange();
    const { read, shown, clock } = connections(exchange.url);
    await Promise.all([read(alice, alive), read(bob, alive)]);
    for (const text of [word('PF_XBTUSD', '3'), word('PF_ETHUSD', '2'), word('PF_XBTUSD', '5')])
      exchange.clients[0]?.send(text);
    const [owner, other] =
      exchange.seen('subscribe')[0]?.params.token === 'token of alice' ? [alice, bob] : [bob, alice];
    await read(owner, heard('preferences', 4));
    clock.advance(700);
    expect(shown(owner, 'PF_XBTUSD')).toEqual(isolated('5'));
    expect(shown(owner, 'PF_ETHUSD')).toEqual(isolated('2'));
    expect([shown(owner, 'PF_SOLUSD'), shown(other, 'PF_XBTUSD')]).toEqual([undefined, undefined]);
  });

  test('is forgotten when a change of its market goes out, and known again from the next word', async () => {
    const exchange = await openExchange({
      set: (client, frame) => client.send(refusal(frame, 'EService:Unavailable')),
    });
    const { read, write, shown } = connections(exchange.url);
    await read(alice, alive);
    for (const symbol of ['PF_XBTUSD', 'PF_ETHUSD']) exchange.clients[0]?.send(word(symbol, '3'));
    await read(alice, heard('preferences', 3));
    await write(alice, change({ isInTime: () => false }));
    expect(shown(alice, 'PF_XBTUSD')).toEqual(isolated('3'));
    expect(await write(alice, change())).toMatchObject({ kind: 'silent' });
    expect([shown(alice, 'PF_XBTUSD'), shown(alice, 'PF_ETHUSD')]).toEqual([undefined, isolated('3')]);
    exchange.clients[0]?.send(word('PF_XBTUSD', '10'));
    await expect.poll(() => shown(alice, 'PF_XBTUSD')).toEqual(isolated('10'));
  });

  test('is read from another connection after silence, while a late word on the first one still counts', async () => {
    const exchange = await openExchange({ set: () => {} });
    const { read, write, shown } = connections(exchange.url, shortWrites);
    await read(alice, alive);
    expect(await write(alice, change())).toMatchObject({ kind: 'silent' });
    await read(alice, from('positions'));
    expect(exchange.clients).toHaveLength(2);
    exchange.clients[0]?.send(word('PF_XBTUSD', '5'));
    await expect.poll(() => shown(alice, 'PF_XBTUSD')).toEqual(isolated('5'));
  });

  test('in a reply holds for half a minute, since nothing tells when it changes again', async () => {
    const set: Act = (client, frame) => client.send(success(frame, { word: ['PF_XBTUSD', '5'] }));
    const exchange = await openExchange({ set });
    const { read, write, shown, clock } = connections(exchange.url);
    expect(await write(alice, change())).toEqual({ kind: 'accepted' });
    for (const [passedMs, setting] of [
      [0, isolated('5')],
      [29_999, isolated('5')],
      [1, undefined],
    ] as const) {
      clock.advance(passedMs);
      await read(alice, alive);
      expect(shown(alice, 'PF_XBTUSD')).toEqual(setting);
    }
    exchange.clients[0]?.send(word('PF_XBTUSD', '7'));
    await expect.poll(() => shown(alice, 'PF_XBTUSD')).toEqual(isolated('7'));
  });

  test.each([
    ['3', undefined],
    ['5', isolated('5')],
  ])('and was on its way when a change to 5x went out: %sx holds for half a minute, or as %j', async (old, after) => {
    const set: Act = (client, frame) => {
      client.send(word('PF_XBTUSD', old));
      client.send(word('PF_ETHUSD', old));
      client.send(success(frame));
    };
    const exchange = await openExchange({ set });
    const { read, write, shown, clock } = connections(exchange.url);
    expect(await write(alice, change({ setting: { mode: 'isolated', leverage: '5' } }))).toEqual({ kind: 'accepted' });
    clock.advance(29_999);
    await read(alice, alive);
    expect(shown(alice, 'PF_XBTUSD')).toEqual(isolated(old));
    clock.advance(1);
    await read(alice, alive);
    expect(shown(alice, 'PF_XBTUSD')).toEqual(after);
    expect(shown(alice, 'PF_ETHUSD'), 'of a market that was not changed').toEqual(isolated(old));
    exchange.clients[0]?.send(word('PF_XBTUSD', '7'));
    await expect.poll(() => shown(alice, 'PF_XBTUSD')).toEqual(isolated('7'));
    clock.advance(60_000);
    await read(alice, alive);
    expect(shown(alice, 'PF_XBTUSD'), 'a newer word').toEqual(isolated('7'));
  });

  test('is forgotten when its channel names the market without one, as of a position that is closed', async () => {
    const exchange = await openExchange();
    const { read, shown } = connections(exchange.url);
    await read(alice, alive);
    const [client] = exchange.clients;
    client?.send(word('PF_XBTUSD', '3'));
    await expect.poll(() => shown(alice, 'PF_XBTUSD')).toEqual(isolated('3'));
    client?.send(word('PF_XBTUSD', '').replace('preferences', 'positions'));
    await read(alice, heard('positions'));
    expect(shown(alice, 'PF_XBTUSD'), 'another channel showed it').toEqual(isolated('3'));
    client?.send(word('PF_XBTUSD', ''));
    await expect.poll(() => shown(alice, 'PF_XBTUSD')).toBeUndefined();
  });

  test('in a reply without a change of its market, or to nobody, does not count for longer', async () => {
    const set: Act = (client, frame) => {
      client.send(success(frame, { word: ['PF_ETHUSD', '5'] }));
      client.send(JSON.stringify({ method: 'set_preference', success: true, word: ['PF_XBTUSD', '5'] }));
    };
    const exchange = await openExchange({ set });
    const { read, write, shown, clock } = connections(exchange.url);
    expect(await write(alice, change({ setting: { mode: 'isolated', leverage: '5' } }))).toEqual({ kind: 'accepted' });
    await expect.poll(() => shown(alice, 'PF_XBTUSD')).toEqual(isolated('5'));
    expect(shown(alice, 'PF_ETHUSD')).toBeUndefined();
    clock.advance(30_000);
    await read(alice, alive);
    expect(shown(alice, 'PF_XBTUSD')).toBeUndefined();
  });

  test('is forgotten with its connection, and when that has become quiet', async () => {
    const exchange = await openExchange();
    const { read, shown, clock } = connections(exchange.url);
    await read(alice, alive);
    exchange.clients[0]?.send(word('PF_XBTUSD', '3'));
    await expect.poll(() => shown(alice, 'PF_XBTUSD')).toBeDefined();
    clock.advance(5_000);
    expect(shown(alice, 'PF_XBTUSD')).toBeUndefined();
    await read(alice, alive);
    expect(shown(alice, 'PF_XBTUSD')).toEqual(isolated('3'));
    exchange.clients[0]?.terminate();
    await expect.poll(() => shown(alice, 'PF_XBTUSD')).toBeUndefined();
  });

  test('is remembered for 500 markets, those told of last', async () => {
    const exchange = await openExchange();
    const { read, shown } = connections(exchange.url);
    await read(alice, alive);
    for (let at = 0; at < 501; at += 1) exchange.clients[0]?.send(word(`PF_${at}`, '3'));
    exchange.clients[0]?.send(word('PF_1', '4'));
    await read(alice, heard('preferences', 503));
    expect([0, 1, 2, 500].map((at) => shown(alice, `PF_${at}`) !== undefined)).toEqual([false, true, true, true]);
  });
});

describe('a key that is gone', () => {
  test('has no connection any more', async () => {
    const exchange = await openExchange();
    const { read, forget } = connections(exchange.url);
    await read(alice, alive);
    forget('alice');
    forget('bob');
    await expect.poll(() => exchange.clients[0]?.readyState).toBe(3);
  });

  test('lets what is under way end before, also while its connection is being opened', async () => {
    const exchange = await openExchange({ set: (client, frame) => setTimeout(() => client.send(success(frame)), 100) });
    const { write, read, forget } = connections(exchange.url);
    const opening = write(alice, change());
    forget('alice');
    expect(await opening).toEqual({ kind: 'accepted' });
    await read(alice, alive);
    const sending = write(alice, change());
    await expect.poll(() => exchange.writes().length).toBe(2);
    forget('alice');
    expect(await sending).toEqual({ kind: 'accepted' });
    await expect.poll(() => exchange.clients.map(({ readyState }) => readyState)).toEqual([3, 3]);
  });

  test('is not left with the connection that a reading has opened in place of a broken one', async () => {
    let isBroken = false;
    const subscribe: Act = (client, frame, exchange) => {
      if (frame.params.channel !== 'positions' || isBroken) return usual.subscribe(client, frame);
      isBroken = true;
      forget('alice');
      return exchange.clients[0]?.terminate();
    };
    const exchange = await openExchange({ subscribe });
    const { read, forget } = connections(exchange.url);
    expect(await read(alice, from('positions'))).toBe('positions');
    await expect.poll(() => exchange.clients.map(({ readyState }) => readyState)).toEqual([3, 3]);
  });
});

test('closing waits for what is under way, and ends every connection', async () => {
  const exchange = await openExchange({ set: (client, frame) => setTimeout(() => client.send(success(frame)), 200) });
  const { write, read, close } = connections(exchange.url);
  await read(bob, alive);
  const sending = write(alice, change());
  await close();
  expect(await Promise.race([sending, 'under way'])).toEqual({ kind: 'accepted' });
  await expect.poll(() => exchange.clients.map(({ readyState }) => readyState)).toEqual([3, 3]);
});

test('metrics count each reading and each change, whatever came of it', async () => {
  const exchange = await openExchange();
  const calls: string[] = [];
  const { read, write } = connections(exchange.url, {
    onCall: ({ venue: id, kind, result }) => calls.push(`${id} ${kind} ${result}`),
  });
  await read(alice, alive);
  await write(alice, change());
  await write(alice, change({ isInTime: () => false }));
  for (let round = 0; round < 10; round += 1) await write(alice, change());
  expect(new Set(calls)).toEqual(
    new Set(['kraken read ok', 'kraken write ok', 'kraken write not-sent', 'kraken write busy']),
  );
});

test('no secret is in a frame but the token, which belongs there', async () => {
  const exchange = await openExchange();
  const { read, write } = connections(exchange.url);
  await read(alice, from('positions'));
  await write(alice, change());
  expect(exchange.frames.join()).not.toMatch(/alice-(key|secret)/);
  expect(exchange.requests.map(({ headers, url }) => JSON.stringify([headers, url])).join()).not.toMatch(/alice|token/);
});
