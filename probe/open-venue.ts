import { urlsAt } from '../simulators/venues/index.ts';
import type { Credentials } from '../src/account.ts';
import { createHttp } from '../src/venues/http.ts';
import { createKrakenRest } from '../src/venues/kraken-rest.ts';
import { createVenueApi, defaultDeadlines, type VenueUrl } from '../src/venues/venue-api.ts';
import { createDesks } from './desk.ts';
import { probedKraken } from './kraken.ts';
import { probedKrakenFutures } from './kraken-futures.ts';
import { probedMudrex } from './mudrex.ts';
import type { Options } from './options.ts';
import type { ProbedId, ProbedVenue } from './question.ts';
import { createRecorder, recordHttp, recordMessage } from './recorder.ts';

export const probedVenues: Readonly<Record<ProbedId, ProbedVenue>> = {
  'kraken-futures': probedKrakenFutures,
  kraken: probedKraken,
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
  const options = { http, now, elapsed, url, onMessage: (text: string) => void recordMessage(recorder, text) };
  const venue = probed.definition.create(options);
  const old = compares ? probed.old : undefined;
  return {
    ...{ probed, recorder, options },
    url: typeof url === 'string' ? url : url.rest,
    /** For a key, since each private connection has a token of its own. */
    desksOf: (credentials: Credentials) => {
      if (typeof url === 'string') return undefined;
      const { readToken } = createKrakenRest(venue, { ...options, rest: url.rest });
      return createDesks({ url: url.socket, recorder, elapsed, readToken: () => readToken(credentials) });
    },
    old: old && probedVenues[old].definition.create({ ...options, url: urlOf(old, playground) }),
    venue,
    api: createVenueApi(probed.definition.facts, options),
    close: async () => {
      await venue.close?.();
      await http.close();
    },
  };
}

/** What is meant for a playground never goes to the exchange itself. */
function urlOf(id: ProbedId, playground: string | undefined): VenueUrl {
  if (playground === undefined) return probedVenues[id].url;
  const url = urlsAt(playground)[id];
  if (url === undefined) throw new Error(`no simulated exchange ${id}`);
  return url;
}
