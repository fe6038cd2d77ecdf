import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createWorld, people, titleOf, type World } from '../support/world.ts';

const { alice, bob } = people;
const btc = { venue: 'kraken-futures', market: 'btc', leverage: '7' };

async function withKeys(): Promise<World> {
  const world = await createWorld();
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  await world.addKey(bob, { venue: 'kraken-futures', person: 'bob' });
  return world;
}

/** What somebody does who can write the file and has no master key, while the bot is stopped. */
async function sabotage(world: World, sql: string): Promise<void> {
  await world.stopBot();
  const database = new DatabaseSync(join(world.env.DATA_DIR, 'levergate.db'));
  database.exec(sql);
  database.close();
  await world.startBot();
}

test('a damaged canary and hash key are told of at the start, and keys go on working (P52)', async () => {
  const world = await withKeys();
  const card = await world.command(alice, 'leverage set', btc);
  await sabotage(world, `UPDATE entry SET value = 'x' WHERE key = 'canary/k1' OR key = 'secret/hash-key'`);
  for (const repair of ['canary replaced', 'hash key replaced'])
    await world.logged(`damaged in the database: ${repair}`);
  await world.discord.until(() => titleOf(world.latest(alice, card)).includes('Expired'));
  const again = await world.command(alice, 'leverage set', btc);
  expect(titleOf(await world.press(alice, again, /^Set/))).toContain('Done');
  expect(world.kraken.writeCount(alice)).toBe(1);
});

test('somebody who can write the database shows Bob no result of Alice’s', async () => {
  const world = await withKeys();
  const card = await world.command(alice, 'leverage set', btc);
  await world.press(alice, card, /^Set/);
  await sabotage(
    world,
    `INSERT INTO entry SELECT 'untold/${bob}/' || substr(key, 10), '', 9999999, NULL, NULL FROM entry WHERE key LIKE 'proposal/%'`,
  );
  // What was missed is told after a command: after the second one, that of the first has been.
  await world.command(bob, 'help');
  await world.command(bob, 'privacy');
  const seen = world.messages(bob).map(titleOf).join('\n');
  expect(seen).toContain('What this bot stores about you');
  expect(seen).not.toContain('Done');
});

test.each([
  ['numbers that no double holds', `UPDATE entry SET version = 9223372036854775807, expires_at = 9223372036854775807`],
  ['values that are no text', `UPDATE entry SET value = CAST(x'fffe00ff' AS TEXT)`],
])('rows of one person with %s, and a canary, keep nobody else from working', async (_title, update) => {
  const world = await withKeys();
  await world.command(alice, 'leverage set', btc);
  await sabotage(world, `${update} WHERE key LIKE '%${alice}%' OR key LIKE 'canary/%'`);
  const card = await world.command(bob, 'leverage set', btc);
  expect(titleOf(await world.press(bob, card, /^Set/))).toContain('Done');
});
