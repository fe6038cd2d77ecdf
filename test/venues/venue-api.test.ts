import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Failure, type Silence } from '../../src/errors.ts';
import type { Budget } from '../../src/leverage/venue.ts';
import { Secret } from '../../src/secret.ts';
import type { HttpReply, HttpRequest } from '../../src/venues/http.ts';
import type { ListReply } from '../../src/venues/list-reply.ts';
import {
  type CallReport,
  createVenueApi,
  credential,
  defaultDeadlines,
  type Judge,
  unlessFailing,
} from '../../src/venues/venue-api.ts';
import { readSuccess, refused, silent } from '../../src/venues/verdict.ts';
import { inTime, outcomeOf } from '../support/fixture-venue.ts';
import { createSleepingClock } from '../support/venue-simulators.ts';

const key = new Secret('key');
const budget: Budget = { windows: [{ units: 10, windowMs: 10_000 }], costs: { read: 1, account: 2, write: 5 } };
const paper = (limits: Budget) => ({ id: 'paper', label: 'Paper', limits, refusalWords: {} });
const ok: HttpReply = { kind: 'answered', status: 200, text: 'fine' };
const tooMany = (retryAfter?: string): HttpReply => ({
  kind: 'answered',
  status: 429,
  text: '',
  ...(retryAfter !== undefined && { retryAfter }),
});
const isSilent = (silence: Silence): HttpReply => ({ kind: 'silent', silence });

/** 200 is a value, 429 too many with this key, 418 too many from this address, 400 a refusal, 503 the venue's own error; anything else is unreadable. */
const judge: Judge<string> = (answer) => {
  if (answer.status === 429) return refused('rate-limited');
  if (answer.status === 418) return refused('address-rate-limited');
  if (answer.status === 400) return refused('would-liquidate', 'symbol');
  if (answer.status === 503) return refused('venue-error');
  return readSuccess(z.string(), answer, answer.text);
};

const numbers: ListReply<unknown, readonly unknown[]> = {
  name: 'list',
  around: judge,
  row: (row) => row,
  conclude: (value) => ({ kind: 'ok', value }),
};

/** An api whose network is a list of replies; each takes `takesMs`. */
function open(
  replies: readonly HttpReply[],
  {
    takesMs = 0,
    published = budget,
    onSend = () => {},
  }: { readonly takesMs?: number; readonly published?: Budget; readonly onSend?: () => void } = {},
) {
  const { now, sleep } = createSleepingClock();
  const startedAt = now();
  let stepMs = 0;
  let tooLongMs = 0;
  const sent: HttpRequest[] = [];
  const reports: CallReport[] = [];
  const http = {
    send: async (request: HttpRequest): Promise<HttpReply> => {
      sent.push(request);
      onSend();
      await sleep(takesMs);
      return replies[sent.length - 1] ?? { kind: 'not-sent' };
    },
    close: async () => {},
  };
  const api = createVenueApi(paper(published), {
    http,
    now: () => now() + stepMs,
    elapsed: () => now() - startedAt,
    sleep: (ms) => sleep(ms + tooLongMs),
    onCall: (call) => void reports.push(call),
  });
  const spends = { key, cost: 'read' } as const;
  return {
    api,
    sent,
    reports,
    now,
    sleep,
    /** Every wait of the api lasts this much longer than it asked for. */
    oversleep: (ms: number) => {
      tooLongMs = ms;
    },
    /** Sets the clock, as an operator does: no time passes. */
    step: (ms: number) => {
      stepMs += ms;
    },
    read: () => outcomeOf(api.read({ url: 'http://venue/', spends }, judge)),
    readPublic: () => outcomeOf(api.read({ url: 'http://venue/' }, judge)),
    write: () =>
      api.write({ method: 'PUT', url: 'http://venue/', isInTime: inTime, spends: { key, cost: 'write' } }, judge),
  };
}

const failure = (silence: string) => ({ code: 'VENUE_SILENT', venue: 'Paper', silence });
const unreachable = { code: 'VENUE_UNREACHABLE', venue: 'Paper' };
const refusal = { code: 'VENUE_REFUSED', venue: 'Paper', refusal: 'would-liquidate', detail: 'symbol' };

describe('a write', () => {
  const rows: readonly (readonly [string, HttpReply, object])[] = [
    ['a success', ok, { kind: 'accepted' }],
    ['a refusal', { ...ok, status: 400 }, { kind: 'refused', failure: refusal }],
    ['an error of the venue’s own', { ...ok, status: 503 }, { kind: 'silent', failure: failure('server-error') }],
    ['another shape', { ...ok, status: 302 }, { kind: 'silent', failure: failure('unreadable') }],
    ['a 5xx', { ...ok, status: 500 }, { kind: 'silent', failure: failure('server-error') }],
    ['no answer', isSilent('timeout'), { kind: 'silent', failure: failure('timeout') }],
    ['a reset', isSilent('reset'), { kind: 'silent', failure: failure('reset') }],
    ['no connection', { kind: 'not-sent' }, { kind: 'not-sent', failure: unreachable }],
    [
      'too many',
      tooMany(),
      { kind: 'refused', failure: { code: 'VENUE_REFUSED', venue: 'Paper', refusal: 'rate-limited' } },
    ],
  ];

  test.each(rows)('that meets %s is sent once', async (_what, reply, result) => {
    const { write, sent } = open([reply, ok, ok]);
    expect(await write()).toStrictEqual(result);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      method: 'PUT',
      url: 'http://venue/',
      headers: {},
      deadlineMs: defaultDeadlines.writeMs,
    });
    expect(sent[0]).not.toHaveProperty('body');
  });

  test('carries its body and its headers, which are built when it is sent', async () => {
    const { api, sent } = open([ok]);
    let built = 0;
    const headers = () => {
      built += 1;
      return { authent: 'signed' };
    };
    await api.write({ method: 'POST', url: 'http://venue/', isInTime: inTime, headers, body: '{}' }, judge);
    expect(sent).toMatchObject([{ method: 'POST', body: '{}', headers: { authent: 'signed' } }]);
    expect(built).toBe(1);
  });

  test('that finds no budget in time was not sent, and says how long to wait', async () => {
    const { write, sent } = open([ok, ok]);
    await write();
    await write();
    const result = await write();
    expect(result).toMatchObject({ kind: 'not-sent', failure: { code: 'VENUE_BUSY', venue: 'Paper' } });
    expect(sent).toHaveLength(2);
  });

  test('whose turn would come later than half of its deadline was not sent either, and did not wait', async () => {
    const { write, sent, sleep, now } = open([ok, ok, ok]);
    await write();
    await write();
    await sleep(7_000);
    const before = now();
    expect(await write()).toMatchObject({ kind: 'not-sent', failure: { code: 'VENUE_BUSY' } });
    expect([sent.length, now() - before]).toEqual([2, 0]);
  });

  test('whose turn came after its deadline, on a machine that slept, is not sent', async () => {
    const { write, sent, sleep, oversleep } = open([ok, ok, ok]);
    await write();
    await write();
    await sleep(8_500);
    oversleep(defaultDeadlines.writeMs);
    expect(await write()).toStrictEqual({ kind: 'not-sent', failure: unreachable });
    expect(sent).toHaveLength(2);
  });

  test('that waited for its budget has the rest of its time', async () => {
    const { write, sent, sleep } = open([ok, ok, ok]);
    await write();
    await write();
    await sleep(8_500);
    await write();
    expect(sent).toHaveLength(3);
    expect(sent[2]?.deadlineMs).toBeLessThan(defaultDeadlines.writeMs);
    expect(sent[2]?.deadlineMs).toBeGreaterThanOrEqual(defaultDeadlines.writeMs / 2);
  });

  test('that meets a bug is not turned into a result', async () => {
    const { api, reports } = open([ok]);
    const broken = () => {
      throw new TypeError('a bug');
    };
    await expect(
      api.write({ method: 'PUT', url: 'http://venue/', isInTime: inTime, headers: broken }, judge),
    ).rejects.toThrow('a bug');
    expect(reports).toEqual([]);
  });
});

describe('a read', () => {
  test.each<readonly [string, readonly HttpReply[], unknown, number]>([
    ['a success', [ok], 'fine', 1],
    ['no connection, then a success', [{ kind: 'not-sent' }, ok], 'fine', 2],
    ['a reset, then a success', [isSilent('reset'), ok], 'fine', 2],
    ['too many, then a success', [tooMany('0'), ok], 'fine', 2],
    ['no connection twice', [{ kind: 'not-sent' }, { kind: 'not-sent' }, ok], unreachable, 2],
    ['two resets', [isSilent('reset'), isSilent('reset'), ok], failure('reset'), 2],
    ['silence', [isSilent('timeout'), ok], failure('timeout'), 1],
    ['another shape', [isSilent('unreadable'), ok], failure('unreadable'), 1],
    ['a 5xx', [{ ...ok, status: 500 }, ok], failure('server-error'), 1],
    ['a refusal', [{ ...ok, status: 400 }, ok], refusal, 1],
  ])('that meets %s', async (_what, replies, outcome, count) => {
    const { read, sent } = open(replies);
    expect(await read()).toStrictEqual(outcome);
    expect(sent).toHaveLength(count);
    expect(sent[0]).toMatchObject({ method: 'GET', deadlineMs: defaultDeadlines.readMs });
  });

  test('is not tried again once its deadline is over, however quick the answer would be', async () => {
    const { read, sent } = open([isSilent('reset'), ok], { takesMs: defaultDeadlines.readMs });
    expect(await read()).toEqual(failure('reset'));
    expect(sent).toHaveLength(1);
  });

  test('tried again has only what is left of its deadline', async () => {
    const { read, sent } = open([isSilent('reset'), ok], { takesMs: 1_000 });
    await read();
    expect(sent.map(({ deadlineMs }) => deadlineMs)).toEqual([
      defaultDeadlines.readMs,
      defaultDeadlines.readMs - 1_000,
    ]);
  });

  test('that must be a POST is built anew for its second try, and stays a read', async () => {
    const { api, sent } = open([isSilent('reset'), ok]);
    let nonce = 0;
    const post = () => {
      nonce += 1;
      return { headers: { sign: `of ${nonce}` }, body: `nonce=${nonce}` };
    };
    expect(await api.read({ url: 'http://venue/', post }, judge)).toBe('fine');
    expect(sent).toMatchObject([
      { kind: 'read', method: 'POST', headers: { sign: 'of 1' }, body: 'nonce=1' },
      { kind: 'read', method: 'POST', headers: { sign: 'of 2' }, body: 'nonce=2' },
    ]);
  });

  test('of public data rests after "too many" as well', async () => {
    const { readPublic, sent } = open([tooMany('7'), ok]);
    expect(await readPublic()).toEqual({ code: 'VENUE_BUSY', venue: 'Paper', limit: 'key', retryAfterMs: 7_000 });
    expect(sent).toHaveLength(1);
    const { readPublic: readSoon } = open([tooMany('1'), ok]);
    expect(await readSoon()).toBe('fine');
  });

  test('that found every connection taken says so, and does not wait for one again', async () => {
    const { read, sent, reports } = open([{ kind: 'busy' }, ok]);
    expect(await read()).toEqual({ code: 'VENUE_BUSY', venue: 'Paper', limit: 'connections', retryAfterMs: 1_000 });
    expect(sent).toHaveLength(1);
    expect(reports).toMatchObject([{ kind: 'read', result: 'busy' }]);
  });

  test('has a cap for each kind of reply', async () => {
    const { api, sent } = open([ok, ok, ok, ok]);
    await api.read({ url: 'http://venue/' }, judge);
    await api.write({ method: 'PUT', url: 'http://venue/', isInTime: inTime }, judge);
    await outcomeOf(api.readList({ url: 'http://venue/' }, numbers));
    await outcomeOf(api.readList({ url: 'http://venue/', size: 'markets' }, numbers));
    expect(sent.map(({ maxBytes }) => (maxBytes ?? 0) / 1024)).toEqual([64, 64, 1024, 4096]);
  });

  test('of a list gives what its rows mean', async () => {
    const { api } = open([{ ...ok, text: '{"list":[1,2]}' }]);
    expect(await api.readList({ url: 'http://venue/' }, numbers)).toEqual([1, 2]);
  });

  test('nested deeper than any venue nests is not parsed, and a write is read back', async () => {
    const deep = { ...ok, text: `${'['.repeat(21)}${']'.repeat(21)}` };
    const { read, write } = open([deep, deep]);
    expect(await read()).toEqual(failure('too-large'));
    expect(await write()).toEqual({ kind: 'silent', failure: failure('too-large') });
  });
});

describe('after "too many" a key rests', () => {
  test.each([
    [undefined, 1_000],
    ['0', 1_000],
    ['2', 2_000],
    ['60', 60_000],
    ['61', 60_000],
    ['999999999', 60_000],
    ['1234567890', 1_000],
    ['-5', 1_000],
    ['1.5', 1_000],
    ['soon', 1_000],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 1_000],
    ['5 x', 1_000],
  ])('for as long as %j says: %i ms', async (retryAfter, ms) => {
    const { readPublic } = open([tooMany(retryAfter), tooMany(retryAfter)]);
    expect(await readPublic()).toMatchObject({ retryAfterMs: ms });
  });

  test.each([
    [7_000, 7_000],
    [90_000, 60_000],
    [-1, 1_000],
  ])('until the time that the body tells, whatever the header says (%i ms from now)', async (fromNow, ms) => {
    const { api, sent, now } = open([tooMany('30'), ok]);
    const told: Judge<string> = () => ({ ...refused('rate-limited'), restUntil: now() + fromNow });
    const outcome = await outcomeOf(api.write({ method: 'PUT', url: 'http://venue/', isInTime: inTime }, told));
    expect(outcome).toMatchObject({ kind: 'refused' });
    const busy = { code: 'VENUE_BUSY', retryAfterMs: ms };
    expect(await outcomeOf(api.write({ method: 'PUT', url: 'http://venue/', isInTime: inTime }, judge))).toMatchObject(
      ms > 2_000 ? { kind: 'not-sent', failure: busy } : { kind: 'accepted' },
    );
    expect(sent).toHaveLength(ms > 2_000 ? 1 : 2);
  });

  test('and nothing is sent with it meanwhile, but with another key', async () => {
    const { write, sent, api } = open([tooMany('30'), ok]);
    await write();
    expect(await write()).toMatchObject({ kind: 'not-sent', failure: { retryAfterMs: 30_000 } });
    expect(sent).toHaveLength(1);
    const other = { url: 'http://venue/', spends: { key: new Secret('other'), cost: 'read' } } as const;
    expect(await api.read(other, judge)).toBe('fine');
  });
});

describe('after "too many" from this address', () => {
  const tooManyHere: HttpReply = { ...tooMany('30'), kind: 'answered', status: 418, text: '' };

  test('nothing is sent with any key, nor without one', async () => {
    const { write, read, readPublic, api, sent } = open([tooManyHere, ok]);
    expect(await write()).toMatchObject({ kind: 'refused', failure: { refusal: 'address-rate-limited' } });
    const failure = { code: 'VENUE_BUSY', venue: 'Paper', limit: 'address', retryAfterMs: 30_000 };
    expect(await write()).toEqual({ kind: 'not-sent', failure });
    const other = { url: 'http://venue/', spends: { key: new Secret('other'), cost: 'read' } } as const;
    for (const outcome of [read(), readPublic(), outcomeOf(api.read(other, judge))]) {
      expect(await outcome).toEqual(failure);
    }
    expect(sent).toHaveLength(1);
  });

  test('a read waits where it has the time', async () => {
    const { read, sent } = open([{ ...tooManyHere, kind: 'answered', retryAfter: '1' }, ok]);
    expect(await read()).toBe('fine');
    expect(sent).toHaveLength(2);
  });
});

describe('a clock that is set', () => {
  test.each([-3_600_000, 3_600_000])('by %i ms makes no budget and no deadline longer or shorter', async (ms) => {
    const { write, read, sent, step } = open([ok, ok, ok]);
    await write();
    await write();
    step(ms);
    const busy = { kind: 'not-sent', failure: { code: 'VENUE_BUSY', limit: 'key' } };
    expect(await write()).toMatchObject(busy);
    expect(sent).toHaveLength(2);
    expect(await read()).toMatchObject({ code: 'VENUE_BUSY', retryAfterMs: expect.toSatisfy((it) => it <= 11_000) });
  });

  test('during a call changes neither its deadline nor its reported duration', async () => {
    const { read, sent, reports, step } = open([isSilent('reset'), ok], {
      takesMs: 1_000,
      onSend: () => step(-3_600_000),
    });
    expect(await read()).toBe('fine');
    expect(sent.map(({ deadlineMs }) => deadlineMs)).toEqual([3_000, 2_000]);
    expect(reports.map(({ durationMs }) => durationMs)).toEqual([1_000, 1_000]);
  });
});

test('every kind of call spends what it costs, and public ones nothing', async () => {
  const { api, sent, readPublic } = open(Array.from({ length: 30 }, () => ok));
  for (let count = 0; count < 12; count += 1) await readPublic();
  for (let count = 0; count < 5; count += 1) {
    await api.read({ url: 'http://venue/', spends: { key, cost: 'account' } }, judge);
  }
  expect(sent).toHaveLength(17);
  const sixth = api.read({ url: 'http://venue/', spends: { key, cost: 'account' } }, judge);
  expect(await outcomeOf(sixth)).toMatchObject({ code: 'VENUE_BUSY' });
});

test('every call that was tried is reported with what it came to and how long it took', async () => {
  const { read, write, reports } = open([ok, { ...ok, status: 400 }, isSilent('timeout'), tooMany('30')], {
    takesMs: 5,
  });
  await read();
  await write();
  await read();
  await read();
  const report = (kind: string, result: string, durationMs = 5) => ({ venue: 'paper', kind, result, durationMs });
  expect(reports).toEqual([
    report('read', 'ok'),
    report('write', 'refused'),
    report('read', 'silent'),
    report('read', 'busy'),
    report('read', 'busy', 0),
  ]);
});

test('an api that nobody listens to works the same', async () => {
  const { now, sleep } = createSleepingClock();
  const http = { send: async () => ok, close: async () => {} };
  const api = createVenueApi(paper(budget), { http, now, elapsed: now, sleep });
  expect(await api.read({ url: 'http://venue/' }, judge)).toBe('fine');
});

test('what a preview can do without is undefined when it fails, and a bug is a bug', async () => {
  expect(await unlessFailing(Promise.resolve(5))).toBe(5);
  expect(await unlessFailing(Promise.reject(new Failure({ code: 'HALTED' })))).toBeUndefined();
  await expect(unlessFailing(Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
});

test('a credential is found by its name, and one that is missing is a bug', () => {
  expect(credential({ user: '1', fields: { apiKey: key } }, 'apiKey')).toBe(key);
  expect(() => credential({ user: '1', fields: {} }, 'apiKey')).toThrow(
    new TypeError('a key without its field apiKey'),
  );
});

test('silence keeps its kind in the words for a trader', async () => {
  for (const kind of ['timeout', 'reset', 'too-large', 'unreadable', 'redirect', 'server-error'] as const) {
    expect(silent(kind)).toEqual({ kind: 'silent', silence: kind });
    expect(await open([isSilent(kind)]).write()).toEqual({ kind: 'silent', failure: failure(kind) });
  }
});
