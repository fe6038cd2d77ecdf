/**
 * Who asks, and where. `guild` is absent in direct messages. Ids are Discord snowflakes as text.
 * `userName` is the unique one: the display name is anybody's to choose. `roles` are those in that server, and
 * `permissions` is Discord's bit set of what they may do in that channel.
 */
export type Caller = {
  readonly user: string;
  readonly userName: string;
  readonly guild?: string;
  readonly roles?: readonly string[];
  readonly permissions?: bigint;
  readonly channel: string;
};
