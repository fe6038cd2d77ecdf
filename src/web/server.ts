import { createHash, randomBytes } from 'node:crypto';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance } from 'fastify';
import type { Account, Credentials } from '../account.ts';
import { Failure } from '../errors.ts';
import type { NewKey, SavedKey } from '../keys.ts';
import type { Venues } from '../leverage/venue.ts';
import type { Log } from '../log.ts';
import type { Secret } from '../secret.ts';
import type { Sealer } from '../store/sealer.ts';
import type { WebAddress } from './address.ts';
import { handleErrors } from './errors.ts';
import { type HealthOptions, serveHealth } from './health.ts';
import { serveLinkPage } from './link-page.ts';
import type { Link, Links } from './links.ts';
import { createSessions } from './sessions.ts';
import { redirectPath, serveSignIn } from './sign-in-page.ts';
import { stylesheet } from './stylesheet.ts';
import { createSubmit } from './submission.ts';

const stopMs = 8000;
const mostBodyBytes = 8 * 1024;
/** Node takes no longer header lines. */
const mostAddressBytes = 16 * 1024;
const requestsPerMinute = 60;

/** How long a client may take, in milliseconds, and how many connections there are. */
export type ClientLimits = {
  /** From the connection to the end of a request's headers. */
  readonly headersMs: number;
  /** To the end of its body. */
  readonly requestMs: number;
  /** Without a byte in either direction, also while it takes its answer. */
  readonly idleMs: number;
  /** How often Node looks for requests that take too long; its own interval is half a minute. */
  readonly checkEveryMs: number;
  readonly connections: number;
};
const clientLimits: ClientLimits = {
  headersMs: 5000,
  requestMs: 10_000,
  // A key check at a slow venue takes its time, in which no byte passes.
  idleMs: 30_000,
  checkEveryMs: 1000,
  connections: 200,
};

/** Who can reach the link page: everybody who signs in with Discord, or only browsers on this machine. */
export type WebAccess =
  | {
      readonly kind: 'public';
      /** An origin without a path. The environment allows https only; http is for the playground and tests. */
      readonly url: string;
      /** Without a version, for example `https://discord.com/api`, which is the default. */
      readonly discordApi?: string | undefined;
      /** Undefined until Discord told it. */
      readonly applicationId: () => string | undefined;
      readonly clientSecret: Secret;
    }
  | { readonly kind: 'local' };

export type WebOptions = HealthOptions & {
  /** Is told where the server listens. */
  readonly address: WebAddress;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Addresses of reverse proxies whose X-Forwarded-For is believed, for rate limits only. */
  readonly trustProxy: readonly string[];
  readonly access: WebAccess;
  readonly links: Links;
  readonly venues: Venues;
  readonly sealer: Sealer;
  /** 256 random bits as base64url. */
  readonly newToken?: () => string;
  /** Saves a key that waits for *Use this key*. @throws Failure TOO_MANY_KEYS, STORE_UNAVAILABLE */
  readonly save: (account: Account, credentials: Credentials, isUndecided: boolean) => Promise<SavedKey>;
  /** Edits the Discord message that carried the link. */
  readonly onSaved: (saved: NewKey) => Promise<void>;
  /** Somebody else than the link's owner signed in with Discord, for the first time; no try was used. */
  readonly onStranger: (link: Link) => Promise<void>;
  readonly log: Log;
  /** Shorter ones for tests. */
  readonly limits?: ClientLimits;
};

export type Web = {
  /** @throws Failure ADDRESS_IN_USE */
  readonly start: () => Promise<{ readonly port: number; readonly url: string }>;
  /** Takes no more requests, lets those under way finish for up to 8 s. */
  readonly stop: () => Promise<void>;
};

/** The bot's own web server: the page on which keys are entered, health checks and metrics. */
export function createWeb(options: WebOptions): Web {
  const { host, port, address } = options;
  let app: FastifyInstance | undefined;
  let isStopping = false;

  return {
    start: async () => {
      app = await build(options, () => isStopping);
      await listen(app, host, port);
      const bound = portOf(app) ?? port;
      address.listensOn(bound);
      return { port: bound, url: address.base()?.url ?? `http://${host}:${bound}` };
    },
    stop: async () => {
      isStopping = true;
      address.isGone();
      if (app === undefined) return;
      const { server } = app;
      const timer = setTimeout(() => server.closeAllConnections(), stopMs);
      await app.close().finally(() => clearTimeout(timer));
    },
  };
}

function portOf({ server }: FastifyInstance): number | undefined {
  const address = server.address();
  return typeof address === 'object' ? address?.port : undefined;
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isTaken ? new Failure({ code: 'ADDRESS_IN_USE', address: `${host}:${port}` }, { cause: error }) : error;
  }
}

async function build(options: WebOptions, isStopping: () => boolean): Promise<FastifyInstance> {
  const { log, access, trustProxy, limits = clientLimits } = options;
  // Fastify's own log would write the addresses of links.
  const app = fastify({
    logger: false,
    trustProxy: trustProxy.length > 0 && [...trustProxy],
    bodyLimit: mostBodyBytes,
    // Node takes the longer one of the two for bodies, and looks every half a minute: left as they are, these let a body
    // drip for a minute and a half.
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: limits.checkEveryMs },
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.idleMs,
    keepAliveTimeout: 5000,
    forceCloseConnections: 'idle',
    // Without these two, Fastify answers a malformed or long address itself, quotes it, and leaves out the headers below.
    routerOptions: { maxParamLength: mostAddressBytes },
    rewriteUrl: ({ url = '/' }) => (isDecodable(url) ? url : '/'),
  });
  app.server.maxConnections = limits.connections;
  handleErrors(app, log);
  app.addHook('onRequest', async (request, reply) => {
    // A client that has left has no address any more, which the rate limit takes for an error, and waits for nothing.
    if (request.raw.socket.remoteAddress === undefined) reply.hijack();
  });
  app.addHook('onSend', async (_request, reply) => {
    // A connection that its client keeps open would hold up the end of the process.
    if (isStopping()) reply.header('connection', 'close');
  });
  await protect(app, isSecure(access));
  serveHealth(app, options);
  await app.register(async (pages) => servePages(pages, options));
  return app;
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

/** The headers of every answer, written out: the defaults of the plugin are looser. */
async function protect(app: FastifyInstance, isHttps: boolean): Promise<void> {
  const styleHash = createHash('sha256').update(stylesheet).digest('base64');
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': [`'sha256-${styleHash}'`],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'base-uri': ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: isHttps && { maxAge: 15_552_000, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    reply.header('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
  });
}

async function servePages(app: FastifyInstance, options: WebOptions): Promise<void> {
  const { access, links, venues, sealer, save, onSaved, onStranger, log } = options;
  const newToken = options.newToken ?? (() => randomBytes(32).toString('base64url'));
  await app.register(rateLimit, { max: requestsPerMinute, timeWindow: '1 minute' });
  await app.register(cookie);
  await app.register(formbody, { bodyLimit: mostBodyBytes });
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    const ms = Math.round(reply.elapsedTime);
    log.info({ method, route: routeOptions.url, status: reply.statusCode, ms }, 'web request');
  });
  const sessions = createSessions({ sealer, newToken, isSecure: isSecure(access) });
  const submit = createSubmit({ links, save, onSaved, log });
  serveLinkPage(app, { links, venues, sessions, submit, isLocal: access.kind === 'local' });
  if (access.kind === 'local') return;
  const { url, discordApi = 'https://discord.com/api', applicationId, clientSecret } = access;
  const discord = { discordApi, applicationId, clientSecret, redirectUrl: `${url}${redirectPath}` };
  serveSignIn(app, { discord, links, venues, sessions, newToken, onStranger, log });
}

function isSecure(access: WebAccess): boolean {
  return access.kind === 'public' && access.url.startsWith('https:');
}
