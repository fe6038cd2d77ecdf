import { expect, test } from 'vitest';
import { warningsOf } from '../../src/venues/kraken-warnings.ts';

const nothing = { permission: undefined, status: undefined };
const online = { system: 'online', upcoming: [] };

test('an account that may trade at an exchange that is online has none, nor has one of which nothing is known', () => {
  expect(warningsOf({ permission: 'enabled', status: online })).toEqual([]);
  expect(warningsOf(nothing)).toEqual([]);
});

test.each([
  ['reduce_only', 'reduce-only', 'Kraken lets this account only reduce or close futures positions.'],
  ['disabled', 'futures-disabled', 'Kraken does not let this account trade futures.'],
] as const)('%s is told', (permission, kind, text) => {
  expect(warningsOf({ ...nothing, permission })).toEqual([{ kind, text }]);
});

test.each(['cancel_only', 'post_only'])('%s is told', (system) => {
  expect(warningsOf({ ...nothing, status: { system, upcoming: [] } })).toMatchObject([{ kind: 'venue-restricted' }]);
});

test.each([
  ['announced', 'soon'],
  ['reminder_24h', 'within a day'],
  ['approaching_30m', 'within half an hour'],
  ['imminent_5m', 'within five minutes'],
  ['final_warning_30s', 'within half a minute'],
  ['something new', 'soon'],
])('maintenance that is %s comes %s', (proximity, when) => {
  const status = { system: 'online', upcoming: [{ proximity, services: ['futures_trading'] }] };
  expect(warningsOf({ ...nothing, status })).toEqual([
    { kind: 'maintenance-soon', text: `Kraken has announced maintenance ${when}.` },
  ]);
});

test('maintenance of something else is not told, and that of nobody knows what is', () => {
  const of = (services: readonly string[] | undefined) =>
    warningsOf({
      ...nothing,
      status: { system: 'online', upcoming: [{ proximity: 'announced', services: services && [...services] }] },
    });
  expect([of(['spot_trading']), of(['all']).length, of(undefined).length]).toEqual([[], 1, 1]);
});
