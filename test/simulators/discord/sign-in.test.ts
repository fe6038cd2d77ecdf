import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { alice, applicationId, bob, clientSecret, startDiscord } from './support.ts';

const redirectUri = 'http://127.0.0.1:4000/link/callback';
const verifier = randomBytes(32).toString('base64url');
const challenge = createHash('sha256').update(verifier).digest('base64url');

const asked = {
  client_id: applicationId,
  redirect_uri: redirectUri,
  response_type: 'code',
  scope: 'identify',
  state: 'some state',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};
const redeemed = {
  grant_type: 'authorization_code',
  redirect_uri: redirectUri,
  code_verifier: verifier,
  client_id: applicationId,
  client_secret: clientSecret,
};

async function start() {
  const loopback = await startDiscord({ redirectUris: ['https://bot.example/link/callback'] });
  const authorizeUrl = (more: Record<string, string> = {}) =>
    `${loopback.origin}/discord/oauth2/authorize?${new URLSearchParams({ ...asked, ...more })}`;
  const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual', headers });
  const token = (form: Record<string, string>, headers?: Record<string, string>) =>
    post(`${loopback.api}/oauth2/token`, form, headers);
  const newCode = () => new URL(loopback.discord.as(alice.id).authorize(authorizeUrl())).searchParams.get('code') ?? '';
  return { ...loopback, authorizeUrl, post, token, newCode };
}

describe('signing in', () => {
  test('leads from the page over a code to the person', async () => {
    const { authorizeUrl, post, token, api } = await start();
    const page = await (await fetch(authorizeUrl())).text();
    expect(page).toContain('Authorize as Alice');
    expect(page).toContain('Authorize as Bob &#60;b&#62;');

    const back = new URL((await post(authorizeUrl(), { person: bob.id })).headers.get('location') ?? '');
    expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([redirectUri, 'some state']);

    const answer: unknown = await (await token({ ...redeemed, code: back.searchParams.get('code') ?? '' })).json();
    expect(answer).toMatchObject({ token_type: 'Bearer', scope: 'identify', expires_in: 604_800 });
    const authorization = `Bearer ${bearerOf(answer)}`;
    const me = await fetch(`${api}/v10/users/@me`, { headers: { authorization } });
    expect(await me.json()).toMatchObject({ id: bob.id, username: 'bob', global_name: 'Bob <b>' });
  });

  test('can be cancelled', async () => {
    const { authorizeUrl, post } = await start();
    const back = new URL((await post(authorizeUrl(), { cancel: '1' })).headers.get('location') ?? '');
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'access_denied', state: 'some state' });
  });

  test('takes the client’s secret by Basic too', async () => {
    const { token, newCode } = await start();
    const { client_id, client_secret, ...form } = redeemed;
    const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
    expect((await token({ ...form, code: newCode() }, { authorization })).status).toBe(200);
  });

  test('gives a token that ends', async () => {
    const { token, newCode, api, clock } = await start();
    const answer: unknown = await (await token({ ...redeemed, code: newCode() })).json();
    const headers = { authorization: `Bearer ${bearerOf(answer)}` };
    clock.ms += 604_800_001;
    expect((await fetch(`${api}/v10/users/@me`, { headers })).status).toBe(401);
  });
});

describe('a sign-in request', () => {
  test.each([
    { what: 'another application', more: { client_id: '1' }, status: 404 },
    { what: 'an unregistered address', more: { redirect_uri: 'https://evil.example/link/callback' }, status: 400 },
    { what: 'no address', more: { redirect_uri: 'nowhere' }, status: 400 },
  ])('for $what is answered on the spot', async ({ more, status }) => {
    const { authorizeUrl } = await start();
    const response = await fetch(authorizeUrl(more), { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([status, null]);
  });

  test.each([
    { what: 'a token instead of a code', more: { response_type: 'token' }, error: 'unsupported_response_type' },
    { what: 'another scope', more: { scope: 'identify email' }, error: 'invalid_scope' },
    { what: 'a plain challenge', more: { code_challenge_method: 'plain' }, error: 'invalid_request' },
    { what: 'a challenge of the wrong length', more: { code_challenge: 'short' }, error: 'invalid_request' },
  ])('for $what goes back with $error', async ({ more, error }) => {
    const { authorizeUrl } = await start();
    const { headers } = await fetch(authorizeUrl(more), { redirect: 'manual' });
    expect(new URL(headers.get('location') ?? '').searchParams.get('error')).toBe(error);
  });

  test('may name a registered address elsewhere', async () => {
    const { authorizeUrl } = await start();
    expect((await fetch(authorizeUrl({ redirect_uri: 'https://bot.example/link/callback' }))).status).toBe(200);
  });
});

describe('a code is refused', () => {
  test.each([
    { when: 'it is unknown', more: { code: 'unknown' }, error: 'invalid_grant', status: 400 },
    { when: 'the verifier is another', more: { code_verifier: 'other' }, error: 'invalid_grant', status: 400 },
    {
      when: 'the address is another',
      more: { redirect_uri: 'http://127.0.0.1:4000/other' },
      error: 'invalid_grant',
      status: 400,
    },
    {
      when: 'the grant type is another',
      more: { grant_type: 'password' },
      error: 'unsupported_grant_type',
      status: 400,
    },
    { when: 'the secret is wrong', more: { client_secret: 'wrong' }, error: 'invalid_client', status: 401 },
    { when: 'the client is another', more: { client_id: '1' }, error: 'invalid_client', status: 401 },
  ])('when $when', async ({ more, error, status }) => {
    const { token, newCode } = await start();
    const response = await token({ ...redeemed, code: newCode(), ...more });
    expect([response.status, await response.json()]).toMatchObject([status, { error }]);
  });

  test('when it was used before', async () => {
    const { token, newCode } = await start();
    const code = newCode();
    expect((await token({ ...redeemed, code })).status).toBe(200);
    expect((await token({ ...redeemed, code })).status).toBe(400);
  });

  test('after ten minutes', async () => {
    const { token, newCode, clock } = await start();
    const code = newCode();
    clock.ms += 10 * 60_000 + 1;
    expect((await token({ ...redeemed, code })).status).toBe(400);
  });

  test('without its verifier', async () => {
    const { token, newCode } = await start();
    const { code_verifier: _left, ...form } = redeemed;
    expect((await token({ ...form, code: newCode() })).status).toBe(400);
  });
});

function bearerOf(answer: unknown): string {
  if (typeof answer === 'object' && answer !== null && 'access_token' in answer) return String(answer.access_token);
  throw new Error('no access token');
}
