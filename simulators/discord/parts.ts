import { createGateway } from './gateway/gateway.ts';
import { createIds } from './ids.ts';
import { createInteractions } from './interactions.ts';
import { createListeners } from './listeners.ts';
import { createMessages } from './messages.ts';
import type { Guild, Person } from './model.ts';
import { createCommands } from './rest/commands.ts';
import { createHttpFaults } from './rest/faults.ts';
import { createOAuth } from './sign-in/oauth.ts';
import { createWire, type JsonObject } from './wire.ts';
import { createWorld } from './world.ts';

export type LoopbackDiscordOptions = {
  /** Milliseconds since the epoch; decides every deadline, and may jump. */
  readonly now: () => number;
  readonly applicationId: string;
  readonly botToken: string;
  readonly clientSecret: string;
  readonly people: readonly Person[];
  readonly guilds: readonly Guild[];
  /** Registered redirect addresses; any `http` address on this machine is taken too. */
  readonly redirectUris?: readonly string[];
  readonly newSecret?: () => string;
  readonly heartbeatIntervalMs?: number;
  /** Real time after which autocomplete shows "Loading options failed". */
  readonly autocompletePatienceMs?: number;
  /** IDENTIFYs a day. */
  readonly sessionStartLimit?: number;
  readonly globalPerSecond?: number;
  /** GUILD_CREATE of each guild, for bots whose intents ask for it; an empty one unless told. */
  readonly guildCreate?: (guild: Guild, index: number) => JsonObject;
};

export type LoopbackParts = ReturnType<typeof createParts>;

/** Everything the loopback remembers, before anything is served. */
export function createParts(options: LoopbackDiscordOptions) {
  const { now, applicationId, people, guilds, redirectUris = [] } = options;
  const listeners = createListeners();
  const ids = createIds(options);
  const common = { now, newId: ids.snowflake, newSecret: ids.secret, changed: listeners.tell };
  const address = createAddress();

  const world = createWorld({ ...common, people, guilds });
  const wire = createWire({ applicationId, world });
  const faults = createHttpFaults();
  const gateway = createGateway({
    ...common,
    botToken: options.botToken,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 41_250,
    fault: faults.webSocket,
    ready: () => greeting({ guildCreate: emptyGuild, ...options, bot: wire.bot() }),
  });
  return {
    ...{ now, applicationId, listeners, world, wire, faults, gateway, address },
    messages: createMessages(common),
    interactions: createInteractions({ ...common, ids }),
    commands: createCommands({ ...common, applicationId }),
    oauth: createOAuth({ ...common, applicationId, clientSecret: options.clientSecret, redirectUris, world }),
  };
}

/** Where the loopback is reached: known from the first request on. */
function createAddress() {
  let base = '';
  return {
    learn(host: string, prefix: string): void {
      base = `${host}${prefix}`;
    },
    gateway: () => `ws://${base}/gateway`,
  };
}

function greeting(options: {
  readonly bot: JsonObject;
  readonly applicationId: string;
  readonly guilds: readonly Guild[];
  readonly guildCreate: (guild: Guild, index: number) => JsonObject;
}) {
  const { bot, applicationId, guilds, guildCreate } = options;
  const unavailable = guilds.map(({ id }) => ({ id, unavailable: true }));
  const application = { id: applicationId, flags: 0 };
  return {
    ready: { user: bot, application, guilds: unavailable, private_channels: [], relationships: [] },
    guilds: guilds.map(guildCreate),
  };
}

const emptyGuild = ({ id, name, ownerId, locale }: Guild): JsonObject => ({
  ...{ id, name, unavailable: false, owner_id: ownerId ?? '0', preferred_locale: locale ?? 'en-US' },
  ...{ channels: [], members: [], roles: [], emojis: [], features: [], member_count: 0 },
});
