import { z } from 'zod';
import { ClientRefusal } from '../simulators/discord/client/client-refusal.ts';
import type { VisibleMessage } from '../simulators/discord/view.ts';
import type { Desk } from './desk.ts';
import type { Trader } from './people.ts';

/** How long a card can be pressed; the bot is started with the same. */
export const CARD_MS = 30_000;
const LOOK_EVERY_MS = 100;

/** A card as a person sees it, with what can be pressed below it. */
export type Card = {
  readonly messageId: string;
  readonly proposal: string;
  /** Milliseconds since the epoch, to the second. */
  readonly expiresAt: number;
};

export type Client = ReturnType<typeof createClient>;

const rows = z.array(z.object({ components: z.array(z.object({ custom_id: z.string().optional() })) }));

/** What traders do in Discord. Their client refuses what it would not send; that counts as not done. */
export function createClient({ discord, journal, clock, wanders, pace }: Desk, generation: () => number) {
  const answerWithinMs = 3 * pace.deadlines.writeMs;

  /** Waits for something in the journal or on the screen; undefined after too long. */
  async function until<T>(look: () => T | undefined | false, ms = answerWithinMs): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const check = (): void => {
      const found = look();
      if (found !== undefined && found !== false) resolve(found);
    };
    const stop = journal.listen(() => queueMicrotask(check));
    const timer = setInterval(check, LOOK_EVERY_MS);
    const patience = setTimeout(() => resolve(undefined), ms);
    check();
    const found = await promise;
    stop();
    clearInterval(timer);
    clearTimeout(patience);
    return found;
  }

  function attempt<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      if (error instanceof ClientRefusal) return undefined;
      throw error;
    }
  }

  function messageOf(trader: Trader, channel: string, interactionId: string): VisibleMessage | undefined {
    return discord.messages(channel, trader.id).find(({ origin }) => origin?.interactionId === interactionId);
  }

  /** The card in the message that answers an interaction. */
  function cardIn(trader: Trader, interactionId: string): Card | undefined {
    const message = messageOf(trader, trader.channel, interactionId);
    return message === undefined ? undefined : seen(readCard(message));
  }

  /** Where the bot's clock is wrong, a card ends when its time is over, whatever stands on it. */
  function seen(card: Card | undefined): Card | undefined {
    return card === undefined || !wanders ? card : { ...card, expiresAt: clock.now() + CARD_MS };
  }

  function isAnswered(interactionId: string): boolean {
    if (journal.isTurnedAway(interactionId)) return true;
    return journal.saidTo(interactionId).some(({ meaning, isTold }) => isTold && meaning !== 'working');
  }

  return {
    until,
    cardIn,
    cardOf(trader: Trader, messageId: string): Card | undefined {
      const message = discord.messages(trader.channel, trader.id).find(({ id }) => id === messageId);
      return message === undefined ? undefined : seen(readCard(message));
    },
    /** Types a command that leads to no card. @returns the button of this verb below the answer, when one came. */
    async ticket(
      trader: Trader,
      name: string,
      options: Record<string, string>,
      verb: string,
    ): Promise<string | undefined> {
      const started = attempt(() => discord.as(trader.id).command(trader.channel, name, options));
      if (started === undefined) return undefined;
      const before = generation();
      await until(() => isAnswered(started.interactionId) || generation() !== before);
      const buttons = journal.saidTo(started.interactionId).at(-1)?.buttons ?? [];
      return buttons.find((button) => button.verb === verb)?.id;
    },
    /** @returns the card that came, or what came instead of one. */
    async command(trader: Trader, name: string, options: Record<string, string | boolean>): Promise<Card | string> {
      const started = attempt(() => discord.as(trader.id).command(trader.channel, name, options));
      if (started === undefined) return 'no command';
      const before = generation();
      await until(() => isAnswered(started.interactionId) || generation() !== before);
      const said = journal.saidTo(started.interactionId).at(-1);
      return cardIn(trader, started.interactionId) ?? (said === undefined ? 'nothing' : said.title.slice(0, 30));
    },
    /** Presses without waiting. @returns the interaction, or undefined when the button is not there (any more). */
    press(trader: Trader, { messageId, proposal }: Omit<Card, 'expiresAt'>, verb: string): string | undefined {
      const started = attempt(() => discord.as(trader.id).press(messageId, `v1.${verb}.${proposal}`));
      if (started === undefined) return undefined;
      const { interactionId } = started;
      journal.pressed({ interactionId, user: trader.id, verb, proposal });
      return interactionId;
    },
    /** Presses a button that this person cannot see, or that is not there. */
    forge(trader: Trader, messageId: string, verb: string, id: string): string | undefined {
      const started = attempt(() => discord.as(trader.id).forge(messageId, `v1.${verb}.${id}`));
      if (started === undefined) return undefined;
      const { interactionId } = started;
      journal.pressed({ interactionId, user: trader.id, verb, proposal: id });
      return interactionId;
    },
    /** Waits until presses have their answers; not for one that a dead process took with it. */
    async answers(interactionIds: readonly string[]): Promise<void> {
      const before = generation();
      await until(() => interactionIds.every(isAnswered) || generation() !== before);
    },
    /** The latest thing that was said to these presses and is final for now. */
    lastSaid: (interactionIds: readonly string[]) =>
      interactionIds
        .flatMap(journal.saidTo)
        .filter(({ isTold }) => isTold)
        .toSorted((a, b) => a.seq - b.seq)
        .at(-1),
  };
}

function readCard(message: VisibleMessage): Card | undefined {
  const ids = rows.parse(message.components).flatMap(({ components }) => components.map((one) => one.custom_id ?? ''));
  const [, proposal] = /^v1\.confirm\.(.+)$/.exec(ids.find((id) => id.startsWith('v1.confirm.')) ?? '') ?? [];
  const [, seconds] = /<t:(\d+):R>/.exec(message.embeds[0]?.description ?? '') ?? [];
  if (proposal === undefined || seconds === undefined) return undefined;
  return { messageId: message.id, proposal, expiresAt: Number(seconds) * 1_000 };
}
