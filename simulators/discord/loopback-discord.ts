import type { FastifyPluginAsync } from 'fastify';
import { type Actor, createActor } from './client/actor.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { Listener } from './listeners.ts';
import type { Message } from './messages.ts';
import type { Person, Place } from './model.ts';
import { createParts, type LoopbackDiscordOptions } from './parts.ts';
import type { RegisteredCommand } from './rest/commands.ts';
import type { HttpFaults } from './rest/faults.ts';
import { createPlugin } from './rest/plugin.ts';
import { type InteractionRecord, type VisibleMessage, viewInteraction, viewMessage } from './view.ts';
import { botName } from './wire.ts';
import type { MemberChange } from './world.ts';

export type { LoopbackDiscordOptions } from './parts.ts';

/** What tests and the playground hold of a loopback Discord. */
export type LoopbackDiscord = {
  /** Serves REST, sign-in and gateway under the prefix it is registered with. */
  readonly plugin: FastifyPluginAsync;
  /** What one person can do in the Discord client. */
  readonly as: (userId: string) => Actor;
  readonly people: () => readonly Person[];
  /** The channels a person sees, the direct messages with the bot among them. */
  readonly channels: (viewerId: string) => readonly Place[];
  /** A channel's messages as one person sees them, oldest first. */
  readonly messages: (channelId: string, viewerId: string) => readonly VisibleMessage[];
  /** A message of the bot that no interaction asked for. */
  readonly post: (channelId: string, content: string) => void;
  readonly commands: () => readonly RegisteredCommand[];
  /** The last thousand interactions, oldest first. */
  readonly interactions: () => readonly InteractionRecord[];
  readonly interaction: (id: string) => InteractionRecord | undefined;
  /** Any message of the bot, whoever may see it. */
  readonly message: (id: string) => Message | undefined;
  /** The connected gateway sessions. */
  readonly sessions: Gateway['sessions'];
  readonly identifies: () => number;
  /** Gives a member other roles or permissions, for checks that must look at the press. */
  readonly changeMember: (guildId: string, userId: string, change: MemberChange) => void;
  /** Tells of every visible change; returns what stops it. */
  readonly onChange: (listener: Listener) => () => void;
  /**
   * Waits for something to become true. Looks at once and after every change, so moving the clock alone does not wake it.
   *
   * @throws Error after `timeoutMs` of real time, fifteen seconds by default.
   */
  readonly until: <T>(read: () => T | undefined | false, timeoutMs?: number) => Promise<T>;
  readonly faults: HttpFaults & { readonly gateway: Gateway['faults'] };
  /** Ends every connection; closing the server does it too. */
  readonly close: () => void;
};

/**
 * A small Discord: REST, gateway and sign-in over real HTTP and WebSocket, and what people do in the client.
 *
 * Register `plugin` under a prefix; the bot's API base is then `http://host/prefix/api`.
 */
export function createLoopbackDiscord(options: LoopbackDiscordOptions): LoopbackDiscord {
  const parts = createParts(options);
  const { now, applicationId, world, messages, interactions, commands, gateway, listeners } = parts;
  const { plugin, close } = createPlugin(parts, options);
  const actorParts = { ...parts, onChange: listeners.add, patienceMs: options.autocompletePatienceMs ?? 3_000 };
  const author = { id: applicationId, username: botName };

  return {
    plugin,
    close,
    as: (userId) => createActor(actorParts, userId),
    people: world.people,
    channels: (viewerId) => world.visibleChannels(viewerId),
    messages(channelId, viewerId) {
      if (!world.canSee(viewerId, channelId)) return [];
      const here = messages.all().filter((message) => message.channelId === channelId);
      const visible = here.filter(({ onlyFor }) => onlyFor === undefined || onlyFor === viewerId);
      return visible.map((message) => viewMessage(message, author));
    },
    post: (channelId, content) => void messages.create({ channelId }, { body: { content }, under: [] }),
    commands: commands.all,
    interactions: () => interactions.list().map((interaction) => viewInteraction(interaction, now())),
    interaction(id) {
      const found = interactions.find(id);
      return found && viewInteraction(found, now());
    },
    message: messages.find,
    sessions: gateway.sessions,
    identifies: gateway.identifies,
    changeMember: world.changeMember,
    onChange: listeners.add,
    until: (read, timeoutMs = 15_000) => listeners.until(read, timeoutMs),
    faults: { ...parts.faults, gateway: gateway.faults },
  };
}
