import { RateLimitError, type REST } from '@discordjs/rest';
import { type SessionInfo, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import { GatewayCloseCodes, GatewayDispatchEvents } from 'discord-api-types/v10';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { Secret } from '../secret.ts';
import { describeError } from './describe-error.ts';
import { createBackoff, createIdentifyThrottle } from './identify-throttle.ts';
import { isUnauthorized, type Pause } from './rest.ts';

/** The bot as Discord knows it. */
export type Identity = { readonly applicationId: string; readonly botName: string };

/**
 * Why the connection cannot be had. `bad-token`: Discord refused the token. `refused`: a close code after which
 * coming back is no use. `unreachable`: nobody answered in time, so the token was not checked.
 */
export type GatewayProblem =
  | { readonly reason: 'bad-token' }
  | { readonly reason: 'refused'; readonly code: number }
  | { readonly reason: 'sessions-used-up'; readonly resetAfterMs: number }
  | { readonly reason: 'unreachable' };

/** After these, coming back is no use. */
const finalCodes: ReadonlySet<number> = new Set([
  GatewayCloseCodes.InvalidShard,
  GatewayCloseCodes.ShardingRequired,
  GatewayCloseCodes.InvalidAPIVersion,
  GatewayCloseCodes.InvalidIntents,
  GatewayCloseCodes.DisallowedIntents,
]);
const HANDSHAKE_TIMEOUT_MS = 10_000;
// Longer than the handshake: the library drops its error listener when it gives up on a socket that still connects.
const HELLO_TIMEOUT_MS = 20_000;
const LEAVE_WITHIN_MS = 2_000;

const gatewayBot = z.object({
  url: z.url({ protocol: /^wss?$/ }),
  shards: z.int().min(1),
  session_start_limit: z.object({ remaining: z.int(), reset_after: z.number() }),
});
const readyData = z.object({ user: z.object({ username: z.string() }), application: z.object({ id: z.string() }) });

export type Gateway = ReturnType<typeof createGateway>;

/**
 * The connection over which interactions arrive. Without intents: interactions need none, and 2500 servers cost 70 MiB
 * instead of 400.
 *
 * @param options.onInteraction - Gets the raw payload; must not throw.
 * @param options.onProblem - The connection ended for good after it had been ready.
 */
export function createGateway(options: {
  readonly token: Secret;
  readonly rest: REST;
  readonly startTimeoutMs: number;
  readonly now: () => number;
  readonly pause: Pause;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;
  readonly onInteraction: (payload: unknown) => void;
  readonly onReadiness: (isReady: boolean) => void;
  readonly onProblem: (problem: GatewayProblem) => void;
}) {
  const { token, rest, now, pause, log, onReadiness } = options;
  const outcome = Promise.withResolvers<Identity | GatewayProblem>();
  const stopping = new AbortController();
  const sessions = new Map<number, SessionInfo>();
  const shards = new Map<number, ShardState>();
  const backoffs = new Map<number, ReturnType<typeof createBackoff>>();
  let shardCount = 1;
  let wasReady = false;
  let hasStarted = false;
  let left: (() => void) | undefined;

  const manager = new WebSocketManager({
    token: token.reveal(),
    intents: 0,
    rest,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    helloTimeout: HELLO_TIMEOUT_MS,
    buildIdentifyThrottler: () => createIdentifyThrottle({ now, pause, readBudget }),
    // The library's own place for sessions is shared by the whole process.
    updateSessionInfo: (shard, session) =>
      void (session === null ? sessions.delete(shard) : sessions.set(shard, session)),
    retrieveSessionInfo,
  });

  // The library asks this before each connection attempt, and has no other place where one can be held back or called
  // off: it comes back half a second after every loss.
  async function retrieveSessionInfo(shard: number): Promise<SessionInfo | null> {
    const state = shards.get(shard) ?? 'closed';
    if (state === 'closed') await permitConnecting(shard);
    return sessions.get(shard) ?? null;
  }

  async function permitConnecting(shard: number): Promise<void> {
    const backoff = backoffs.get(shard) ?? createBackoff({ now });
    backoffs.set(shard, backoff);
    const waitMs = backoff.next();
    if (waitMs > 0) await pause(waitMs, stopping.signal).catch(() => undefined);
    if (stopping.signal.aborted) return new Promise(() => undefined);
    shards.set(shard, 'connecting');
  }

  function isReady(): boolean {
    const ready = [...shards.values()].filter((state) => state === 'ready');
    return !stopping.signal.aborted && ready.length === shardCount;
  }

  function change(shard: number, state: ShardState): void {
    shards.set(shard, state);
    if ([...shards.values()].every((each) => each === 'closed')) left?.();
    if (isReady() === wasReady) return;
    wasReady = !wasReady;
    onReadiness(wasReady);
    if (wasReady) log.info({ shards: shardCount }, 'connected to Discord');
    else log.warn({ shard }, 'not connected to Discord');
  }

  function fail(problem: GatewayProblem): void {
    outcome.resolve(problem);
    if (hasStarted && !stopping.signal.aborted) options.onProblem(problem);
  }

  manager.on(WebSocketShardEvents.Hello, ({ shardId }) => {
    change(shardId, 'open');
    if (stopping.signal.aborted) void leave();
  });
  manager.on(WebSocketShardEvents.Ready, ({ data, shardId }) => {
    change(shardId, 'ready');
    const read = readyData.safeParse(data);
    if (read.success) outcome.resolve({ applicationId: read.data.application.id, botName: read.data.user.username });
    else log.error({}, 'Discord said READY without saying who the bot is');
  });
  manager.on(WebSocketShardEvents.Resumed, ({ shardId }) => change(shardId, 'ready'));
  manager.on(WebSocketShardEvents.Closed, ({ code, shardId }) => {
    change(shardId, 'closed');
    log.info({ code, shard: shardId }, 'the gateway closed');
    if (code === GatewayCloseCodes.AuthenticationFailed) fail({ reason: 'bad-token' });
    else if (finalCodes.has(code)) fail({ reason: 'refused', code });
  });
  // Without a listener the process would end. The library has already decided what to do.
  manager.on(WebSocketShardEvents.Error, ({ error, shardId }) =>
    log.warn({ error: describeError(error), shard: shardId }, 'the gateway reported an error'),
  );
  manager.on(WebSocketShardEvents.Dispatch, ({ data }) => {
    if (data.t === GatewayDispatchEvents.InteractionCreate) options.onInteraction(data.d);
  });

  async function readGateway() {
    return gatewayBot.parse(await manager.fetchGatewayInformation(true));
  }

  async function readBudget() {
    try {
      const { remaining, reset_after } = (await readGateway()).session_start_limit;
      return { remaining, resetAfterMs: reset_after };
    } catch (error) {
      log.warn({ error: describeError(error) }, 'the session budget could not be read');
      if (isUnauthorized(error)) fail({ reason: 'bad-token' });
      return undefined;
    }
  }

  // The library reconnects by itself from the moment a shard exists; until then this does.
  async function connect(): Promise<void> {
    const backoff = createBackoff({ now });
    while (!stopping.signal.aborted && shards.size === 0) {
      const waitMs = await tryToConnect(backoff);
      if (waitMs === undefined) return;
      await pause(Math.max(waitMs, 500), stopping.signal).catch(() => undefined);
    }
  }

  async function tryToConnect(backoff: ReturnType<typeof createBackoff>): Promise<number | undefined> {
    try {
      const { shards: count, session_start_limit: budget } = await readGateway();
      shardCount = count;
      if (budget.remaining < count) {
        fail({ reason: 'sessions-used-up', resetAfterMs: budget.reset_after });
        return undefined;
      }
      await manager.connect();
      return undefined;
    } catch (error) {
      log.warn({ error: describeError(error) }, 'Discord could not be reached');
      if (!isUnauthorized(error)) return error instanceof RateLimitError ? error.retryAfter : backoff.next();
      fail({ reason: 'bad-token' });
      return undefined;
    }
  }

  // Destroyed while it connects, a shard would leave a socket whose error nobody hears. Destroyed while it waits for
  // READY, its promise never ends, though the connection does.
  async function leave(): Promise<void> {
    const states = [...shards.values()];
    if (states.includes('connecting') || states.every((state) => state === 'closed')) return;
    const closed = Promise.withResolvers<void>();
    left = closed.resolve;
    const timer = setTimeout(closed.resolve, LEAVE_WITHIN_MS);
    await Promise.race([manager.destroy(), closed.promise]);
    clearTimeout(timer);
  }

  async function stop(): Promise<void> {
    stopping.abort();
    outcome.resolve({ reason: 'unreachable' });
    await leave();
    if (wasReady) onReadiness(false);
    wasReady = false;
  }

  return {
    isReady,
    stop,
    /** Resolves once the first shard is ready, or with why that cannot be. Later losses are reconnected for ever. */
    async start(): Promise<Identity | GatewayProblem> {
      const timer = setTimeout(() => outcome.resolve({ reason: 'unreachable' }), options.startTimeoutMs);
      void connect();
      const result = await outcome.promise;
      clearTimeout(timer);
      if ('reason' in result) await stop();
      else hasStarted = true;
      return result;
    },
  };
}

type ShardState = 'closed' | 'connecting' | 'open' | 'ready';
