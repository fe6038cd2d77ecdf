import { urlsAt } from '../simulators/venues/index.ts';
import { createHttp } from '../src/venues/http.ts';
import { createVenueApi, defaultDeadlines, type VenueUrl } from '../src/venues/venue-api.ts';
import { probedKrakenFutures } from './kraken-futures.ts';
import { probedMudrex } from './mudrex.ts';
import type { Options } from './options.ts';
import type { ProbedVenue } from './probed-venue.ts';
import type { ProbedId } from './question.ts';
import { createRecorder, recordHttp } from './recorder.ts';

export const probedVenues: Readonly<Record<ProbedId, ProbedVenue>> = {
  'kraken-futures': probedKrakenFutures,
  mudrex: probedMudrex,
};

/** Opens the bot's own adapter of an exchange, on connections that write down what passes. Nothing is sent yet. */
export function openVenue({ venue: id, playground, compares }: Options, now: () => number) {
  const probed = probedVenues[id];
  const recorder = createRecorder();
  const elapsed = () => performance.now();
  const connections = createHttp({ connectMs: defaultDeadlines.connectMs });
  const http = recordHttp(recorder, { http: connections, elapsed, gapMs: probed.gapMs });
  const url = urlOf(id, playground);
  const options = { http, now, elapsed, url };
  const old = compares ? probed.old : undefined;
  return {
    ...{ probed, recorder, options },
    url: typeof url === 'string' ? url : url.rest,
    socketUrl: typeof url === 'string' ? undefined : url.socket,
    old: old && probedVenues[old].definition.create({ ...options, url: urlOf(old, playground) }),
    venue: probed.definition.create(options),
    api: createVenueApi(probed.definition.facts, options),
    close: http.close,
  };
}

/** What is meant for a playground never goes to the exchange itself. */
function urlOf(id: ProbedId, playground: string | undefined): VenueUrl {
  if (playground === undefined) return probedVenues[id].url;
  const url = urlsAt(playground)[id];
  if (url === undefined) throw new Error(`no simulated exchange ${id}`);
  return url;
}
