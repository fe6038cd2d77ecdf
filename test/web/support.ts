import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import Fastify from 'fastify';
import { onTestFinished } from 'vitest';
import { createLoopbackDiscord } from '../../simulators/discord/loopback-discord.ts';
import type { Credentials } from '../../src/account.ts';
import type { Delivery } from '../../src/delivery.ts';
import type { NewKey } from '../../src/keys.ts';
import type { KeyCheck, Venue } from '../../src/leverage/venue.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { Secret } from '../../src/secret.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { openKeyring } from '../../src/vault/keyring.ts';
import { createVault } from '../../src/vault/vault.ts';
import { createWebAddress } from '../../src/web/address.ts';
import { createLinks, type Link } from '../../src/web/links.ts';
import { createWeb, type WebAccess, type WebOptions } from '../../src/web/server.ts';
import { createClock } from '../support/clock.ts';
import { masterKey } from '../support/keyring.ts';

export const ada = { id: '100000000000000001', username: 'ada', globalName: 'Ada <b>&"Lovelace"' };
export const mallory = { id: '100000000000000002', username: 'mallory' };
export const applicationId = '900000000000000001';
export const clientSecret = 'canary-client-secret-0123456789';

export const account = { user: ada.id, venue: 'fixture', label: 'main' };
export const delivery: Delivery = {
  kind: 'own',
  token: 'canary-interaction-token',
  at: 0,
  channel: '200',
  isPublic: false,
};
export const goodKey = { apiKey: 'public-key-1234567890', apiSecret: 'canary-secret-1234567890' };

/** Answers `checkKey` by the test's own function; nothing else of it is ever called. */
export function fixtureVenue(checkKey: (credentials: Credentials) => Promise<KeyCheck>): Venue {
  const unused = () => Promise.reject(new Error('not part of the page'));
  return {
    id: 'fixture',
    label: 'Fixture <Futures> DEMO',
    modes: ['isolated'],
    tradeCurrencies: [],
    marketsNeedKey: false,
    credentialFields: [
      {
        name: 'apiKey',
        label: 'Public key',
        hint: 'At least 16 letters & digits.',
        masked: false,
        pattern: /^[\w-]{16,64}$/,
      },
      { name: 'apiSecret', label: 'Private key', hint: 'Shown once.', masked: true, pattern: /^[\w-]{16,64}$/ },
    ],
    keyWarning: 'The secret is the whole account.',
    keyAdvice: 'Make a key for this bot alone.',
    exampleSymbol: 'BTC',
    limits: { windows: [{ units: 10, windowMs: 1_000 }], costs: { read: 1, account: 1, write: 1 } },
    unlisted: 'unset',
    openPositions: 're-margined',
    openOrders: 'unchanged',
    refusalWords: {},
    effect: () => '',
    listMarkets: unused,
    readMarket: unused,
    readSetting: unused,
    listSettings: unused,
    applySetting: unused,
    readPosition: unused,
    readOpenOrders: unused,
    checkKey,
  };
}

/** A loopback Discord in which Ada and Mallory have accounts. @returns its API without a version. */
export async function openDiscord(now: () => number = Date.now) {
  const discord = createLoopbackDiscord({
    now,
    applicationId,
    botToken: 'bot-token',
    clientSecret,
    people: [ada, mallory],
    guilds: [],
    redirectUris: ['https://bot.example.com/sign-in'],
  });
  const server = Fastify({ forceCloseConnections: true });
  await server.register(discord.plugin, { prefix: '/discord' });
  const origin = await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    discord.close();
    await server.close();
  });
  return { api: `${origin}/discord/api` };
}

export function publicAccess(discordApi: string, url = 'https://bot.example.com'): WebAccess {
  return {
    kind: 'public',
    url,
    discordApi,
    applicationId: () => applicationId,
    clientSecret: new Secret(clientSecret),
  };
}

export type OpenOptions = Partial<
  Pick<WebOptions, 'host' | 'access' | 'trustProxy' | 'metricsToken' | 'limits' | 'discordState'>
> & {
  readonly checkKey?: (credentials: Credentials) => Promise<KeyCheck>;
  readonly onSaved?: WebOptions['onSaved'];
  readonly save?: WebOptions['save'];
  readonly maxKeys?: number;
};

/** The real web server over a real store and vault, on a free port. */
export async function openWeb(options: OpenOptions = {}) {
  const clock = createClock();
  const store = createSqliteStore({ file: ':memory:', now: clock.now });
  const keyring = await openKeyring(store, [masterKey('k1')]);
  const sealer = keyring.envelope;
  const vault = createVault({
    keyring,
    maxKeys: options.maxKeys ?? 10,
    onOpened: () => {},
    labelOf: (venue) => venue,
  });
  const logged: string[] = [];
  const saved: NewKey[] = [];
  const strangers: Link[] = [];
  const newToken = () => randomBytes(32).toString('base64url');
  const { host = '127.0.0.1', access = { kind: 'local' } } = options;
  const address = createWebAddress(host, access.kind === 'public' ? access.url : undefined);
  const links = createLinks({ ...keyring.rows, newToken, base: address.base, isAllowed: () => true });
  const venue = fixtureVenue(options.checkKey ?? (async () => ({ kind: 'usable', notes: ['Can trade <futures>.'] })));
  const log = createLog({ level: 'trace', stream: { write: (line) => logged.push(line) } });
  const web = createWeb({
    address,
    host,
    port: 0,
    trustProxy: options.trustProxy ?? [],
    ...(options.limits !== undefined && { limits: options.limits }),
    ...(options.metricsToken !== undefined && { metricsToken: options.metricsToken }),
    access,
    discordState: options.discordState ?? (() => 'ok'),
    storeDeadlineMs: 50,
    store,
    metrics: createMetrics(),
    links,
    venues: new Map([[venue.id, venue]]),
    sealer,
    save: options.save ?? vault.saveIncoming,
    onSaved: options.onSaved ?? (async (event) => void saved.push(event)),
    onStranger: async (link) => void strangers.push(link),
    log,
  });
  const { port } = await web.start();
  onTestFinished(async () => {
    await web.stop();
    await store.close();
  });
  const createLink = async (to = account) => {
    const link = await links.create({ account: to, userName: ada.username, delivery });
    return { ...link, path: new URL(link.url).pathname };
  };
  return {
    clock,
    store,
    sealer,
    vault,
    links,
    web,
    log,
    port,
    logged,
    saved,
    strangers,
    createLink,
    browser: () => createBrowser(port),
  };
}

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };

type Send = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly signal?: AbortSignal;
};

/** One request as a browser makes it, without following redirects. */
export function send(
  port: number,
  path: string,
  { method = 'GET', headers = {}, form, host = '127.0.0.1', signal }: Send = {},
) {
  const body = form === undefined ? undefined : new URLSearchParams(form).toString();
  const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  return new Promise<Answer>((resolve, reject) => {
    const request = httpRequest(
      { host, port, path, method, headers: { ...type, ...headers }, signal },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) if (chunk instanceof Buffer) chunks.push(chunk);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      },
    );
    request.on('error', reject).end(body);
  });
}

/** Keeps cookies by name, as one browser does for one site; `Max-Age=0` deletes. */
export function createBrowser(port: number) {
  const cookies = new Map<string, string>();

  async function visit(path: string, options: Send = {}): Promise<Answer> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie !== '' && { cookie }), ...options.headers };
    const answer = await send(port, path, { ...options, headers });
    for (const line of answer.headers['set-cookie'] ?? []) keep(line);
    return answer;
  }

  function keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (line.includes('Max-Age=0')) cookies.delete(name);
    else cookies.set(name, value);
  }

  async function submit(path: string, typed: Readonly<Record<string, string>> = goodKey): Promise<Answer> {
    const form = await visit(path);
    return post(path, { csrf: csrfOf(form.body), ...typed });
  }

  const post = (path: string, form: Readonly<Record<string, string>>) => visit(path, { method: 'POST', form });

  /** Goes to Discord, approves as this person and comes back. */
  async function signIn(path: string, person: { readonly id: string }): Promise<Answer> {
    return visit(await approve((await visit(`${path}/sign-in`)).headers.location ?? '', person));
  }

  return { cookies, visit, post, submit, signIn };
}

/** Approves at the loopback Discord. @returns path and query at which the browser comes back to the bot. */
export async function approve(authorizeUrl: string, person: { readonly id: string }): Promise<string> {
  const body = new URLSearchParams({ person: person.id });
  const response = await fetch(authorizeUrl, { method: 'POST', body, redirect: 'manual' });
  const { pathname, search } = new URL(response.headers.get('location') ?? '');
  return pathname + search;
}

export function csrfOf(body: string): string {
  return /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
}

/** @returns each cookie that an answer sets: `name=value`, then its attributes in the order of the alphabet. */
export function setCookiesOf({ headers }: Answer): readonly (readonly string[])[] {
  return (headers['set-cookie'] ?? []).map((line) => {
    const [pair = '', ...attributes] = line.split('; ');
    return [pair, ...attributes.sort()];
  });
}
