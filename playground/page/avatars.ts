// Has to run before any component is loaded: without it their default avatar comes from outside.

/** Pictures by the name under which people and the bot are known here. */
export const avatars = {
  alice: '/page/avatars/alice.svg',
  bob: '/page/avatars/bob.svg',
  carol: '/page/avatars/carol.svg',
  levergate: '/page/avatars/levergate.svg',
};

Object.assign(globalThis, {
  $discordMessage: {
    avatars: { ...avatars, default: avatars.levergate },
    profiles: {
      levergate: { author: 'Levergate', avatar: avatars.levergate, bot: true, verified: true },
      alice: { author: 'Alice', avatar: avatars.alice },
      bob: { author: 'Bob', avatar: avatars.bob },
      carol: { author: 'Carol', avatar: avatars.carol, roleColor: '#f0a868' },
    },
  },
});
