import { describe, expect, test } from 'vitest';
import {
  createMemory,
  marketsOfOrders,
  marketsOfPositions,
  orderCountIn,
  positionIn,
} from '../../src/venues/kraken-told.ts';
import fixtures from './fixtures/kraken.json' with { type: 'json' };

type Fixture = { readonly frame: object };

/** What is known after these messages. */
function told(...frames: readonly (Fixture | object)[]) {
  const { told: found, take } = createMemory();
  for (const one of frames) take(JSON.stringify('frame' in one ? one.frame : one));
  return found;
}

const ok = (value: unknown) => ({ kind: 'ok', value });
const silent = (silence: string) => ({ kind: 'silent', silence });
const positions = (type: string, ...futures: readonly unknown[]) => ({
  channel: 'positions',
  ...{ type, data: { futures, options: [] } },
});
const executions = (type: string, ...data: readonly unknown[]) => ({ channel: 'executions', type, data });

describe('positions', () => {
  test('before they were told are not none', () => {
    expect(positionIn(told(), 'PF_XBTUSD')).toBeUndefined();
    expect(marketsOfPositions(told(positions('update')))).toBeUndefined();
  });

  test('are known from a snapshot on, with every digit', () => {
    const found = told(fixtures.positions);
    expect(positionIn(found, 'PF_XBTUSD')).toEqual(
      ok({
        symbol: 'PF_XBTUSD',
        size: '0.1',
        entry_price: '58000.5',
        mark_price: undefined,
        maintenance_margin: undefined,
      }),
    );
    expect(positionIn(found, 'PF_ETHUSD')).toMatchObject(ok({ size: '-2' }));
    expect(positionIn(found, 'PF_SOLUSD')).toEqual(ok(undefined));
    expect(marketsOfPositions(found)).toEqual(ok(['PF_XBTUSD', 'PF_ETHUSD']));
  });

  test('with margin come with its figures', () => {
    expect(positionIn(told(fixtures.positionsWithMargin), 'PF_XBTUSD')).toMatchObject(
      ok({ mark_price: '60000', maintenance_margin: '60' }),
    );
  });

  test('that change are told one by one, and one that was closed has size 0', () => {
    const found = told(
      fixtures.positions,
      positions('update', { symbol: 'PF_XBTUSD', size: 0, entry_price: 0 }),
      positions('update', { symbol: 'PF_SOLUSD', size: 3, entry_price: 150 }),
    );
    expect(positionIn(found, 'PF_XBTUSD')).toEqual(ok(undefined));
    expect(marketsOfPositions(found)).toEqual(ok(['PF_ETHUSD', 'PF_SOLUSD']));
  });

  test('that were too many for a snapshot are not none', () => {
    expect(positionIn(told(fixtures.tooLarge), 'PF_XBTUSD')).toEqual(silent('too-large'));
    expect(marketsOfPositions(told(fixtures.tooLarge))).toEqual(silent('too-large'));
  });

  test('are known again from the next snapshot on', () => {
    expect(positionIn(told(fixtures.tooLarge, fixtures.positions), 'PF_XBTUSD')).toMatchObject(ok({ size: '0.1' }));
  });

  test.each([
    { symbol: 'PF_XBTUSD', size: 'much', entry_price: 58000 },
    { symbol: 'PF_XBTUSD', size: 1 },
    { symbol: 'pf_xbtusd', size: 1, entry_price: -1 },
  ])('of which one cannot be read leave the others readable: %j', (row) => {
    const found = told(positions('snapshot', row, { symbol: 'PF_ETHUSD', size: 1, entry_price: 3000 }));
    expect(positionIn(found, 'PF_XBTUSD')).toEqual(silent('unreadable'));
    expect(positionIn(found, 'PF_ETHUSD')).toMatchObject(ok({ size: '1' }));
    expect(marketsOfPositions(found)).toEqual(ok(['PF_XBTUSD', 'PF_ETHUSD']));
  });

  test.each<readonly [string, object]>([
    ['a row without a market', positions('snapshot', { size: 1, entry_price: 3000 })],
    ['a row that is none', positions('snapshot', null)],
    ['a market of another spelling', positions('snapshot', { symbol: 'BTC/USD', size: 1, entry_price: 3000 })],
    ['no list', { channel: 'positions', type: 'snapshot', data: { options: [] } }],
    ['no data', { channel: 'positions', type: 'snapshot' }],
    ['an error', { ...positions('snapshot'), error: 'something_else' }],
  ])('with %s say nothing of any market', (_what, frame) => {
    expect(positionIn(told(frame), 'PF_XBTUSD')).toEqual(silent('unreadable'));
  });

  test('stay unknown after a change that may be of any market', () => {
    const update = positions('update', { size: 1, entry_price: 1 });
    expect(positionIn(told(fixtures.positions, update), 'PF_XBTUSD')).toEqual(silent('unreadable'));
  });
});

describe('open orders', () => {
  test('are counted from a snapshot on', () => {
    expect(orderCountIn(told(), 'PF_XBTUSD')).toBeUndefined();
    const found = told(fixtures.executions);
    expect(['PF_XBTUSD', 'PF_ETHUSD', 'PF_SOLUSD'].map((symbol) => orderCountIn(found, symbol))).toEqual([
      ok(2),
      ok(1),
      ok(0),
    ]);
    expect(marketsOfOrders(found)).toEqual(ok(['PF_XBTUSD', 'PF_ETHUSD']));
    expect(orderCountIn(told(executions('snapshot')), 'PF_XBTUSD')).toEqual(ok(0));
  });

  test.each(['filled', 'canceled', 'expired'])('that are %s count no longer', (status) => {
    const over = executions('update', { order_id: 'O1', order_status: status });
    expect(orderCountIn(told(fixtures.executions, over), 'PF_XBTUSD')).toEqual(ok(1));
  });

  test('that are new count, once however often they are told', () => {
    const row = { order_id: 'O9', symbol: 'PF_XBTUSD', order_status: 'new' };
    const update = executions('update', row, row, { order_id: 'O9', order_status: 'partially_filled' });
    expect(orderCountIn(told(fixtures.executions, update), 'PF_XBTUSD')).toEqual(ok(3));
  });

  test.each<readonly [string, object]>([
    ['a row without a number', executions('snapshot', { symbol: 'PF_XBTUSD' })],
    ['a row without a market', executions('snapshot', { order_id: 'O1', order_status: 'new' })],
    ['a row that is none', executions('snapshot', 1)],
    ['no list', { channel: 'executions', type: 'snapshot', data: {} }],
    ['an error', { ...executions('snapshot'), error: 'snapshot_too_large' }],
  ])('with %s are not none', (_what, frame) => {
    expect(orderCountIn(told(frame), 'PF_XBTUSD')).toEqual(silent('unreadable'));
    expect(marketsOfOrders(told(frame))).toEqual(silent('unreadable'));
  });
});

describe('preferences', () => {
  const preferences = (data: unknown) => ({ channel: 'preferences', type: 'snapshot', data });

  test.each([
    [{ futures_permission: 'reduce_only' }, 'reduce_only'],
    [{ futures: 'disabled', alerts: 'enabled' }, 'disabled'],
    [[{ perpetuals: 'enabled' }], 'enabled'],
    [{ trading: 'reduce_only' }, 'reduce_only'],
    [{ trading: 'enabled', alerts: 'disabled' }, undefined],
    [{ futures: 'maybe' }, undefined],
    [{}, undefined],
    [null, undefined],
  ])('%j allow %s', (data, permission) => {
    expect(told(preferences(data))).toMatchObject({ hasPreferences: true, permission });
  });

  test('that change are followed, and an update about something else changes nothing', () => {
    const found = told(
      preferences({ futures: 'enabled' }),
      preferences({ futures: 'disabled' }),
      preferences({ a: 1 }),
    );
    expect(found.permission).toBe('disabled');
  });
});

test('the status of the exchange is its last one, with what it announces', () => {
  const found = told(fixtures.status, { channel: 'status', type: 'update', data: [{ nothing: true }] });
  expect(found.status).toEqual({
    system: 'online',
    upcoming: [{ proximity: 'approaching_30m', services: ['futures_trading'] }],
  });
  expect(told({ channel: 'status', data: [{ system: 'post_only' }] }).status).toEqual({
    system: 'post_only',
    upcoming: [],
  });
});

test('heartbeats, answers and channels that nobody asked for tell nothing', () => {
  const found = told({ channel: 'heartbeat' }, fixtures.subscribed, { channel: 'margin', data: {} });
  expect(found).toEqual(told());
});

test.each(['', 'no JSON', '[]', 'null', '{"a":1', `{"channel":"${'x'.repeat(70_000)}"}`])(
  'what is no message ends the connection: %j',
  (text) => {
    const { take } = createMemory();
    expect(() => take(text)).toThrow('a message that cannot be read');
  },
);

describe('a connection that tells without end', () => {
  const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_none, at) => from + at);
  const held = (from: number, to: number) =>
    numbered(from, to).map((at) => ({ symbol: `PF_${at}`, size: 1, entry_price: 2 }));
  const placed = (from: number, to: number) =>
    numbered(from, to).map((at) => ({ order_id: `o${at}`, symbol: 'PF_XBTUSD' }));

  test('has ten thousand positions remembered, and with more none', () => {
    const { told, take } = createMemory();
    take(JSON.stringify(positions('snapshot', ...held(0, 4_000))));
    for (const from of [4_000, 7_000]) take(JSON.stringify(positions('update', ...held(from, from + 3_000))));
    take(JSON.stringify(positions('update', ...held(0, 10))));
    expect(positionIn(told, 'PF_9999')).toMatchObject(ok({ symbol: 'PF_9999' }));
    take(JSON.stringify(positions('update', ...held(10_000, 10_001))));
    expect(marketsOfPositions(told)).toEqual(silent('unreadable'));
  });

  test('has ten thousand orders remembered, and with more none', () => {
    const { told, take } = createMemory();
    take(JSON.stringify(executions('snapshot', ...placed(0, 4_000))));
    for (const from of [4_000, 7_000]) take(JSON.stringify(executions('update', ...placed(from, from + 3_000))));
    expect(marketsOfOrders(told)).toEqual(ok(['PF_XBTUSD']));
    take(JSON.stringify(executions('update', ...placed(10_000, 10_001))));
    expect(marketsOfOrders(told)).toEqual(silent('unreadable'));
  });
});
