import { z } from 'zod';
import { urlsAt } from '../../simulators/venues/index.ts';
import { credentialsOf } from '../../src/account.ts';
import { requireVenue } from '../../src/leverage/venue.ts';
import { createVenues, type VenueId, venueIds } from '../../src/venues/index.ts';
import { readSettings } from '../processes.ts';
import { serveWriteRuns, type Write, writers } from './write-runs.ts';

// A program: the bot's own venue adapters, with a budget that never makes them wait.
const { origin } = readSettings(z.object({ origin: z.string() }));
const unlimited = { windows: [{ units: 1e9, windowMs: 1_000 }], costs: { read: 1, account: 1, write: 1 } };
const venues = createVenues({
  now: Date.now,
  elapsed: () => performance.now(),
  urls: urlsAt(origin),
  budgets: new Map(venueIds.map((id) => [id, unlimited])),
});

async function open(id: VenueId & keyof typeof writers): Promise<Write> {
  const venue = requireVenue(venues, id);
  const credentials = credentialsOf(writers[id].id, writers[id].key);
  const market = await venue.readMarket(credentials, writers[id].market);
  return async (leverage) => {
    const result = await venue.applySetting(
      credentials,
      { market },
      { mode: 'isolated', leverage: String(leverage) },
      () => true,
    );
    if (result.kind !== 'accepted') throw new Error(JSON.stringify(result));
  };
}

serveWriteRuns({ mudrex: await open('mudrex'), 'kraken-futures': await open('kraken-futures') });
