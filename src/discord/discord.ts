import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from '../command.ts';
import type { Log } from '../log.ts';
import type { Messenger, News } from '../messenger.ts';
import type { PressHandler } from '../press.ts';
import type { Secret } from '../secret.ts';
import type { Note } from '../view.ts';
import { createAuditFeed } from './audit-feed.ts';
import { describeCommands, type VenueChoice } from './command-forms.ts';
import type { Bounds } from './flood-bound.ts';
import { createGateway, type GatewayProblem, type Identity } from './gateway.ts';
import { createHandler, type InteractionMetrics } from './handle.ts';
import { createMessenger } from './messenger.ts';
import { receive } from './receive.ts';
import { registerAtLast, registerCommands } from './register.ts';
import { closeRest, createRest, type Pause } from './rest.ts';
import { StartError } from './start-error.ts';
import type { CommandIds } from './text.ts';

const DEFAULTS = { startTimeoutMs: 30_000, ackTimeoutMs: 2_000, drainTimeoutMs: 8_000 } as const;

export type DiscordOptions = {
  readonly token: Secret;
  /** Where Discord's REST API lives, without its version; Discord's own when absent. */
  readonly api?: string;
  readonly commands: readonly Command[];
  readonly venues: readonly VenueChoice[];
  readonly press: PressHandler;
  /** The channel that gets a line for each outcome, where the operator wants one. */
  readonly auditChannel?: string;
  /** What a person must still be told; shown after the next command that succeeds. */
  readonly news: (user: string) => Promise<readonly News[]>;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;
  readonly now: () => number;
  /** Milliseconds that have passed, whatever the host's clock was set to. */
  readonly elapsed: () => number;
  /** What one person may send; more is turned away. */
  readonly bounds?: Bounds;
  /** A short text that is shown to a person and written to the log, so that the one leads to the other. */
  readonly newReference: () => string;
  readonly metrics: InteractionMetrics;
  readonly onReadiness: (isReady: boolean) => void;
  /** Discord ended the connection for good after it had been ready, for example because the token was reset. */
  readonly onFatal: (error: StartError) => void;
  /** Waits before something is tried again; a test may shorten it. */
  readonly pause?: Pause;
  readonly startTimeoutMs?: number;
  readonly ackTimeoutMs?: number;
  readonly drainTimeoutMs?: number;
};

export type DiscordState = 'ok' | 'not connected' | 'commands not registered';

export type Discord = {
  /**
   * Connects and registers the commands. Where Discord does not take those, they are tried again until it does.
   *
   * @throws StartError when that cannot be: at once for a bad token, after 30 s when Discord cannot be reached.
   */
  readonly start: () => Promise<Identity>;
  /** Whether interactions arrive. */
  readonly isReady: () => boolean;
  /** Whether people can use the bot, or what is missing. */
  readonly state: () => DiscordState;
  /** Undefined until Discord told it. */
  readonly applicationId: () => string | undefined;
  readonly messenger: Messenger;
  /** Posts a line to the audit channel, soon and together with others; nothing where there is no such channel. */
  readonly audit: (line: Note) => Promise<void>;
  /** Turns new interactions away and waits for the running ones, at most eight seconds. */
  readonly drain: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * The bot's side of Discord: commands and presses in, views out.
 *
 * @throws RangeError when a command breaks one of Discord's limits.
 */
export function createDiscord(options: DiscordOptions): Discord {
  const { token, api, commands, venues, log, now, pause = waitFor } = options;
  const { startTimeoutMs, ackTimeoutMs, drainTimeoutMs } = { ...DEFAULTS, ...options };
  const forms = describeCommands(commands, venues);
  const applicationId = Promise.withResolvers<string | undefined>();
  let hasEnded = false;
  let identity: Identity | undefined;
  let commandIds: CommandIds | undefined;
  const stopping = new AbortController();

  const rest = createRest({
    token,
    ...(api === undefined ? {} : { api }),
    ackTimeoutMs,
    pause,
    log,
    onUnauthorized: () => end({ reason: 'bad-token' }),
  });
  const handler = createHandler({
    ...options,
    rest,
    pause,
    venueIds: venues.map(({ id }) => id),
    commandIds: () => commandIds,
  });
  const gateway = createGateway({
    token,
    rest: rest.bot,
    startTimeoutMs,
    now,
    pause,
    log,
    onInteraction: (payload) => receive({ rest, handle: handler.handle, log }, payload),
    onReadiness: options.onReadiness,
    onProblem: end,
  });

  // Once is enough: whoever is told ends the process.
  function end(problem: GatewayProblem): void {
    if (hasEnded) return;
    hasEnded = true;
    options.onFatal(new StartError(problem));
  }

  async function register(applicationId: string): Promise<void> {
    const attempt = () => registerCommands({ forms, applicationId, rest, log });
    commandIds = await attempt();
    if (commandIds === undefined) void registerLater(attempt);
  }

  async function registerLater(attempt: () => Promise<CommandIds | undefined>): Promise<void> {
    commandIds = await registerAtLast(attempt, pause, stopping.signal);
  }

  const messenger = createMessenger({ rest, applicationId: applicationId.promise, now, log });
  const feed =
    options.auditChannel === undefined
      ? undefined
      : createAuditFeed({ channel: options.auditChannel, messenger, pause, log });

  function state(): DiscordState {
    if (!gateway.isReady()) return 'not connected';
    return commandIds === undefined ? 'commands not registered' : 'ok';
  }

  return {
    isReady: gateway.isReady,
    state,
    applicationId: () => identity?.applicationId,
    messenger,
    audit: async (line) => feed?.add(line),
    async start() {
      const started = await gateway.start();
      applicationId.resolve('reason' in started ? undefined : started.applicationId);
      if ('reason' in started) throw new StartError(started);
      identity = started;
      await register(started.applicationId);
      return started;
    },
    drain: () => handler.drain(drainTimeoutMs),
    async stop() {
      stopping.abort();
      applicationId.resolve(undefined);
      await Promise.all([gateway.stop(), feed?.close()]);
      closeRest(rest);
    },
  };
}

async function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  await wait(ms, undefined, signal === undefined ? { ref: false } : { ref: false, signal });
}
