import { expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import type { FailureData } from '../../src/errors.ts';
import type { Retirement, Venue } from '../../src/leverage/venue.ts';
import { retiring } from '../../src/venues/retiring.ts';
import { createClock } from '../support/clock.ts';
import { inTime, outcomeOf } from '../support/fixture-venue.ts';
import { createPaperVenue } from '../support/paper-venue.ts';

const DAY_MS = 24 * 60 * 60_000;
const credentials = credentialsOf('100', {});
const setting = { mode: 'isolated', leverage: '5' } as const;
const failure: FailureData = { code: 'VENUE_ENDED', venue: 'Paper', endsAt: 0 };

/** A venue that takes no new keys from tomorrow on and is closed the day after, with every call that reaches it. */
async function open() {
  const clock = createClock();
  const paper = createPaperVenue();
  const market = await paper.venue.readMarket(credentials, 'BTCUSD');
  const day = (days: number) => clock.now() + days * DAY_MS;
  const retires: Retirement = { noNewKeysFrom: day(1), closesAt: day(2), at: day(3), eraseAt: day(4) };
  const reached: string[] = [];
  const noted =
    <Args extends readonly unknown[], Result>(name: string, call: (...args: Args) => Result) =>
    (...args: Args): Result => {
      reached.push(name);
      return call(...args);
    };
  const { venue } = paper;
  const watched: Venue = {
    ...venue,
    listMarkets: noted('listMarkets', venue.listMarkets),
    readMarket: noted('readMarket', venue.readMarket),
    readSetting: noted('readSetting', venue.readSetting),
    listSettings: noted('listSettings', venue.listSettings),
    readPosition: noted('readPosition', venue.readPosition),
    readOpenOrders: noted('readOpenOrders', venue.readOpenOrders),
    checkKey: noted('checkKey', venue.checkKey),
    readWarnings: noted('readWarnings', async () => []),
    applySetting: noted('applySetting', venue.applySetting),
  };
  return {
    clock,
    paper,
    retires,
    reached,
    target: { market },
    venue: retiring(watched, { retires, now: clock.now, failure }),
  };
}

type Opened = Awaited<ReturnType<typeof open>>;

const reads: Readonly<Record<string, (opened: Opened) => Promise<unknown>>> = {
  listMarkets: ({ venue }) => venue.listMarkets(),
  readMarket: ({ venue }) => venue.readMarket(credentials, 'BTCUSD'),
  readSetting: ({ venue, target }) => venue.readSetting(credentials, target),
  listSettings: ({ venue }) => venue.listSettings(credentials, { symbols: [] }),
  readPosition: ({ venue, target }) => venue.readPosition(credentials, target),
  readOpenOrders: ({ venue, target }) => venue.readOpenOrders(credentials, target),
  checkKey: ({ venue }) => venue.checkKey(credentials),
  readWarnings: async ({ venue, target }) => venue.readWarnings?.(credentials, target),
};

test('every call of a venue is one that is refused once it has closed', async () => {
  const { venue } = await open();
  const calls = Object.entries(venue).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  const harmless = ['effect', 'ending'];
  expect(calls.filter((name) => !harmless.includes(name)).sort()).toEqual(
    [...Object.keys(reads), 'applySetting'].sort(),
  );
});

test.each(Object.entries(reads))('%s reaches the venue until it closes, and never after', async (name, read) => {
  const opened = await open();
  opened.clock.advance(2 * DAY_MS - 1);
  await read(opened);
  expect(opened.reached).toEqual([name]);
  opened.clock.advance(1);
  expect(await outcomeOf(read(opened))).toEqual(failure);
  expect(opened.reached).toEqual([name]);
});

test('a change is not sent once the venue has closed', async () => {
  const { venue, clock, target, reached, paper } = await open();
  clock.advance(2 * DAY_MS);
  expect(await venue.applySetting(credentials, target, setting, inTime)).toEqual({ kind: 'not-sent', failure });
  expect([reached, paper.writes]).toEqual([[], []]);
});

test('a change that waits for its connection while the venue closes is not sent', async () => {
  const { venue, clock, target, reached, paper } = await open();
  clock.advance(2 * DAY_MS - 1_000);
  paper.state.beforeWrite = async () => clock.advance(2_000);
  expect(await venue.applySetting(credentials, target, setting, inTime)).toEqual({ kind: 'not-sent', failure });
  expect([reached, paper.writes]).toEqual([['applySetting'], []]);
});

test('a change that was held up before the venue closes is told of as any other', async () => {
  const { venue, target } = await open();
  expect(await venue.applySetting(credentials, target, setting, () => false)).toMatchObject({
    kind: 'not-sent',
    failure: { code: 'VENUE_UNREACHABLE' },
  });
});

test('a change that the venue answers after it closed is known by that answer', async () => {
  const { venue, clock, target, paper } = await open();
  clock.advance(2 * DAY_MS - 1_000);
  paper.state.duringWrite = async () => clock.advance(2_000);
  expect(await venue.applySetting(credentials, target, setting, inTime)).toEqual({ kind: 'accepted' });
});

test('the end comes in steps, each on its day', async () => {
  const { venue, clock } = await open();
  const seen = [0, DAY_MS - 1, 1, DAY_MS - 1, 1, 365 * DAY_MS].map((ms) => {
    clock.advance(ms);
    return venue.ending?.();
  });
  expect(seen).toEqual(['announced', 'announced', 'no-new-keys', 'no-new-keys', 'closed', 'closed']);
});
