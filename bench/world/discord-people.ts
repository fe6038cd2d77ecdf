import { setTimeout as wait } from 'node:timers/promises';
import type { Message } from '../../simulators/discord/messages.ts';
import type { DiscordServer } from './discord-server.ts';
import { channelOf } from './guilds.ts';
import { trader } from './people.ts';
import type { Timeline } from './watched-requests.ts';

export type Flow = { readonly wallMs: number; readonly cardMs: number };

const CARD_WITHIN_MS = 30_000;

/** What the people of this Discord do with the bot. */
export function createPeople({ discord, watched }: DiscordServer, guildCount: number) {
  function open(index: number, leverage: number) {
    const { id, venue, market } = trader(index);
    const sentAt = performance.now();
    const { interactionId } = discord.as(id).command(channelOf(index % guildCount), 'leverage set', {
      ...{ venue, market, leverage: String(leverage) },
    });
    return { interaction: interactionId, timeline: watched.follow(tokenOf(interactionId), sentAt) };
  }

  const tokenOf = (interactionId: string) => String(discord.interaction(interactionId)?.payload.token);

  function messageOf(interactionId: string): Message | undefined {
    const [id] = discord.interaction(interactionId)?.messageIds ?? [];
    return id === undefined ? undefined : discord.message(id);
  }

  /** A whole change: the command, its card, the press of Confirm, and the receipt. */
  async function flow(index: number, leverage: number): Promise<Flow> {
    const startedAt = performance.now();
    const { interaction } = open(index, leverage);
    const card = await discord.until(() => withButtons(messageOf(interaction)), CARD_WITHIN_MS);
    const cardMs = performance.now() - startedAt;
    const customId = card.components[0]?.components[0]?.custom_id ?? '';
    discord.as(trader(index).id).press(card.id, customId);
    await discord.until(() => isReceipt(discord.message(card.id)), CARD_WITHIN_MS);
    return { wallMs: performance.now() - startedAt, cardMs };
  }

  return { start: (index: number, leverage: number): Timeline => open(index, leverage).timeline, flow };
}

/** Resolves once every command has its card, or after half a minute. */
export async function untilCards(timelines: readonly Timeline[]): Promise<void> {
  const giveUpAt = performance.now() + CARD_WITHIN_MS;
  while (performance.now() < giveUpAt && timelines.some(({ cardAt }) => cardAt === undefined)) await wait(20);
}

function withButtons(message: Message | undefined): Message | undefined {
  return message !== undefined && message.components.length > 0 ? message : undefined;
}

function isReceipt(message: Message | undefined): boolean {
  const title = message?.embeds[0]?.title ?? '';
  if (title.includes('Done:')) return true;
  if (!/^Setting |Set /.test(title)) throw new Error(`the change did not succeed: ${title}`);
  return false;
}
