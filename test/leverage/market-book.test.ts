import { expect, test } from 'vitest';
import { type Account, credentialsOf } from '../../src/account.ts';
import { createMarketBook } from '../../src/leverage/market-book.ts';
import { createClock } from '../support/clock.ts';
import { createPaperVenue } from '../support/paper-venue.ts';

const HOUR_MS = 60 * 60_000;

/** A book of one venue that counts how often its list is fetched. */
function openBook(marketsNeedKey = false) {
  const clock = createClock();
  const { venue: paper } = createPaperVenue({ marketsNeedKey });
  const state = { fetched: 0, isDown: false };
  const failures: string[] = [];
  const venue = {
    ...paper,
    listMarkets: async () => {
      state.fetched += 1;
      if (state.isDown) throw new Error('down');
      return paper.listMarkets();
    },
  };
  const onFailure = (id: string) => void failures.push(id);
  const openKey = async ({ label, user }: Account) => {
    if (label === 'gone') throw new Error('no key');
    return credentialsOf(user, {});
  };
  const book = createMarketBook({
    venues: new Map([[venue.id, venue]]),
    credentialsOf: openKey,
    now: clock.now,
    onFailure,
  });
  return { clock, venue, state, failures, book };
}

test('a list is there once it was fetched, and empty before', async () => {
  const { book } = openBook();
  expect(book.list('paper')).toEqual([]);
  await book.refreshPublic();
  expect(book.list('paper').map(({ symbol }) => symbol)).toEqual(['BTCUSD', 'ETHUSD']);
});

test('a list is fetched once an hour, and once when many ask at the same time', async () => {
  const { book, venue, state, clock } = openBook();
  await Promise.all([book.refresh(venue), book.refresh(venue), book.refreshPublic()]);
  clock.advance(HOUR_MS - 1);
  await book.refresh(venue);
  expect(state.fetched).toBe(1);
  clock.advance(1);
  await book.refresh(venue);
  expect(state.fetched).toBe(2);
});

test('a fetch that fails keeps the old list, is reported, and is tried again', async () => {
  const { book, venue, state, clock, failures } = openBook();
  await book.refresh(venue);
  clock.advance(HOUR_MS);
  state.isDown = true;
  await book.refresh(venue);
  expect(failures).toEqual(['paper']);
  expect(book.list('paper')).toHaveLength(2);
  await book.refresh(venue);
  expect(state.fetched).toBe(3);
});

test('a list that needs a key is fetched with one only', async () => {
  const { book, venue, state } = openBook(true);
  await book.refreshPublic();
  await book.refresh(venue);
  expect(state.fetched).toBe(0);
  await book.refresh(venue, credentialsOf('1', {}));
  expect(book.list('paper')).toHaveLength(2);
});

test('the list of a venue that needs a key is fetched with the key of an account', async () => {
  const { book, venue, state, failures } = openBook(true);
  const account = { user: '1', venue: venue.id, label: 'gone' };
  await book.refreshFor(account);
  expect(failures).toEqual(['paper']);
  await book.refreshFor({ ...account, venue: 'elsewhere' });
  expect(state.fetched).toBe(0);
  await book.refreshFor({ ...account, label: 'main' });
  expect(book.list('paper').length).toBeGreaterThan(0);
});
