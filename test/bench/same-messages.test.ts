import { expect, test } from 'vitest';
import { z } from 'zod';
import bench from '../../bench/package.json' with { type: 'json' };
import { signedHeaders } from '../../bench/subjects/bare-venues.ts';
import { openVenues, traders } from '../../bench/world/people.ts';
import root from '../../package.json' with { type: 'json' };
import { authent } from '../../src/venues/kraken-futures.ts';

test('the floor stands on the very versions that the bot uses', () => {
  const versions = z.object({ undici: z.string(), ws: z.string() });
  expect(versions.parse(bench.dependencies)).toEqual(versions.parse({ ...root.dependencies, ...root.devDependencies }));
});

test('the floor signs as the bot does', () => {
  const [, kraken] = traders(2);
  if (kraken === undefined) throw new Error('no trader');
  const path = '/api/v3/leveragepreferences';
  const query = 'symbol=PF_XBTUSD&maxLeverage=3';
  const url = `http://127.0.0.1:1/kraken/derivatives${path}?${query}`;
  expect(signedHeaders(kraken, { method: 'PUT', url })).toEqual({
    apikey: kraken.key.apiKey,
    authent: authent(kraken.key.apiSecret ?? '', path, query),
  });
});

test('each trader has an account at one venue, with a key of its own and a setting in their market', () => {
  const people = traders(6);
  const venues = openVenues(people, { now: Date.now });
  const settings = people.map(({ id, venue }) => venues.find((one) => one.id === venue)?.settings(id));
  expect(settings.map((held) => held?.map(({ market, leverage }) => [market, leverage]))).toEqual(
    people.map(({ market }) => [[market, '5']]),
  );
  expect(new Set(people.map(({ key }) => JSON.stringify(key))).size).toBe(6);
});
