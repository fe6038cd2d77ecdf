import { createHash, createHmac } from 'node:crypto';
import { Agent, type Dispatcher, request } from 'undici';
import type { Trader } from '../world/people.ts';

/** One call as a bare program sends it: the headers the venue asks for, and nothing that could fail is looked at. */
export type BareCall = { readonly method: 'GET' | 'POST' | 'PUT'; readonly url: string; readonly body?: string };

/** Kraken's signature over the query and the path, as its guide says. */
function authent(secret: string, path: string, query: string): string {
  const hash = createHash('sha256').update(query).update(path).digest();
  return createHmac('sha512', Buffer.from(secret, 'base64')).update(hash).digest('base64');
}

export function signedHeaders({ venue, key: { apiKey = '', apiSecret } }: Trader, { url, body }: BareCall) {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  if (venue === 'mudrex') return { ...type, 'x-authentication': apiSecret };
  const [path = '', query = ''] = url.slice(url.indexOf('/derivatives') + '/derivatives'.length).split('?');
  return { apikey: apiKey, authent: authent(apiSecret, path, query) };
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

/** The write of one leverage setting at either venue. */
export function writeCall({ venue, market }: Trader, base: string, leverage: number): BareCall {
  if (venue === 'mudrex') {
    const body = JSON.stringify({ margin_type: 'ISOLATED', leverage });
    return { method: 'POST', url: `${base}/futures/${market}/leverage?is_symbol`, body };
  }
  const query = `symbol=${market}&maxLeverage=${leverage}`;
  return { method: 'PUT', url: `${base}/derivatives/api/v3/leveragepreferences?${query}` };
}

/** Every request on a connection of its own, as the bot sends its writes. */
export const oneConnectionEach = () => new Agent({ pipelining: 0 });
