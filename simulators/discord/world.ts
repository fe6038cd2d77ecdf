import {
  type Guild,
  type GuildChannel,
  type GuildMember,
  grants,
  type Person,
  type Place,
  permissions,
} from './model.ts';
import { unknownChannel, unknownUser } from './refusal.ts';

const { viewChannel, sendMessages, embedLinks, attachFiles, readHistory, useCommands } = permissions;
const everyday = String(viewChannel | sendMessages | embedLinks | attachFiles | readHistory | useCommands);

export type MemberChange = { readonly roles?: readonly string[]; readonly permissions?: string };
export type Member = Required<Omit<GuildMember, 'nick'>> & { readonly nick: string | null };
export type World = ReturnType<typeof createWorld>;

/** Who and what exists: people, guilds, channels, and one direct-message channel for each person. */
export function createWorld(options: {
  readonly people: readonly Person[];
  readonly guilds: readonly Guild[];
  readonly newId: () => string;
}) {
  const people = new Map(options.people.map((person) => [person.id, person]));
  const inboxes = new Map(options.people.map((person) => [person.id, options.newId()]));
  const places = new Map([...guildPlaces(options.guilds), ...inboxPlaces(people, inboxes)]);
  const members = new Map(
    options.guilds.flatMap((guild) =>
      guild.members.map((member) => [`${guild.id}/${member.userId}`, fullMember(member)]),
    ),
  );

  function member(guildId: string, userId: string): Member | undefined {
    return members.get(`${guildId}/${userId}`);
  }

  return {
    people: () => [...people.values()],
    person(userId: string): Person {
      const person = people.get(userId);
      if (person === undefined) throw unknownUser();
      return person;
    },
    place(channelId: string): Place {
      const place = places.get(channelId);
      if (place === undefined) throw unknownChannel();
      return place;
    },
    member,
    changeMember(guildId: string, userId: string, change: MemberChange): void {
      const known = member(guildId, userId);
      if (known === undefined) throw unknownUser();
      members.set(`${guildId}/${userId}`, { ...known, ...change });
    },
    inboxOf(userId: string): string {
      const id = inboxes.get(userId);
      if (id === undefined) throw unknownUser();
      return id;
    },
    canSee(userId: string, channelId: string): boolean {
      const place = places.get(channelId);
      if (place === undefined) return false;
      if (place.kind === 'dm') return place.person.id === userId;
      const known = member(place.guild.id, userId);
      return (
        known !== undefined &&
        grants(known.permissions, viewChannel) &&
        (place.channel.memberIds?.includes(userId) ?? true)
      );
    },
    visibleChannels(userId: string): readonly Place[] {
      return [...places.values()].filter((place) => this.canSee(userId, place.channelId));
    },
  };
}

/** What the bot may do in a place, as a decimal bit set. */
export function appPermissions(place: Place): string {
  return place.kind === 'dm' ? everyday : (place.channel.appPermissions ?? everyday);
}

function fullMember({ userId, roles = [], permissions: bits = everyday, nick }: GuildMember): Member {
  return { userId, roles, permissions: bits, nick: nick ?? null };
}

function guildPlaces(guilds: readonly Guild[]): [string, Place][] {
  const place = (guild: Guild, channel: GuildChannel): Place => ({
    kind: 'guild',
    channelId: channel.id,
    guild,
    channel,
  });
  return guilds.flatMap((guild) =>
    guild.channels.map((channel): [string, Place] => [channel.id, place(guild, channel)]),
  );
}

function inboxPlaces(people: ReadonlyMap<string, Person>, inboxes: ReadonlyMap<string, string>): [string, Place][] {
  return [...inboxes].flatMap(([userId, channelId]): [string, Place][] => {
    const person = people.get(userId);
    return person === undefined ? [] : [[channelId, { kind: 'dm', channelId, person }]];
  });
}
