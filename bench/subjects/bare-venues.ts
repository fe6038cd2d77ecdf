import { createHash, createHmac } from 'node:crypto';
import { Agent, type Dispatcher, request } from 'undici';
import type { Trader, VenueName } from '../world/people.ts';

/** One call as a bare program sends it: the headers the venue asks for, and nothing that could fail is looked at. */
export type BareCall = { readonly method: 'GET' | 'POST' | 'PUT'; readonly url: string; readonly body?: string };

/** What a bare program has to know of a venue: how to sign, and where to read and write one market's leverage. */
type BareVenue = {
  readonly headers: (trader: Trader, call: BareCall) => Readonly<Record<string, string>>;
  /** Below the venue's base address. */
  readonly market: (symbol: string) => string;
  readonly setting: (symbol: string) => string;
  readonly others: readonly string[];
  readonly write: (symbol: string, leverage: number) => Omit<BareCall, 'url'> & { readonly path: string };
};

const v3 = '/derivatives/api/v3';

const bareVenues: Readonly<Record<VenueName, BareVenue>> = {
  mudrex: {
    headers: ({ key: { apiSecret = '' } }, { body }) => ({
      ...(body !== undefined && { 'content-type': 'application/json' }),
      'x-authentication': apiSecret,
    }),
    market: (symbol) => `/futures/${symbol}?is_symbol`,
    setting: (symbol) => `/futures/${symbol}/leverage?is_symbol`,
    others: ['/futures/positions', '/futures/orders?limit=100&offset=0'],
    write: (symbol, leverage) => ({
      method: 'POST',
      path: `/futures/${symbol}/leverage?is_symbol`,
      body: JSON.stringify({ margin_type: 'ISOLATED', leverage }),
    }),
  },
  'kraken-futures': {
    headers: ({ key: { apiKey = '', apiSecret = '' } }, { url }) => {
      const [path = '', query = ''] = url.slice(url.indexOf('/derivatives') + '/derivatives'.length).split('?');
      return { apikey: apiKey, authent: authent(apiSecret, path, query) };
    },
    market: () => `${v3}/instruments`,
    setting: () => `${v3}/leveragepreferences`,
    others: [`${v3}/openpositions`, `${v3}/openorders`],
    write: (symbol, leverage) => ({
      method: 'PUT',
      path: `${v3}/leveragepreferences?symbol=${symbol}&maxLeverage=${leverage}`,
    }),
  },
};

/** Kraken's signature over the query and the path, as its guide says. */
function authent(secret: string, path: string, query: string): string {
  const hash = createHash('sha256').update(query).update(path).digest();
  return createHmac('sha512', Buffer.from(secret, 'base64')).update(hash).digest('base64');
}

export function signedHeaders(who: Trader, call: BareCall): Readonly<Record<string, string>> {
  return bareVenues[who.venue].headers(who, call);
}

/** Sends one signed call with undici and reads the answer as JSON. */
export async function sendBare(who: Trader, call: BareCall, dispatcher?: Dispatcher): Promise<unknown> {
  const { method, url, body } = call;
  const response = await request(url, {
    method,
    headers: signedHeaders(who, call),
    ...(body !== undefined && { body }),
    ...(dispatcher && { dispatcher }),
  });
  const answer: unknown = await response.body.json();
  if (response.statusCode !== 200) throw new Error(`${method} ${url}: ${response.statusCode}`);
  return answer;
}

/** The reads of a card: the market comes first, the others go together. */
export function readCalls({ venue, market }: Trader, base: string) {
  const { market: marketPath, setting, others } = bareVenues[venue];
  const get = (path: string): BareCall => ({ method: 'GET', url: `${base}${path}` });
  const settingCall = get(setting(market));
  return { market: get(marketPath(market)), setting: settingCall, others: [settingCall, ...others.map(get)] };
}

/** The write of one leverage setting. */
export function writeCall({ venue, market }: Trader, base: string, leverage: number): BareCall {
  const { path, ...call } = bareVenues[venue].write(market, leverage);
  return { ...call, url: `${base}${path}` };
}

/** Every request on a connection of its own, as the bot sends its writes. */
export const oneConnectionEach = () => new Agent({ pipelining: 0 });
