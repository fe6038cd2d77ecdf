import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Interaction } from '../../simulators/discord/interactions.ts';
import type { Message } from '../../simulators/discord/messages.ts';
import type { DiscordServer } from './discord-server.ts';
import { channelOf } from './guilds.ts';
import { trader } from './people.ts';
import type { Timeline } from './watched-requests.ts';

const rows = z.array(
  z.object({ components: z.array(z.object({ custom_id: z.string().optional(), label: z.string() })) }),
);

export type Flow = { readonly wallMs: number; readonly cardMs: number };

const CARD_WITHIN_MS = 30_000;

/** What the people of this Discord do with the bot. */
export function createPeople({ parts, watched, as }: DiscordServer, guildCount: number) {
  const { interactions, messages, listeners } = parts;

  function open(index: number, leverage: number) {
    const { id, venue, market } = trader(index);
    const sentAt = performance.now();
    const { interactionId } = as(id).command(channelOf(index % guildCount), 'leverage set', {
      ...{ venue, market, leverage: String(leverage) },
    });
    return { interaction: interactionId, timeline: watched.follow(tokenOf(interactionId), sentAt) };
  }

  const tokenOf = (interactionId: string) => interactions.find(interactionId)?.token ?? '';

  function messageOf(interactionId: string): Message | undefined {
    const found: Interaction | undefined = interactions.find(interactionId);
    return found?.originalId === undefined ? undefined : messages.find(found.originalId);
  }

  /** A whole change: the command, its card, the press of Confirm, and the receipt. */
  async function flow(index: number, leverage: number): Promise<Flow> {
    const startedAt = performance.now();
    const { interaction } = open(index, leverage);
    const card = await listeners.until(() => withButtons(messageOf(interaction)), CARD_WITHIN_MS);
    const cardMs = performance.now() - startedAt;
    const customId = rows.parse(card.components)[0]?.components[0]?.custom_id ?? '';
    as(trader(index).id).press(card.id, customId);
    await listeners.until(() => isReceipt(messages.find(card.id)), CARD_WITHIN_MS);
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
