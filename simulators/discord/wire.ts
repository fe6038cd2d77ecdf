import type { Message, MessageOrigin } from './messages.ts';
import type { Person, Place } from './model.ts';
import type { Member, World } from './world.ts';

/** Turns the loopback's own values into the JSON that Discord sends. */
export type Wire = ReturnType<typeof createWire>;
export const botName = 'Levergate';
export type JsonObject = Readonly<Record<string, unknown>>;

export function createWire(options: { readonly applicationId: string; readonly world: World }) {
  const { applicationId, world } = options;
  const bot = { ...profile(applicationId, botName, null), bot: true };

  function origin({ interactionId, type, userId, name }: MessageOrigin): JsonObject {
    const user = wireUser(world.person(userId));
    const owners = { 0: '0' };
    const metadata = { id: interactionId, type, user, authorizing_integration_owners: owners };
    return {
      interaction_metadata: name === undefined ? metadata : { ...metadata, name },
      ...(name === undefined ? {} : { interaction: { id: interactionId, type, name, user } }),
    };
  }

  return {
    bot: (): JsonObject => ({ ...bot, mfa_enabled: true, verified: true, locale: 'en-US' }),
    message(message: Message): JsonObject {
      const { id, channelId, content, embeds, components, flags, repliesTo } = message;
      return {
        id,
        channel_id: channelId,
        type: repliesTo !== undefined ? 19 : message.origin?.name !== undefined ? 20 : 0,
        author: bot,
        content,
        embeds: embeds.map((embed) => ({ type: 'rich', ...embed })),
        components,
        attachments: [],
        flags,
        timestamp: isoTime(message.createdAt),
        edited_timestamp: message.editedAt === undefined ? null : isoTime(message.editedAt),
        mentions: [],
        mention_roles: [],
        mention_everyone: false,
        pinned: false,
        tts: false,
        application_id: applicationId,
        ...(message.origin === undefined ? {} : { webhook_id: applicationId, ...origin(message.origin) }),
        ...(repliesTo === undefined
          ? {}
          : { message_reference: { type: 0, channel_id: channelId, message_id: repliesTo } }),
      };
    },
  };
}

export function wireUser({ id, username, globalName }: Person): JsonObject {
  return profile(id, username, globalName ?? null);
}

export function wireMember(member: Member, person: Person): JsonObject {
  return {
    user: wireUser(person),
    roles: member.roles,
    permissions: member.permissions,
    nick: member.nick,
    avatar: null,
    banner: null,
    joined_at: '2026-01-01T00:00:00.000000+00:00',
    premium_since: null,
    communication_disabled_until: null,
    unusual_dm_activity_until: null,
    deaf: false,
    mute: false,
    pending: false,
    flags: 0,
  };
}

export function wireChannel(place: Place, viewer?: Member): JsonObject {
  if (place.kind === 'dm')
    return { id: place.channelId, type: 1, flags: 0, last_message_id: null, recipients: [wireUser(place.person)] };
  const { id, name } = place.channel;
  return {
    id,
    type: 0,
    flags: 0,
    guild_id: place.guild.id,
    name,
    nsfw: false,
    parent_id: null,
    position: 0,
    last_message_id: null,
    rate_limit_per_user: 0,
    topic: null,
    ...(viewer === undefined ? {} : { permissions: viewer.permissions }),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000+00:00');
}

function profile(id: string, username: string, globalName: string | null) {
  return {
    id,
    username,
    global_name: globalName,
    discriminator: '0',
    avatar: null,
    avatar_decoration_data: null,
    banner: null,
    accent_color: null,
    public_flags: 0,
    flags: 0,
  };
}
