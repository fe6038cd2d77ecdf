import { Client, Events, GatewayIntentBits, MessageFlags } from 'discord.js';
import { z } from 'zod';
import { readSettings, serveParent } from '../processes.ts';
import { botToken } from '../world/people.ts';
import { card } from './bare-messages.ts';
import { leverageCommand } from './leverage-command.ts';

// A program: discord.js's full Client with its defaults, answering the same command with a line and nothing else.
const settings = readSettings(z.object({ discordApi: z.string() }));
// Its own 50 requests a second would only make ten thousand people wait.
const rest = { api: settings.discordApi, globalRequestsPerSecond: Number.POSITIVE_INFINITY };
const client = new Client({ intents: [GatewayIntentBits.Guilds], rest });
const ready = Promise.withResolvers<void>();
client.once(Events.ClientReady, () => ready.resolve());
client.on(Events.InteractionCreate, async (interaction) => {
  if (!interaction.isChatInputCommand()) return;
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  await interaction.editReply({ content: card('BTCUSDT', '4', 'none').embeds[0]?.title ?? '' });
});
await client.login(botToken);
await ready.promise;
const readyMs = performance.now();
await client.application?.commands.set([leverageCommand]);

serveParent({ readyMs: () => readyMs });
