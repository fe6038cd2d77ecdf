import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createVenues, venueIds } from '../../src/venues/index.ts';

const shared = ['budget', 'client', 'http', 'index', 'list-reply', 'settings-list', 'slots', 'venue', 'verdict'];

test('every venue file is in the registry', () => {
  const files = readdirSync(new URL('../../src/venues/', import.meta.url)).map((name) =>
    name.replace(/(-replies)?\.ts$/, ''),
  );
  const venues = new Set(files.filter((name) => !shared.includes(name)));
  expect([...venues].sort()).toEqual([...new Set(venueIds.map((id) => id.replace(/-demo$/, '')))].sort());
});

test('venues stand under their own ids, in the order of the registry, and only those that are enabled', async () => {
  const venues = createVenues({ now: Date.now, elapsed: () => performance.now() });
  expect([...venues.keys()]).toEqual([...venueIds]);
  for (const [id, venue] of venues) expect(venue.id).toBe(id);
  const some = createVenues({
    now: Date.now,
    elapsed: () => performance.now(),
    enabled: ['kraken-futures-demo', 'mudrex'],
  });
  expect([...some.keys()]).toEqual(['mudrex', 'kraken-futures-demo']);
  await Promise.all([venues.close(), some.close()]);
});

test('labels differ, and every demo says DEMO', async () => {
  const venues = createVenues({ now: Date.now, elapsed: () => performance.now() });
  const labels = [...venues.values()].map(({ label }) => label);
  expect(new Set(labels).size).toBe(labels.length);
  for (const { demo, label } of venues.values()) expect(label.includes('DEMO')).toBe(demo);
  await venues.close();
});
