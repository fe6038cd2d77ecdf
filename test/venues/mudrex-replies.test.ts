import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Refusal } from '../../src/errors.ts';
import type { MarketAndCurrency } from '../../src/leverage/venue.ts';
import { judgeList, oursOnly, type RowAbout } from '../../src/venues/list-reply.ts';
import {
  expecting,
  idOf,
  judgeEcho,
  judgeSetting,
  market,
  markPriceOf,
  nameIn,
  page,
  position,
  positionsOf,
  price,
  rowAbout,
} from '../../src/venues/mudrex-replies.ts';
import { meaningOf } from '../support/list-reply.ts';

const data = z.object({ id: z.string() });
const judge = (status: number, body: unknown) => expecting(data)({ status, text: JSON.stringify(body) });
const failed = (code: number, ...texts: readonly string[]) => ({
  success: false,
  errors: texts.map((text) => ({ code, text })),
});
const isRefused = (refusal: Refusal) => ({ kind: 'refused', refusal });
const isSilent = (silence: string) => ({ kind: 'silent', silence });

describe('an answer in the documented error shape is refused', () => {
  test.each<readonly [string, Refusal]>([
    ['leverage out of permissible range', 'leverage-out-of-range'],
    ['invalid asset id', 'unknown-market'],
    ['asset not found', 'unknown-market'],
    ['leverage not found', 'invalid-request'],
    ['params error', 'invalid-request'],
    ['invalid trade currency', 'invalid-currency'],
    ['insufficient balance', 'insufficient-margin'],
    ['insufficient funds', 'insufficient-margin'],
    ['invalid authentication', 'key-rejected'],
    ['rate limit exceeded', 'rate-limited'],
  ])('"%s" is %s, in any case, with spaces around it, and whatever the status', (text, refusal) => {
    for (const status of [200, 400, 401, 403, 404, 409, 500]) {
      for (const spelt of [text, text.toUpperCase(), `  ${text}\n`]) {
        expect(judge(status, failed(1, spelt))).toEqual(isRefused(refusal));
      }
    }
  });

  test('by the first of several, when every one is known', () => {
    expect(judge(400, failed(1, 'insufficient funds', 'params error'))).toEqual(isRefused('insufficient-margin'));
    expect(judge(400, failed(1, 'insufficient funds', 'what'))).toEqual(isSilent('unreadable'));
  });

  test.each<readonly [number, Refusal]>([
    [403, 'key-forbidden'],
    [404, 'unknown-market'],
    [409, 'conflict'],
  ])('with an unknown text by the documented status that its code repeats: %i is %s', (status, refusal) => {
    expect(judge(status, failed(status, 'regenerated rate limit exceeded'))).toEqual(isRefused(refusal));
    expect(judge(status, failed(500, 'regenerated rate limit exceeded'))).toEqual(isSilent('unreadable'));
    expect(judge(400, failed(status, 'regenerated rate limit exceeded'))).toEqual(isSilent('unreadable'));
    expect(judge(500, failed(status, 'regenerated rate limit exceeded'))).toEqual(isSilent('server-error'));
  });

  test('by code 3100, with any text and any status', () => {
    for (const status of [200, 400, 401, 500]) {
      expect(judge(status, failed(3100, 'y'))).toEqual(isRefused('key-rejected'));
    }
  });

  test('as a rate limit by 429 alone, whatever the body', () => {
    for (const body of ['<html>', failed(429, 'asset not found'), { success: true, data: { id: 'x' } }]) {
      expect(judge(429, body)).toEqual(isRefused('rate-limited'));
    }
  });
});

describe('an answer that proves nothing is silence', () => {
  test.each([
    ['a 5xx with an unknown text', 500, failed(500, 'something went wrong'), 'server-error'],
    ["the gateway's own shape", 401, { code: 3100, text: 'invalid authentication' }, 'unreadable'],
    ["the gateway's own 404", 404, { code: 404, text: 'requested resource was not found' }, 'unreadable'],
    ['a 2xx with an unknown text', 200, failed(200, 'something went wrong'), 'unreadable'],
    ['a 399', 399, failed(1, 'unknown'), 'unreadable'],
    ['no errors in the list', 400, { success: false, errors: [] }, 'unreadable'],
    ['an error without a code', 400, { success: false, errors: [{ text: 'asset not found' }] }, 'unreadable'],
    ['an error without a text', 400, { success: false, errors: [{ code: 400 }] }, 'unreadable'],
    ['errors beside a success', 400, { success: true, errors: [{ code: 400, text: 'asset not found' }] }, 'unreadable'],
    ['success that is not true', 200, { success: 'true', data: { id: 'x' } }, 'unreadable'],
    ['no success', 200, { data: { id: 'x' } }, 'unreadable'],
    ['data of another shape', 200, { success: true, data: { id: 5 } }, 'unreadable'],
    ['no data', 200, { success: true }, 'unreadable'],
  ])('%s', (_what, status, body, silence) => {
    expect(judge(status, body)).toEqual(isSilent(silence));
  });

  test.each([400, 401, 402, 405, 408, 410, 418, 422, 499])('a %i with an unknown text', (status) => {
    expect(judge(status, failed(status, 'what'))).toEqual(isSilent('unreadable'));
  });

  test('text that is not JSON', () => {
    expect(expecting(data)({ status: 200, text: '<html>' })).toEqual(isSilent('unreadable'));
    expect(expecting(data)({ status: 404, text: '' })).toEqual(isSilent('unreadable'));
  });
});

test('a success in the documented shape is its data', () => {
  expect(judge(200, { success: true, data: { id: 'x' } })).toEqual({ kind: 'ok', value: { id: 'x' } });
});

describe('a setting', () => {
  const read = (status: number, body: unknown) => judgeSetting({ status, text: JSON.stringify(body) });
  const answer = (body: object) => ({ success: true, data: body });

  test.each([
    [{ Leverage: '50', MarginType: 'ISOLATED' }, '50'],
    [{ leverage: 2.5, margin_type: 'isolated' }, '2.5'],
  ])('%j is isolated', (body, leverage) => {
    expect(read(200, answer(body))).toEqual({ kind: 'ok', value: { mode: 'isolated', leverage } });
  });

  test.each([
    { Leverage: '50', MarginType: 'CROSS' },
    { Leverage: '0', MarginType: 'ISOLATED' },
    { leverage: 'lots', margin_type: 'ISOLATED' },
    { leverage: '5' },
    { margin_type: 'ISOLATED' },
  ])('%j is none', (body) => {
    expect(read(200, answer(body))).toEqual(isSilent('unreadable'));
  });

  test('that was never set is unset, by that text alone and whatever the status', () => {
    const unset = { kind: 'ok', value: { mode: 'unset' } };
    for (const status of [400, 404]) expect(read(status, failed(status, 'Leverage not found'))).toEqual(unset);
    expect(read(404, failed(404, 'the leverage not found'))).toEqual(isRefused('unknown-market'));
    expect(read(404, failed(404, 'asset not found', 'leverage not found'))).toEqual(isRefused('unknown-market'));
    expect(read(400, failed(404, 'asset not found'))).toEqual(isRefused('unknown-market'));
    expect(read(404, { success: true, data: {} })).toEqual(isSilent('unreadable'));
    expect(read(400, { success: true, data: {} })).toEqual(isSilent('unreadable'));
  });

  test('that is echoed must be the one that was asked for, by its value', () => {
    const echo = (leverage: string) =>
      judgeEcho({ mode: 'isolated', leverage: '5' })({
        status: 200,
        text: JSON.stringify(answer({ Leverage: leverage, MarginType: 'ISOLATED' })),
      });
    expect(echo('5.00')).toEqual({ kind: 'ok', value: { mode: 'isolated', leverage: '5' } });
    expect(echo('50')).toEqual(isSilent('unreadable'));
    const refusal = { status: 400, text: JSON.stringify(failed(400, 'params error')) };
    expect(judgeEcho({ mode: 'isolated', leverage: '5' })(refusal)).toEqual(isRefused('invalid-request'));
  });
});

describe('rows', () => {
  const bitcoin = market.parse({
    id: 'an-id',
    symbol: 'btcusdt',
    min_leverage: '1',
    max_leverage: 100,
    leverage_step: '0.01',
  });
  const target: MarketAndCurrency = { market: bitcoin };
  const aboutBitcoin = (more: object = {}) => ({ symbol: 'BTCUSDT', ...more });

  test('a market has bounds, and is known as bitcoin by both its names and against any dollar', () => {
    expect(bitcoin).toMatchObject({
      venue: 'mudrex',
      id: 'an-id',
      symbol: 'BTCUSDT',
      base: 'BTC',
      quote: 'USDT',
      bounds: { min: '1', max: '100', step: '0.01' },
      tradeable: true,
    });
    expect([...bitcoin.aliases].sort()).toEqual(['BTC', 'BTCUSD', 'BTCUSDT', 'XBT', 'XBTUSD', 'XBTUSDT']);
  });

  test.each([
    { id: 'a/b' },
    { id: '' },
    { id: 'x'.repeat(65) },
    { symbol: 'BTC-USDT' },
    { symbol: 'B' },
    { symbol: 'B'.repeat(41) },
    { min_leverage: '0' },
    { max_leverage: 'lots' },
    { leverage_step: undefined },
  ])('a market with %j is none', (change) => {
    const row = { id: 'an-id', symbol: 'BTCUSDT', min_leverage: '1', max_leverage: '100', leverage_step: '0.01' };
    expect(market.safeParse({ ...row, ...change }).success).toBe(false);
  });

  test('a market that is not against USDT has no quote', () => {
    const row = { id: 'i', symbol: 'BTCINR', min_leverage: '1', max_leverage: '9', leverage_step: '1' };
    expect(market.parse(row)).toMatchObject({ base: 'BTCINR', quote: '' });
  });

  const numbers = page((row) => row);
  const readPage = (body: object) => judgeList({ status: 200, text: JSON.stringify(body) }, numbers);

  test('a list that is null is empty, and one that is not there is unreadable', async () => {
    expect(await readPage({ success: true, data: null })).toEqual({ kind: 'ok', value: [] });
    expect(await readPage({ success: true, data: [{ id: 'x' }] })).toEqual({
      kind: 'ok',
      value: [{ id: 'x', value: { id: 'x' } }],
    });
    for (const body of [{ success: true }, { data: [] }, { success: true, data: {} }, { success: false, data: [] }]) {
      expect(await readPage(body)).toEqual(isSilent('unreadable'));
    }
  });

  test('a row is told from another by its id, else by all of it', () => {
    expect(idOf({ id: 'x', more: 1 })).toBe('x');
    expect(idOf({ id: 5 })).toBe(idOf({ id: 5 }));
    expect(idOf({ id: 5 })).not.toBe(idOf({ id: 6 }));
    for (const row of [undefined, { id: 'x'.repeat(1_000) }]) expect(idOf(row)).toHaveLength(44);
  });

  const reply = (about: MarketAndCurrency) => ({
    ...positionsOf(about),
    row: rowAbout(about, z.unknown()),
    conclude: oursOnly,
  });
  const ours = (rows: readonly unknown[], about = target) =>
    meaningOf<RowAbout<unknown>, unknown>(reply(about), ...rows);

  test('the open ones of this market and this margin currency count, by symbol or by id', () => {
    const mine = [
      aboutBitcoin(),
      { symbol: 'btcusdt', status: 'OPEN' },
      { asset_uuid: 'an-id', trade_currency: 'USDT' },
      aboutBitcoin({ status: 'something new' }),
    ];
    const others = [
      { symbol: 'ETHUSDT' },
      { asset_uuid: 'another-id' },
      aboutBitcoin({ trade_currency: 'INR' }),
      ...['CLOSED', 'LIQUIDATED', 'FILLED', 'CANCELLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'FAILED', 'closed'].map(
        (status) => aboutBitcoin({ status }),
      ),
    ];
    expect(ours([...others, ...mine])).toEqual(mine);
    expect(ours([...others, ...mine], { ...target, currency: 'INR' })).toEqual([
      aboutBitcoin({ trade_currency: 'INR' }),
      mine[0],
      mine[1],
      mine[3],
    ]);
  });

  test('an open row that does not say what it is about makes the whole list unreadable', () => {
    for (const row of [{}, { status: 'OPEN' }, { symbol: 5 }, { symbol: '', asset_uuid: '' }, null, 7, undefined]) {
      expect(ours([aboutBitcoin(), row])).toBeUndefined();
    }
    expect(ours([aboutBitcoin(), { status: 'CLOSED' }])).toEqual([aboutBitcoin()]);
  });

  test('an odd row about another market is passed over', () => {
    const odd = [
      { symbol: 'ETHUSDT', status: 5, trade_currency: {}, asset_uuid: [] },
      { symbol: null, asset_uuid: 'another-id', status: null },
    ];
    expect(ours([...odd, aboutBitcoin()])).toEqual([aboutBitcoin()]);
  });

  test('an odd row about this market counts', () => {
    for (const row of [
      aboutBitcoin({ status: 5, trade_currency: null }),
      { symbol: 'btc/usdt', trade_currency: 'usdt' },
      { symbol: 5, asset_uuid: 'AN-ID' },
    ]) {
      expect(ours([row])).toEqual([row]);
    }
  });

  test('a position of this market must be readable', () => {
    const readable = aboutBitcoin({ order_type: 'LONG', entry_price: '1' });
    expect(meaningOf(positionsOf(target), readable)).toHaveLength(1);
    expect(meaningOf(positionsOf(target), readable, aboutBitcoin())).toBeUndefined();
  });

  test('open rows name markets by symbol or by id, and those that name none are noticed', () => {
    const rows = [
      { symbol: 'eth/usdt' },
      { asset_uuid: 'X' },
      aboutBitcoin({ status: 'closed' }),
      aboutBitcoin({ trade_currency: 'INR' }),
      { symbol: 'solusdt', trade_currency: 'USDT' },
      { symbol: 5 },
    ];
    expect(rows.map(nameIn())).toEqual([
      { kind: 'symbol', name: 'ETHUSDT' },
      { kind: 'id', name: 'x' },
      { kind: 'over' },
      { kind: 'over' },
      { kind: 'symbol', name: 'SOLUSDT' },
      { kind: 'unnamed' },
    ]);
    expect(nameIn('INR')(rows[3])).toEqual({ kind: 'symbol', name: 'BTCUSDT' });
  });

  test('a position has a side and an entry; a liquidation price of no use is left out', () => {
    const row = { order_type: 'LONG', entry_price: '58000', liquidation_price: '0' };
    expect(position.parse(row)).toEqual({ order_type: 'LONG', entry_price: '58000', liquidation_price: undefined });
    expect(position.parse({ ...row, liquidation_price: '46000.5' })).toMatchObject({ liquidation_price: '46000.5' });
    expect(position.parse({ ...row, order_type: 'SHORT' })).toMatchObject({ order_type: 'SHORT' });
    expect(position.safeParse({ ...row, order_type: 'long' }).success).toBe(false);
    expect(position.safeParse({ ...row, entry_price: '0' }).success).toBe(false);
  });

  test('a last price is positive', () => {
    expect(price.parse({ price: '60000.50' })).toBe('60000.5');
    for (const row of [{ price: 0 }, {}]) expect(price.safeParse(row).success).toBe(false);
  });

  test('a mark price is the close of the newest candle of its pair', () => {
    const candles = {
      asset_ticks: {
        'btc/usdt': [
          [1, 1, 1, 1, '5'],
          [2, 1, 1, 1, '5.5'],
          [3, 1, 1, 1, '6.5'],
        ],
        'eth/usdt': [],
      },
    };
    expect(markPriceOf('BTC/USDT').parse(candles)).toBe('6.5');
    expect(markPriceOf('eth/usdt').parse(candles)).toBeUndefined();
    expect(markPriceOf('sol/usdt').parse(candles)).toBeUndefined();
    expect(markPriceOf('sol/usdt').safeParse({}).success).toBe(false);
  });
});
