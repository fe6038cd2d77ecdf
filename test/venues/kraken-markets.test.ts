import { afterEach, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { findMarket } from '../../src/leverage/market.ts';
import { createConnectBudget } from '../../src/venues/kraken-connect-budget.ts';
import { createKrakenMarkets, instrumentsOf } from '../../src/venues/kraken-markets.ts';
import { judgeList } from '../../src/venues/list-reply.ts';
import type { CallReport } from '../../src/venues/venue-api.ts';
import { outcomeOf, patientDeadlines, wideBudget } from '../support/fixture-venue.ts';
import { unusedPort } from '../support/loopback.ts';
import { openSocketServer } from '../support/socket-server.ts';
import { turnsWhile } from '../support/turns.ts';
import fixtures from './fixtures/kraken.json' with { type: 'json' };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Asked = {
  readonly method: string;
  readonly params?: { readonly channel: string; readonly symbol?: readonly string[] };
};
type Answers = (asked: Asked, client: WebSocket, answer: (...frames: readonly unknown[]) => void) => unknown;

const instrument = fixtures.instrument.frame;
const ticker = fixtures.ticker.frame;
const facts = { id: 'kraken', label: 'Kraken', limits: wideBudget, refusalWords: {} };

/** Lists and prices as documented. */
const usual: Answers = ({ method, params }, _client, answer) => {
  answer({ method, success: true, result: params });
  if (method === 'subscribe') answer(params?.channel === 'instrument' ? instrument : ticker);
};

async function open(answers: Answers = usual, deadlines = patientDeadlines) {
  const asked: Asked[] = [];
  const time = { ms: 1_000 };
  const server = await openSocketServer((client, text) => {
    const { req_id: id, ...one } = JSON.parse(text);
    asked.push(one);
    answers(one, client, (...frames) => {
      for (const frame of frames) client.send(typeof frame === 'string' ? frame : JSON.stringify(withId(frame, id)));
    });
  });
  const calls: CallReport[] = [];
  const elapsed = () => time.ms;
  const pass = (ms: number) => {
    time.ms += ms;
  };
  const markets = createKrakenMarkets({
    ...{ url: server.url, facts, deadlines, elapsed, budget: createConnectBudget({ now: elapsed, elapsed }) },
    onCall: (call) => void calls.push(call),
  });
  closing.push(server.close, markets.close);
  const channels = () =>
    asked.map(({ method, params }) => (params === undefined ? method : `${method} ${params.channel}`));
  return { ...server, ...markets, asked, channels, calls, pass };
}

const withId = (frame: unknown, id: unknown) =>
  typeof frame === 'object' && frame !== null && 'method' in frame ? { ...frame, req_id: id } : frame;

describe('the list of contracts', () => {
  const read = async (pairs: readonly unknown[], more: object = {}) => {
    const frame = { ...instrument, data: { assets: [], pairs }, ...more };
    return judgeList({ status: 200, text: JSON.stringify(frame) }, instrumentsOf('kraken'));
  };
  const one = async (row: object) => {
    const verdict = await read([{ symbol: 'PF_XBTUSD', ...row }]);
    return verdict.kind === 'ok' ? verdict.value.markets[0] : undefined;
  };

  test('has those with a leverage setting, the main ones first, and names the others', async () => {
    const { list } = await open();
    const { markets, others, unreadable } = await list();
    expect(markets.map(({ symbol, tradeable }) => [symbol, tradeable])).toEqual([
      ['PF_XBTUSD', true],
      ['PF_ETHUSD', true],
      ['PF_ADAUSD', false],
      ['FF_XBTUSD_261225', true],
    ]);
    expect([others, unreadable]).toEqual([['PI_XBTUSD'], []]);
    for (const text of ['btc', 'XBT', 'BTC/USD', 'pf_xbtusd'])
      expect(findMarket(markets, text)?.symbol).toBe('PF_XBTUSD');
  });

  test('tells no maximum where it has no margin schedule', async () => {
    expect((await one({}))?.bounds).toEqual({ min: '1', step: '0.01' });
    expect(await one({})).not.toHaveProperty('tiers');
  });

  test.each([
    { margin_levels: [{ num_non_contract_units: 0, initial_margin: 0.02, maintenance_margin: 0.01 }] },
    { marginLevels: [{ numNonContractUnits: 0, initialMargin: 0.02, maintenanceMargin: 0.01 }] },
  ])('has tiers and the maximum that they mean, in either spelling: %j', async (row) => {
    expect(await one(row)).toMatchObject({
      bounds: { min: '1', max: '50', step: '0.01' },
      tiers: [{ fromSize: '0', measuredIn: 'quote', initialMargin: '0.02', maintenanceMargin: '0.01' }],
    });
  });

  test.each([
    { margin_levels: [] },
    { margin_levels: [{ initial_margin: 0.02 }] },
    { margin_levels: [{ initial_margin: 0, maintenance_margin: 0.01 }] },
    { margin_levels: [{ initial_margin: 2, maintenance_margin: 1 }] },
    { margin_levels: 'soon' },
  ])('makes no maximum out of %j', async (row) => {
    expect((await one(row))?.bounds).toEqual({ min: '1', step: '0.01' });
  });

  test.each([
    [{ status: 'online' }, true],
    [{ status: 'reduce_only' }, true],
    [{ status: 'a new state' }, true],
    [{}, true],
    [{ status: 'maintenance' }, false],
    [{ status: 'cancel_only' }, false],
    [{ tradeable: false }, false],
  ])('with %j is traded: %s', async (row, tradeable) => {
    expect((await one(row))?.tradeable).toBe(tradeable);
  });

  test('names coins from the symbol where the row does not', async () => {
    expect(await one({ base: undefined, quote: '<b>' })).toMatchObject({ base: 'XBT', quote: 'USD' });
  });

  test('names a contract whose row cannot be read, and leaves out what has no name', async () => {
    const verdict = await read([{ symbol: 'PF_XBTUSD', status: 1 }, { symbol: 'PF_é' }, { base: 'BTC' }, null]);
    expect(verdict).toMatchObject({ kind: 'ok', value: { markets: [], unreadable: ['PF_XBTUSD', 'PF_É'] } });
  });

  test.each<readonly [string, object]>([
    ['no list', { data: { assets: [] } }],
    ['no data', { data: undefined }],
    ['a list elsewhere', { data: undefined, pairs: [] }],
    ['another channel', { channel: 'ticker' }],
  ])('with %s is none', async (_what, more) => {
    expect(await read([], more)).toEqual({ kind: 'silent', silence: 'unreadable' });
  });
});

describe('one connection for public data', () => {
  test('is opened at the first call, once for all who ask at the same time', async () => {
    const { list, clients, channels, calls } = await open();
    expect(clients).toHaveLength(0);
    const lists = await Promise.all([list(), list(), list()]);
    expect(new Set(lists).size).toBe(1);
    expect([clients.length, channels()]).toEqual([1, ['subscribe instrument']]);
    expect(calls).toMatchObject([{ venue: 'kraken', kind: 'read', result: 'ok' }]);
  });

  test('keeps the list for three minutes, and then asks for it anew on the same connection', async () => {
    const { list, clients, channels, pass } = await open();
    await list();
    pass(3 * 60_000 - 1);
    await list();
    expect(channels()).toHaveLength(1);
    pass(1);
    await list();
    expect(channels()).toEqual(['subscribe instrument', 'ping', 'unsubscribe instrument', 'subscribe instrument']);
    expect(clients).toHaveLength(1);
  });

  test('is opened anew when it is wanted after its end, and not before', async () => {
    const { list, clients, pass } = await open();
    await list();
    clients[0]?.terminate();
    await expect.poll(() => clients[0]?.readyState).toBe(3);
    pass(3 * 60_000);
    expect(clients).toHaveLength(1);
    expect((await list()).markets).toHaveLength(4);
    expect(clients).toHaveLength(2);
  });

  test('that has gone quiet is asked first, and left when it says nothing', async () => {
    let isDumb = false;
    const { list, clients, pass } = await open(
      (asked, client, answer) => {
        if (!isDumb || client !== clients[0]) usual(asked, client, answer);
      },
      { ...patientDeadlines, readMs: 1_000 },
    );
    await list();
    isDumb = true;
    pass(3 * 60_000);
    expect((await list()).markets).toHaveLength(4);
    expect(clients).toHaveLength(2);
  });

  test('that breaks while the list is on its way is opened once more', async () => {
    let isFirst = true;
    const { list, clients } = await open((asked, client, answer) => {
      if (isFirst) client.terminate();
      else usual(asked, client, answer);
      isFirst = false;
    });
    expect((await list()).markets).toHaveLength(4);
    expect(clients).toHaveLength(2);
  });

  test('that is refused says so, and a list that failed is asked for again', async () => {
    let isDown = true;
    const { list } = await open((asked, client, answer) => {
      if (isDown) answer({ method: 'subscribe', success: false, error: 'EService:Unavailable' });
      else usual(asked, client, answer);
    });
    expect(await outcomeOf(list())).toMatchObject({ code: 'VENUE_REFUSED', refusal: 'venue-unavailable' });
    isDown = false;
    expect((await list()).markets).toHaveLength(4);
  });

  test('that is closed is not opened again, nor stays open when it was just being opened', async () => {
    const time = () => 0;
    // Kraken's side of it is open before this one is.
    const server = await openSocketServer(
      () => {},
      () => markets.close(),
    );
    closing.push(server.close);
    const budget = createConnectBudget({ now: time, elapsed: time });
    const markets = createKrakenMarkets({
      ...{ url: server.url, facts, budget, deadlines: patientDeadlines, elapsed: time },
    });
    const unreachable = { code: 'VENUE_UNREACHABLE', venue: 'Kraken' };
    expect(await outcomeOf(markets.list())).toEqual(unreachable);
    await expect.poll(() => server.clients.map(({ readyState }) => readyState)).toEqual([3]);
    expect(await outcomeOf(markets.list())).toEqual(unreachable);
    expect(server.clients).toHaveLength(1);
  });

  test('that cannot be made is not reached', async () => {
    const time = () => 0;
    const budget = createConnectBudget({ now: time, elapsed: time });
    const url = `ws://127.0.0.1:${await unusedPort()}`;
    const { list, markPrice } = createKrakenMarkets({ url, facts, budget, deadlines: patientDeadlines, elapsed: time });
    expect(await outcomeOf(list())).toEqual({ code: 'VENUE_UNREACHABLE', venue: 'Kraken' });
    expect(await markPrice('PF_XBTUSD')).toBeUndefined();
  });

  test.each<readonly [string, string]>([
    ['half a message', '{"channel":"instrument","type":"snapshot","data":{'],
    ['no message', 'hello'],
    ['a number', '5'],
    ['success without a list', '{"method":"subscribe","success":"yes"}'],
  ])('with %s for an answer gives no list', async (_what, text) => {
    const { list } = await open((_asked, _client, answer) => answer(text));
    expect(await outcomeOf(list())).toMatchObject({ code: 'VENUE_SILENT', silence: 'unreadable' });
  });

  test('tells the status of the exchange while it lasts', async () => {
    const { list, status, clients } = await open((asked, client, answer) => {
      answer(fixtures.status.frame);
      usual(asked, client, answer);
    });
    expect(status()).toBeUndefined();
    await list();
    expect(status()).toMatchObject({ system: 'online', upcoming: [{ proximity: 'approaching_30m' }] });
    clients[0]?.terminate();
    await expect.poll(status).toBeUndefined();
  });

  const mebibytes = (count: number) => count * 1024 * 1024;
  const filled = (unit: string, bytes: number) => unit.repeat(Math.floor(bytes / unit.length));

  test.each([
    ['4 MiB of 1', filled('1,', mebibytes(4) - 1_000)],
    ['16 MiB of 1', filled('1,', mebibytes(16))],
    ['4 MiB of {}', filled('{},', mebibytes(4) - 1_000)],
    ['rows nested 100,000 deep', filled('[', 100_000)],
    ['a row of 1 MiB', `"${filled('x', mebibytes(1))}",`],
  ])('that sends %s neither stops the process nor reaches its parser (P49)', async (_title, rows) => {
    const text = `{"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[${rows}0]}}`;
    const { list } = await open((_asked, _client, answer) => answer(text));
    const { longestMs } = await turnsWhile(async () => {
      expect(await outcomeOf(list())).toMatchObject({ code: 'VENUE_SILENT', silence: 'too-large' });
    });
    expect(longestMs).toBeLessThan(250);
  });
});

describe('a mark price', () => {
  test('is asked for when it is wanted, with every digit, and its subscription is ended', async () => {
    const { list, markPrice, channels, asked } = await open();
    await list();
    expect(await markPrice('PF_XBTUSD')).toBe('60000.25');
    await expect.poll(channels).toEqual(['subscribe instrument', 'subscribe ticker', 'unsubscribe ticker']);
    expect(asked[1]?.params).toEqual({ channel: 'ticker', symbol: ['PF_XBTUSD'], asset_class: 'derivatives' });
  });

  test.each<readonly [string, Answers]>([
    [
      'where the contract has none',
      (_asked, _client, answer) => answer({ ...ticker, data: [{ symbol: 'PF_XBTUSD', last: 1 }] }),
    ],
    [
      'of another contract',
      (_asked, _client, answer) => answer({ ...ticker, data: [{ symbol: 'PF_ETHUSD', mark_price: 1 }] }),
    ],
    ['that is refused', (_asked, _client, answer) => answer({ method: 'subscribe', success: false, error: 'no' })],
    [
      'that is no number',
      (_asked, _client, answer) => answer({ ...ticker, data: [{ symbol: 'PF_XBTUSD', mark_price: 'x' }] }),
    ],
    ['that never comes', () => {}],
    ['that breaks off', (_asked, client) => client.terminate()],
  ])('%s is done without, within a second', async (_what, answers) => {
    const { markPrice } = await open(answers);
    const startedAt = performance.now();
    expect(await markPrice('PF_XBTUSD')).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
