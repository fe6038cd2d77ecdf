import { expect, test } from 'vitest';
import { createWorld, people, titleOf } from '../support/world.ts';

const { alice } = people;
const btc = { venue: 'kraken-futures', market: 'btc', leverage: '7' };
const CARD_MS = 60_000;
const STOP_MS = 500;
/** A hanging edit alone takes twenty seconds. */
const MOST_MS = 3_000;

async function withCard() {
  const world = await createWorld({}, { stopMs: STOP_MS });
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  const card = await world.command(alice, 'leverage set', btc);
  const edits = () =>
    world.discord.interactions().flatMap(({ calls }) => calls.filter(({ method }) => method === 'PATCH'));
  return { world, card, edits };
}

async function timed(ending: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await ending;
  return performance.now() - startedAt;
}

test('the bot ends in time although every edit hangs', async () => {
  const { world, card, edits } = await withCard();
  world.discord.faults.edit.set('hang', 100);
  const before = edits().length;
  world.discord.as(alice).command(card.channelId, 'help');
  await world.discord.until(() => edits().length > before);
  world.clock.advance(CARD_MS);
  void world.tick();
  await world.discord.until(() => edits().length > before + 1);
  expect(await timed(world.stopBot())).toBeLessThan(MOST_MS);
  world.discord.faults.edit.set('ok');
  await world.startBot();
});

test('the bot ends in time although it is still starting, and every edit hangs', async () => {
  const { world, card, edits } = await withCard();
  await world.stopBot();
  world.clock.advance(CARD_MS);
  world.discord.faults.edit.set('hang', 100);
  const before = edits().length;
  const starting = world.startBot().catch((error: unknown) => error);
  await world.discord.until(() => edits().length > before);
  expect(await timed(world.stopBot())).toBeLessThan(MOST_MS);
  world.discord.faults.edit.set('ok');
  await starting;
  await world.startBot();
  await world.discord.until(() => titleOf(world.latest(alice, card)).includes('Expired'));
});

test('the bot waits at its end for a look that is under way, also when later ones had nothing to do', async () => {
  const world = await createWorld({}, { stopMs: 2_000, deadlines: { connectMs: 500, readMs: 1_000, writeMs: 200 } });
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  const card = await world.command(alice, 'leverage set', btc);
  world.kraken.faults.add({ name: 'hang', on: 'write' });
  await world.press(alice, card, /^Set/);
  world.clock.advance(2_000);
  world.kraken.faults.add({ name: 'delay', on: 'read', ms: 600 });
  let hasEnded = false;
  const looking = world.tick().then(() => {
    hasEnded = true;
  });
  await world.tick();
  await world.stopBot();
  expect(hasEnded).toBe(true);
  await looking;
  expect(world.lines.filter((line) => line.includes('looking after a card failed'))).toEqual([]);
});
