import type { Guild } from '../../simulators/discord/model.ts';
import type { JsonObject } from '../../simulators/discord/wire.ts';
import { applicationId, traders } from './people.ts';

const CHANNELS = 20;
const ROLES = 12;
const EMOJIS = 10;

const idOf = (kind: number, index: number, part = 0) =>
  String(200_000_000_000_000_000n + BigInt(kind) * 1_000_000_000n + BigInt(index) * 1_000n + BigInt(part));

/** The only channel of a guild in which people meet the bot. */
export const channelOf = (guild: number) => idOf(1, guild);

/** Servers over which these traders are spread evenly. */
export function guilds(count: number, people: number): readonly Guild[] {
  const members = traders(people).map(({ id }) => ({ userId: id }));
  return Array.from({ length: count }, (_, index) => ({
    id: idOf(0, index),
    name: `Trading desk ${index}`,
    channels: [{ id: channelOf(index), name: 'trading' }],
    members: members.filter((_member, person) => person % count === index),
  }));
}

/** GUILD_CREATE as a server of an ordinary size sends it; only those hear it whose intents ask for guilds. */
export function guildCreate({ id, name }: Guild, index: number): JsonObject {
  const list = (length: number, make: (part: number) => JsonObject) => Array.from({ length }, (_, part) => make(part));
  return {
    ...{
      id,
      name,
      unavailable: false,
      owner_id: '1',
      preferred_locale: 'en-US',
      icon: null,
      splash: null,
      banner: null,
    },
    ...{ description: null, member_count: 150, large: false, joined_at: '2026-01-01T00:00:00.000000+00:00' },
    ...{
      verification_level: 1,
      default_message_notifications: 1,
      explicit_content_filter: 2,
      mfa_level: 0,
      nsfw_level: 0,
    },
    ...{ premium_tier: 0, premium_subscription_count: 0, system_channel_id: channelOf(index), system_channel_flags: 0 },
    ...{ afk_channel_id: null, afk_timeout: 300, rules_channel_id: null, public_updates_channel_id: null },
    ...{
      features: ['COMMUNITY', 'NEWS'],
      stickers: [],
      threads: [],
      stage_instances: [],
      voice_states: [],
      presences: [],
    },
    guild_scheduled_events: [],
    channels: list(CHANNELS, (part) => channel(index, part)),
    roles: [role(id, '@everyone'), ...list(ROLES, (part) => role(idOf(2, index, part), `role ${part}`))],
    emojis: list(EMOJIS, (part) => ({ id: idOf(3, index, part), name: `emoji_${part}`, roles: [], available: true })),
    members: [
      { user: { id: applicationId, username: 'Levergate' }, roles: [], joined_at: null, deaf: false, mute: false },
    ],
  };
}

function channel(guild: number, part: number): JsonObject {
  const overwrites = [{ id: idOf(0, guild), type: 0, allow: '0', deny: '2048' }];
  return {
    ...{
      id: idOf(1, guild, part),
      type: 0,
      name: `channel-${part}`,
      position: part,
      topic: 'What this channel is for',
    },
    ...{ parent_id: null, nsfw: false, rate_limit_per_user: 0, last_message_id: idOf(4, guild, part), flags: 0 },
    permission_overwrites: overwrites,
  };
}

function role(id: string, name: string): JsonObject {
  return {
    id,
    name,
    color: 0,
    hoist: false,
    position: 1,
    permissions: '2147568640',
    managed: false,
    mentionable: false,
  };
}
