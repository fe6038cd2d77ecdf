import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Credentials } from '../../src/account.ts';
import type { MarketAndCurrency } from '../../src/leverage/venue.ts';
import type { VenueDefinition } from '../../src/venues/venue-api.ts';
import { type FixtureVenue, inTime, openFixtureVenue, outcomeOf, type Reply } from '../support/fixture-venue.ts';
import { turnsWhile } from '../support/turns.ts';

type Subject = {
  readonly definition: VenueDefinition;
  readonly credentials: Credentials;
  /** Texts that must not come out of the venue's file again. */
  readonly secrets: readonly string[];
  readonly target: MarketAndCurrency;
  /** Field names and values that make a random reply look almost right. */
  readonly words: readonly string[];
  /** The name of the list in the reply with the markets. */
  readonly list: string;
  /** Whose calls the venue's limits count. */
  readonly limitCounts: 'key' | 'address';
};

const html = '<!doctype html><html><title>Attention Required!</title></html>';

/** Replies that say nothing about a write, whatever the venue. */
const meaningless: readonly (readonly [string, Reply])[] = [
  ['an empty 200', {}],
  ['a 204', { status: 204 }],
  ['garbage', { text: '\u0000\u0001{{{' }],
  ['half a JSON text', { text: '{"result":"succ' }],
  ['HTML with 200', { text: html }],
  ['HTML with 403', { status: 403, text: html }],
  ['HTML with 502', { status: 502, text: html }],
  ['an empty 500', { status: 500 }],
  ['JSON of another shape', { body: { ok: true } }],
  ['an empty object', { body: {} }],
  ['an array', { body: [] }],
  ['null', { body: null }],
  ['"success"', { body: 'success' }],
  ['302', { status: 302, headers: { location: 'https://example.invalid/' } }],
  ['307', { status: 307, headers: { location: 'https://example.invalid/' } }],
  ['success as a text', { body: { success: 'true', result: true } }],
  ['201 with nothing', { status: 201, body: {} }],
  ['404 of another shape', { status: 404, body: { message: 'no Route matched with those values' } }],
  ['503 of another shape', { status: 503, body: { message: 'upstream' } }],
];

const mebibytes = (count: number) => count * 1024 * 1024;
const filled = (unit: string, bytes: number) => unit.repeat(Math.floor(bytes / unit.length));

/** A list of this venue that its rows make dangerous, under the cap of 4 MiB and over it. */
const monsters: readonly (readonly [string, string])[] = [
  ['4 MiB of 1', filled('1,', mebibytes(4) - 1_000)],
  ['16 MiB of 1', filled('1,', mebibytes(16))],
  ['4 MiB of {}', filled('{},', mebibytes(4) - 1_000)],
  ['16 MiB of {}', filled('{},', mebibytes(16))],
  ['rows nested 100,000 deep', filled('[', 100_000)],
  ['a row of 1 MiB', `"${filled('x', mebibytes(1))}",`],
];

/** What holds for every venue, whatever its server says (P9, P12). */
export function describeHostileReplies(
  name: string,
  { definition, credentials, secrets, target, words, limitCounts, list }: Subject,
): void {
  describe(`${name}, whatever the server says`, () => {
    let fixture: FixtureVenue;
    let reply: Reply = {};
    beforeAll(async () => {
      fixture = await openFixtureVenue(definition, () => reply);
    });
    afterAll(() => fixture.close());

    const isolated = { mode: 'isolated', leverage: '5' } as const;

    test.each(meaningless)('%s after a write is silence, and the write was sent once (P9)', async (_title, given) => {
      reply = given;
      const before = fixture.seen.length;
      const result = await fixture.venue.applySetting(credentials, target, isolated, inTime);
      expect(result).toMatchObject({ kind: 'silent', failure: { code: 'VENUE_SILENT', venue: fixture.venue.label } });
      expect(fixture.seen.length - before).toBe(1);
    });

    test.each(meaningless)('%s after a read is a failure, never "nothing there"', async (_title, given) => {
      reply = given;
      const { venue } = fixture;
      const reads: readonly Promise<unknown>[] = [
        venue.readSetting(credentials, target),
        venue.readPosition(credentials, target),
        venue.readOpenOrders(credentials, target),
        venue.listMarkets(credentials),
        venue.readMarket(credentials, target.market.symbol),
        venue.listSettings(credentials, { symbols: [target.market.symbol] }),
      ];
      for (const outcome of await Promise.all(reads.map(outcomeOf)))
        expect(outcome).toMatchObject({ code: 'VENUE_SILENT' });
    });

    test.each(monsters)('%s in a list neither stops the process nor reaches its parser (P49)', async (_title, rows) => {
      reply = { text: `{"success":true,"result":"success","${list}":[${rows}0]}` };
      const { venue } = fixture;
      const { longestMs } = await turnsWhile(async () => {
        const markets = await outcomeOf(venue.listMarkets(credentials));
        expect(markets).toMatchObject({ code: 'VENUE_SILENT', silence: 'too-large' });
      });
      expect(longestMs).toBeLessThan(250);
      const result = await venue.applySetting(credentials, target, isolated, inTime);
      expect(result).toMatchObject({ kind: 'silent' });
    });

    const key = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 8 }));
    const value = fc.oneof(fc.constantFrom(...words), fc.jsonValue(), fc.integer(), fc.double().map(String));
    const body = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        key,
        fc.oneof(value, fc.array(fc.dictionary(key, value), { maxLength: 3 }), fc.dictionary(key, value)),
      ),
    );
    // No 429: it makes the key rest, and every later call of this test would only say so.
    const status = fc.constantFrom(200, 200, 200, 201, 400, 401, 403, 404, 409, 500, 503);

    test('any JSON gives a typed result or one Failure, and no secret comes back', async () => {
      await fc.assert(
        fc.asyncProperty(status, body, async (code, json) => {
          reply = { status: code, body: json };
          const { venue } = fixture;
          const outcomes = await Promise.all([
            venue.applySetting(credentials, target, isolated, inTime),
            outcomeOf(venue.readSetting(credentials, target)),
            outcomeOf(venue.readPosition(credentials, target)),
            outcomeOf(venue.readOpenOrders(credentials, target)),
            outcomeOf(venue.listMarkets(credentials)),
            outcomeOf(venue.readMarket(credentials, target.market.symbol)),
            outcomeOf(venue.listSettings(credentials, { symbols: [target.market.symbol] })),
            outcomeOf(venue.checkKey(credentials)),
          ]);
          const text = JSON.stringify(outcomes);
          for (const secret of secrets) expect(text).not.toContain(secret);
          expect(text).not.toContain('127.0.0.1');
        }),
        { numRuns: 300 },
      );
    });

    test.each([{}, { 'retry-after': '0' }, { 'retry-after': '1' }, { 'retry-after': 'soon' }])(
      'a 429 is never followed by a second write (P11) %j',
      async (headers) => {
        const one = await openFixtureVenue(definition, () => ({ status: 429, text: 'Too Many Requests', headers }));
        const result = await one.venue.applySetting(credentials, target, isolated, inTime);
        const refusal = limitCounts === 'key' ? 'rate-limited' : 'address-rate-limited';
        expect(result).toMatchObject({ kind: 'refused', failure: { code: 'VENUE_REFUSED', refusal } });
        expect(one.seen).toHaveLength(1);
        await one.close();
      },
    );
  });
}
