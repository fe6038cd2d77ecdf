import { Failure, type FailureData } from '../../src/errors.ts';
import type { Venue } from '../../src/leverage/venue.ts';
import { createHttp } from '../../src/venues/http.ts';
import type { VenueDefinition, VenueOptions } from '../../src/venues/venue-api.ts';
import { type Loopback, openLoopback, type SeenRequest } from './loopback.ts';

/** One reply; `text` instead of `body` where it is not JSON. */
export type Reply = {
  readonly status?: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A reply for each request, or nothing for one that the test did not expect. */
export type Script = (request: SeenRequest, index: number) => Reply | undefined;

export type FixtureVenue = Pick<Loopback, 'seen' | 'close'> & { readonly venue: Venue };

/** Windows that never hold a test back. */
export const wideBudget = {
  windows: [{ units: 1e9, windowMs: 1_000 }],
  costs: { read: 1, account: 1, write: 1 },
};

export const patientDeadlines = { connectMs: 5_000, readMs: 8_000, writeMs: 8_000 };

/** For a write that nothing has held up. */
export const inTime = () => true;

/** A venue whose every request is answered by `script`. Requests it has no reply for are answered 599. */
export async function openFixtureVenue(
  { create }: VenueDefinition,
  script: Script,
  more: Partial<VenueOptions> = {},
): Promise<FixtureVenue> {
  let index = 0;
  const server = await openLoopback((response, request) => {
    const { status = 200, body, text, headers } = script(request, index++) ?? { status: 599, text: 'not expected' };
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(text ?? (body === undefined ? '' : JSON.stringify(body)));
  });
  const http = createHttp({ connectMs: patientDeadlines.connectMs });
  const options = {
    http,
    now: Date.now,
    elapsed: () => performance.now(),
    url: server.url,
    budget: wideBudget,
    deadlines: patientDeadlines,
    ...more,
  };
  return {
    venue: create(options),
    seen: server.seen,
    close: async () => {
      await http.close();
      await server.close();
    },
  };
}

/** What a call came to: its value, or the data of its one Failure. Anything else that is thrown fails the test. */
export async function outcomeOf<T>(call: Promise<T>): Promise<T | FailureData> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Failure) return error.data;
    throw error;
  }
}
