import { expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { createHttp } from '../../src/venues/http.ts';
import { krakenFutures } from '../../src/venues/kraken-futures.ts';
import { outcomeOf } from '../support/fixture-venue.ts';
import { openLoopback } from '../support/loopback.ts';
import fixtures from './fixtures/kraken-futures.json' with { type: 'json' };

const people = 60;
const answerAfterMs = 400;

const replies = [
  ['/instruments', fixtures.instruments.body],
  ['/leveragepreferences', fixtures.preferences.body],
  ['/openpositions', { result: 'success', openPositions: [] }],
  ['/openorders', { result: 'success', openOrders: [] }],
] as const;

test(`${people} people at once at a venue that takes ${answerAfterMs} ms are all answered`, async () => {
  const server = await openLoopback((response, { url }) => {
    const [, body] = replies.find(([path]) => url.endsWith(path)) ?? ['', {}];
    setTimeout(() => response.end(JSON.stringify(body)), answerAfterMs);
  });
  const deadlines = { connectMs: 2_000, readMs: 30_000, writeMs: 30_000 };
  const http = createHttp({ connectMs: deadlines.connectMs });
  const elapsed = () => performance.now();
  const venue = krakenFutures.create({ http, now: Date.now, elapsed, url: server.url, deadlines });

  /** What one command and one press read. */
  async function preview(person: number) {
    const credentials = credentialsOf(String(person), { apiKey: `key ${person}`, apiSecret: 'c2VjcmV0' });
    for (let round = 0; round < 2; round += 1) {
      const target = { market: await venue.readMarket(credentials, 'btc') };
      await Promise.all([
        venue.readSetting(credentials, target),
        venue.readPosition(credentials, target),
        venue.readOpenOrders(credentials, target),
      ]);
    }
    return 'answered';
  }

  const outcomes = await Promise.all(Array.from({ length: people }, (_, person) => outcomeOf(preview(person))));
  expect(outcomes).toEqual(Array(people).fill('answered'));
  await http.close();
  await server.close();
});
