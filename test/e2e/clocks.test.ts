import { expect, test } from 'vitest';
import { createWorld, linkOf, people, titleOf } from '../support/world.ts';

const { alice } = people;
const HOUR_MS = 60 * 60_000;
const SECOND_MS = 1_000;
const btc = { venue: 'kraken-futures', market: 'btc', leverage: '7' };
const eth = { ...btc, market: 'eth' };

async function withKey() {
  const world = await createWorld({}, { deadlines: { connectMs: 500, readMs: 500, writeMs: 200 } });
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  return world;
}

test('a bot that starts again an hour earlier settles its change in the same time, and frees the key', async () => {
  const world = await withKey();
  const card = await world.command(alice, 'leverage set', btc);
  world.kraken.faults.add({ name: 'hang', on: 'write' });
  await world.press(alice, card, /^Set/);
  await world.stopBot();
  world.clock.step(-HOUR_MS);
  await world.startBot();
  world.clock.advance(31 * SECOND_MS);
  await world.tick();
  expect(titleOf(world.latest(alice, card))).toContain('Not applied');
  expect(titleOf(await world.command(alice, 'leverage set', eth))).toContain('Set PF_ETHUSD');
});

test('a bot that starts again an hour earlier runs no card from before', async () => {
  const world = await withKey();
  const card = await world.command(alice, 'leverage set', btc);
  await world.stopBot();
  world.clock.step(-HOUR_MS);
  await world.startBot();
  await world.discord.until(() => titleOf(world.latest(alice, card)).includes('Expired'));
  expect(world.kraken.writeCount(alice)).toBe(0);
});

test('what a clock wrote that was a year ahead lives no longer than anything else', async () => {
  const world = await withKey();
  await world.stopBot();
  world.clock.step(365 * 24 * HOUR_MS);
  await world.startBot();
  const link = await world.command(alice, 'keys add', { venue: 'mudrex' });
  await world.stopBot();
  world.clock.step(-365 * 24 * HOUR_MS);
  const { webUrl } = await world.startBot();
  const page = async () => (await fetch(`${webUrl}${new URL(linkOf(link)).pathname}`)).status;
  expect(await page()).toBe(200);
  world.clock.advance(11 * 60 * SECOND_MS);
  expect(await page()).toBe(410);
});

test('a button that has ended is known to have ended, also after the bot started again', async () => {
  const world = await withKey();
  const question = await world.command(alice, 'keys remove', { venue: 'kraken-futures' });
  await world.stopBot();
  await world.startBot();
  world.clock.advance(14 * 60 * SECOND_MS);
  await world.press(alice, question, /^Remove/);
  expect(titleOf(world.latest(alice, question))).toContain('This button has ended');
});

test('buttons that a clock made that was a year ahead soon take no room', async () => {
  const world = await withKey();
  await world.stopBot();
  world.clock.step(365 * 24 * HOUR_MS);
  await world.startBot();
  for (let count = 0; count < 20; count += 1) await world.command(alice, 'privacy');
  await world.stopBot();
  world.clock.step(-365 * 24 * HOUR_MS);
  await world.startBot();
  expect(titleOf(await world.command(alice, 'privacy'))).toContain('You have 20 open questions');
  world.clock.advance(11 * 60 * SECOND_MS);
  expect(titleOf(await world.command(alice, 'privacy'))).toContain('What this bot stores');
});
