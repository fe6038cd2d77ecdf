import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { paper } from '../../src/venues/paper.ts';
import { inTime, openFixtureVenue } from '../support/fixture-venue.ts';
import { openVenueHarness } from '../support/venue-simulators.ts';
import { describeVenue } from './contract.ts';
import fixtures from './fixtures/paper.json' with { type: 'json' };
import { describeHostileReplies } from './hostile-replies.ts';

const secret = 'canary-paper-key';
const credentials = credentialsOf('alice', { key: secret });
const target = {
  market: {
    ...{ venue: 'paper', id: 'BTCUSD', symbol: 'BTCUSD', aliases: ['BTCUSD', 'BTC'], base: 'BTC', quote: 'USD' },
    ...{ bounds: { min: '1', max: '50', step: '0.01' }, tradeable: true },
  },
};

describe('a write', () => {
  test.each([
    [fixtures.set, { kind: 'accepted' }],
    [fixtures.leverageOutOfRange, { kind: 'refused', failure: { refusal: 'leverage-out-of-range' } }],
    [fixtures.noSuchMarket, { kind: 'refused', failure: { refusal: 'unknown-market' } }],
    [fixtures.marketClosed, { kind: 'refused', failure: { words: { next: 'Try again when the desk is open.' } } }],
    [fixtures.noSuchKey, { kind: 'refused', failure: { refusal: 'key-rejected' } }],
    [fixtures.tooManyRequests, { kind: 'refused', failure: { refusal: 'rate-limited' } }],
  ])('is judged by the documented reply %j', async (reply, result) => {
    const { venue, seen, close } = await openFixtureVenue(paper, () => reply);
    const answer = await venue.applySetting(credentials, target, { mode: 'isolated', leverage: '5' }, inTime);
    await close();
    expect(answer).toMatchObject(result);
    expect(seen).toMatchObject([{ method: 'PUT', url: '/settings/BTCUSD', body: '{"leverage":"5"}' }]);
  });
});

describeHostileReplies('Paper', {
  definition: paper,
  credentials,
  secrets: [secret],
  limitCounts: 'key',
  list: 'markets',
  target,
  words: ['done', 'refused', 'symbol', 'leverage', 'BTCUSD', '5', 'settings', 'positions', 'orders', 'max', 'isOpen'],
});

describeVenue('Paper', (deadlines) => openVenueHarness('paper', deadlines));
