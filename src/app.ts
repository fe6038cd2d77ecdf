import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createCommands } from '../commands/index.ts';
import type { Account, Credentials } from './account.ts';
import { atMost } from './at-most.ts';
import { type Clock, createClock } from './clock.ts';
import type { Config } from './config.ts';
import { auditLine, auditNote } from './confirm/audit.ts';
import { createGate } from './confirm/gate.ts';
import { strangerView, waitingKeyView } from './confirm/new-key-view.ts';
import type { Outcome } from './confirm/outcome.ts';
import type { Proposal } from './confirm/proposal.ts';
import { rowKeys } from './confirm/proposal-rows.ts';
import { ANNOUNCE_MS } from './confirm/proposals.ts';
import { rehashProposals } from './confirm/rehash.ts';
import { SETTLE_MS } from './confirm/settling.ts';
import { KNOWN_AFTER_MS, ticketIndex, ticketRows } from './confirm/tickets.ts';
import { createDiscordClient } from './discord/client.ts';
import { createDiscord } from './discord/discord.ts';
import type { Bounds } from './discord/flood-bound.ts';
import type { StartError } from './discord/start-error.ts';
import { createMarketBook } from './leverage/market-book.ts';
import { mayUse, type Rules } from './leverage/policy.ts';
import { type Deadlines, labelOf, requireVenue } from './leverage/venue.ts';
import { createLog, type Log } from './log.ts';
import { createMaintenance } from './maintenance.ts';
import { createMetrics } from './metrics.ts';
import { rowKinds } from './row-kinds.ts';
import type { Secret } from './secret.ts';
import { createBackups } from './store/backups.ts';
import { createSqliteStore } from './store/sqlite.ts';
import type { Store } from './store/store.ts';
import { openKeyring } from './vault/keyring.ts';
import { rotate } from './vault/rotation.ts';
import { createVault } from './vault/vault.ts';
import { createVenues, type VenueId } from './venues/index.ts';
import { createLinks, linkIndex, lifetimeMs as linkLifetimeMs, linkRows } from './web/links.ts';
import { createWeb, type WebAccess } from './web/server.ts';

/** What tests and the playground replace; production uses none of it. */
export type Overrides = {
  /** A REST base such as `http://127.0.0.1:4400/discord/api`, without a version. */
  readonly discordApi?: string;
  readonly venueUrls?: Partial<Readonly<Record<VenueId, string>>>;
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
  /** What happens each second: expired cards lose their buttons, unsettled changes are read again. */
  readonly tick: () => Promise<void>;
  readonly isReady: () => boolean;
};

const TICK_MS = 1000;
const STOP_MS = 8_000;

/** The whole bot, wired. Nothing happens before `start`. */
export function createApp(config: Config, overrides: Overrides = {}): App {
  const log = overrides.log ?? createLog({ level: config.logLevel });
  let parts: Awaited<ReturnType<typeof assemble>> | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Ticks that are still at work: one that reads from an exchange outlasts the next ones. */
  const ticking = new Set<Promise<void>>();
  let isStopping = false;

  async function start(): Promise<Started> {
    parts = await assemble(config, overrides, log);
    const { web, discord, maintenance, markets, store } = parts;
    const { url } = await web.start();
    // For autocomplete only, so nothing waits for it; it never rejects.
    void markets.refreshPublic();
    for (const { id, retires } of parts.venues.values()) {
      if (retires === undefined) continue;
      const { at, successor } = retires;
      log.warn({ venue: id, at: new Date(at).toISOString(), successor }, 'the API of this exchange ends');
    }
    await shortenLives(store, config);
    await parts.holdKeys();
    // Settled at once, whether or not Discord can be reached; only telling waits for it.
    const [, applicationId] = await Promise.all([tick(), discord.start()]);
    if (isStopping) return { applicationId, webUrl: url };
    timer = setInterval(() => void tick(), TICK_MS);
    maintenance.start();
    return { applicationId, webUrl: url };
  }

  /** Never rejects: one proposal's trouble is logged by the caretaker, the store's by this. */
  function tick(): Promise<void> {
    const looked = parts?.caretaker.tick() ?? Promise.resolve();
    const done = looked
      .catch((error: unknown) => log.error({ error }, 'looking after cards failed'))
      .finally(() => ticking.delete(done));
    ticking.add(done);
    return done;
  }

  /** One deadline for everything: what is late is settled at the next start. */
  async function stop(): Promise<void> {
    isStopping = true;
    clearInterval(timer);
    if (parts === undefined) return;
    const { discord, web, caretaker, maintenance, venues, store } = parts;
    const { drainMs, closeMs } = stopTimes(overrides);
    maintenance.stop();
    try {
      await atMost(drainMs, Promise.all([discord.drain(drainMs), web.stop(), ...ticking]));
      await atMost(closeMs, Promise.all([discord.stop(), venues.close()]));
      // What was told and posted at the end is not to be told again at the next start.
      await caretaker.settleNotes();
    } finally {
      await store.close();
    }
  }

  return { start, stop, tick, isReady: () => parts?.discord.isReady() ?? false };
}

async function assemble(config: Config, overrides: Overrides, log: Log) {
  const { newId = randomId } = overrides;
  const clock = openClock(overrides, log);
  const { now } = clock;
  for (const secret of configuredSecrets(config)) log.pin(secret);

  const store = overrides.store ?? openStore(config, clock);
  const metrics = createMetrics();
  const keyring = await openKeyring(store, config.masterKeys, {
    kinds: rowKinds,
    onUnreadable: ({ kind, key, error }) => {
      metrics.rowUnreadable({ kind });
      log.warn({ kind, key, error }, 'a stored row cannot be read; it stays as it is');
    },
    onRepair: ({ kind, key }) => log.error({ key }, `damaged in the database: ${kind}`),
  }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const venues = createVenues({
    now,
    elapsed: clock.elapsed,
    enabled: config.venues,
    budgets: config.venueLimits,
    onCall: (call) => metrics.venueCalled({ venue: call.venue, call: call.kind, class: call.result }, call.durationMs),
    ...(overrides.venueUrls && { urls: overrides.venueUrls }),
    ...(overrides.deadlines && { deadlines: overrides.deadlines }),
  });
  const rules: Rules = config;
  const vault = createVault({
    keyring,
    maxKeys: config.maxKeysPerUser,
    onOpened: protectAll(log),
    labelOf: (venue) => labelOf(venues, venue),
  });
  const markets = createMarketBook({
    venues,
    now,
    onFailure: (venue, error) => log.warn({ venue, error }, 'the market list could not be fetched'),
  });
  const client = createDiscordClient({
    token: config.discordToken,
    log,
    now,
    onFatal: (error) => {
      log.fatal({}, error.message);
      overrides.onFatal?.(error);
    },
    ...(config.auditChannel !== undefined && { auditChannel: config.auditChannel }),
    ...(overrides.discordApi !== undefined && { api: overrides.discordApi }),
  });
  const links = createLinks({
    ...keyring.rows,
    newToken: randomToken,
    base: () => web.base(),
    isAllowed: (caller) => mayUse(rules, caller) === 'yes',
  });
  const { proposals, tickets, symbols, cards, caretaker, telling, press } = createGate({
    ...keyring.rows,
    newId,
    clock,
    pause: (ms) => pause(ms),
    venues,
    keys: vault,
    rules,
    messenger: client.messenger,
    voidLinks: links.voidAll,
    keepMs: config.keepMs,
    cardMs: config.cardMs,
    riskPercent: config.riskDistancePercent,
    onOutcome: recordOutcome,
    onKeyUsed: (venue, credentials) => void markets.refresh(venue, credentials),
    onActivated: (account) => void refreshMarkets(account),
    onError: (error) => log.error({ error }, 'looking after a card failed'),
  });
  const commands = createCommands({
    venues,
    markets,
    keys: vault,
    cards,
    tickets,
    rules,
    createKeyLink: async (request) => {
      await vault.assertRoom(request.account);
      return links.create(request);
    },
    symbolsSetBy: symbols.setBy,
    operator: config.operator,
    keepMs: config.keepMs,
    now: () => store.now(),
  });
  const discord = createDiscord({
    client,
    token: config.discordToken,
    commands,
    venues: [...venues.values()].map(({ id, label }) => ({ id, label })),
    press,
    news: telling.newsFor,
    log,
    now,
    elapsed: clock.elapsed,
    ...(overrides.bounds && { bounds: overrides.bounds }),
    newReference: () => randomBytes(4).toString('hex'),
    metrics,
    onReadiness: metrics.gatewayReady,
    ...(overrides.startTimeoutMs !== undefined && { startTimeoutMs: overrides.startTimeoutMs }),
  });
  const web = createWeb({
    host: config.web.host,
    port: config.web.port,
    trustProxy: config.web.trustProxy,
    ...(config.web.metricsToken !== undefined && { metricsToken: config.web.metricsToken }),
    access: accessOf(config, overrides, client.applicationId),
    discordState: discord.state,
    store,
    metrics,
    links,
    venues,
    sealer: keyring.envelope,
    save: vault.saveIncoming,
    onSaved: async ({ account, delivery, ...saved }) => {
      const { fingerprint } = saved;
      const action = { kind: 'use-key', account, fingerprint } as const;
      const { id: ticket, endsAt } = await tickets.issue(account.user, action, useKeyMs(config.cardMs));
      const venue = requireVenue(venues, account.venue).label;
      await client.messenger.edit(delivery, waitingKeyView({ ...saved, venue, label: account.label, ticket, endsAt }));
    },
    onStranger: async ({ account, delivery }) => {
      const venue = requireVenue(venues, account.venue).label;
      await client.messenger.whisper(delivery, strangerView(venue, account.label));
    },
    log,
  });
  const maintenance = createMaintenance({
    tasks: {
      'deleting expired rows': async () => void (await store.sweep()),
      'dropping keys that nobody took into use': vault.sweep,
      'writing a snapshot': async () => void (await backups.runIfDue()),
    },
    once: { 'sealing rows under the first master key': finishRotation },
    log,
  });
  const backups = createBackups({ store, directory: config.backups.dir, kept: config.backups.kept });

  async function recordOutcome(proposal: Proposal, outcome: Outcome): Promise<void> {
    const line = auditLine(proposal, outcome);
    log.info(line, 'outcome');
    metrics.outcomeReached({ venue: line.venue, kind: line.outcome });
    const note = auditNote(line, labelOf(venues, line.venue));
    if (note !== undefined) await client.audit(note);
  }

  async function refreshMarkets(account: Account): Promise<void> {
    try {
      await markets.refresh(requireVenue(venues, account.venue), (await vault.load(account)).credentials);
    } catch (error) {
      log.warn({ error }, 'the market list could not be fetched');
    }
  }

  async function finishRotation(): Promise<void> {
    const { retired, unreadable, unknown } = await rotate(keyring, rowKinds);
    if (retired.length > 0) log.info({ retired, unreadable }, 'these master keys may leave MASTER_KEYS now');
    if (unknown.length > 0) log.error({ rows: unknown.slice(0, 10) }, 'rows of an unknown kind keep every master key');
  }

  async function holdKeys(): Promise<void> {
    const { hashKeySince: since } = keyring;
    const onError = (error: unknown) => log.error({ error }, 'a change could not be given its new hash');
    if (since > 0) await rehashProposals({ proposals, keys: vault, since, onError });
    await caretaker.holdKeys();
  }

  return { web, discord, caretaker, holdKeys, maintenance, markets, venues, store };
}

/** How long *Use this key* waits: whoever has just entered a key still has to go back to Discord. No button lasts longer. */
function useKeyMs(cardMs: number): number {
  return cardMs * 10;
}

/** A clock that was ahead before this start wrote rows that would lock keys and keep links for as long as it was ahead. */
async function shortenLives(store: Store, { keepMs, cardMs }: Config): Promise<void> {
  const ticketMs = useKeyMs(cardMs) + KNOWN_AFTER_MS;
  const longest = [
    [rowKeys.lease(''), SETTLE_MS],
    [linkRows.prefix, linkLifetimeMs],
    [linkIndex.prefix, linkLifetimeMs],
    [ticketRows.prefix, ticketMs],
    [ticketIndex.prefix, ticketMs],
    ['', Math.max(keepMs, ticketMs)],
  ] as const;
  for (const [prefix, ms] of longest) await store.shorten(prefix, ms);
  await store.hasten(Math.max(cardMs, ANNOUNCE_MS));
}

function stopTimes({ stopMs = STOP_MS }: Overrides): { readonly drainMs: number; readonly closeMs: number } {
  const closeMs = stopMs / 8;
  return { drainMs: stopMs - closeMs, closeMs };
}

function openClock({ now, monotonic }: Overrides, log: Log): Clock {
  const passing = monotonic ?? (now === undefined ? () => performance.now() : undefined);
  return createClock({
    wall: now ?? Date.now,
    ...(passing !== undefined && { monotonic: passing }),
    onSetBack: (byMs) => log.warn({ byMs }, 'this host’s clock was set back: until a restart, times here are later'),
  });
}

function openStore(config: Config, { now, elapsed }: Clock): Store {
  return createSqliteStore({ file: join(config.dataDir, 'levergate.db'), now, monotonic: elapsed });
}

function configuredSecrets({ discordToken, masterKeys, web }: Config): readonly Secret[] {
  const { discordClientSecret, metricsToken } = web;
  const given = [discordToken, discordClientSecret, metricsToken, ...masterKeys.map(({ key }) => key)];
  return given.filter((secret) => secret !== undefined);
}

function accessOf(
  config: Config,
  { publicUrl = config.web.publicUrl, discordApi }: Overrides,
  applicationId: () => string | undefined,
): WebAccess {
  const clientSecret = config.web.discordClientSecret;
  if (publicUrl === undefined || clientSecret === undefined) return { kind: 'local' };
  return {
    kind: 'public',
    url: publicUrl,
    applicationId,
    clientSecret,
    ...(discordApi !== undefined && { discordApi }),
  };
}

function protectAll(log: Log): (credentials: Credentials) => void {
  return (credentials) => {
    for (const secret of Object.values(credentials)) log.protect(secret);
  };
}

function randomId(): string {
  return randomBytes(16).toString('base64url');
}

function randomToken(): string {
  return randomBytes(32).toString('base64url');
}
