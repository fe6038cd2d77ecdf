import type { REST } from '@discordjs/rest';
import { type SessionInfo, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import { GatewayCloseCodes, GatewayDispatchEvents } from 'discord-api-types/v10';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { Secret } from '../secret.ts';
import { describeError } from './describe-error.ts';
import { createBackoff, createIdentifyThrottle, type SessionBudget } from './identify-throttle.ts';
import { keepTrying } from './keep-trying.ts';
import { isUnauthorized, type Pause } from './rest.ts';
import type { StartProblem } from './start-error.ts';

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

type GatewayOptions = {
  readonly token: Secret;
  readonly rest: REST;
  readonly now: () => number;
  readonly pause: Pause;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Gets the raw payload; must not throw. */
  readonly onInteraction: (payload: unknown) => void;
  readonly onReadiness: (isReady: boolean) => void;
  /** The connection cannot be had, or has ended for good. */
  readonly onProblem: (problem: StartProblem) => void;
};

export type Gateway = {
  /** Resolves once the first shard is ready. Later losses are reconnected for ever. */
  readonly connect: () => Promise<void>;
  readonly isReady: () => boolean;
  readonly stop: () => Promise<void>;
};

/**
 * The connection over which interactions arrive. Without intents: interactions need none, and 2500 servers cost 70 MiB
 * instead of 400.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { token, onProblem, ...given } = options;
  const stopping = new AbortController();
  const state: State = {
    ...given,
    onProblem: (problem) => {
      if (!stopping.signal.aborted) onProblem(problem);
    },
    stopping,
    sessions: new Map(),
    shards: new Map(),
    backoffs: new Map(),
    firstReady: Promise.withResolvers<void>(),
    shardCount: 1,
    wasReady: false,
    onLeft: () => {},
  };
  const manager = createManager(state, token);
  listen(state, manager);
  return {
    connect: async () => {
      // Waits for all shards, and for ever where the library gave one up.
      void openConnection(state, manager);
      await state.firstReady.promise;
    },
    isReady: () => isReady(state),
    stop: () => stop(state, manager),
  };
}

type ShardState = 'closed' | 'connecting' | 'open' | 'ready';

type State = Omit<GatewayOptions, 'token'> & {
  readonly stopping: AbortController;
  readonly sessions: Map<number, SessionInfo>;
  readonly shards: Map<number, ShardState>;
  readonly backoffs: Map<number, ReturnType<typeof createBackoff>>;
  readonly firstReady: PromiseWithResolvers<void>;
  shardCount: number;
  wasReady: boolean;
  /** Called when every shard is closed. */
  onLeft: () => void;
};

function createManager(state: State, token: Secret): WebSocketManager {
  const { rest, now, pause, sessions } = state;
  return new WebSocketManager({
    token: token.reveal(),
    intents: 0,
    rest,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    helloTimeout: HELLO_TIMEOUT_MS,
    buildIdentifyThrottler: (manager) =>
      createIdentifyThrottle({ now, pause, readBudget: () => readBudget(state, manager) }),
    // The library's own place for sessions is shared by the whole process.
    updateSessionInfo: (shard, session) =>
      void (session === null ? sessions.delete(shard) : sessions.set(shard, session)),
    // The library asks this before each connection attempt, and has no other place where one can be held back or called
    // off: it comes back half a second after every loss.
    retrieveSessionInfo: async (shard) => {
      if ((state.shards.get(shard) ?? 'closed') === 'closed') await permitConnecting(state, shard);
      return sessions.get(shard) ?? null;
    },
  });
}

async function permitConnecting({ backoffs, stopping, shards, now, pause }: State, shard: number): Promise<void> {
  const backoff = backoffs.get(shard) ?? createBackoff({ now });
  backoffs.set(shard, backoff);
  const waitMs = backoff.next();
  if (waitMs > 0) await pause(waitMs, stopping.signal).catch(() => undefined);
  if (stopping.signal.aborted) return new Promise(() => undefined);
  shards.set(shard, 'connecting');
}

function listen(state: State, manager: WebSocketManager): void {
  const { log, stopping, firstReady, onInteraction, onProblem } = state;
  manager.on(WebSocketShardEvents.Hello, ({ shardId }) => {
    change(state, shardId, 'open');
    if (stopping.signal.aborted) void leave(state, manager);
  });
  manager.on(WebSocketShardEvents.Ready, ({ shardId }) => {
    change(state, shardId, 'ready');
    firstReady.resolve();
  });
  manager.on(WebSocketShardEvents.Resumed, ({ shardId }) => change(state, shardId, 'ready'));
  manager.on(WebSocketShardEvents.Closed, ({ code, shardId }) => {
    change(state, shardId, 'closed');
    log.info({ code, shard: shardId }, 'the gateway closed');
    if (code === GatewayCloseCodes.AuthenticationFailed) onProblem({ reason: 'bad-token' });
    else if (finalCodes.has(code)) onProblem({ reason: 'refused', code });
  });
  // Without a listener the process would end. The library has already decided what to do.
  manager.on(WebSocketShardEvents.Error, ({ error, shardId }) =>
    log.warn({ error: describeError(error), shard: shardId }, 'the gateway reported an error'),
  );
  manager.on(WebSocketShardEvents.Dispatch, ({ data }) => {
    if (data.t === GatewayDispatchEvents.InteractionCreate) onInteraction(data.d);
  });
}

function change(state: State, shard: number, to: ShardState): void {
  const { shards, log, onReadiness } = state;
  shards.set(shard, to);
  if ([...shards.values()].every((each) => each === 'closed')) state.onLeft();
  if (isReady(state) === state.wasReady) return;
  state.wasReady = !state.wasReady;
  onReadiness(state.wasReady);
  if (state.wasReady) log.info({ shards: state.shardCount }, 'connected to Discord');
  else log.warn({ shard }, 'not connected to Discord');
}

function isReady({ shards, shardCount, stopping }: State): boolean {
  const ready = [...shards.values()].filter((each) => each === 'ready');
  return !stopping.signal.aborted && ready.length === shardCount;
}

async function openConnection(state: State, manager: WebSocketManager): Promise<void> {
  const { now, pause, log, shards, stopping } = state;
  const onUnauthorized = () => state.onProblem({ reason: 'bad-token' });
  await keepTrying({ now, pause, log, onUnauthorized }, stopping.signal, async () => {
    // The library reconnects by itself from the moment a shard exists; until then this does.
    if (shards.size === 0) await openShards(state, manager);
  });
}

async function openShards(state: State, manager: WebSocketManager): Promise<void> {
  const { shards: count, session_start_limit: budget } = await readGateway(manager);
  state.shardCount = count;
  if (budget.remaining >= count) await manager.connect();
  else state.onProblem({ reason: 'sessions-used-up', resetAfterMs: budget.reset_after });
}

async function readGateway(manager: WebSocketManager) {
  return gatewayBot.parse(await manager.fetchGatewayInformation(true));
}

async function readBudget({ log, onProblem }: State, manager: WebSocketManager): Promise<SessionBudget | undefined> {
  try {
    const { remaining, reset_after } = (await readGateway(manager)).session_start_limit;
    return { remaining, resetAfterMs: reset_after };
  } catch (error) {
    log.warn({ error: describeError(error) }, 'the session budget could not be read');
    if (isUnauthorized(error)) onProblem({ reason: 'bad-token' });
    return undefined;
  }
}

async function stop(state: State, manager: WebSocketManager): Promise<void> {
  state.stopping.abort();
  await leave(state, manager);
  if (state.wasReady) state.onReadiness(false);
  state.wasReady = false;
}

// Destroyed while it connects, a shard would leave a socket whose error nobody hears. Destroyed while it waits for
// READY, its promise never ends, though the connection does.
async function leave(state: State, manager: WebSocketManager): Promise<void> {
  const states = [...state.shards.values()];
  if (states.includes('connecting') || states.every((each) => each === 'closed')) return;
  const closed = Promise.withResolvers<void>();
  state.onLeft = closed.resolve;
  const timer = setTimeout(closed.resolve, LEAVE_WITHIN_MS);
  await Promise.race([manager.destroy(), closed.promise]);
  clearTimeout(timer);
}
