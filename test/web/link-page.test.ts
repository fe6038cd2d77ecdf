import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/errors.ts';
import type { KeyCheck } from '../../src/leverage/venue.ts';
import { Secret } from '../../src/secret.ts';
import { isLacking, network, outsideAddress, titled } from '../support/needs.ts';
import { account, ada, csrfOf, delivery, goodKey, openWeb, send, setCookiesOf } from './support.ts';

const minute = 60_000;
const refusing = (reason: Extract<KeyCheck, { kind: 'refused' }>['reason']) => async (): Promise<KeyCheck> => ({
  kind: 'refused',
  reason,
});

describe('what the page says', () => {
  test('whose key it will be, by the unique name and the id, large and before anything can be typed', async () => {
    const { createLink, browser } = await openWeb();
    const { body } = await browser().visit((await createLink()).path);
    const owner = `<p class="name"><bdi>@ada</bdi></p>\n<p class="number">${ada.id}</p>`;
    expect(body).toContain(owner);
    expect(body.indexOf(owner)).toBeLessThan(body.indexOf('<input'));
    // A field that takes the focus would scroll the name out of a small screen.
    expect(body).not.toContain('autofocus');
    const sizes = [...body.matchAll(/\.owner \.(?:name|number) \{[^}]*font-size: ([\d.]+)rem/g)].map(
      ([, size]) => size,
    );
    expect(sizes).toEqual(['1.5', '1.25']);
  });

  test('for whom it is, what the key can do and how to make one, escaped', async () => {
    const { createLink, browser } = await openWeb();
    const { status, headers, body } = await browser().visit((await createLink()).path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    for (const text of [
      'goes to this Discord user',
      'Is this not you? Then close this page',
      'Whoever holds the Discord account <bdi>@ada</bdi>',
      '<dd>Fixture &lt;Futures&gt; DEMO</dd>',
      '<dd><bdi>main</bdi></dd>',
      'can change leverage with this key',
      'The secret is the whole account.',
      'Make a key for this bot alone.',
      'on this machine only',
      'Check and save this key</button>',
    ]) {
      expect(body).toContain(text);
    }
  });

  test('is labelled, in English, titled, and keeps browsers from filling in', async () => {
    const { createLink, browser } = await openWeb();
    const { body } = await browser().visit((await createLink()).path);
    expect(body).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(body).toContain('<title>Add your Fixture &lt;Futures&gt; DEMO key · Levergate</title>');
    expect(body).toContain('<label for="apiSecret">Private key</label>');
    expect(body).toMatch(/<input id="apiKey" name="apiKey" type="text" value=""[^>]* autocomplete="off"/);
    expect(body).toMatch(/<input id="apiSecret" name="apiSecret" type="password" value=""[^>]* autocomplete="off"/);
    expect(body).not.toMatch(/<script|javascript:|\son\w+=|\sstyle=/i);
  });
});

describe('a good key', () => {
  test('is saved to wait for its owner, and the page shows the fingerprint', async () => {
    const { createLink, browser, vault, saved } = await openWeb();
    const { status, body } = await browser().submit((await createLink()).path);
    expect(status).toBe(200);
    const [listed] = await vault.list(ada.id);
    expect(listed).toMatchObject({ account, status: 'waiting' });
    expect(body).toMatch(/Go back to Discord and press “Use this key”: until then it is not\s+used\./);
    expect(body).toContain(`<code>${listed?.fingerprint}</code>`);
    expect(body).toContain('Can trade &lt;futures&gt;.');
    const { fingerprint } = listed ?? {};
    expect(saved).toEqual([{ account, delivery, fingerprint, notes: ['Can trade <futures>.'], isUndecided: false }]);
    await expect(vault.load(account)).rejects.toMatchObject({ data: { code: 'KEY_INACTIVE' } });
  });

  test('says which key it would replace', async () => {
    const { createLink, browser, vault, saved } = await openWeb();
    await browser().submit((await createLink()).path, { ...goodKey, apiKey: 'first-public-key-1234' });
    const first = saved[0]?.fingerprint ?? '';
    expect(await vault.activate(account, first)).toBe(true);
    const { body } = await browser().submit((await createLink()).path);
    expect(saved[1]?.replaces).toBe(first);
    expect(body).toContain(`<dt>Replaces</dt><dd><code>${first}</code></dd>`);
  });

  test('is taken without the spaces around it', async () => {
    const { createLink, browser, saved } = await openWeb({
      checkKey: async ({ fields: { apiSecret } }) =>
        apiSecret?.reveal() === goodKey.apiSecret
          ? { kind: 'usable', notes: [] }
          : { kind: 'refused', reason: 'rejected' },
    });
    await browser().submit((await createLink()).path, { ...goodKey, apiSecret: `  ${goodKey.apiSecret}\r\n` });
    expect(saved).toHaveLength(1);
  });

  test('uses the link up', async () => {
    const { createLink, browser } = await openWeb();
    const { path } = await createLink();
    const visitor = browser();
    await visitor.submit(path);
    const { status, body } = await visitor.visit(path);
    expect(status).toBe(410);
    expect(body).toContain('This link no longer works');
    expect(body).toContain('/keys add');
  });

  test('is saved even when Discord cannot be told', async () => {
    const { createLink, browser, vault, logged } = await openWeb({ onSaved: () => Promise.reject(new Error('gone')) });
    expect((await browser().submit((await createLink()).path)).status).toBe(200);
    expect(await vault.list(ada.id)).toHaveLength(1);
    expect(logged.join('')).toContain('could not be announced');
  });

  test('that the store does not take leaves the link as it was', async () => {
    let isFull = true;
    const save = async () => {
      if (isFull) throw new Failure({ code: 'TOO_MANY_KEYS', max: 3 });
      return { fingerprint: 'abcd-ef01' };
    };
    const { createLink, browser } = await openWeb({ save });
    const { path } = await createLink();
    const visitor = browser();
    const { status, body } = await visitor.submit(path);
    expect(status).toBe(503);
    expect(body).toContain('You have 3 keys: more are not possible');
    isFull = false;
    expect((await visitor.submit(path)).status).toBe(200);
  });
});

describe('two submissions', () => {
  test('of the same form at the same time are one, with one result', async () => {
    const gate = Promise.withResolvers<KeyCheck>();
    let checks = 0;
    const { createLink, browser, saved } = await openWeb({
      checkKey: () => {
        checks += 1;
        return gate.promise;
      },
    });
    const { path } = await createLink();
    const visitor = browser();
    const csrf = csrfOf((await visitor.visit(path)).body);
    const both = [visitor.post(path, { csrf, ...goodKey }), visitor.post(path, { csrf, ...goodKey })];
    await expect.poll(() => checks).toBe(1);
    gate.resolve({ kind: 'usable', notes: [] });
    const [first, second] = await Promise.all(both);
    expect([first?.status, checks, saved.length]).toEqual([200, 1, 1]);
    // The second one shares the result, or came when all was done.
    expect([200, 410]).toContain(second?.status);
  });

  test('of different keys at the same time cannot both succeed', async () => {
    const gate = Promise.withResolvers<KeyCheck>();
    let checks = 0;
    let saves = 0;
    const { createLink, browser } = await openWeb({
      checkKey: () => {
        checks += 1;
        return gate.promise;
      },
      save: async () => {
        saves += 1;
        return { fingerprint: 'abcd-ef01' };
      },
    });
    const { path } = await createLink();
    const visitor = browser();
    const csrf = csrfOf((await visitor.visit(path)).body);
    const keys = ['one', 'two', 'three'].map((name) => ({ ...goodKey, apiKey: `public-key-number-${name}` }));
    const answers = keys.map((key) => visitor.post(path, { csrf, ...key }));
    await expect.poll(() => checks).toBe(3);
    gate.resolve({ kind: 'usable', notes: [] });
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 410, 410]);
    expect(saves).toBe(1);
  });
});

describe('a key that is not taken', () => {
  test('because a field does not look right costs no try, and only what may be seen is kept', async () => {
    let checks = 0;
    const { createLink, browser, links } = await openWeb({
      checkKey: async () => {
        checks += 1;
        return { kind: 'usable', notes: [] };
      },
    });
    const { path } = await createLink();
    const { status, body } = await browser().submit(path, { apiKey: '"><script>', apiSecret: 'canary short' });
    expect([status, checks]).toEqual([422, 0]);
    expect(body).toContain('value="&quot;&gt;&lt;script&gt;"');
    expect(body).toContain('At least 16 letters &amp; digits.');
    expect(body).toContain('aria-invalid="true"');
    expect(body).not.toContain('canary');
    expect((await links.find(path.slice('/link/'.length)))?.triesLeft).toBe(5);
  });

  test.each([
    ['can-withdraw', 'can withdraw or transfer funds'],
    ['read-only', 'Make a key with exactly the rights that /keys add names.'],
    ['no-access', 'lacks a right that the bot needs'],
    ['rejected', 'does not accept this key'],
    ['unknown-right', 'has a right that the bot does not know'],
    ['second-factor', 'without 2FA on the key itself'],
    ['other-program', 'another program has used it'],
  ] as const)('because it is %s is told what to do, and costs a try', async (reason, words) => {
    const { createLink, browser, vault } = await openWeb({ checkKey: refusing(reason) });
    const { path } = await createLink();
    const { status, body } = await browser().submit(path);
    expect(status).toBe(422);
    expect(body).toContain(words);
    expect(body).toContain('4 tries are left.');
    expect(body).toContain(`value="${goodKey.apiKey}"`);
    expect(body).not.toContain('canary');
    expect(await vault.list(ada.id)).toEqual([]);
  });

  test('five times uses the link up', async () => {
    const { createLink, browser, vault } = await openWeb({ checkKey: refusing('rejected') });
    const { path } = await createLink();
    const visitor = browser();
    const statuses: number[] = [];
    for (let index = 0; index < 5; index += 1) statuses.push((await visitor.submit(path)).status);
    expect(statuses).toEqual([422, 422, 422, 422, 410]);
    expect((await visitor.visit(path)).status).toBe(410);
    expect((await visitor.post(path, goodKey)).status).toBe(410);
    expect(await vault.list(ada.id)).toEqual([]);
  });

  test('because the venue cannot be reached costs a try too, and says how many are left', async () => {
    const checkKey = () => Promise.reject(new Failure({ code: 'VENUE_UNREACHABLE', venue: 'Fixture <Futures> DEMO' }));
    const { createLink, browser } = await openWeb({ checkKey });
    const { path } = await createLink();
    const visitor = browser();
    for (const left of ['4 tries are left', '3 tries are left', '2 tries are left', 'One try is left']) {
      const { status, body } = await visitor.submit(path);
      expect(status).toBe(503);
      expect(body).toContain('Fixture &lt;Futures&gt; DEMO could not be reached');
      expect(body).toContain(`Nothing was saved. ${left}. Enter the masked fields again.`);
    }
    const last = await visitor.submit(path);
    expect([last.status, last.body]).toEqual([410, expect.stringContaining('That was the last try')]);
    expect((await visitor.visit(path)).status).toBe(410);
  });

  test('because of a bug shows a reference that stands in the log, and costs a try', async () => {
    const checkKey = () => Promise.reject(new TypeError('canary-internal'));
    const { createLink, browser, links, logged } = await openWeb({ checkKey });
    const { path } = await createLink();
    const { status, body } = await browser().submit(path);
    expect(status).toBe(500);
    const reference = /reference: ([0-9a-f]{8})/.exec(body)?.[1] ?? 'none';
    expect(logged.some((line) => line.includes(reference) && line.includes('canary-internal'))).toBe(true);
    expect(body).not.toContain('canary');
    expect((await links.find(path.slice('/link/'.length)))?.triesLeft).toBe(4);
  });

  test('is no secret of the log before its try is counted: a flood of forms does not make it forget others', async () => {
    const { createLink, browser, log, logged } = await openWeb({ checkKey: refusing('rejected') });
    log.protect(new Secret('canary-known-before'));
    const { path } = await createLink();
    const visitor = browser();
    const csrf = csrfOf((await visitor.visit(path)).body);
    for (let round = 0; round < 11; round += 1) {
      const keys = Array.from({ length: 5 }, (_, index) => ({
        ...goodKey,
        apiKey: `public-key-${round}-${index}-0000`,
      }));
      await Promise.all(keys.map((key) => visitor.post(path, { csrf, ...key })));
    }
    log.info({}, 'public-key-0-0-0000 public-key-10-4-0000 canary-known-before');
    expect(logged.at(-1)).toContain('public-key-10-4-0000 [secret]');
  });
});

describe('a key of which the venue does not say what it may do', () => {
  const undecided = async (): Promise<KeyCheck> => ({ kind: 'undecided' });
  const despite = { save: 'although-it-may-withdraw' };

  test('is not saved, costs a try, and is offered for another try or at the owner’s own risk', async () => {
    const { createLink, browser, vault } = await openWeb({ checkKey: undecided });
    const { status, body } = await browser().submit((await createLink()).path);
    expect(status).toBe(422);
    for (const words of [
      'Fixture &lt;Futures&gt; DEMO did not say what this key may do: it may be able to withdraw.',
      'That shows only that the key exists.',
      'Nothing was saved. 4 tries are left.',
    ]) {
      expect(body).toContain(words);
    }
    // Enter presses the first button of a form.
    const buttons = [...body.matchAll(/<button[^>]*>([^<]+)/g)].map(([, label]) => label);
    expect(buttons).toEqual(['Try again', 'Save it although it may be able to withdraw']);
    expect(body).not.toContain('canary');
    expect(await vault.list(ada.id)).toEqual([]);
  });

  test('is saved by the second button, and page and Discord are told', async () => {
    const { createLink, browser, vault, saved } = await openWeb({ checkKey: undecided });
    const { path } = await createLink();
    const visitor = browser();
    await visitor.submit(path);
    const { status, body } = await visitor.submit(path, { ...goodKey, ...despite });
    expect(status).toBe(200);
    expect(body).toContain('did not say what this key may do: it may be able to withdraw');
    expect(saved).toEqual([expect.objectContaining({ account, isUndecided: true, notes: [] })]);
    expect(await vault.list(ada.id)).toMatchObject([{ status: 'waiting' }]);
  });

  test('is asked about again at the second button: a key that can withdraw is refused there too', async () => {
    let next: KeyCheck = { kind: 'undecided' };
    const { createLink, browser, vault } = await openWeb({ checkKey: async () => next });
    const { path } = await createLink();
    const visitor = browser();
    await visitor.submit(path);
    next = { kind: 'refused', reason: 'can-withdraw' };
    const { status, body } = await visitor.submit(path, { ...goodKey, ...despite });
    expect([status, await vault.list(ada.id)]).toEqual([422, []]);
    expect(body).toContain('can withdraw or transfer funds');
    expect(body).not.toContain('Save it although');
  });

  test('that turns out to be usable at the second try is saved without a warning', async () => {
    let next: KeyCheck = { kind: 'undecided' };
    const { createLink, browser, saved } = await openWeb({ checkKey: async () => next });
    const { path } = await createLink();
    const visitor = browser();
    await visitor.submit(path);
    next = { kind: 'usable', notes: [] };
    expect((await visitor.submit(path)).status).toBe(200);
    expect(saved).toEqual([expect.objectContaining({ isUndecided: false })]);
  });

  test('uses the link up after five tries', async () => {
    const { createLink, browser, vault } = await openWeb({ checkKey: undecided });
    const { path } = await createLink();
    const visitor = browser();
    const statuses: number[] = [];
    for (let index = 0; index < 5; index += 1) statuses.push((await visitor.submit(path)).status);
    expect(statuses).toEqual([422, 422, 422, 422, 410]);
    expect(await vault.list(ada.id)).toEqual([]);
  });
});

describe('a link that no longer works', () => {
  test('because of its age answers 410', async () => {
    const { clock, createLink, browser } = await openWeb();
    const { path } = await createLink();
    const visitor = browser();
    const csrf = csrfOf((await visitor.visit(path)).body);
    clock.advance(10 * minute);
    expect((await visitor.visit(path)).status).toBe(410);
    expect((await visitor.post(path, { csrf, ...goodKey })).status).toBe(410);
  });

  test('because a newer one was made answers 410, also to a form that was open', async () => {
    const { createLink, browser, vault } = await openWeb();
    const { path } = await createLink();
    const visitor = browser();
    const csrf = csrfOf((await visitor.visit(path)).body);
    const newer = await createLink();
    expect((await visitor.post(path, { csrf, ...goodKey })).status).toBe(410);
    expect(await vault.list(ada.id)).toEqual([]);
    expect((await visitor.submit(newer.path)).status).toBe(200);
  });

  test('because it never was one answers 404 or 410', async () => {
    const { browser } = await openWeb();
    expect((await browser().visit('/link/short')).status).toBe(404);
    expect((await browser().visit(`/link/${'a'.repeat(43)}`)).status).toBe(410);
  });

  test('because its venue is not run here answers 410', async () => {
    const { createLink, browser } = await openWeb();
    const { path } = await createLink({ ...account, venue: 'retired' });
    expect((await browser().visit(path)).status).toBe(410);
  });
});

describe('a form from elsewhere', () => {
  test('without the session’s cookie is refused', async () => {
    const { createLink, browser, vault } = await openWeb();
    const { path } = await createLink();
    const csrf = csrfOf((await browser().visit(path)).body);
    expect((await browser().post(path, { csrf, ...goodKey })).status).toBe(403);
    expect(await vault.list(ada.id)).toEqual([]);
  });

  test.each([
    ['none', {}],
    ['a wrong one', { csrf: 'x'.repeat(43) }],
  ])('with %s of the CSRF tokens is refused', async (_what, csrf) => {
    const { createLink, browser, vault } = await openWeb();
    const { path } = await createLink();
    const visitor = browser();
    await visitor.visit(path);
    expect((await visitor.post(path, { ...csrf, ...goodKey })).status).toBe(403);
    expect(await vault.list(ada.id)).toEqual([]);
  });

  test('with the session of another link is refused', async () => {
    const { createLink, browser, vault } = await openWeb();
    const [mine, other] = [await createLink({ ...account, label: 'mine' }), await createLink()];
    const visitor = browser();
    const csrf = csrfOf((await visitor.visit(mine.path)).body);
    expect((await visitor.post(other.path, { csrf, ...goodKey })).status).toBe(403);
    expect(await vault.list(ada.id)).toEqual([]);
  });

  test.each(['cross-site', 'same-site', 'none'])('that the browser calls %s is refused', async (site) => {
    const { createLink, browser, vault } = await openWeb();
    const { path } = await createLink();
    const visitor = browser();
    const form = { csrf: csrfOf((await visitor.visit(path)).body), ...goodKey };
    const headers = { 'sec-fetch-site': site };
    expect((await visitor.visit(path, { method: 'POST', form, headers })).status).toBe(403);
    expect(await vault.list(ada.id)).toEqual([]);
  });

  test('that the browser calls same-origin is taken', async () => {
    const { createLink, browser } = await openWeb();
    const { path } = await createLink();
    const visitor = browser();
    const form = { csrf: csrfOf((await visitor.visit(path)).body), ...goodKey };
    const headers = { 'sec-fetch-site': 'same-origin', origin: 'null' };
    expect((await visitor.visit(path, { method: 'POST', form, headers })).status).toBe(200);
  });
});

describe('without a public address', () => {
  test.each(['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', '-'])(
    'the host name %j is refused',
    async (name) => {
      const { createLink, port } = await openWeb();
      const { path } = await createLink();
      const { status, body } = await send(port, path, { headers: { host: name } });
      expect(status).toBe(403);
      expect(body).toContain('own machine only');
    },
  );

  test.each(['localhost:8080', '127.0.0.1', '[::1]:8080', 'LOCALHOST'])('the host name %j is taken', async (name) => {
    const { createLink, port } = await openWeb();
    expect((await send(port, (await createLink()).path, { headers: { host: name } })).status).toBe(200);
  });

  test.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'x-forwarded-host'])(
    'what a proxy forwards with %s is refused',
    async (header) => {
      const { createLink, port } = await openWeb({ trustProxy: ['127.0.0.1'] });
      const { path } = await createLink();
      expect((await send(port, path, { headers: { [header]: '127.0.0.1' } })).status).toBe(403);
      expect(
        (await send(port, path, { method: 'POST', form: goodKey, headers: { [header]: '127.0.0.1' } })).status,
      ).toBe(403);
    },
  );

  test.skipIf(isLacking(network))(titled(network, 'another machine is refused, whatever host it names'), async () => {
    const host = outsideAddress ?? '';
    expect(host).not.toBe('');
    const { createLink, port } = await openWeb({ host: '0.0.0.0' });
    const { path } = await createLink();
    const asked = await send(port, path, { host, headers: { host: `127.0.0.1:${port}` } });
    expect(asked.status).toBe(403);
    expect((await send(port, path, { host, method: 'POST', form: goodKey })).status).toBe(403);
  });

  test('there is no sign-in', async () => {
    const { createLink, browser } = await openWeb();
    expect((await browser().visit(`${(await createLink()).path}/sign-in`)).status).toBe(404);
    expect((await browser().visit('/sign-in?code=a&state=b')).status).toBe(404);
  });

  test('the cookie is for http, and no script reads it', async () => {
    const { createLink, browser } = await openWeb();
    expect(setCookiesOf(await browser().visit((await createLink()).path))).toEqual([
      [expect.stringMatching(/^levergate-session=[\w-]+$/), 'HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Lax'],
    ]);
  });
});

test('no secret and no token stands in the log or comes back, in whatever happens', async () => {
  let next: KeyCheck | Error = { kind: 'refused', reason: 'rejected' };
  const { createLink, browser, logged } = await openWeb({
    checkKey: async ({ fields: { apiSecret } }) => {
      if (next instanceof Error) throw Object.assign(next, { message: `cannot sign with ${apiSecret?.reveal()}` });
      return next;
    },
  });
  const { path } = await createLink();
  const visitor = browser();
  const bodies = [(await visitor.submit(path)).body];
  next = new Error();
  bodies.push((await visitor.submit(path)).body);
  next = { kind: 'usable', notes: [] };
  bodies.push((await visitor.submit(path)).body, (await visitor.visit(path)).body);
  for (const text of [...bodies, ...logged]) expect(text).not.toMatch(/canary/);
  for (const line of logged) expect(line).not.toContain(path.slice('/link/'.length));
  expect(logged.join('')).toContain('"route":"/link/:token"');
});
