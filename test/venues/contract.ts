import { Big } from 'big.js';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { FaultInput } from '../../simulators/venues/faults.ts';
import { findMarket } from '../../src/leverage/market.ts';
import type { LeverageSetting } from '../../src/leverage/setting.ts';
import type { Deadlines, MarketAndCurrency } from '../../src/leverage/venue.ts';
import { inTime, outcomeOf } from '../support/fixture-venue.ts';
import { json, openLoopback } from '../support/loopback.ts';
import type { VenueHarness } from '../support/venue-simulators.ts';

const five = { mode: 'isolated', leverage: '5' } as const;
const seven = { mode: 'isolated', leverage: '7' } as const;

type FaultRow = {
  readonly fault: Exclude<FaultInput, { name: 'flaky-read-back' | 'lagging-read-back' | 'no-effect' }>;
  /** What the write comes to. */
  readonly write: { readonly kind: string; readonly failure?: object };
  /** Whether the venue carried it out all the same. */
  readonly carriedOut: boolean;
  /** What a read comes to, where it is not the same silence. */
  readonly read?: object;
  /** What a write comes to that is a frame on a socket, where it is something else there. */
  readonly frame?: { readonly kind: string; readonly failure?: object };
};

const silent = (silence: string) => ({ kind: 'silent', failure: { code: 'VENUE_SILENT', silence } });

const anyVenueFailure = { code: expect.stringMatching(/^VENUE_(REFUSED|SILENT)$/) };

/** P12 and P9: one row a fault, one class a row. */
const faults: readonly FaultRow[] = [
  { fault: { name: 'hang' }, write: silent('timeout'), carriedOut: false },
  { fault: { name: 'apply-then-hang' }, write: silent('timeout'), carriedOut: true },
  { fault: { name: 'slow-headers', everyMs: 20 }, write: silent('timeout'), carriedOut: true },
  { fault: { name: 'slow-body', everyMs: 200 }, write: silent('timeout'), carriedOut: true },
  { fault: { name: 'reset', times: 2 }, write: silent('reset'), carriedOut: false },
  { fault: { name: 'apply-then-reset', times: 2 }, write: silent('reset'), carriedOut: true },
  { fault: { name: 'cut-body', times: 2 }, write: silent('reset'), carriedOut: true },
  { fault: { name: 'huge-body', bytes: 17 * 1024 * 1024 }, write: silent('too-large'), carriedOut: true },
  { fault: { name: 'broken-json' }, write: silent('unreadable'), carriedOut: true },
  { fault: { name: 'wrong-shape' }, write: silent('unreadable'), carriedOut: true, frame: silent('timeout') },
  { fault: { name: 'empty' }, write: silent('unreadable'), carriedOut: true },
  { fault: { name: 'no-content' }, write: silent('unreadable'), carriedOut: true },
  {
    fault: { name: 'redirect', status: 302, to: 'http://127.0.0.1:9/' },
    write: silent('redirect'),
    carriedOut: false,
    frame: silent('reset'),
  },
  {
    fault: { name: 'server-error', page: 'html' },
    write: silent('server-error'),
    carriedOut: false,
    frame: silent('unreadable'),
  },
  {
    fault: { name: 'server-error', page: 'html', status: 503, applied: true },
    write: silent('server-error'),
    carriedOut: true,
    frame: silent('unreadable'),
  },
  {
    fault: { name: 'server-error', page: 'json', applied: true },
    write: silent('server-error'),
    carriedOut: true,
    read: anyVenueFailure,
  },
  {
    fault: { name: 'refused', status: 400, text: 'a new kind of error', error: 'aNewKindOfError' },
    write: silent('unreadable'),
    carriedOut: false,
  },
  {
    fault: { name: 'refused', status: 400, text: 'a new kind of error', error: 'aNewKindOfError', applied: true },
    write: silent('unreadable'),
    carriedOut: true,
  },
  {
    fault: { name: 'refused', status: 499, text: 'client closed request', code: 499, applied: true },
    write: silent('unreadable'),
    carriedOut: true,
  },
  {
    fault: { name: 'rate-limited', retryAfterSeconds: 30 },
    write: {
      kind: 'refused',
      failure: { code: 'VENUE_REFUSED', refusal: expect.stringMatching(/^(address-)?rate-limited$/) },
    },
    carriedOut: false,
    // "EService: Throttled" is one of the errors that do not say whether something was done.
    frame: { kind: 'silent', failure: { code: 'VENUE_SILENT' } },
    read: { code: 'VENUE_BUSY', retryAfterMs: 30_000 },
  },
  {
    fault: { name: 'delay', ms: 50 },
    write: { kind: 'accepted' },
    carriedOut: true,
    read: { mode: expect.any(String) },
  },
];

const hasty: Deadlines = { connectMs: 600, readMs: 600, writeMs: 600 };
const deadlinesFor = ({ write, frame = write }: FaultRow) =>
  JSON.stringify([write, frame]).includes('timeout') ? hasty : undefined;

/** What can become of a step on the way to a socket. */
const waysEnd = [
  'hang',
  'reset',
  'broken-json',
  'wrong-shape',
  'empty',
  'rate-limited',
  'server-error',
  'refused',
] as const;

const unset = z.object({ mode: z.literal('unknown') });
/** What a read over a socket comes to when something on its way fails: a failure, or the truth from another try. */
const failureOrTruth = expect.toSatisfy(
  (outcome: unknown) =>
    z.union([z.object({ code: z.string().startsWith('VENUE_') }), unset]).safeParse(outcome).success,
);

/**
 * What every venue must do, over real HTTP against a simulator that was written apart from it.
 * A new venue runs this with a harness of its own.
 *
 * @param ways - Parts of the paths of what has to go well before a change can go out on a socket.
 */
export function describeVenue(
  name: string,
  openHarness: (deadlines?: Deadlines) => Promise<VenueHarness>,
  ways: readonly string[] = [],
): void {
  describe(`${name} keeps the contract`, () => {
    let harness: VenueHarness | undefined;
    afterEach(async () => {
      await harness?.close();
      harness = undefined;
    });

    async function open(deadlines?: Deadlines) {
      harness = await openHarness(deadlines);
      const { venue, credentials, symbol } = harness;
      const market = await venue.readMarket(credentials, symbol);
      const target: MarketAndCurrency = { market };
      return { ...harness, target };
    }

    /** What is read of a setting, of a venue that may not tell it. */
    const told = ({ tells }: VenueHarness, setting: LeverageSetting) => (tells ? setting : { mode: 'unknown' });

    const written = ({ requests }: VenueHarness) => requests().filter(({ kind }) => kind === 'write').length;

    test('lists markets with usable bounds, bitcoin first', async () => {
      const { venue, credentials, symbol } = await open();
      const markets = await venue.listMarkets(credentials);
      expect(markets.length).toBeGreaterThan(5);
      expect(markets[0]?.symbol).toBe(symbol);
      expect(new Set(markets.map(({ id }) => id)).size).toBe(markets.length);
      for (const { venue: id, bounds } of markets) {
        expect(id).toBe(venue.id);
        expect(
          new Big(bounds.min).gt(0) && new Big(bounds.max ?? bounds.min).gte(bounds.min) && new Big(bounds.step).gt(0),
        ).toBe(true);
      }
      for (const text of ['btc', 'XBT', symbol.toLowerCase()]) expect(findMarket(markets, text)?.symbol).toBe(symbol);
    });

    test('reads one market by symbol, alias and id', async () => {
      const { venue, credentials, target, pass } = await open();
      const { symbol, id } = target.market;
      for (const text of [symbol, symbol.toLowerCase(), 'btc', 'BTC', 'xbt', 'BTC/USD', 'btc-usd', id]) {
        const market = await venue.readMarket(credentials, text);
        expect(market).toEqual({ ...target.market, namedBy: market.namedBy });
        expect(await venue.readSetting(credentials, { market })).toEqual(await venue.readSetting(credentials, target));
        await pass(1_000);
      }
    });

    test.each(['', ' ', 'nope', '../../wallet', 'btc?is_symbol', '\u0000', '９', 'x'.repeat(2_000)])(
      'does not know %j',
      async (text) => {
        const { venue, credentials } = await open();
        const outcome = await outcomeOf(venue.readMarket(credentials, text));
        expect(outcome).toMatchObject({ code: 'UNKNOWN_MARKET', venue: venue.label, suggestions: expect.any(Array) });
      },
    );

    test.each(['5', '2.5', '1', '33.33'])('sets %sx isolated, once, and reads it back', async (leverage) => {
      const opened = await open();
      const { venue, credentials, target, writes } = opened;
      const setting = { mode: 'isolated', leverage } as const;
      expect(await venue.applySetting(credentials, target, setting, inTime)).toEqual({ kind: 'accepted' });
      expect(await venue.readSetting(credentials, target)).toEqual(told(opened, setting));
      const listed = await venue.listSettings(credentials, { symbols: [target.market.symbol] });
      const shown = { symbol: target.market.symbol, setting: told(opened, setting) };
      expect(listed).toMatchObject({ settings: [shown], unread: [] });
      expect([writes(), written(opened)]).toEqual([1, 1]);
    });

    test.each(['min', 'max'] as const)(
      'the %s of a market is set isolated, and never sent as anything else',
      async (end) => {
        const opened = await open();
        const { venue, credentials, target, tooHigh } = opened;
        const leverage = target.market.bounds[end] ?? new Big(tooHigh).minus('0.01').toFixed();
        const setting = { mode: 'isolated', leverage } as const;
        expect(await venue.applySetting(credentials, target, setting, inTime)).toEqual({ kind: 'accepted' });
        expect(await venue.readSetting(credentials, target)).toEqual(told(opened, setting));
        expect(written(opened)).toBe(1);
      },
    );

    test('cross is an action of its own where the venue has it, and nothing is sent where it has not', async () => {
      const opened = await open();
      const { venue, credentials, target, set } = opened;
      set('7');
      const result = await venue.applySetting(credentials, target, { mode: 'cross' }, inTime);
      if (venue.modes.includes('cross')) {
        expect(result).toEqual({ kind: 'accepted' });
        expect(await venue.readSetting(credentials, target)).toEqual(told(opened, { mode: 'cross' }));
      } else {
        expect(result).toEqual({ kind: 'not-sent', failure: { code: 'NO_CROSS', venue: venue.label } });
        expect(written(opened)).toBe(0);
      }
    });

    test('a market that was never set is not 1x', async () => {
      const { venue, credentials, target } = await open();
      const setting = await venue.readSetting(credentials, target);
      expect(setting).toEqual({ mode: venue.unlisted });
    });

    test('sees what was changed elsewhere', async () => {
      const opened = await open();
      const { venue, credentials, target, set } = opened;
      set('7');
      expect(await venue.readSetting(credentials, target)).toEqual(told(opened, seven));
    });

    test('a list shows what was set elsewhere, or says that it cannot', async () => {
      const opened = await open();
      const { venue, credentials, target, set } = opened;
      set('7');
      const { settings, unread, gaps } = await venue.listSettings(credentials, { symbols: [] });
      const [symbol, shown] = [target.market.symbol, told(opened, seven)];
      expect(unread).toEqual([]);
      if (gaps.includes('set-elsewhere') || gaps.includes('not-shown')) expect(settings).toEqual([]);
      else expect(settings).toEqual([{ symbol, setting: shown }]);
      expect((await venue.listSettings(credentials, { symbols: [symbol] })).settings).toEqual([
        { symbol, setting: shown },
      ]);
    });

    test('a list names what is open, whoever set it', async () => {
      const opened = await open();
      const { venue, credentials, target, set, openPosition } = opened;
      set('7');
      openPosition();
      const { settings } = await venue.listSettings(credentials, { symbols: [] });
      expect(settings).toEqual([{ symbol: target.market.symbol, setting: told(opened, seven) }]);
    });

    test('a leverage that the venue does not take is refused, and nothing changes', async () => {
      const opened = await open();
      const { venue, credentials, target, tooHigh, set, writes } = opened;
      set('7');
      const result = await venue.applySetting(credentials, target, { mode: 'isolated', leverage: tooHigh }, inTime);
      const refusal = 'leverage-out-of-range';
      expect(result).toMatchObject({
        kind: 'refused',
        failure: { code: 'VENUE_REFUSED', venue: venue.label, refusal },
      });
      expect(writes()).toBe(0);
      expect(await venue.readSetting(credentials, target)).toEqual(told(opened, seven));
    });

    test('a market that the venue does not have is refused', async () => {
      const { venue, credentials, target } = await open();
      const gone = { market: { ...target.market, id: 'PF_GONEUSD', symbol: 'PF_GONEUSD' } };
      const result = await venue.applySetting(credentials, gone, five, inTime);
      expect(result).toMatchObject({ kind: 'refused', failure: { refusal: 'unknown-market' } });
    });

    test('a key that the venue does not know is rejected everywhere', async () => {
      const { venue, unknownKey, target, writes, isSocket } = await open();
      expect(await venue.checkKey(unknownKey)).toEqual({ kind: 'refused', reason: 'rejected' });
      expect(await outcomeOf(venue.readSetting(unknownKey, target))).toMatchObject({ refusal: 'key-rejected' });
      const result = await venue.applySetting(unknownKey, target, five, inTime);
      // It gets no token, so there is nothing that could carry the write.
      const kind = isSocket ? 'not-sent' : 'refused';
      expect(result).toMatchObject({ kind, failure: { refusal: 'key-rejected' } });
      expect(writes()).toBe(0);
    });

    test('a good key is usable', async () => {
      const { venue, credentials } = await open();
      expect(await venue.checkKey(credentials)).toEqual({ kind: 'usable', notes: expect.any(Array) });
    });

    test('sees the position and the orders of the market', async () => {
      const { venue, credentials, target, openPosition, openOrder } = await open();
      expect(await venue.readPosition(credentials, target)).toBeUndefined();
      expect(await venue.readOpenOrders(credentials, target)).toEqual({ count: 0 });
      openPosition();
      openOrder();
      // What is told on a socket is on its way for a moment.
      await expect.poll(() => venue.readPosition(credentials, target)).toBeDefined();
      const position = await venue.readPosition(credentials, target);
      expect(position).toMatchObject({
        symbol: target.market.symbol,
        side: 'long',
        entryPrice: '58000',
        markPrice: '60000',
      });
      expect(position?.liquidationPrice ?? position?.maintenanceMargin).toBeDefined();
      expect(await venue.readOpenOrders(credentials, target)).toEqual({ count: 1 });
    });

    test.each(faults)('a write that meets $fault', async (row) => {
      const opened = await open(deadlinesFor(row));
      const { venue, credentials, target, secrets, isSocket } = opened;
      const { fault, carriedOut } = row;
      const write = isSocket ? (row.frame ?? row.write) : row.write;
      opened.fault({ ...fault, on: 'write' });
      const result = await venue.applySetting(credentials, target, five, inTime);
      expect(result).toMatchObject(write);
      expect([opened.writes(), written(opened)]).toEqual([carriedOut ? 1 : 0, 1]);
      for (const secret of [...secrets, '127.0.0.1']) expect(JSON.stringify(result)).not.toContain(secret);
      if (write.kind === 'silent') {
        // A socket that was closed for a restart of the venue is not opened again at once.
        await opened.pass(5_000);
        const expected = carriedOut ? told(opened, five) : { mode: venue.unlisted };
        expect(await venue.readSetting(credentials, target)).toEqual(expected);
      }
    });

    test.each(ways.flatMap((way) => waysEnd.map((name) => ({ way, name }))))(
      'a write before which "$way" meets $name is not sent',
      async ({ way, name }) => {
        const opened = await open(hasty);
        const { venue, credentials, target } = opened;
        opened.fault({ name, on: 'read', path: way, times: 'forever' });
        expect(await venue.applySetting(credentials, target, five, inTime)).toMatchObject({ kind: 'not-sent' });
        expect([opened.writes(), written(opened)]).toEqual([0, 0]);
      },
    );

    test.each(faults)('a read that meets $fault', async (row) => {
      const opened = await open(deadlinesFor(row));
      const { venue, credentials, target, isSocket } = opened;
      const { fault, write, read = write.failure } = row;
      opened.fault({ ...fault, on: 'read' });
      const outcome = await outcomeOf(venue.readSetting(credentials, target));
      expect(outcome).toEqual(isSocket ? failureOrTruth : expect.objectContaining({ ...read }));
    });

    test('a read survives one broken connection', async () => {
      const opened = await open();
      const { venue, credentials, target, fault, set, isSocket } = opened;
      set('7');
      // Connecting is rare: what breaks before there is a socket is not tried again.
      fault({ name: 'reset', on: 'read', ...(isSocket && { path: 'channel=positions' }) });
      expect(await venue.readSetting(credentials, target)).toEqual(told(opened, seven));
    });

    test('success without effect shows when it is read back', async () => {
      const opened = await open();
      const { venue, credentials, target, fault, set } = opened;
      set('7');
      fault({ name: 'no-effect' });
      expect(await venue.applySetting(credentials, target, five, inTime)).toEqual({ kind: 'accepted' });
      expect(await venue.readSetting(credentials, target)).toEqual(told(opened, seven));
    });

    test('nothing follows a redirect to another origin (P13)', async () => {
      const { venue, credentials, target, fault } = await open();
      const elsewhere = await openLoopback(json(200, { result: 'success' }));
      fault({ name: 'redirect', status: 307, to: `${elsewhere.url}/stolen`, times: 'forever' });
      await venue.applySetting(credentials, target, five, inTime);
      await outcomeOf(venue.readSetting(credentials, target));
      await outcomeOf(venue.checkKey(credentials));
      expect(elsewhere.seen).toHaveLength(0);
      await elsewhere.close();
    });

    test('a write whose time is over when it would go out reaches nothing', async () => {
      const { venue, credentials, target, requests } = await open();
      const asked: boolean[] = [];
      const isInTime = () => asked.push(false) === 0;
      expect(await venue.applySetting(credentials, target, five, isInTime)).toMatchObject({ kind: 'not-sent' });
      expect([asked, requests().filter(({ kind }) => kind === 'write')]).toEqual([[false], []]);
      expect(await venue.applySetting(credentials, target, five, () => true)).toEqual({ kind: 'accepted' });
    });

    test('a venue that is down was not reached, and nothing was sent', async () => {
      const { venue, credentials, target, close } = await open();
      await close();
      harness = undefined;
      const failure = { code: 'VENUE_UNREACHABLE', venue: venue.label };
      expect(await venue.applySetting(credentials, target, five, inTime)).toEqual({ kind: 'not-sent', failure });
      expect(await outcomeOf(venue.readSetting(credentials, target))).toEqual(failure);
    });

    test('a long burst stays within the published budget (P14)', async () => {
      const { venue, credentials, target, requests, pass, isSocket } = await open();
      for (let round = 0; round < 60; round += 1) {
        const reads = Array.from({ length: 6 }, () => outcomeOf(venue.readSetting(credentials, target)));
        const write = venue.applySetting(
          credentials,
          target,
          { mode: 'isolated', leverage: String(1 + (round % 20)) },
          inTime,
        );
        await Promise.all([write, ...reads]);
        await pass(300);
      }
      // On a socket a read needs no request, and connections are what is scarce.
      expect(requests().length).toBeGreaterThan(isSocket ? 40 : 100);
      const taken = isSocket ? [101, 200] : [200, 404];
      expect(requests().filter(({ status }) => status === 'none' || !taken.includes(status))).toEqual([]);
    });

    test('has the words that pages and commands need', async () => {
      const { venue, target, credentials, symbol } = await open();
      const words = [venue.label, venue.keyWarning, venue.keyAdvice, venue.exampleSymbol];
      for (const text of words) expect(text).toMatch(/\S/);
      expect(venue.effect(target, five) ?? symbol).toContain(symbol);
      for (const { name, pattern } of venue.credentialFields)
        expect(credentials.fields[name]?.reveal()).toMatch(pattern);
    });
  });
}
