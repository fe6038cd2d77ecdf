/**
 * Who asks, and where. `guild` is absent in direct messages. Ids are Discord snowflakes as text.
 * `userName` is the unique one: the display name is anybody's to choose.
 */
export type Caller = {
  readonly user: string;
  readonly userName: string;
  readonly guild?: string;
  readonly channel: string;
};
