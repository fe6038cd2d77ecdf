import type { Command } from '../command.ts';
import type { Log } from '../log.ts';
import type { News } from '../messenger.ts';
import type { PressHandler } from '../press.ts';
import type { Secret } from '../secret.ts';
import type { DiscordClient } from './client.ts';
import { describeCommands, type VenueChoice } from './command-forms.ts';
import type { Bounds } from './flood-bound.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { createHandler, type InteractionMetrics } from './handle.ts';
import { receive } from './receive.ts';
import { createRegistration, type Registration } from './register.ts';

const START_TIMEOUT_MS = 30_000;

export type DiscordOptions = {
  readonly client: DiscordClient;
  readonly token: Secret;
  readonly commands: readonly Command[];
  readonly venues: readonly VenueChoice[];
  readonly press: PressHandler;
  /** What a person must still be told; shown after the next command that Discord shows an answer to. */
  readonly news: (user: string) => Promise<readonly News[]>;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;
  readonly metrics: InteractionMetrics;
  readonly now: () => number;
  /** Milliseconds that have passed, whatever the host's clock was set to. */
  readonly elapsed: () => number;
  /** What one person may send; more is turned away. */
  readonly bounds?: Bounds | undefined;
  /** A short text that is shown to a person and written to the log, so that the one leads to the other. */
  readonly newReference: () => string;
  readonly onReadiness: (isReady: boolean) => void;
  readonly startTimeoutMs?: number | undefined;
};

export type DiscordState = 'ok' | 'not connected' | 'commands not registered';

export type Discord = {
  /**
   * Connects and registers the commands. Where Discord does not take those, they are tried again until it does.
   *
   * @returns the application's id.
   * @throws StartError when that cannot be: at once for a bad token, after 30 s when Discord cannot be reached.
   */
  readonly start: () => Promise<string>;
  /** Whether interactions arrive. */
  readonly isReady: () => boolean;
  /** Whether people can use the bot, or what is missing. */
  readonly state: () => DiscordState;
  /** Turns new interactions away and waits for the running ones, but not longer than this. */
  readonly drain: (withinMs: number) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * The bot's side of Discord: commands and presses in, views out.
 *
 * @throws RangeError when a command breaks one of Discord's limits.
 */
export function createDiscord(options: DiscordOptions): Discord {
  const { client, token, commands, venues, press, news, newReference, bounds, metrics, log, now, elapsed } = options;
  const { rest, pause } = client;
  const stopping = new AbortController();
  const forms = describeCommands(commands, venues);
  const registration = createRegistration({ forms, rest, log, pause }, stopping.signal);
  const { handle, drain } = createHandler({
    ...{ rest, pause, commands, press, news, newReference, bounds, metrics, log, now, elapsed },
    venueIds: venues.map(({ id }) => id),
    commandIds: registration.commandIds,
  });
  const gateway = createGateway({
    token,
    rest: rest.bot,
    now,
    pause,
    log,
    onInteraction: (payload) => receive({ rest, handle, log }, payload),
    onReadiness: options.onReadiness,
    onProblem: client.fail,
  });
  const parts: Parts = { client, registration, gateway, stopping };
  return {
    start: () => start(parts, options.startTimeoutMs ?? START_TIMEOUT_MS),
    isReady: gateway.isReady,
    state: () => stateOf(parts),
    drain,
    stop: () => stop(parts),
  };
}

type Parts = {
  readonly client: DiscordClient;
  readonly registration: Registration;
  readonly gateway: Gateway;
  readonly stopping: AbortController;
};

async function start(parts: Parts, timeoutMs: number): Promise<string> {
  const applicationId = await connect(parts, timeoutMs);
  await parts.registration.register(applicationId);
  return applicationId;
}

async function connect(parts: Parts, timeoutMs: number): Promise<string> {
  const { client, gateway } = parts;
  const timer = setTimeout(() => client.fail({ reason: 'unreachable' }), timeoutMs);
  try {
    // First: it checks the token without spending one of the day's sessions.
    const applicationId = await Promise.race([client.identify(), client.failed]);
    await Promise.race([gateway.connect(), client.failed]);
    client.markStarted();
    return applicationId;
  } catch (error) {
    await stop(parts);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function stateOf({ gateway, registration }: Parts): DiscordState {
  if (!gateway.isReady()) return 'not connected';
  return registration.commandIds() === undefined ? 'commands not registered' : 'ok';
}

async function stop({ client, gateway, stopping }: Parts): Promise<void> {
  stopping.abort();
  await Promise.all([gateway.stop(), client.close()]);
}
