import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Refusal } from '../../src/errors.ts';
import {
  applied,
  expecting,
  judgeKey,
  markPriceOf,
  markPricesOf,
  ordersOf,
  permissions,
  positionsOf,
  preferenceOf,
  preferences,
} from '../../src/venues/kraken-futures-replies.ts';
import { judgeList, type ListReply } from '../../src/venues/list-reply.ts';
import { meaningOf } from '../support/list-reply.ts';

const judge = (status: number, body: unknown) => expecting(applied)({ status, text: JSON.stringify(body) });
const success = { result: 'success', serverTime: '2026-06-28T14:48:58.711Z' };
const named = (error: unknown) => ({ result: 'error', error });
const coded = (...codes: readonly unknown[]) => ({
  result: 'error',
  errors: codes.map((code) => ({ code, message: 'X' })),
});
const isRefused = (refusal: Refusal, detail?: string) => ({
  kind: 'refused',
  refusal,
  ...(detail !== undefined && { detail }),
});
const refusalOf = (name: string): Refusal => (name === 'Unavailable' ? 'venue-unavailable' : 'venue-error');
const isSilent = (silence: string) => ({ kind: 'silent', silence });

describe('an error with a name is refused', () => {
  test.each<readonly [string, Refusal]>([
    ['accountInactive', 'account-inactive'],
    ['apiLimitExceeded', 'address-rate-limited'],
    ['authenticationError', 'key-rejected'],
    ['insufficientFunds', 'insufficient-margin'],
    ['invalidAccount', 'account-invalid'],
    ['invalidAmount', 'invalid-request'],
    ['invalidArgument', 'invalid-request'],
    ['invalidUnit', 'invalid-request'],
    ['Json Parse Error', 'invalid-request'],
    ['marketUnavailable', 'market-unavailable'],
    ['nonceBelowThreshold', 'nonce'],
    ['nonceDuplicate', 'nonce'],
    ['notFound', 'unknown-market'],
    ['requiredArgumentMissing', 'invalid-request'],
    ['Server Error', 'venue-error'],
    ['Unavailable', 'venue-unavailable'],
    ['unknownError', 'venue-error'],
    ['insufficientPrivileges', 'key-lacks-permission'],
    ['contractNotFound', 'unknown-market'],
  ])('%s is %s, whatever the status and whatever follows its colon', (name, refusal) => {
    for (const status of [200, 400, 401, 404, 500, 503]) {
      expect(judge(status, named(name))).toEqual(isRefused(refusal));
      expect(judge(status, named(` ${name} : <@1>`))).toEqual(isRefused(refusal));
    }
  });

  test('with the name of one of our arguments as its only detail', () => {
    expect(judge(400, named('requiredArgumentMissing: symbol'))).toEqual(isRefused('invalid-request', 'symbol'));
    expect(judge(400, named('requiredArgumentMissing: maxLeverage'))).toEqual(
      isRefused('invalid-request', 'maxLeverage'),
    );
    expect(judge(400, named('invalidArgument: symbol'))).toEqual(isRefused('invalid-request', 'symbol'));
    expect(judge(400, named('invalidArgument: maxLeverage'))).toEqual(
      isRefused('leverage-out-of-range', 'maxLeverage'),
    );
    expect(judge(400, named('notFound: maxLeverage'))).toEqual(isRefused('unknown-market', 'maxLeverage'));
  });

  test('in a list of texts as well, alone or beside the same name', () => {
    for (const body of [
      { result: 'error', errors: ['notFound'] },
      { result: 'error', error: 'notFound', errors: ['notFound: symbol'] },
      { result: 'error', error: null, errors: ['notFound', 'requiredArgumentMissing'] },
    ]) {
      for (const status of [200, 400, 500]) expect(judge(status, body)).toEqual(isRefused('unknown-market'));
    }
  });

  test('by its whole name, never by a part of it', () => {
    for (const name of ['notFoundAnywhere', 'NOTFOUND', 'my notFound', '']) {
      expect(judge(200, named(name))).toEqual(isSilent('unreadable'));
      expect(judge(400, named(name))).toEqual(isSilent('unreadable'));
      expect(judge(500, named(name))).toEqual(isSilent('server-error'));
    }
  });
});

describe('an error with a code is refused', () => {
  test.each<readonly [number, Refusal]>([
    [41, 'would-liquidate'],
    [87, 'unknown-market'],
    [88, 'market-not-isolated-capable'],
    [92, 'insufficient-margin'],
  ])('%i is %s, as a number or a text, and before any name', (code, refusal) => {
    for (const status of [200, 400, 500]) {
      for (const body of [
        coded(code),
        coded(String(code)),
        { result: 'error', errors: [{ code }] },
        { result: 'error', errors: ['notFound', { code }] },
        { ...coded(code), error: 'nonceDuplicate' },
      ]) {
        expect(judge(status, body)).toEqual(isRefused(refusal));
      }
    }
  });
});

describe('an error that is not listed proves nothing, whatever the status and whatever stands beside it', () => {
  test.each([
    coded(7),
    coded(),
    coded('x'),
    coded(7, 87),
    coded(87, 7),
    coded(87.5),
    coded([87]),
    { ...coded(87), error: 'newKindOfError' },
    { result: 'error', error: 'notFound', errors: ['newKindOfError'] },
    { result: 'error', errors: [{ message: 'notFound' }] },
    { result: 'error', errors: [null] },
    { result: 'error', errors: [['notFound']] },
    { result: 'error', errors: 'notFound' },
    { result: 'error', errors: { code: 87 } },
    { result: 'error', error: ['notFound'] },
    { result: 'error', error: 5 },
    { result: 'error' },
    { error: 'notFound' },
    { result: 'success', error: 'notFound' },
  ])('%j', (body) => {
    for (const status of [200, 400, 401, 404, 499]) expect(judge(status, body)).toEqual(isSilent('unreadable'));
    for (const status of [500, 503]) expect(judge(status, body)).toEqual(isSilent('server-error'));
  });
});

describe('an error that says only that something broke', () => {
  test.each(['Server Error', 'unknownError', 'Unavailable'])('%s goes before every other', (name) => {
    const refusal = refusalOf(name);
    for (const body of [
      named(name),
      { result: 'error', errors: [name] },
      { result: 'error', error: 'notFound', errors: [name] },
      { ...coded(87), error: name },
    ]) {
      expect(judge(200, body)).toEqual(isRefused(refusal));
    }
  });
});

test('429 is a rate limit of the address, whatever the body', () => {
  for (const body of [success, named('notFound'), '<html>']) {
    expect(judge(429, body)).toEqual(isRefused('address-rate-limited'));
  }
});

test('the shape of the authentication service proves nothing elsewhere', () => {
  const refusal = { error: 'Unauthorized', message: 'no such key' };
  for (const status of [200, 400, 401, 403]) expect(judge(status, refusal)).toEqual(isSilent('unreadable'));
});

test('an answer that is neither the documented success nor a documented error is silence', () => {
  expect(judge(200, success)).toEqual({ kind: 'ok', value: success });
  for (const body of [
    { result: 'success' },
    { ...success, result: 'ok' },
    { serverTime: 'x' },
    [],
    null,
    'success',
    { ...success, error: 'x' },
    { ...success, errors: ['x'] },
  ]) {
    expect(judge(200, body)).toEqual(isSilent('unreadable'));
  }
  for (const status of [301, 400, 404]) expect(judge(status, success)).toEqual(isSilent('unreadable'));
  expect(judge(500, success)).toEqual(isSilent('server-error'));
  expect(expecting(applied)({ status: 200, text: 'result: success' })).toEqual(isSilent('unreadable'));
});

test('a key that Kraken does not know is rejected by 401 in any shape', () => {
  const body = { result: 'success', permissions: { general: 'FULL_ACCESS', transfer: 'NO_ACCESS' } };
  expect(judgeKey({ status: 401, text: '' })).toEqual(isRefused('key-rejected'));
  expect(judgeKey({ status: 200, text: JSON.stringify(body) })).toEqual({ kind: 'ok', value: body.permissions });
  expect(judgeKey({ status: 403, text: '' })).toEqual(isSilent('unreadable'));
  for (const general of ['NO_ACCESS', 'READ_ONLY', 'FULL_ACCESS']) {
    expect(permissions.parse({ permissions: { general, transfer: 'x' } })).toEqual({ general, transfer: 'x' });
  }
  for (const general of ['MAYBE', 5, undefined]) {
    expect(permissions.parse({ permissions: { general, transfer: 'x' } })).toEqual({
      general: 'UNKNOWN',
      transfer: 'x',
    });
  }
  expect(permissions.safeParse({ permissions: { general: 'FULL_ACCESS' } }).success).toBe(false);
});

describe('preferences', () => {
  const read = (rows: readonly unknown[]) => meaningOf(preferences, ...rows);
  const readBitcoin = (rows: readonly unknown[]) => meaningOf(preferenceOf('PF_XBTUSD'), ...rows);

  test('list isolated markets, in capitals and by value', () => {
    expect(
      read([
        { symbol: 'pf_xbtusd', maxLeverage: 10 },
        { symbol: 'FF_XBTUSD_261225', maxLeverage: '2.50' },
      ])?.settings,
    ).toEqual([
      { symbol: 'PF_XBTUSD', setting: { mode: 'isolated', leverage: '10' } },
      { symbol: 'FF_XBTUSD_261225', setting: { mode: 'isolated', leverage: '2.5' } },
    ]);
    expect(read([])).toEqual({ settings: [], unread: [], hasUnnamed: false });
    expect(readBitcoin([])).toEqual({ mode: 'cross' });
  });

  test.each([
    undefined,
    null,
    { symbol: 'PF_XBTUSD', maxLeverage: '0' },
    { symbol: 'PF_XBTUSD', maxLeverage: null },
    { symbol: 'PF_XBTUSD', maxLeverage: 'x' },
    { symbol: 'pf_xbtusd', maxLeverage: 'x' },
    { symbol: 'XBTUSD', maxLeverage: 5 },
    { symbol: ' PF_XBTUSD', maxLeverage: 5 },
    { symbol: 'PF_XBTUSD ', maxLeverage: 5 },
    { symbol: `PF_${'X'.repeat(41)}`, maxLeverage: 5 },
    { maxLeverage: 5 },
  ])('with a row that may be about it and cannot be read, a market is not called cross: %j', (row) => {
    expect(readBitcoin([row])).toBeUndefined();
    expect(readBitcoin([{ symbol: 'PF_XBTUSD', maxLeverage: 5 }, row])).toBeUndefined();
  });
});

describe('rows about one market', () => {
  const position = { symbol: 'pf_xbtusd', side: 'long', price: 58000.5, size: '0.5' };
  const open = (...rows: readonly unknown[]) => meaningOf(positionsOf('PF_XBTUSD'), ...rows);

  test('a position is one of this market', () => {
    const other = { ...position, symbol: 'PF_ETHUSD', side: '?' };
    expect(open(other, position)).toEqual([{ side: 'long', price: '58000.5', size: '0.5' }]);
    expect(open(other)).toEqual([]);
    expect(open({ ...position, side: 'short' })).toMatchObject([{ side: 'short' }]);
    expect(open({ ...position, symbol: ' PF_XBTUSD' })).toHaveLength(1);
    for (const row of [{ ...position, side: 'up' }, { ...position, price: 0 }, { symbol: 5 }, null, undefined])
      expect(open(position, row)).toBeUndefined();
  });

  test('orders are counted for this market only', () => {
    const orders = (...rows: readonly unknown[]) => meaningOf(ordersOf('PF_XBTUSD'), ...rows);
    expect(orders({ symbol: 'pf_xbtusd' }, { symbol: 'PF_ETHUSD' }, { symbol: 'PF_XBTUSD' })).toHaveLength(2);
    expect(orders({})).toBeUndefined();
  });

  test('a mark price comes alone or among all of them', () => {
    const ticker = { symbol: 'pf_xbtusd', markPrice: 60000 };
    const read = (body: object) => markPriceOf('PF_XBTUSD').safeParse({ result: 'success', ...body });
    expect(read({ ticker }).data).toBe('60000');
    expect(read({ ticker: { ...ticker, symbol: 'PF_ETHUSD' } })).toEqual({ success: true, data: undefined });
    for (const body of [{}, { ticker: { ...ticker, markPrice: 0 } }]) expect(read(body).success).toBe(false);
    expect(markPriceOf('X').safeParse({ ticker }).success).toBe(false);
    const all = (...rows: readonly unknown[]) => meaningOf(markPricesOf('PF_XBTUSD'), ...rows);
    expect(all({ symbol: 'PF_ETHUSD', markPrice: 'x' }, ticker)).toEqual(['60000']);
    expect(all()).toEqual([]);
    expect(all({ ...ticker, markPrice: '' })).toBeUndefined();
  });

  const read = <Row, T>(reply: ListReply<Row, T>, body: object) =>
    judgeList({ status: 200, text: JSON.stringify(body) }, reply);

  test.each([
    ['openPositions', (body: object) => read(positionsOf('PF_XBTUSD'), body)],
    ['openOrders', (body: object) => read(ordersOf('PF_XBTUSD'), body)],
    ['tickers', (body: object) => read(markPricesOf('PF_XBTUSD'), body)],
    ['leveragePreferences', (body: object) => read(preferenceOf('PF_XBTUSD'), body)],
  ] as const)('%s without their list, or without "success", are never "nothing there"', async (name, judged) => {
    for (const list of [undefined, null, {}, 'x']) {
      expect(await judged({ result: 'success', [name]: list })).toEqual(isSilent('unreadable'));
    }
    expect(await judged({ [name]: [] })).toEqual(isSilent('unreadable'));
    expect(await judged({ result: 'success', [name]: [] })).toMatchObject({ kind: 'ok' });
  });
});

test('a schema that takes anything still needs "success" to be said by a documented status', () => {
  const judgeAnything = expecting(z.unknown());
  expect(judgeAnything({ status: 400, text: '{}' })).toEqual(isSilent('unreadable'));
});
