import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explain } from '../../src/messages.ts';
import { createVenues, formerVenues, venueFacts, venueIds } from '../../src/venues/index.ts';

const shared = [
  'budget',
  'connect-budget',
  'http',
  'index',
  'list-reply',
  'retiring',
  'settings-list',
  'slots',
  'socket',
  'venue-api',
  'verdict',
];

test('every file of a venue is named after it, and every venue is in the registry', () => {
  const files = readdirSync(new URL('../../src/venues/', import.meta.url)).map((name) => name.replace(/\.ts$/, ''));
  expect(files).toEqual(expect.arrayContaining([...venueIds]));
  const others = files.filter((file) => !venueIds.some((id) => file === id || file.startsWith(`${id}-`)));
  expect(others.sort()).toEqual(shared);
});

test('venues stand under their own ids, in the order of the registry, and only those that are enabled', async () => {
  const venues = createVenues({ now: Date.now, elapsed: () => performance.now() });
  expect([...venues.keys()]).toEqual([...venueIds]);
  for (const [id, venue] of venues) expect(venue.id).toBe(id);
  const some = createVenues({
    now: Date.now,
    elapsed: () => performance.now(),
    enabled: ['mudrex', 'kraken-futures'],
  });
  expect([...some.keys()]).toEqual(['kraken-futures', 'mudrex']);
  await Promise.all([venues.close(), some.close()]);
});

test('a venue of an earlier version is none of the venues, and says why it is gone', () => {
  for (const [id, { label, ended }] of Object.entries(formerVenues)) {
    expect(venueIds).not.toContain(id);
    expect(`${label} has ended: ${ended}.`).toMatch(/^[A-Z].* has ended: [A-Z].*[^.]\.$/);
  }
});

test('labels differ, and every demo says DEMO', async () => {
  const venues = createVenues({ now: Date.now, elapsed: () => performance.now() });
  const labels = [...venues.values()].map(({ label }) => label);
  expect(new Set(labels).size).toBe(labels.length);
  for (const { demo, label } of venues.values()) expect(label.includes('DEMO')).toBe(demo);
  await venues.close();
});

test('the facts of every venue stand under its own id, without a connection', () => {
  expect(venueFacts.map(({ id }) => id)).toEqual(venueIds);
});

test('venues that share their variables publish the same limits', () => {
  for (const { limits } of venueFacts) {
    const others = venueFacts.filter((other) => other.limits.variables?.prefix === limits.variables?.prefix);
    for (const other of others) expect(other.limits).toEqual(limits);
  }
});

test('a venue’s own words for a refusal are sentences behind its name', () => {
  for (const { label: venue, refusalWords } of venueFacts) {
    for (const words of Object.values(refusalWords)) {
      const { what, next } = explain({ code: 'VENUE_REFUSED', venue, refusal: 'invalid-request', words });
      expect(what).toMatch(/^\S.* (has|is|says|refused|takes|does) .*[^.\s]$/);
      expect(next).toMatch(/^[A-Z].*\.$/);
    }
  }
});

test('a venue says when what the bot talks to is switched off, and what follows it', () => {
  const ends = new Map(venueFacts.map(({ id, retires }) => [id, retires]));
  expect(ends.get('kraken-futures')).toEqual({
    at: Date.parse('2027-03-01'),
    closesAt: Date.parse('2027-02-28'),
    noNewKeysFrom: Date.parse('2027-02-01'),
    eraseAt: Date.parse('2027-03-14'),
    successor: 'kraken',
  });
  expect(ends.get('mudrex')).toBeUndefined();
});

test('every venue has its contract suite and its documented replies', () => {
  const names = venueIds.flatMap((id) => [`${id}.test.ts`, `fixtures/${id}.json`]);
  for (const name of names) expect([name, existsSync(new URL(name, import.meta.url))]).toEqual([name, true]);
});
