import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '../src/parse-json.ts';
import type { Http, HttpReply, HttpRequest } from '../src/venues/http.ts';

/** A request and what came of it. The text of a reply is never shown as it is. */
export type Exchange = {
  /** Method and path; of the query only what is harmless. */
  readonly what: string;
  readonly reply: HttpReply;
  readonly ms: number;
};

export type Recorder = {
  /** Oldest first. */
  readonly seen: readonly Exchange[];
  readonly add: (exchange: Exchange) => void;
};

const mostExchanges = 1_000;
const mostCharacters = 64 * 1024 * 1024;

export function createRecorder(): Recorder {
  const seen: Exchange[] = [];
  let characters = 0;
  return {
    seen,
    add: (exchange) => {
      const { reply } = exchange;
      characters += reply.kind === 'answered' ? reply.text.length : 0;
      if (seen.length < mostExchanges && characters <= mostCharacters) seen.push(exchange);
    },
  };
}

const frameSchema = z.object({
  method: z.string().optional(),
  channel: z.string().optional(),
  type: z.string().optional(),
});

/** Writes down a message of a socket; heartbeats are too many. */
export function recordMessage({ add }: Recorder, text: string): Exchange {
  const { method, channel, type = '' } = frameSchema.safeParse(parseJson(text)).data ?? {};
  const words = method === undefined ? [channel ?? '', type] : [method];
  const what = ['WS told', ...words.map((word) => (/^[a-z_]{1,24}$/.test(word) ? word : '(name)'))].join(' ');
  const exchange: Exchange = { what, reply: { kind: 'answered', status: 200, text }, ms: 0 };
  if (channel !== 'heartbeat') add(exchange);
  return exchange;
}

type RecordedHttp = { readonly http: Http; readonly elapsed: () => number; readonly gapMs: number };

/**
 * The same connections to a venue, whose requests and replies are written down.
 *
 * @param options.gapMs - The shortest time between two requests: the adapter and the questions together must stay within
 *   what the venue takes, and each counts for itself.
 */
export function recordHttp({ add }: Recorder, { http, elapsed, gapMs }: RecordedHttp): Http {
  let nextAt = 0;
  return {
    close: http.close,
    send: async (request) => {
      const waitMs = nextAt - elapsed();
      nextAt = Math.max(nextAt, elapsed()) + gapMs;
      if (waitMs > 0) await wait(waitMs);
      const startedAt = elapsed();
      const reply = await http.send(request);
      add({ what: describeRequest(request), reply, ms: Math.round(elapsed() - startedAt) });
      return reply;
    },
  };
}

/** The arguments whose values are no secret of anybody's. */
const harmless = ['symbol', 'maxLeverage', 'trade_currency', 'limit', 'offset', 'is_symbol', 'assets', 'aggregation'];

/** Ids are left out, since one could be of an account. */
function describeRequest({ method, url }: HttpRequest): string {
  const { pathname, searchParams } = new URL(url);
  const path = pathname.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '(id)');
  const query = [...searchParams].map(([name, value]) => {
    if (value === '') return name;
    return `${name}=${harmless.includes(name) ? value : '…'}`;
  });
  return `${method} ${path}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}
