import { setTimeout as wait } from 'node:timers/promises';
import type { VenueName } from './bot-messages.ts';
import type { Card, Client } from './client.ts';
import type { Desk } from './desk.ts';
import type { Spot, Value } from './journal.ts';
import type { Keeper } from './keeper.ts';
import type { Trader } from './people.ts';
import { LONGEST_STOP_MS, type OpPlan, type Planner } from './plan.ts';
import { armTroubles } from './troubles.ts';
import { torturedVenues } from './venues.ts';

const SETTLED_MS = 31_000;

/** Last words after which the key is still held, or may be. */
const unsettled: ReadonlySet<string> = new Set(['unknown', 'accepted', 'working', 'no answer', 'busy']);

/** One trader at one venue: plays one planned operation after the other. */
export function createLane(options: {
  readonly desk: Desk;
  readonly keeper: Keeper;
  readonly client: Client;
  readonly trader: Trader;
  readonly venue: VenueName;
  readonly planner: Planner;
  readonly trace: (text: string) => void;
}) {
  const { desk, keeper, client, trader, venue, planner, trace } = options;
  const wellWithinMs = 15_000 + desk.pace.stopMs(LONGEST_STOP_MS);
  const { currencies, twin } = torturedVenues[venue];
  let isUnsettled = false;
  const others = desk.traders.filter(({ id }) => id !== trader.id);

  async function ask(plan: OpPlan, value: string, label?: string, market = plan.market): Promise<Card | string> {
    const { currency, isShared } = plan;
    const common = { venue, market, share: isShared, ...(label !== undefined && { account: label }) };
    if (value === 'cross') return client.command(trader, 'leverage cross', common);
    const more = currency === undefined ? {} : { currency };
    return client.command(trader, 'leverage set', { ...common, ...more, leverage: value });
  }

  function spotOf({ market, currency }: OpPlan): Spot {
    return { venue, user: trader.id, market, currency: currency ?? currencies[0] };
  }

  function moveOutside(plan: OpPlan, value: Value): void {
    const spot = spotOf(plan);
    desk.journal.movedOutside(spot, value);
    desk.simulators[venue].set(trader.id, plan.market, value === 'cross' ? undefined : value, spot.currency);
  }

  function pressAll(card: Card, verbs: readonly string[]): string[] {
    return verbs.flatMap((verb) => client.press(trader, card, verb) ?? []);
  }

  /** Everybody who is not its owner presses what they see, and what they do not see. */
  function intrude({ messageId, proposal }: Card, ticket: string | undefined): readonly string[] {
    const intruders = others.slice(0, 3);
    const seen = intruders.flatMap(
      (stranger, index) => client.press(stranger, { messageId, proposal }, index === 1 ? 'cancel' : 'confirm') ?? [],
    );
    const [forger] = intruders;
    if (forger === undefined) return seen;
    const forged = ['check', 'back', 'again', 'do', 'drop'].map((verb) => [verb, proposal] as const);
    const tickets = ticket === undefined ? [] : ['do', 'drop', 'confirm'].map((verb) => [verb, ticket] as const);
    const all = [...forged, ...tickets].flatMap(([verb, id]) => client.forge(forger, messageId, verb, id) ?? []);
    return [...seen, ...all];
  }

  /** Either may come first; what the store decides holds for both. */
  async function race({ raceMs, lateMs }: OpPlan, card: Card): Promise<readonly string[]> {
    const [first, second] = lateMs % 4 === 0 ? (['cancel', 'confirm'] as const) : (['confirm', 'cancel'] as const);
    const presses = pressAll(card, [first]);
    if (raceMs > 0) await wait(raceMs);
    return [...presses, ...pressAll(card, [second, second])];
  }

  /** Confirms another card of the key at the moment when the venue is asked what it holds after the first write. */
  async function overtake([first, second]: readonly Card[]): Promise<readonly string[]> {
    if (first === undefined) return [];
    const after = desk.journal.seq();
    const presses = pressAll(first, ['confirm']);
    if (second === undefined) return presses;
    const before = keeper.generation();
    await client.until(
      () => desk.journal.isReadingBack({ venue, user: trader.id }, after) || keeper.generation() !== before,
    );
    return [...presses, ...pressAll(second, ['confirm', 'confirm'])];
  }

  async function confirm(plan: OpPlan, card: Card): Promise<readonly string[]> {
    switch (plan.kind) {
      case 'ignore':
        return [];
      case 'cancel':
        return pressAll(card, ['cancel']);
      case 'race':
        return race(plan, card);
      case 'late':
        await keeper.until(card.expiresAt + plan.lateMs);
        return pressAll(card, ['confirm']);
      case 'strangers': {
        const ticket = await client.ticket(trader, 'keys remove', { venue }, 'do');
        const refused = intrude(card, ticket);
        if (plan.isPressedByOwner) return pressAll(card, ['confirm']);
        await client.answers(refused);
        return [];
      }
      case 'moved':
        moveOutside(plan, plan.other);
        return pressAll(card, ['confirm']);
      default:
        return pressAll(
          card,
          Array.from({ length: plan.presses }, () => 'confirm'),
        );
    }
  }

  /** What a person does with what came back: looks again, goes back, or takes the new card. */
  async function follow(plan: OpPlan, presses: readonly string[]): Promise<void> {
    const said = client.lastSaid(presses);
    if (said === undefined) return;
    const button = (verb: string) => said.buttons.find((one) => one.verb === verb);
    const messageId = said.messageId;
    if (messageId === undefined) return;
    const check = button('check');
    if (check !== undefined && plan.checks) {
      await client.answers(pressAll({ messageId, proposal: check.id, expiresAt: 0 }, ['check', 'check']));
    }
    const again = button('confirm');
    if (again !== undefined && plan.isPressedByOwner) {
      await client.answers(pressAll({ messageId, proposal: again.id, expiresAt: 0 }, ['confirm', 'confirm']));
    }
    const back = button('back');
    if (back !== undefined && plan.kind === 'back') await anew({ messageId, proposal: back.id, expiresAt: 0 }, 'back');
    const setAgain = button('again');
    if (setAgain !== undefined && plan.checks) await anew({ messageId, proposal: setAgain.id, expiresAt: 0 }, 'again');
  }

  /** Confirms the card that a button of a receipt makes. */
  async function anew(receipt: Card, verb: 'back' | 'again'): Promise<void> {
    const pressed = client.press(trader, receipt, verb);
    if (pressed === undefined) return;
    await client.answers([pressed]);
    const card = client.cardIn(trader, pressed);
    if (card !== undefined) await client.answers(pressAll(card, ['confirm', 'confirm']));
  }

  /** A key that waits for an answer takes nothing else, so most traders wait for it. */
  async function waitUntilSettled(plan: OpPlan): Promise<void> {
    if (isUnsettled && !plan.isImpatient) await keeper.rest(SETTLED_MS);
  }

  async function play(plan: OpPlan): Promise<string> {
    await waitUntilSettled(plan);
    await client.until(() => keeper.isWell() && desk.isReachable(venue), wellWithinMs);
    const troubles = armTroubles({ ...options, plan });
    try {
      troubles.beforeCommand();
      const cards = [await ask(plan, plan.value)];
      if (plan.kind === 'twins') cards.push(await ask(plan, plan.other, twin));
      if (plan.kind === 'overtake') cards.push(await ask(plan, plan.other, twin, plan.elsewhere));
      const shown = cards.filter((card) => typeof card !== 'string');
      if (shown.length === 0) {
        trace(`${trader.name} got no card but: ${cards.join(', ')}`);
        return 'no card';
      }
      troubles.beforePress();
      const presses =
        plan.kind === 'overtake'
          ? await overtake(shown)
          : (await Promise.all(shown.map((card) => confirm(plan, card)))).flat();
      troubles.afterPress(presses);
      await client.answers(presses);
      await follow(plan, presses);
      return client.lastSaid(presses)?.meaning ?? 'no answer';
    } finally {
      troubles.over();
    }
  }

  return {
    /** @returns what the last message said. */
    async run(): Promise<string> {
      const plan = planner.next();
      const name = `${trader.name} ${venue} ${plan.kind} ${plan.market} ${plan.value}`;
      trace(`${name}: ${JSON.stringify(plan)}`);
      const result = await play(plan);
      isUnsettled = unsettled.has(result);
      trace(`${name}: ${result}`);
      // Lets what the bot does next happen before the next operation's faults are there.
      await wait(0);
      return result;
    },
  };
}
