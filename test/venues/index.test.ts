import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { requireVenue } from '../../src/leverage/venue.ts';
import { explain } from '../../src/messages.ts';
import {
  createVenues,
  endingVenues,
  formerVenues,
  type VenuesOptions,
  venueFacts,
  venueIds,
} from '../../src/venues/index.ts';
import { outcomeOf } from '../support/fixture-venue.ts';
import { openLoopback } from '../support/loopback.ts';

const shared = [
  'budget',
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

test('labels differ', async () => {
  const venues = createVenues({ now: Date.now, elapsed: () => performance.now() });
  const labels = [...venues.values()].map(({ label }) => label);
  expect(new Set(labels).size).toBe(labels.length);
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

describe('a venue that ends, with another of this bot as its successor', () => {
  const [noNewKeysFrom, closesAt, at, eraseAt] = [1_000, 2_000, 3_000, 4_000];
  const retires = { noNewKeysFrom, closesAt, at, eraseAt, successor: 'mudrex' };
  const retirements = new Map([['kraken-futures', retires] as const]);

  async function open(now: number, more: Partial<VenuesOptions> = {}) {
    const venues = createVenues({ now: () => now, elapsed: () => 0, retirements, ...more });
    onTestFinished(() => venues.close());
    const found = requireVenue(venues, 'kraken-futures');
    return { ids: [...venues.keys()], venue: found, venues };
  }

  test('stands behind it from the day on which it takes no new keys', async () => {
    const enabled = ['kraken-futures', 'mudrex'] as const;
    expect((await open(noNewKeysFrom - 1, { enabled })).ids).toEqual(['kraken-futures', 'mudrex']);
    expect((await open(noNewKeysFrom, { enabled })).ids).toEqual(['mudrex', 'kraken-futures']);
    expect((await open(noNewKeysFrom, { enabled: ['kraken-futures'] })).ids).toEqual(['kraken-futures']);
  });

  test('names it once it is closed, where it is offered', async () => {
    const asked = async (more: Partial<VenuesOptions>) =>
      outcomeOf((await open(closesAt, more)).venue.readMarket(credentialsOf('', {}), 'btc'));
    const ended = { code: 'VENUE_ENDED', venue: 'Kraken Futures', endsAt: at };
    expect(await asked({})).toEqual({ ...ended, successor: 'Mudrex' });
    expect(await asked({ enabled: ['kraken-futures'] })).toEqual(ended);
  });

  test('gets no second try of a read, nor anything else that a call has still to ask, once it is closed', async () => {
    let time = closesAt - 1;
    const server = await openLoopback((response) => {
      time = closesAt;
      response.destroy();
    });
    onTestFinished(server.close);
    const { venue } = await open(0, { now: () => time, urls: { 'kraken-futures': server.url } });
    expect(await outcomeOf(venue.listMarkets())).toMatchObject({ code: 'VENUE_ENDED' });
    expect(server.seen).toHaveLength(1);
    time = closesAt - 1;
    const again = await openLoopback((response) => response.destroy());
    onTestFinished(again.close);
    const still = await open(0, { now: () => time, urls: { 'kraken-futures': again.url } });
    expect(await outcomeOf(still.venue.listMarkets())).toMatchObject({ code: 'VENUE_SILENT' });
    expect(again.seen).toHaveLength(2);
  });

  test('stays closed by the day that closed it, and by no other', async () => {
    const closed = async (day: number) =>
      (await open(0, { closed: new Map([['kraken-futures', day]]) })).venue.ending?.();
    expect([await closed(closesAt), await closed(closesAt - 1)]).toEqual(['closed', 'announced']);
  });

  test('is known with its keys’ last day, also where it is not offered', async () => {
    const { venues } = await open(0);
    expect(endingVenues(venues, retirements)).toMatchObject([
      { id: 'kraken-futures', label: 'Kraken Futures', retires, successor: { id: 'mudrex' } },
    ]);
    expect(endingVenues(new Map(), retirements)).toEqual([{ id: 'kraken-futures', label: 'Kraken Futures', retires }]);
  });
});

test('every venue has its contract suite and its documented replies', () => {
  const names = venueIds.flatMap((id) => [`${id}.test.ts`, `fixtures/${id}.json`]);
  for (const name of names) expect([name, existsSync(new URL(name, import.meta.url))]).toEqual([name, true]);
});
