import { createRequire } from 'node:module';
import { expect, test } from 'vitest';

const require = createRequire(import.meta.url);

// The bot loads the parts alone: the whole of it takes half a second to load and 19 MiB.
test.each(['@discordjs/rest', '@discordjs/ws', 'discord-api-types/v10'])(
  'the bot’s %s is the one that discord.js itself is made of',
  (part) => {
    const ofDiscordJs = createRequire(require.resolve('discord.js'));
    expect(require.resolve(part)).toBe(ofDiscordJs.resolve(part));
  },
);
