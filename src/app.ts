import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createCommands } from '../commands/index.ts';
import { atMost } from './at-most.ts';
import { type Clock, createClock } from './clock.ts';
import { type Config, secretsOf } from './config.ts';
import { createAudit } from './confirm/audit.ts';
import { createGate, type Gate } from './confirm/gate.ts';
import { createDiscordClient, type DiscordClient } from './discord/client.ts';
import { createDiscord, type Discord } from './discord/discord.ts';
import type { Bounds } from './discord/flood-bound.ts';
import type { StartError } from './discord/start-error.ts';
import { createMarketBook } from './leverage/market-book.ts';
import { mayUse } from './leverage/policy.ts';
import { fullLabelOf } from './leverage/retirement.ts';
import { type Deadlines, labelOf } from './leverage/venue.ts';
import { createLog, type Log } from './log.ts';
import { createMaintenance, type Maintenance } from './maintenance.ts';
import { createMetrics } from './metrics.ts';
import { createMoving, type Moving, movingLives, readClosed } from './moving.ts';
import { rowKinds } from './row-kinds.ts';
import { createBackups } from './store/backups.ts';
import { createSqliteStore } from './store/sqlite.ts';
import type { Store } from './store/store.ts';
import { openKeyring } from './vault/keyring.ts';
import { finishRotation } from './vault/rotation.ts';
import { createVault } from './vault/vault.ts';
import { createVenues, endingVenues, formerVenues, type VenueId, warnOfEnds } from './venues/index.ts';
import type { VenueUrl } from './venues/venue-api.ts';
import { createWebAddress } from './web/address.ts';
import { createLinks, linkLives } from './web/links.ts';
import { createWeb, type Web } from './web/server.ts';

/** What tests and the playground replace; production uses none of it. */
export type Overrides = {
  /** A REST base such as `http://127.0.0.1:4400/discord/api`, without a version. */
  readonly discordApi?: string;
  readonly venueUrls?: Partial<Readonly<Record<VenueId, VenueUrl>>>;
  /** Shorter ones make a torture run quick; Discord's own deadlines stay. */
  readonly deadlines?: Deadlines;
  readonly store?: Store;
  /** The host's clock, milliseconds since the epoch; drives the store's clock too. */
  readonly now?: () => number;
  /** Milliseconds since any moment, for durations; with `now` alone its forward steps are what passes. */
  readonly monotonic?: () => number;
  /** 128 random bits as 22 characters of base64url. */
  readonly newId?: () => string;
  readonly log?: Log;
  /** Where people reach the web pages; the environment allows https only. */
  readonly publicUrl?: string;
  readonly startTimeoutMs?: number;
  readonly stopMs?: number;
  /** How much one person may send; a benchmark lets two people do what hundreds do. */
  readonly bounds?: Bounds;
  /** Called when Discord ended the connection for good after it had been ready. */
  readonly onFatal?: (error: StartError) => void;
};

export type Started = { readonly applicationId: string; readonly webUrl: string };

export type App = {
  /**
   * Opens the store, the pages and the connection to Discord.
   *
   * @throws Failure STORE_IN_USE, STORE_TOO_NEW, MASTER_KEY_MISSING, MASTER_KEY_WRONG; StartError of Discord
   */
  readonly start: () => Promise<Started>;
  /** Takes nothing new, lets what runs finish (at most eight seconds), then closes everything. */
  readonly stop: () => Promise<void>;
  /** What happens each second: expired cards lose their buttons, unsettled changes are read again; each hour housekeeping. */
  readonly tick: () => Promise<void>;
  readonly isReady: () => boolean;
};

const TICK_MS = 1000;
const STOP_MS = 8_000;

/** The whole bot, wired. Nothing happens before `start`. */
export function createApp(config: Config, overrides: Overrides = {}): App {
  const log = overrides.log ?? createLog({ level: config.logLevel });
  const life: Lifetime = {
    setup: { config, overrides, log },
    parts: undefined,
    timer: undefined,
    ticking: new Set(),
    isStopping: false,
  };
  return {
    start: () => start(life),
    stop: () => stop(life),
    tick: async () => void (await Promise.all([tick(life), life.parts?.maintenance.tick()])),
    isReady: () => life.parts?.discord.isReady() ?? false,
  };
}

type Lifetime = {
  readonly setup: Setup;
  parts: Parts | undefined;
  timer: NodeJS.Timeout | undefined;
  /** Ticks that are still at work: one that reads from an exchange outlasts the next ones. */
  readonly ticking: Set<Promise<void>>;
  isStopping: boolean;
};

async function start(life: Lifetime): Promise<Started> {
  const { config, log } = life.setup;
  life.parts = await assemble(life.setup);
  const { keyring, venues, markets, gate, discord, web, maintenance } = life.parts;
  const { url: webUrl } = await web.start();
  // For autocomplete only, so nothing waits for it; it never rejects.
  void markets.refreshPublic();
  for (const one of config.ignored) log.warn(one, 'this exchange has ended: it counts as not named');
  warnOfEnds(venues, log);
  await gate.prepare({
    hashKeySince: keyring.hashKeySince,
    lives: [...linkLives, ...movingLives],
    onRehashError: (error) => log.error({ error }, 'a change could not be given its new hash'),
  });
  // What is due is settled now, whether or not Discord can be reached; only telling waits for it.
  const [, applicationId] = await Promise.all([tick(life), discord.start()]);
  if (life.isStopping) return { applicationId, webUrl };
  life.timer = setInterval(() => {
    void tick(life);
    void maintenance.tick();
  }, TICK_MS);
  maintenance.start();
  return { applicationId, webUrl };
}

/** Never rejects: one proposal's trouble is logged by the caretaker, the store's by this. */
function tick({ parts, ticking, setup }: Lifetime): Promise<void> {
  const looked = parts?.gate.caretaker.tick() ?? Promise.resolve();
  const done = looked
    .catch((error: unknown) => setup.log.error({ error }, 'looking after cards failed'))
    .finally(() => ticking.delete(done));
  ticking.add(done);
  return done;
}

/** One deadline for everything: what is late is settled at the next start. */
async function stop(life: Lifetime): Promise<void> {
  life.isStopping = true;
  clearInterval(life.timer);
  if (life.parts === undefined) return;
  const { store, venues, gate, discord, web, maintenance } = life.parts;
  const { stopMs = STOP_MS } = life.setup.overrides;
  const closeMs = stopMs / 8;
  const drainMs = stopMs - closeMs;
  maintenance.stop();
  try {
    await atMost(drainMs, Promise.all([discord.drain(drainMs), web.stop(), ...life.ticking]));
    await atMost(closeMs, Promise.all([discord.stop(), venues.close(), gate.caretaker.whenAnnounced()]));
    // What was told and posted at the end is not to be told again at the next start.
    await gate.caretaker.settleNotes();
  } finally {
    await store.close();
  }
}

type Setup = { readonly config: Config; readonly overrides: Overrides; readonly log: Log };
type Parts = Awaited<ReturnType<typeof assemble>>;

/** Everything that the bot consists of, from the ground up: each part is given what stands before it. */
async function assemble(setup: Setup) {
  const ground = await openGround(setup);
  const exchanges = openExchanges(setup, ground);
  const moving = openMoving(setup, { ...ground, ...exchanges });
  const client = openClient(setup, ground);
  const pages = openLinks(setup, ground);
  const gate = openGate(setup, { ...ground, ...exchanges, ...pages, moving, client });
  const discord = openDiscord(setup, { ...ground, ...exchanges, ...pages, moving, client, gate });
  const web = openWeb(setup, { ...ground, ...exchanges, ...pages, client, gate, discord });
  const maintenance = openMaintenance(setup, { ...ground, ...exchanges, moving });
  return { ...ground, ...exchanges, gate, discord, web, maintenance };
}

/** The clock, the database, and the ring of keys that seals its rows. */
async function openGround({ config, overrides, log }: Setup) {
  const clock = openClock(overrides, log);
  for (const secret of secretsOf(config)) log.pin(secret);
  const metrics = createMetrics();
  const file = join(config.dataDir, 'levergate.db');
  const store = overrides.store ?? createSqliteStore({ file, now: clock.now, monotonic: clock.elapsed });
  const opening = openKeyring(store, config.masterKeys, {
    kinds: rowKinds,
    onUnreadable: ({ kind, key, error }) => {
      metrics.rowUnreadable({ kind });
      log.warn({ kind, key, error }, 'a stored row cannot be read; it stays as it is');
    },
    onRepair: ({ kind, key }) => log.error({ key }, `damaged in the database: ${kind}`),
  });
  const [keyring, closed] = await Promise.all([opening, readClosed(store)]).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  return { clock, metrics, store, keyring, closed };
}

type Ground = Awaited<ReturnType<typeof openGround>>;

/** What the bot trades on: the exchanges, their lists of markets, and the users' keys. */
function openExchanges({ config, overrides, log }: Setup, { clock, metrics, keyring, closed }: Ground) {
  const venues = createVenues({
    now: clock.now,
    elapsed: clock.elapsed,
    enabled: config.venues,
    budgets: config.venueLimits,
    onCall: (call) => metrics.venueCalled({ venue: call.venue, call: call.kind, class: call.result }, call.durationMs),
    urls: overrides.venueUrls,
    deadlines: overrides.deadlines,
    keepMs: config.cardMs,
    retirements: config.retirements,
    closed,
  });
  const vault = createVault({
    keyring,
    maxKeys: config.maxKeysPerUser,
    onOpened: (credentials) => {
      for (const secret of Object.values(credentials.fields)) log.protect(secret);
    },
    labelOf: (venue) => labelOf(venues, venue),
    onGone: ({ user, venue }) => venues.get(venue)?.forget?.(user),
  });
  const markets = createMarketBook({
    venues,
    credentialsOf: async (account) => (await vault.load(account)).credentials,
    now: clock.now,
    onFailure: (venue, error) => log.warn({ venue, error }, 'the market list could not be fetched'),
  });
  return { venues, vault, markets };
}

type Exchanges = ReturnType<typeof openExchanges>;

/** What leads people away from exchanges that end. */
function openMoving({ config, overrides, log }: Setup, { clock, store, venues, vault }: Ground & Exchanges): Moving {
  return createMoving({
    store,
    ending: endingVenues(venues, config.retirements),
    former: formerVenues,
    keys: vault,
    wall: overrides.now ?? Date.now,
    elapsed: clock.elapsed,
    onClosed: (venue) =>
      log.info({ venue }, 'this exchange has ended: it stays closed, whatever this host’s clock says'),
    onErased: (venue, keys) => log.info({ venue, keys }, 'the stored keys of an exchange that has ended were erased'),
  });
}

function openClient({ config, overrides, log }: Setup, { clock }: Ground): DiscordClient {
  return createDiscordClient({
    token: config.discordToken,
    api: overrides.discordApi,
    auditChannel: config.auditChannel,
    log,
    now: clock.now,
    onFatal: (error) => {
      log.fatal({}, error.message);
      overrides.onFatal?.(error);
    },
  });
}

/** The one-time links to the page on which keys are entered, and where that page is. */
function openLinks({ config, overrides }: Setup, { keyring }: Ground) {
  const access = accessOf(config, overrides);
  const address = createWebAddress(config.web.host, access?.url);
  const links = createLinks({
    ...keyring.rows,
    newToken: () => randomBytes(32).toString('base64url'),
    base: address.base,
    isAllowed: (caller) => mayUse(config.rules, caller) === 'yes',
  });
  return { access, address, links };
}

type Pages = ReturnType<typeof openLinks>;

function openGate(
  { config, overrides, log }: Setup,
  parts: Ground & Exchanges & Pages & { readonly moving: Moving; readonly client: DiscordClient },
): Gate {
  const { clock, metrics, keyring, venues, vault, markets, links, moving, client } = parts;
  return createGate({
    rows: keyring.rows,
    newId: overrides.newId ?? (() => randomBytes(16).toString('base64url')),
    clock,
    pause: (ms) => pause(ms),
    venues,
    keys: vault,
    rules: config.rules,
    messenger: client.messenger,
    voidLinks: links.voidAll,
    forgetNotices: moving.forget,
    keepMs: config.keepMs,
    cardMs: config.cardMs,
    riskPercent: config.riskPercent,
    onOutcome: createAudit({ venues, log, metrics, post: client.audit }),
    onKeyUsed: (venue, credentials) => void markets.refresh(venue, credentials),
    onActivated: (account) => {
      void markets.refreshFor(account);
      moving.noteAdded(account).catch((error: unknown) => log.error({ error }, 'a new key could not be noted'));
    },
    onError: (error) => log.error({ error }, 'looking after a card failed'),
  });
}

type Spoken = Ground & Exchanges & Pages & { readonly client: DiscordClient; readonly gate: Gate };
type Told = Spoken & { readonly moving: Moving };

function openDiscord({ config, overrides, log }: Setup, parts: Told): Discord {
  const { clock, metrics, store, venues, vault, markets, links, moving, client, gate } = parts;
  const commands = createCommands({
    venues,
    markets,
    keys: vault,
    cards: gate.cards,
    tickets: gate.tickets,
    rules: config.rules,
    createKeyLink: links.create,
    symbolsSetBy: gate.symbols.setBy,
    lastSetBy: gate.symbols.lastSetBy,
    operator: config.operator,
    keepMs: config.keepMs,
    now: store.now,
  });
  return createDiscord({
    client,
    token: config.discordToken,
    commands,
    venues: [...venues.values()].map((venue) => ({ id: venue.id, label: fullLabelOf(venue) })),
    press: gate.press,
    news: async (user) => [...(await gate.telling.newsFor(user)), ...(await moving.newsFor(user))],
    log,
    metrics,
    now: clock.now,
    elapsed: clock.elapsed,
    bounds: overrides.bounds,
    newReference: () => randomBytes(4).toString('hex'),
    onReadiness: metrics.gatewayReady,
    startTimeoutMs: overrides.startTimeoutMs,
  });
}

/** The page on which keys are entered, health checks and metrics. */
function openWeb({ config, log }: Setup, parts: Spoken & { readonly discord: Discord }): Web {
  const { metrics, store, keyring, venues, vault, access, address, links, client, gate, discord } = parts;
  const { host, port, trustProxy, metricsToken } = config.web;
  return createWeb({
    address,
    host,
    port,
    trustProxy,
    metricsToken,
    access: access === undefined ? { kind: 'local' } : { ...access, applicationId: client.applicationId },
    discordState: discord.state,
    store,
    metrics,
    links,
    venues,
    sealer: keyring.envelope,
    save: vault.saveIncoming,
    onSaved: gate.askToUseKey,
    onStranger: gate.warnOfStranger,
    log,
  });
}

function openMaintenance(
  { config, log }: Setup,
  { clock, store, keyring, vault, moving }: Ground & Exchanges & { readonly moving: Moving },
): Maintenance {
  const backups = createBackups({ store, directory: config.backups.dir, kept: config.backups.kept });
  return createMaintenance({
    tasks: {
      'deleting expired rows': async () => void (await store.sweep()),
      'dropping keys that nobody took into use': vault.sweep,
      'erasing keys of exchanges that have ended': moving.sweep,
      'writing a snapshot': async () => void (await backups.runIfDue()),
    },
    once: { 'sealing rows under the first master key': () => finishRotation(keyring, rowKinds, log) },
    elapsed: clock.elapsed,
    log,
  });
}

function openClock({ now, monotonic }: Overrides, log: Log): Clock {
  return createClock({
    wall: now ?? Date.now,
    monotonic: monotonic ?? (now === undefined ? () => performance.now() : undefined),
    onSetBack: (byMs) => log.warn({ byMs }, 'this host’s clock was set back: until a restart, times here are later'),
  });
}

/** How everybody signs in with Discord to reach the pages; undefined where only browsers on this machine do. */
function accessOf(config: Config, { publicUrl: url = config.web.publicUrl, discordApi }: Overrides) {
  const clientSecret = config.web.discordClientSecret;
  return url === undefined || clientSecret === undefined
    ? undefined
    : ({ kind: 'public', url, clientSecret, discordApi } as const);
}
