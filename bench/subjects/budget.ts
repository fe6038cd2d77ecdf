import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { urlsAt } from '../../simulators/venues/index.ts';
import { credentialsOf } from '../../src/account.ts';
import type { Market } from '../../src/leverage/market.ts';
import { requireVenue } from '../../src/leverage/venue.ts';
import { createVenues } from '../../src/venues/index.ts';
import { readSettings, serveParent } from '../processes.ts';
import { repeat } from '../statistics.ts';
import { type Trader, trader } from '../world/people.ts';
import { writers } from './write-runs.ts';

// A program: writes on one key as fast as the bot's own budget lets them through.
const { origin } = readSettings(z.object({ origin: z.string() }));
const venues = createVenues({ now: Date.now, elapsed: () => performance.now(), urls: urlsAt(origin) });
const spending = z.object({ trader: z.number(), writes: z.number() });
/** More at once would wait too long for their turn, and be told to come back. */
const AT_ONCE = 12;

async function readMarket(who: Trader): Promise<Market> {
  const reader = writers[who.venue];
  return requireVenue(venues, who.venue).readMarket(credentialsOf(reader.id, reader.key), who.market);
}

/** @returns when the first write was wanted and the last one was done, and how many the venue turned away */
async function spend(data: unknown) {
  const { trader: index, writes } = spending.parse(data);
  const who = trader(index);
  const market = await readMarket(who);
  const told = { rateLimited: 0, askedToWait: 0 };

  async function write(leverage: string): Promise<void> {
    const venue = requireVenue(venues, who.venue);
    const result = await venue.applySetting(
      credentialsOf(who.id, who.key),
      { market },
      { mode: 'isolated', leverage },
      () => true,
    );
    if (result.kind === 'accepted') return;
    const { failure } = result;
    if (failure.code === 'VENUE_BUSY') {
      told.askedToWait += 1;
      await wait(failure.retryAfterMs);
    } else if (failure.code === 'VENUE_REFUSED' && failure.refusal === 'rate-limited') told.rateLimited += 1;
    else throw new Error(JSON.stringify(result));
    return write(leverage);
  }

  const startedAt = performance.now();
  await repeat(writes, AT_ONCE, (done) => write(String(2 + (done % 2))));
  return { ...told, ms: performance.now() - startedAt };
}

serveParent({ spend });
