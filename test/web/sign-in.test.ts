import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { json, openLoopback, unusedPort } from '../support/loopback.ts';
import {
  account,
  ada,
  applicationId,
  approve,
  clientSecret,
  goodKey,
  mallory,
  openDiscord,
  openWeb,
  publicAccess,
  send,
  setCookiesOf,
} from './support.ts';

async function openPublic(url?: string) {
  const { api } = await openDiscord();
  return openWeb({ access: publicAccess(api, url) });
}

describe('the owner of a link', () => {
  test('signs in with Discord, comes back to the form and saves a key', async () => {
    const { createLink, browser, saved, strangers } = await openPublic();
    const { path, url, isLocal } = await createLink();
    expect([url.startsWith('https://bot.example.com/link/'), isLocal]).toEqual([true, false]);
    const visitor = browser();
    expect((await visitor.visit(path)).body).toContain('Continue with Discord');
    const back = await visitor.signIn(path, ada);
    expect([back.status, back.headers.location]).toEqual([303, path]);
    expect((await visitor.submit(path)).status).toBe(200);
    expect(saved).toEqual([expect.objectContaining({ account })]);
    expect(strangers).toEqual([]);
  });

  test('gets cookies that only this host can set, over https only', async () => {
    const { createLink, browser } = await openPublic();
    const { path } = await createLink();
    const visitor = browser();
    const flags = (maxAgeS: number) => ['HttpOnly', `Max-Age=${maxAgeS}`, 'Path=/', 'SameSite=Lax', 'Secure'];
    const away = await visitor.visit(`${path}/sign-in`);
    expect(setCookiesOf(away)).toEqual([[expect.stringMatching(/^__Host-levergate-sign-in=[\w-]+$/), ...flags(600)]]);
    const back = await visitor.visit(await approve(away.headers.location ?? '', ada));
    expect(setCookiesOf(back)).toEqual([
      ['__Host-levergate-sign-in=', ...flags(0)],
      [expect.stringMatching(/^__Host-levergate-session=[\w-]+$/), ...flags(600)],
    ]);
  });

  test('gets cookies without the prefix where a playground serves plain http', async () => {
    const { createLink, browser, saved } = await openPublic('http://127.0.0.1:4000');
    const { path } = await createLink();
    const visitor = browser();
    await visitor.signIn(path, ada);
    expect([...visitor.cookies.keys()]).toEqual(['levergate-session']);
    await visitor.submit(path);
    expect(saved).toHaveLength(1);
  });

  test('may be sent to Discord with nothing but what identify needs', async () => {
    const { createLink, browser } = await openPublic();
    const away = await browser().visit(`${(await createLink()).path}/sign-in`);
    expect(away.status).toBe(303);
    const url = new URL(away.headers.location ?? '');
    expect(url.pathname).toBe('/discord/api/oauth2/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: applicationId,
      scope: 'identify',
      redirect_uri: 'https://bot.example.com/sign-in',
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
  });

  test('is not told apart from others before the sign-in', async () => {
    const { createLink, browser } = await openPublic();
    const { body } = await browser().visit((await createLink()).path);
    expect(body).not.toContain(ada.id);
    expect(body).not.toMatch(/\bada\b|Lovelace/);
    expect(body).not.toContain('<form');
  });
});

describe('anybody else', () => {
  test('who signs in is refused and named, the owner is told, and the link stays good', async () => {
    const { createLink, browser, strangers, links, vault } = await openPublic();
    const { path } = await createLink();
    const thief = browser();
    const { status, body } = await thief.signIn(path, mallory);
    expect(status).toBe(403);
    expect(body).toContain('signed in to Discord as <bdi>@mallory</bdi>');
    expect(body).not.toContain(ada.id);
    expect(thief.cookies.size).toBe(0);
    expect(strangers.map((link) => link.account)).toEqual([account]);
    expect((await thief.visit(path)).body).not.toContain('<form');
    expect((await thief.post(path, { csrf: '', ...goodKey })).status).toBe(403);
    expect(await vault.list(ada.id)).toEqual([]);
    expect((await links.find(path.slice('/link/'.length)))?.triesLeft).toBe(5);
  });

  test('who signs in again and again makes the bot tell the owner once for each link', async () => {
    const { createLink, browser, strangers } = await openPublic();
    const [first, second] = [await createLink(), await createLink({ ...account, label: 'second' })];
    for (let index = 0; index < 6; index += 1) await browser().signIn(first.path, mallory);
    await browser().signIn(second.path, mallory);
    expect(strangers.map((link) => link.account.label)).toEqual(['main', 'second']);
  });

  test('who has the link but does not sign in cannot send the form', async () => {
    const { createLink, browser, vault } = await openPublic();
    const { path } = await createLink();
    expect((await browser().post(path, { csrf: 'x', ...goodKey })).status).toBe(403);
    expect(await vault.list(ada.id)).toEqual([]);
  });

  test('who signed in for a link of their own cannot use another’s', async () => {
    const { createLink, browser, vault } = await openPublic();
    const [own, other] = [await createLink({ ...account, user: mallory.id }), await createLink()];
    const thief = browser();
    await thief.signIn(own.path, mallory);
    const form = await thief.visit(own.path);
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.body)?.[1] ?? '';
    expect(csrf).not.toBe('');
    expect((await thief.visit(other.path)).body).not.toContain('<form');
    expect((await thief.post(other.path, { csrf, ...goodKey })).status).toBe(403);
    expect(await vault.list(ada.id)).toEqual([]);
  });

  test('cannot finish a sign-in that another browser began', async () => {
    const { createLink, browser } = await openPublic();
    const { path } = await createLink();
    const away = await browser().visit(`${path}/sign-in`);
    const back = await approve(away.headers.location ?? '', ada);
    const other = await browser().visit(back);
    expect(other.status).toBe(403);
    expect(other.body).toContain('does not belong to this browser');
  });

  test('cannot open a link with a session cookie made up or changed', async () => {
    const { createLink, browser, port } = await openPublic();
    const { path } = await createLink();
    const visitor = browser();
    await visitor.signIn(path, ada);
    const [name, value] = [...visitor.cookies][0] ?? ['', ''];
    for (const forged of [
      '',
      'x',
      value.slice(0, -4),
      Buffer.from('{}').toString('base64url'),
      `${value.slice(0, 60)}AAAA${value.slice(64)}`,
      '%E0%A4%A',
      `;${name}=${value}x; ${name}=`,
    ]) {
      const { status, body } = await send(port, path, { headers: { cookie: `${name}=${forged}` } });
      expect([status, body]).toEqual([200, expect.not.stringContaining('<form')]);
    }
  });
});

test('a session of the page for this machine only does not count on the public page', async () => {
  const { api } = await openDiscord();
  const { createLink, port, sealer } = await openWeb({ access: publicAccess(api) });
  const { path } = await createLink();
  const context = ['web-session', createHash('sha256').update(path.slice('/link/'.length)).digest('base64url')];
  const visit = async (session: unknown) => {
    const value = Buffer.from(await sealer.seal(context, session)).toString('base64url');
    return (await send(port, path, { headers: { cookie: `__Host-levergate-session=${value}` } })).body;
  };
  expect(await visit({ csrf: 'x', user: ada.id })).toContain('<form');
  expect(await visit({ csrf: 'x' })).not.toContain('<form');
  expect(await visit({ csrf: 'x', user: mallory.id })).not.toContain('<form');
});

describe('an answer from Discord', () => {
  test('with another state is refused, and ends the sign-in', async () => {
    const { createLink, browser } = await openPublic();
    const visitor = browser();
    const away = await visitor.visit(`${(await createLink()).path}/sign-in`);
    const back = await approve(away.headers.location ?? '', ada);
    expect((await visitor.visit(back.replace(/state=.{4}/, 'state=AAAA'))).status).toBe(403);
    expect((await visitor.visit(back)).status).toBe(403);
  });

  test('with a code made for another verifier is refused', async () => {
    const { createLink, browser, logged } = await openPublic();
    const { path } = await createLink();
    const visitor = browser();
    const first = await visitor.visit(`${path}/sign-in`);
    const stolen = new URLSearchParams((await approve(first.headers.location ?? '', ada)).split('?')[1]);
    const second = new URL((await visitor.visit(`${path}/sign-in`)).headers.location ?? '');
    const answer = { code: stolen.get('code') ?? '', state: second.searchParams.get('state') ?? '' };
    const { status } = await visitor.visit(`/sign-in?${new URLSearchParams(answer)}`);
    expect(status).toBe(403);
    expect(logged.join('')).toContain('"status":400');
  });

  test('counts once', async () => {
    const { createLink, browser } = await openPublic();
    const { path } = await createLink();
    const visitor = browser();
    const back = await approve((await visitor.visit(`${path}/sign-in`)).headers.location ?? '', ada);
    expect((await visitor.visit(back)).status).toBe(303);
    expect((await visitor.visit(back)).status).toBe(403);
  });

  test('that comes after the link’s ten minutes finds it gone', async () => {
    const { clock, createLink, browser } = await openPublic();
    const visitor = browser();
    const { path } = await createLink();
    const back = await approve((await visitor.visit(`${path}/sign-in`)).headers.location ?? '', ada);
    clock.advance(10 * 60_000);
    expect((await visitor.visit(back)).status).toBe(410);
  });

  test('that the person cancelled says so', async () => {
    const { createLink, browser } = await openPublic();
    const visitor = browser();
    const away = new URL((await visitor.visit(`${(await createLink()).path}/sign-in`)).headers.location ?? '');
    const state = away.searchParams.get('state') ?? '';
    const { status, body } = await visitor.visit(`/sign-in?error=access_denied&state=${state}`);
    expect(status).toBe(403);
    expect(body).toContain('You did not sign in');
  });

  test.each([
    '/sign-in',
    '/sign-in?state=',
    '/sign-in?code=a&state=b&state=c',
    '/sign-in?code[]=a&state=b',
    '/sign-in?__proto__=x&code=a',
    `/sign-in?state=${'a'.repeat(5000)}`,
  ])('such as %s is refused', async (path) => {
    const { browser } = await openPublic();
    expect((await browser().visit(path)).status).toBe(403);
  });
});

describe('when Discord', () => {
  async function signInAt(api: string) {
    const { createLink, browser, logged } = await openWeb({ access: publicAccess(api) });
    const { path } = await createLink();
    const visitor = browser();
    const away = new URL((await visitor.visit(`${path}/sign-in`)).headers.location ?? '');
    const answer = await visitor.visit(`/sign-in?code=abc&state=${away.searchParams.get('state')}`);
    return { ...answer, logged };
  }

  test.each([
    ['fails', json(500, {})],
    ['answers something else than JSON', json(200, '<html>')],
    ['gives no token', json(200, { token_type: 'Bearer' })],
    ['gives a token with a line break', json(200, { access_token: 'a\r\nb: c', token_type: 'Bearer' })],
    ['answers more than fits', json(200, { access_token: 'a'.repeat(70_000), token_type: 'Bearer' })],
  ])('%s, nobody is signed in', async (_what, answer) => {
    const server = await openLoopback(answer);
    const { status, headers, body } = await signInAt(`${server.url}/api`);
    await server.close();
    expect(status).toBe(503);
    expect(body).toContain('Discord could not be asked');
    expect(headers['set-cookie']?.join()).not.toContain('levergate-session');
  });

  test.each([302, 307])('redirects with %i, the client secret does not follow', async (status) => {
    const thief = await openLoopback(json(200, { access_token: 'abc', token_type: 'Bearer' }));
    const server = await openLoopback(json(status, {}, { location: `${thief.url}/steal` }));
    expect((await signInAt(`${server.url}/api`)).status).toBe(503);
    await Promise.all([server.close(), thief.close()]);
    expect(thief.seen).toEqual([]);
  });

  test('cannot be reached, nobody is signed in', async () => {
    expect((await signInAt(`http://127.0.0.1:${await unusedPort()}/api`)).status).toBe(503);
  });

  test('gives a user without an id, nobody is signed in', async () => {
    const server = await openLoopback((response, { url }) =>
      json(200, url.endsWith('/token') ? { access_token: 'abc', token_type: 'Bearer' } : { username: 'x' })(response),
    );
    expect((await signInAt(`${server.url}/api`)).status).toBe(503);
    await server.close();
  });

  test('has not told the application’s id yet, nobody is sent there', async () => {
    const access = { ...publicAccess('http://127.0.0.1:1/api'), applicationId: () => undefined };
    const { createLink, browser } = await openWeb({ access });
    expect((await browser().visit(`${(await createLink()).path}/sign-in`)).status).toBe(503);
  });

  test('refuses, the client secret and the code stay out of the log', async () => {
    const server = await openLoopback(json(401, { error: 'invalid_client' }));
    const { status, logged } = await signInAt(`${server.url}/api`);
    await server.close();
    expect(server.seen[0]?.body).toContain(clientSecret);
    expect(status).toBe(403);
    expect(logged.join('')).not.toMatch(/canary|abc/);
  });
});
