/** Somebody with a Discord account in the loopback. */
export type Person = {
  readonly id: string;
  readonly username: string;
  readonly globalName?: string;
  /** Defaults to `en-US`. */
  readonly locale?: string;
  /** `false` refuses the bot's direct messages with 50007, as Discord does for a closed inbox. */
  readonly acceptsDms?: boolean;
};

/** A person's place in a guild; `permissions` is Discord's bit set in decimal. */
export type GuildMember = {
  readonly userId: string;
  readonly roles?: readonly string[];
  readonly permissions?: string;
  readonly nick?: string;
};

/** A text channel. Without `memberIds` every member of the guild sees it. */
export type GuildChannel = {
  readonly id: string;
  readonly name: string;
  readonly memberIds?: readonly string[];
  /** What the bot may do here, as a decimal bit set; defaults to reading and writing. */
  readonly appPermissions?: string;
};

/** A Discord server that has installed the bot. */
export type Guild = {
  readonly id: string;
  readonly name: string;
  readonly ownerId?: string;
  readonly locale?: string;
  readonly channels: readonly GuildChannel[];
  readonly members: readonly GuildMember[];
};

/** Where something happens: a guild's channel, or one person's direct messages with the bot. */
export type Place =
  | { readonly kind: 'guild'; readonly channelId: string; readonly guild: Guild; readonly channel: GuildChannel }
  | { readonly kind: 'dm'; readonly channelId: string; readonly person: Person };

/** What somebody with the page open would notice. */
export type Change =
  | {
      readonly kind: 'message';
      readonly action: 'created' | 'edited' | 'deleted';
      readonly channelId: string;
      readonly messageId: string;
      /** Set for an ephemeral message: nobody else may hear of it. */
      readonly onlyFor?: string;
    }
  | { readonly kind: 'interaction'; readonly interactionId: string; readonly userId: string }
  | { readonly kind: 'commands' }
  | { readonly kind: 'gateway'; readonly sessions: number };

export const interactionTypes = { command: 2, component: 3, autocomplete: 4 } as const;

export const callbackTypes = {
  message: 4,
  deferredMessage: 5,
  deferredUpdate: 6,
  update: 7,
  choices: 8,
} as const;

export const messageFlags = {
  ephemeral: 1 << 6,
  loading: 1 << 7,
} as const;

export const permissions = {
  administrator: 1n << 3n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  embedLinks: 1n << 14n,
  attachFiles: 1n << 15n,
  readHistory: 1n << 16n,
  useCommands: 1n << 31n,
} as const;

/** Whether a decimal bit set grants a permission; an administrator has them all. */
export function grants(bits: string, permission: bigint): boolean {
  const granted = BigInt(bits);
  return (granted & permissions.administrator) !== 0n || (granted & permission) === permission;
}
