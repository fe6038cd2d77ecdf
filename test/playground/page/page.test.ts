import { request as httpRequest } from 'node:http';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { demoPeople } from '../../../playground/people.ts';
import { playgroundStateSchema } from '../../../playground/state.ts';
import { become, describePage, lastMessage, phone, send } from './support.ts';

describePage('the page', (stage) => {
  it('shows the server, the bot and its exchanges without a console error or a request to elsewhere', async () => {
    const { page } = await stage.visit();
    await page.getByRole('heading', { name: 'Welcome to #trade-desk' }).waitFor();
    await page.getByText('Nothing here reaches Discord or an exchange').waitFor();
    await page.getByText('Bot online').waitFor();
    const names = page.locator('.exchange:visible h3');
    await expect.poll(() => names.allInnerTexts()).toEqual(['Kraken', 'Mudrex', 'Kraken Futures']);
    await send(page, '/help');
    await lastMessage(page).getByText('Levergate sets your futures leverage. It asks first.').waitFor();
  });

  it('answers /healthz once the bot is ready, and /api/state in its documented shape', async () => {
    const url = stage.playground().url();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const state = playgroundStateSchema.parse(await (await fetch(`${url}/api/state`)).json());
    expect(state.users.map(({ name, role }) => `${name}, ${role}`)).toEqual([
      'Alice, trader',
      'Bob, trader',
      'Carol, server admin',
    ]);
    expect(Object.keys(state.venues)).toEqual(['kraken', 'mudrex', 'kraken-futures']);
    expect(state.venues.kraken).toMatchObject({
      url: `${url}/kraken-api`,
      socketUrl: `${url.replace('http', 'ws')}/kraken-uws`,
      writeCount: 0,
      writesReceived: 0,
    });
    expect(state.credentials.filter(({ venue }) => venue === 'kraken').length).toBeGreaterThan(6);
    expect(state.venues.mudrex?.accounts[state.users[0]?.id ?? '']?.settings).toContainEqual({
      market: 'ETHUSDT',
      mode: 'isolated',
      leverage: '10',
      currency: 'USDT',
    });
  });

  it('allows scripts and styles of its own origin only', async () => {
    const response = await fetch(stage.playground().url());
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'self' 'sha256-[^']+'/);
    expect(policy).not.toMatch(/https?:|unsafe-eval|script-src[^;]*unsafe-inline/);
  });

  it('serves no file but the page and the modules it is made of', async () => {
    const url = stage.playground().url();
    const paths = [
      '/vendor/undici/index.js',
      '/vendor/lit/package.json',
      '/page/..%2fmain.ts',
      '/vendor/lit/..%2f..%2fpackage.json',
    ];
    const answers = await Promise.all(paths.map((path) => fetch(`${url}${path}`)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });

  it('answers to no other host name, and takes no request from another site', async () => {
    const url = stage.playground().url();
    expect(await statusWithHost(url, 'playground.example')).toBe(421);
    const foreign = { headers: { 'sec-fetch-site': 'cross-site' } };
    expect((await fetch(`${url}/api/state`, foreign)).status).toBe(403);
  });

  it('shows nobody’s screen to the page of another site, and none of somebody unknown', async () => {
    const url = stage.playground().url();
    const screen = (userId: string) => `${url.replace('http', 'ws')}/api/screen?as=${userId}`;
    expect(await firstFrom(screen(demoPeople.alice.id), url)).toContain('"viewerId"');
    expect(await firstFrom(screen(demoPeople.alice.id), 'https://elsewhere.example')).toBe('refused');
    expect(await firstFrom(screen('1'), url)).toBe('refused');
  });

  it('can be used at the width of a phone without scrolling sideways', async () => {
    const { page } = await stage.visit({ viewport: phone });
    for (const place of ['Live', 'Exchanges', 'Keys', 'Trouble', 'Wire', 'Chat']) {
      await page.locator('.phone-bar').getByRole('button', { name: place }).click();
      await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(phone.width);
    }
  });

  it('does not move what stands around the messages while they arrive', async () => {
    const { page } = await stage.visit();
    // A message grows upward from "is thinking" to its answer: that alone may move, and only among the messages.
    await page.evaluate(`
      globalThis.shifted = 0;
      const within = document.querySelector('.scroller').getBoundingClientRect();
      const isMessage = ({ previousRect: { left, right, top, bottom } }) =>
        left >= within.left && right <= within.right && top >= within.top && bottom <= within.bottom;
      new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries()) {
          if (!sources.every(isMessage)) globalThis.shifted += value;
        }
      }).observe({ type: 'layout-shift', buffered: false });`);
    for (const line of ['/help', '/privacy', '/keys list']) await send(page, line);
    await lastMessage(page).getByText('You have no keys here').waitFor();
    expect(await page.evaluate('globalThis.shifted')).toBe(0);
  });

  it('unfolds the raw payloads of an interaction, without its token', async () => {
    const { page } = await stage.visit();
    await send(page, '/keys list');
    await page.locator('.message').last().hover();
    await page.getByRole('button', { name: 'Raw payloads of this message' }).last().click();
    const payload = page.locator('.json').first();
    await payload.getByText('INTERACTION_CREATE').waitFor();
    const text = await payload.textContent();
    expect(text).toContain('"name": "keys"');
    expect(text).toContain('[the interaction’s token]');
    await page
      .getByText(/POST .*callback → 204/)
      .first()
      .waitFor();
  });

  it('shows the audit channel to the admin only', async () => {
    const { page } = await stage.visit();
    await expect.poll(() => page.locator('.channel:visible').allInnerTexts()).toEqual(['#\ntrade-desk', 'Levergate']);
    await become(page, 'Carol');
    await page.getByRole('button', { name: 'audit-log' }).click();
    await page.getByRole('heading', { name: '#audit-log', level: 3 }).waitFor();
  });
});

/** The first thing that comes over a WebSocket which a page of this origin opens. */
function firstFrom(url: string, origin: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = new WebSocket(url, { origin });
  socket.once('message', (data) => resolve(String(data)));
  socket.once('error', () => resolve('refused'));
  return promise.finally(() => socket.terminate());
}

function statusWithHost(url: string, host: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const sent = httpRequest(`${url}/`, { headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  sent.once('error', reject).end();
  return promise;
}
