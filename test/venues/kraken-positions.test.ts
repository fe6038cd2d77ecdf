import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { credentialsOf } from '../../src/account.ts';
import type { Market } from '../../src/leverage/market.ts';
import { Secret } from '../../src/secret.ts';
import { createConnectBudget } from '../../src/venues/kraken-connect-budget.ts';
import { createKrakenConnections } from '../../src/venues/kraken-connections.ts';
import { createKrakenMarkets } from '../../src/venues/kraken-markets.ts';
import { createPositions } from '../../src/venues/kraken-positions.ts';
import { judgeSubscribed, leverageTold } from '../../src/venues/kraken-replies.ts';
import { createMemory, type KrakenMemory, marketsOfPositions } from '../../src/venues/kraken-told.ts';
import { outcomeOf, patientDeadlines, wideBudget } from '../support/fixture-venue.ts';
import { openSocketServer } from '../support/socket-server.ts';
import fixtures from './fixtures/kraken.json' with { type: 'json' };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const alice = credentialsOf('alice', {});
const bob = credentialsOf('bob', {});
const bitcoin: Market = {
  ...{ venue: 'kraken', id: 'PF_XBTUSD', symbol: 'PF_XBTUSD', aliases: [], base: 'BTC', quote: 'USD' },
  ...{ bounds: { min: '1', step: '0.01' }, tradeable: true },
};
const request = z.object({
  method: z.string(),
  req_id: z.number(),
  params: z.object({ channel: z.string(), with_margin: z.boolean().optional() }),
});
type Answers = { readonly withMargin: readonly object[]; readonly plain?: readonly object[] };

/** A Kraken whose channel `positions` says this after a subscription with margin, and this after a plain one. */
async function open({ withMargin, plain = [] }: Answers) {
  const asked: string[] = [];
  const time = { ms: 0 };
  const server = await openSocketServer((client, text) => {
    const { method, req_id: id, params } = request.parse(JSON.parse(text));
    const say = (frame: object) => client.send(JSON.stringify(frame));
    if (params.channel === 'positions') asked.push(`${method}${params.with_margin === true ? ' with margin' : ''}`);
    say({ ...fixtures.subscribed.frame, method, req_id: id });
    if (params.channel === 'preferences') say(fixtures.preferences.frame);
    if (params.channel === 'ticker') say(fixtures.ticker.frame);
    if (params.channel !== 'positions' || method !== 'subscribe') return;
    for (const frame of params.with_margin === true ? withMargin : plain) say(frame);
  });
  const elapsed = () => time.ms;
  const facts = { id: 'kraken', label: 'Kraken', limits: wideBudget, refusalWords: {} };
  const budget = createConnectBudget({ now: elapsed, elapsed });
  const shared = { url: server.url, facts, budget, elapsed, deadlines: { ...patientDeadlines, readMs: 3_000 } };
  const connections = createKrakenConnections<KrakenMemory>({
    ...{ ...shared, keepMs: 60_000, createMemory, leverageTold, judgeSubscribed },
    preferences: { channel: 'preferences' },
    tokenOf: async () => new Secret('token'),
  });
  const markets = createKrakenMarkets(shared);
  closing.push(server.close, markets.close, connections.close);
  const positions = createPositions({ connections, markets, elapsed });
  const pass = (ms: number) => {
    time.ms += ms;
  };
  return { ...positions, connections, asked, clients: server.clients, pass };
}

const none = { channel: 'positions', type: 'snapshot', data: { futures: [], options: [] } };
const rows = (...futures: readonly object[]) => ({ ...none, data: { futures, options: [] } });

test('a position with margin has its mark price and what must be kept of its value', async () => {
  const { readOf, asked } = await open({ withMargin: [fixtures.positionsWithMargin.frame] });
  expect(await readOf(alice, bitcoin)).toEqual({
    symbol: 'PF_XBTUSD',
    side: 'long',
    entryPrice: '58000',
    markPrice: '60000',
    maintenanceMargin: '0.01',
  });
  expect(asked).toEqual(['subscribe with margin']);
});

test('the leverage of an open position is known as soon as it is told', async () => {
  const { read, connections } = await open({ withMargin: [fixtures.positionsWithMargin.frame] });
  await read(alice, marketsOfPositions);
  expect(connections.shown(alice, 'PF_XBTUSD')).toEqual({ mode: 'isolated', leverage: '2.5' });
});

test('where nothing is open there is none, once Kraken has said so', async () => {
  const { readOf, asked } = await open({ withMargin: [none] });
  expect(await readOf(alice, bitcoin)).toBeUndefined();
  expect(await readOf(alice, bitcoin)).toBeUndefined();
  expect(asked).toHaveLength(1);
});

describe('where the channel with margin does not begin with all positions', () => {
  const short = rows({ symbol: 'PF_XBTUSD', size: -0.5, entry_price: 58000 });

  test.each([
    ['says nothing', []],
    ['says a change only', [{ ...none, type: 'update' }]],
    ['has too much to say', [fixtures.tooLarge.frame]],
  ])('and %s, the plain one is asked on the same connection', async (_what, withMargin) => {
    const { readOf, asked, clients } = await open({ withMargin, plain: [short] });
    expect(await readOf(alice, bitcoin)).toMatchObject({ side: 'short', entryPrice: '58000', markPrice: '60000.25' });
    expect(asked).toEqual(['subscribe with margin', 'unsubscribe with margin', 'subscribe']);
    // The other one is for public data.
    expect(clients).toHaveLength(2);
  });

  test('nobody waits in vain again for an hour', async () => {
    const { readOf, asked, pass } = await open({ withMargin: [], plain: [none] });
    await readOf(alice, bitcoin);
    await readOf(bob, bitcoin);
    expect(asked.slice(3)).toEqual(['subscribe']);
    pass(60 * 60_000);
    await readOf(credentialsOf('carol', {}), bitcoin);
    expect(asked.slice(4, 5)).toEqual(['subscribe with margin']);
  });

  test('too long a message of one account is no reason not to ask for the next one', async () => {
    const { readOf, asked } = await open({ withMargin: [fixtures.tooLarge.frame], plain: [none] });
    await readOf(alice, bitcoin);
    await readOf(bob, bitcoin);
    expect(asked.slice(3, 4)).toEqual(['subscribe with margin']);
  });

  test('all who wait at the same time get the plain answer, from one subscription', async () => {
    const { readOf, read, asked } = await open({ withMargin: [], plain: [short] });
    const [position, markets] = await Promise.all([readOf(alice, bitcoin), read(alice, marketsOfPositions)]);
    expect([position?.side, markets]).toEqual(['short', ['PF_XBTUSD']]);
    expect(asked).toEqual(['subscribe with margin', 'unsubscribe with margin', 'subscribe']);
  });

  test('and the plain one is too long as well, that is no answer', async () => {
    const { readOf } = await open({ withMargin: [fixtures.tooLarge.frame], plain: [fixtures.tooLarge.frame] });
    expect(await outcomeOf(readOf(alice, bitcoin))).toMatchObject({ code: 'VENUE_SILENT', silence: 'too-large' });
  });
});

test('a row of the market that cannot be read is a failure, never "no position"', async () => {
  const { readOf } = await open({ withMargin: [rows({ symbol: 'PF_XBTUSD', size: 'much' })] });
  expect(await outcomeOf(readOf(alice, bitcoin))).toMatchObject({ code: 'VENUE_SILENT', silence: 'unreadable' });
});

test('what must be kept comes from the market’s tier where the row does not say it, and else is not known', async () => {
  const row = { symbol: 'PF_XBTUSD', size: 100, entry_price: 58000, mark_price: 60000 };
  const { readOf } = await open({ withMargin: [rows(row)] });
  const tiers = [
    { fromSize: '0', measuredIn: 'quote', initialMargin: '0.02', maintenanceMargin: '0.01' },
    { fromSize: '1000000', measuredIn: 'quote', initialMargin: '0.04', maintenanceMargin: '0.02' },
  ] as const;
  expect(await readOf(alice, { ...bitcoin, tiers })).toMatchObject({ maintenanceMargin: '0.02' });
  expect(await readOf(alice, bitcoin)).not.toHaveProperty('maintenanceMargin');
});

test('a margin as large as the position is no fraction to reckon with', async () => {
  const row = { symbol: 'PF_XBTUSD', size: 1, entry_price: 10, mark_price: 10, maintenance_margin: 10 };
  const { readOf } = await open({ withMargin: [rows(row)] });
  expect(await readOf(alice, bitcoin)).not.toHaveProperty('maintenanceMargin');
});
