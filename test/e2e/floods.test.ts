import { expect, test } from 'vitest';
import { createWorld, people, titleOf, tradeDesk } from '../support/world.ts';

const { alice, bob } = people;
const venue = 'kraken-futures';
const MANY = 150;

test('what one person floods the bot with costs neither the exchange nor the database, and another is answered', async () => {
  const world = await createWorld();
  await world.startBot();
  await world.addKey(alice, { venue, person: 'alice' });
  const card = await world.command(alice, 'leverage set', { venue, market: 'btc', leverage: '7' });
  const asAlice = world.discord.as(alice);
  const requests = world.kraken.requests.length;
  const flood = Array.from({ length: MANY }, (_, index) => [
    asAlice.command(tradeDesk, 'leverage show', { venue }).interactionId,
    asAlice.command(tradeDesk, 'keys add', { venue, label: `label-${index}` }).interactionId,
    world.startPress(alice, card, 'Cancel'),
  ]).flat();
  const focus = { options: { venue, market: 'b' }, focused: 'market' } as const;
  const completions = Array.from({ length: MANY }, () => asAlice.autocomplete(tradeDesk, 'leverage set', focus));

  const help = world.discord.as(bob).command(tradeDesk, 'help').interactionId;
  const answered = () => world.discord.interactions().filter(({ state }) => state === 'answered');
  const before = answered().length;
  await world.discord.until(() => answered().some(({ id }) => id === help));
  // Work, not time: what was answered before Bob, of more than six hundred that came before his. Those that are admitted
  // are 160; refusals take turns with others.
  expect(answered().length - before).toBeLessThan(300);
  await world.whisperTo(bob, help);

  await Promise.all(completions);
  await world.discord.until(() => world.discord.interactions().every(({ state }) => state !== 'waiting'));
  const refused = world.messages(alice).filter((message) => titleOf(message).includes('Too many'));
  // Of each kind that opens a message; the commands before the flood count too.
  expect(refused.length).toBeGreaterThanOrEqual(flood.length - 20 - 40);
  // Twenty times what `show` reads at the most.
  expect(world.kraken.requests.length - requests).toBeLessThanOrEqual(60);
});
