import type { LoopbackDiscord } from '../simulators/discord/loopback-discord.ts';
import type { Place } from '../simulators/discord/model.ts';
import type { RegisteredCommand } from '../simulators/discord/rest/commands.ts';
import type { InteractionRecord, VisibleMessage } from '../simulators/discord/view.ts';
import { describeFlow, type Flow } from './flow/flow.ts';
import { describeState, type PlaygroundState, type StateParts } from './state.ts';

const MESSAGES_SHOWN = 80;
const INTERACTIONS_SHOWN = 60;
const LOG_LINES_SHOWN = 60;

/** A command, autocomplete, press or form of one person, without what went over the wire. */
export type InteractionLine = Pick<
  InteractionRecord,
  'id' | 'type' | 'name' | 'userId' | 'channelId' | 'createdAt' | 'state' | 'callbackType' | 'delivered' | 'messageIds'
> & {
  readonly customId: string | undefined;
  /** How many requests of the bot about it have come so far. */
  readonly callCount: number;
  /** The message whose button was pressed. */
  readonly sourceMessageId: string | undefined;
};

export type ChannelLine = {
  readonly id: string;
  readonly kind: Place['kind'];
  readonly name: string;
  /** Whether everybody sees it. */
  readonly isOpen: boolean;
};

/** Everything the page shows to one person. Made for the page alone and free to change; tests read `/api/state`. */
export type Screen = {
  readonly viewerId: string;
  readonly state: PlaygroundState;
  readonly channels: readonly ChannelLine[];
  readonly messages: Readonly<Record<string, readonly VisibleMessage[]>>;
  readonly commands: readonly RegisteredCommand[];
  readonly interactions: readonly InteractionLine[];
  readonly flow: Flow;
  readonly log: readonly string[];
};

export type ScreenParts = StateParts;

export function describeScreen(parts: ScreenParts, viewerId: string): Screen {
  const { discord, bot } = parts;
  const places = discord.channels(viewerId);
  const messages = places.map(({ channelId }) => [channelId, discord.messages(channelId, viewerId)] as const);
  const own = discord.interactions().filter(({ userId }) => userId === viewerId);
  return {
    viewerId,
    state: describeState(parts),
    channels: places.map(describePlace),
    messages: Object.fromEntries(messages.map(([id, list]) => [id, list.slice(-MESSAGES_SHOWN)])),
    commands: discord.commands(),
    interactions: own.slice(-INTERACTIONS_SHOWN).map(describeInteraction),
    flow: describeFlow(parts, viewerId),
    log: bot.lines().slice(-LOG_LINES_SHOWN),
  };
}

/** One interaction as it went over the wire, without its token. */
export function describeWire(discord: LoopbackDiscord, interactionId: string): InteractionRecord | undefined {
  const found = discord.interaction(interactionId);
  return found && { ...found, payload: { ...found.payload, token: '[the interaction’s token]' } };
}

function describePlace(place: Place): ChannelLine {
  const { channelId: id, kind } = place;
  if (place.kind === 'dm') return { id, kind, name: 'Levergate', isOpen: false };
  return { id, kind, name: place.channel.name, isOpen: place.channel.memberIds === undefined };
}

function describeInteraction(record: InteractionRecord): InteractionLine {
  const { id, type, name, userId, channelId, createdAt, state, callbackType, delivered, messageIds, payload } = record;
  return {
    ...{ id, type, name, userId, channelId, createdAt, state, callbackType, delivered, messageIds },
    customId: textAt(payload, 'data', 'custom_id'),
    callCount: record.calls.length,
    sourceMessageId: textAt(payload, 'message', 'id'),
  };
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return typeof value === 'string' ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  return textAt(Object.entries(value).find(([name]) => name === key)?.[1], ...rest);
}
