import { afterEach, describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { createHttp } from '../../src/venues/http.ts';
import { apiSign, createKrakenRest, refusalOfText } from '../../src/venues/kraken-rest.ts';
import type { VenueOptions } from '../../src/venues/venue-api.ts';
import { outcomeOf, patientDeadlines, type Reply, wideBudget } from '../support/fixture-venue.ts';
import { openLoopback, type SeenRequest } from '../support/loopback.ts';
import { createSleepingClock } from '../support/venue-simulators.ts';
import fixtures from './fixtures/kraken-rest.json' with { type: 'json' };

/** Kraken's own example. */
const apiSecret = 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==';
const apiKey = 'canaryPublicKeyOfAliceAtKraken+0123456789abcdefghijklmno';
const credentials = credentialsOf('alice', { apiKey, apiSecret });
const token = fixtures.token.body.result.token;
const facts = { id: 'kraken', label: 'Kraken', limits: wideBudget, refusalWords: {} };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A Kraken that answers with `script`; its clock stands still unless told. */
async function open(
  script: (request: SeenRequest, index: number) => Reply | Promise<Reply>,
  more: Partial<VenueOptions> = {},
) {
  let index = 0;
  const server = await openLoopback(async (response, request) => {
    const { status = 200, body, text, headers } = await script(request, index++);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(text ?? JSON.stringify(body));
  });
  const http = createHttp({ connectMs: patientDeadlines.connectMs });
  closing.push(server.close, http.close);
  const options = { http, now: Date.now, elapsed: () => performance.now(), budget: wideBudget };
  const rest = createKrakenRest(facts, { ...options, deadlines: patientDeadlines, ...more, rest: server.url });
  return { rest, seen: server.seen };
}

const errors = (...error: readonly string[]): Reply => ({ body: { error } });
const nonceOf = ({ body }: SeenRequest) => BigInt(body.slice('nonce='.length));

describe('the signature', () => {
  const nonce = '1616492376594';
  // The first is the example of Kraken's guide; the others were computed apart from this program.
  test.each([
    [
      '/0/private/AddOrder',
      `nonce=${nonce}&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25`,
      '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
    ],
    [
      '/0/private/GetWebSocketsToken',
      `nonce=${nonce}`,
      '+mRDmY9Ks0Moc1zjv/BjfvYa98buO0x1yHChZR5onlfAzAUbfIYlLggUZzdQ0RsmXm4Sh+Q8iAIZdo2wSeHeiA==',
    ],
    [
      '/0/private/GetApiKeyInfo',
      `nonce=${nonce}`,
      '0hXh9q5/fK8xgzNfiExbUyhEvsv1gAYGgL/5PWy8Xo8kFGhpI/ZwAnHB1eC0SYtlYiywFcypDRuBP/GjHp+ojA==',
    ],
    [
      '/0/private/GetWebSocketsToken',
      `nonce=${nonce}&otp=123456`,
      'Ar/xaIFCxoB9vYgmMdFa96Q4kobeliKYcsJVL0e/9WCP8p+91eHqwusA7xAg4PaDXeGRBOWqOD4e7jxeWmvvDQ==',
    ],
  ])('of %s with %s', (path, body, expected) => {
    expect(apiSign(apiSecret, path, nonce, body)).toBe(expected);
  });

  test('is over the path without a base and the body as it is sent, a form', async () => {
    const { rest, seen } = await open(({ url }) => (url.endsWith('Token') ? fixtures.token : fixtures.keyInfo));
    await rest.readToken(credentials);
    await rest.readKeyInfo(credentials);
    expect(seen.map(({ method, url }) => [method, url])).toEqual([
      ['POST', '/0/private/GetWebSocketsToken'],
      ['POST', '/0/private/GetApiKeyInfo'],
    ]);
    for (const { url, headers, body } of seen) {
      expect(headers).toMatchObject({ 'api-key': apiKey, 'content-type': 'application/x-www-form-urlencoded' });
      expect(headers['api-sign']).toBe(apiSign(apiSecret, url, body.slice('nonce='.length), body));
    }
  });
});

describe('the nonce', () => {
  test('counts microseconds and rises with each request, also while the clock stands still', async () => {
    const { now } = createSleepingClock();
    const { rest, seen } = await open(() => fixtures.token, { now });
    for (let count = 0; count < 3; count += 1) await rest.readToken(credentials);
    const first = BigInt(now()) * 1_000n;
    expect(seen.map(nonceOf)).toEqual([first, first + 1n, first + 2n]);
  });

  test('of one key arrives in order, one request at a time; another key does not wait', async () => {
    let underWay = 0;
    let most = 0;
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { rest, seen } = await open(async ({ headers }) => {
      const isOurs = headers['api-key'] === apiKey;
      underWay += isOurs ? 1 : 0;
      most = Math.max(most, underWay);
      if (isOurs) await released;
      underWay -= isOurs ? 1 : 0;
      return fixtures.token;
    });
    const ours = Promise.all(Array.from({ length: 8 }, () => rest.readToken(credentials)));
    await rest.readToken(credentialsOf('bob', { apiKey: `${apiKey}B`, apiSecret }));
    release();
    await ours;
    const nonces = seen.filter(({ headers }) => headers['api-key'] === apiKey).map(nonceOf);
    expect(most).toBe(1);
    expect(nonces).toHaveLength(8);
    expect(nonces).toEqual(nonces.toSorted((a, b) => (a < b ? -1 : 1)));
  });

  test('that waits too long for another request of its key is busy, and nothing is sent', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const deadlines = { connectMs: 5_000, readMs: 400, writeMs: 400 };
    const { rest, seen } = await open(
      async () => {
        await released;
        return fixtures.token;
      },
      { deadlines },
    );
    const first = outcomeOf(rest.readToken(credentials));
    const second = outcomeOf(rest.readToken(credentials));
    expect(await second).toMatchObject({ code: 'VENUE_BUSY', limit: 'key' });
    expect(await first).toMatchObject({ code: 'VENUE_SILENT', silence: 'timeout' });
    expect(seen).toHaveLength(1);
    release();
  });

  test('that is refused once is made anew, with a higher one', async () => {
    const { rest, seen } = await open((_request, index) =>
      index === 0 ? errors('EAPI:Invalid nonce') : fixtures.token,
    );
    expect((await rest.readToken(credentials)).reveal()).toBe(token);
    expect(seen).toHaveLength(2);
    expect(seen.map(nonceOf)).toEqual(seen.map(nonceOf).toSorted((a, b) => (a < b ? -1 : 1)));
  });

  test('that is refused twice is told, and not tried a third time', async () => {
    const { rest, seen } = await open(() => errors('EAPI:Invalid nonce'));
    expect(await outcomeOf(rest.readKeyInfo(credentials))).toMatchObject({ code: 'VENUE_REFUSED', refusal: 'nonce' });
    expect(seen).toHaveLength(2);
  });
});

describe('an error text', () => {
  test.each([
    ['EAPI:Invalid key', 'key-rejected'],
    ['EAPI:Invalid signature', 'key-rejected'],
    ['EGeneral:Permission denied', 'key-lacks-permission'],
    ['EAPI:Permission denied', 'key-lacks-permission'],
    ['EAccount:Invalid permissions', 'account-invalid'],
    ['EGeneral:Temporary lockout', 'key-forbidden'],
    ['EService:Unavailable', 'venue-unavailable'],
    ['EService:Busy', 'venue-unavailable'],
    ['EGeneral:Internal error', 'venue-error'],
    ['EService:Deadline elapsed', 'venue-error'],
  ])('%s is %s, and not tried again', async (text, refusal) => {
    const { rest, seen } = await open(() => errors(text));
    expect(await outcomeOf(rest.readToken(credentials))).toMatchObject({
      code: 'VENUE_REFUSED',
      venue: 'Kraken',
      refusal,
    });
    expect(seen).toHaveLength(1);
  });

  test.each([
    ['EAPI:Rate limit exceeded', 'key'],
    ['EAuth:Rate limit exceeded', 'key'],
    ['EGeneral:Too many requests', 'address'],
  ])('%s makes the %s rest', async (text, limit) => {
    const { now } = createSleepingClock();
    const { rest } = await open(() => errors(text), { now });
    expect(await outcomeOf(rest.readToken(credentials))).toMatchObject({ code: 'VENUE_BUSY', limit });
  });

  test('that names a time makes the key rest until then', async () => {
    const { now } = createSleepingClock();
    const until = Math.floor(now() / 1_000) + 20;
    const { rest, seen } = await open(() => errors(`EService: Throttled: ${until}`), { now, elapsed: now });
    const busy = { code: 'VENUE_BUSY', limit: 'key', retryAfterMs: 20_000 };
    expect(await outcomeOf(rest.readToken(credentials))).toMatchObject(busy);
    expect(seen).toHaveLength(1);
  });

  test.each<readonly [string, Reply]>([
    ['an unlisted text', errors('EGeneral:A new kind of error')],
    ['a listed text beside an unlisted one', errors('EAPI:Invalid key', 'EGeneral:A new kind of error')],
    ['a listed text in other letters', errors('eapi:invalid key')],
    ['a text where a list is documented', { body: { error: 'EAPI:Invalid key' } }],
    ['no list of errors', { body: { result: fixtures.token.body.result } }],
    ['another status', { status: 401, ...errors('EAPI:Invalid key') }],
    ['success without a token', { body: { error: [], result: { expires: 900 } } }],
    ['success beside an error that is none', { body: { error: [null], result: fixtures.token.body.result } }],
    ['an empty token', { body: { error: [], result: { token: '', expires: 900 } } }],
    ['a token without an end', { body: { error: [], result: { token: 'a' } } }],
    ['HTML', { text: '<html></html>' }],
    ['half a reply', { text: '{"error":[],"result":{"token":"a' }],
  ])('%s proves nothing', async (_what, reply) => {
    const { rest } = await open(() => reply);
    expect(await outcomeOf(rest.readToken(credentials))).toMatchObject({ code: 'VENUE_SILENT', silence: 'unreadable' });
  });

  test('of a socket is read by the same list', () => {
    expect(refusalOfText('EAPI:Invalid key')).toEqual({ kind: 'refused', refusal: 'key-rejected' });
    for (const text of ['', 'EAPI:Invalid key ', '__proto__', 'EService: Throttled: soon']) {
      expect(refusalOfText(text)).toBeUndefined();
    }
  });
});

describe('a token', () => {
  test('prints as nothing', async () => {
    const { rest } = await open(() => fixtures.token);
    const found = await rest.readToken(credentials);
    expect(found.reveal()).toBe(token);
    expect(JSON.stringify(found)).not.toContain(token);
  });

  test('is asked for again after a reset, since that changes nothing', async () => {
    let count = 0;
    const server = await openLoopback((response) => {
      count += 1;
      if (count === 1) response.socket?.destroy();
      else response.end(JSON.stringify(fixtures.token.body));
    });
    const http = createHttp({ connectMs: 5_000 });
    closing.push(server.close, http.close);
    const options = { http, now: Date.now, elapsed: () => performance.now(), budget: wideBudget };
    const rest = createKrakenRest(facts, { ...options, deadlines: patientDeadlines, rest: server.url });
    expect((await rest.readToken(credentials)).reveal()).toBe(token);
    expect(server.seen.map(nonceOf)).toHaveLength(2);
  });
});

describe('what Kraken says of a key', () => {
  const keyInfo = (more: object): Reply => ({
    body: { error: [], result: { ...fixtures.keyInfo.body.result, ...more } },
  });

  test('is read without the account behind it', async () => {
    const { rest } = await open(() => fixtures.keyInfo);
    expect(await rest.readKeyInfo(credentials)).toEqual({
      permissions: ['create-ws-token', 'modify-trades', 'query-open-trades'],
      validUntil: 'never',
      hasIpList: false,
      nonce: '1763726400000000',
    });
  });

  test.each([
    [{ validUntil: '1772323200' }, { validUntil: 1_772_323_200_000 }],
    [{ validUntil: null }, { validUntil: 'never' }],
    [{ validUntil: 'soon' }, { validUntil: undefined }],
    [{ ipAllowlist: ['192.0.2.1'] }, { hasIpList: true }],
    [{ ipAllowlist: 'none' }, { hasIpList: undefined }],
    [{ nonce: -1 }, { nonce: undefined }],
    [{ nonce: 1763726400000000 }, { nonce: '1763726400000000' }],
  ])('%j means %j', async (given, expected) => {
    const { rest } = await open(() => keyInfo(given));
    expect(await rest.readKeyInfo(credentials)).toMatchObject(expected);
  });

  test.each([{ permissions: undefined }, { permissions: 'all' }, { permissions: [[1]] }, { permissions: [''] }])(
    'without readable permissions is nothing: %j',
    async (given) => {
      const { rest } = await open(() => keyInfo(given));
      expect(await outcomeOf(rest.readKeyInfo(credentials))).toMatchObject({ code: 'VENUE_SILENT' });
    },
  );
});
