import { z } from 'zod';
import { credentialsOf } from '../src/account.ts';
import { Secret } from '../src/secret.ts';
import { apiSign, refusalOfText } from '../src/venues/kraken-rest.ts';
import { credential } from '../src/venues/venue-api.ts';
import type { Desk, DeskRequest } from './desk.ts';
import { derivatives, isSuccess, positions, sayError } from './kraken-desk.ts';
import { asAssumed, askRaw, type Bench, different, type Finding, jsonOf, newest, tell, told } from './question.ts';
import type { Exchange } from './recorder.ts';

/** Asks for something wrong, and shows how it is refused. */
export async function askWrongly(bench: Bench, desk: Desk, request: DeskRequest): Promise<Finding> {
  const reply = await desk.ask(request);
  return isSuccess(reply, bench) ? different('It was not refused.') : told(`${sayError(bench, reply)}.`);
}

type RestCall = { readonly path: string; readonly nonce: string; readonly credentials?: Bench['credentials'] };

/** A signed request that the adapter would not make. */
export async function askRest(
  bench: Bench,
  { path, nonce, credentials = bench.credentials }: RestCall,
): Promise<Finding> {
  const key = credential(credentials, 'apiKey');
  const secret = credential(credentials, 'apiSecret');
  const body = `nonce=${nonce}`;
  await askRaw(bench, {
    url: `${bench.url}${path}`,
    post: () => ({
      headers: {
        'API-Key': key.reveal(),
        'API-Sign': apiSign(secret.reveal(), path, nonce, body),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body,
    }),
  });
  const last = newest(bench);
  const texts = last === undefined ? [] : errorsOf(bench, last);
  const says = last === undefined ? 'Nothing was asked.' : `${tell(bench, last)}.`;
  return texts.every((text) => refusalOfText(text) !== undefined) && texts.length > 0
    ? asAssumed(says)
    : different(says);
}

function errorsOf(bench: Bench, exchange: Exchange): readonly string[] {
  return z.object({ error: z.array(z.string()) }).safeParse(jsonOf(bench, exchange)).data?.error ?? [];
}

/** A well-formed key that nobody has, in the form of either of Kraken's APIs. */
export const noKey = credentialsOf('', {
  apiKey: Buffer.alloc(42, 1).toString('base64'),
  apiSecret: Buffer.alloc(64, 1).toString('base64'),
});

export const keyInfoPath = '/0/private/GetApiKeyInfo';

const unknownToken = new Secret('no-token-of-anybody-0123456789');

/** Each is documented, or in the form of what is. */
const wrongSubscriptions = (token: Secret): Readonly<Record<string, DeskRequest>> => ({
  'a made-up token': { method: 'subscribe', params: { channel: 'preferences' }, token },
  'no token': { method: 'subscribe', params: { channel: 'preferences' }, token: 'none' },
  'no asset_class': { method: 'subscribe', params: { channel: 'positions' } },
  'snapshot with with_margin': { method: 'subscribe', params: { ...positions, snapshot: true, with_margin: true } },
  'snapshot at margin': { method: 'subscribe', params: { ...derivatives, channel: 'margin', snapshot: true } },
  'an unknown channel': { method: 'subscribe', params: { channel: 'no_such_channel' } },
  'public data here': { method: 'subscribe', params: { ...derivatives, channel: 'instrument' } },
  'a second subscription': { method: 'subscribe', params: { channel: 'preferences' } },
});

export async function askWrongThings(bench: Bench, desk: Desk): Promise<Finding> {
  const said: string[] = [];
  let isTaken = false;
  // The question before may have failed: without a first subscription there is no second one.
  await desk.ask({ method: 'subscribe', params: { channel: 'preferences' } });
  for (const [what, request] of Object.entries(wrongSubscriptions(unknownToken))) {
    const reply = await desk.ask(request);
    isTaken ||= isSuccess(reply, bench);
    said.push(`${what}: ${sayError(bench, reply)}`);
  }
  const says = `${said.join('; ')}. ${desk.isOpen() ? 'The connection stayed open.' : 'The connection was closed.'}`;
  return isTaken || !desk.isOpen() ? different(says) : told(says);
}

/** As the adapter makes it, in microseconds. */
export const nonceOf = ({ options }: Bench) => String(options.now() * 1_000);
