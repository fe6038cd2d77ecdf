import { z } from 'zod';
import { restUrlAt, simulatedVenues } from '../../simulators/venues/index.ts';
import { readSettings } from '../processes.ts';
import type { VenueName } from '../world/people.ts';
import { oneConnectionEach, sendBare, writeCall } from './bare-venues.ts';
import { serveWriteRuns, type Write, writers } from './write-runs.ts';

// A program: the floor. The same signed request with undici alone, on connections that are kept or are not.
const { origin, keepsConnections } = readSettings(z.object({ origin: z.string(), keepsConnections: z.boolean() }));
const dispatcher = keepsConnections ? undefined : oneConnectionEach();

function open(venue: VenueName): Write {
  const who = writers[venue];
  const url = restUrlAt(origin, simulatedVenues[venue]);
  return async (leverage) => void (await sendBare(who, writeCall(who, url, leverage), dispatcher));
}

serveWriteRuns({ mudrex: open('mudrex'), 'kraken-futures': open('kraken-futures') });
