import type { Person, Place } from '../model.ts';
import { type JsonObject, wireChannel, wireMember, wireUser } from '../wire.ts';
import { appPermissions, type World } from '../world.ts';

const ATTACHMENT_LIMIT = 10 * 1024 * 1024;

/** Builds the payload of INTERACTION_CREATE for one person in one place. */
export function describeInteraction(options: {
  readonly applicationId: string;
  readonly world: World;
  readonly person: Person;
  readonly place: Place;
  readonly type: number;
  readonly data: JsonObject;
  readonly message?: JsonObject;
}): (id: string, token: string) => JsonObject {
  const { applicationId, world, person, place, type, data, message } = options;
  const locale = person.locale ?? 'en-US';
  return (id, token) => ({
    id,
    application_id: applicationId,
    type,
    token,
    version: 1,
    data,
    ...(message === undefined ? {} : { message }),
    channel_id: place.channelId,
    ...surroundings(world, person, place),
    app_permissions: appPermissions(place),
    locale,
    entitlements: [],
    entitlement_sku_ids: [],
    attachment_size_limit: ATTACHMENT_LIMIT,
  });
}

function surroundings(world: World, person: Person, place: Place): JsonObject {
  if (place.kind === 'dm') {
    const owners = { 0: '0' };
    return { user: wireUser(person), channel: wireChannel(place), context: 1, authorizing_integration_owners: owners };
  }
  const { guild } = place;
  const member = world.member(guild.id, person.id);
  if (member === undefined) throw new Error(`${person.username} is no member of ${guild.name}`);
  const locale = guild.locale ?? 'en-US';
  return {
    guild_id: guild.id,
    guild: { id: guild.id, locale, features: [] },
    guild_locale: locale,
    member: wireMember(member, person),
    channel: wireChannel(place, member),
    context: 0,
    authorizing_integration_owners: { 0: guild.id },
  };
}
