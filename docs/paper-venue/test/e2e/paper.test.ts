import { expect, test } from 'vitest';
import { createWorld, labelsOf, people, textOf, titleOf } from '../support/world.ts';

const { alice } = people;
// The clock stands still in tests, so a budget would never refill.
const wide = { PAPER_LIMITS: '100000/1s' };
const wish = { venue: 'paper', market: 'btc', leverage: '5' };

test('a new venue is set, confirmed and told of like every other', async () => {
  const world = await createWorld(wide);
  await world.startBot();
  await world.addKey(alice, { venue: 'paper', person: 'alice' });
  const card = await world.command(alice, 'leverage set', wish);
  expect(labelsOf(card)).toEqual(['Set BTCUSD to 5x isolated', 'Cancel']);
  expect(textOf(card)).toContain('Applies to new orders on BTCUSD.');
  const receipt = await world.press(alice, card, /^Set/);
  expect(titleOf(receipt)).toContain('Done: BTCUSD is at 5x isolated');
  expect(world.exchange('paper').writeCount(alice)).toBe(1);
  expect(world.exchange('paper').settings(alice)).toEqual([{ market: 'BTCUSD', mode: 'isolated', leverage: '5' }]);
  expect(textOf(await world.command(alice, 'keys list'))).toContain('Paper');
});

test('its refusals, its limits and its place in the variables come from its facts', async () => {
  const world = await createWorld({ ...wide, PAPER_WRITE_COST: '3', VENUES: 'paper', MAX_LEVERAGE: 'paper=7' });
  await world.startBot();
  await world.addKey(alice, { venue: 'paper', person: 'alice' });
  expect(textOf(await world.command(alice, 'leverage set', { ...wish, leverage: '8' }))).toContain('up to 7x');
  const card = await world.command(alice, 'leverage set', wish);
  world.exchange('paper').faults.add({ name: 'refused', on: 'write', error: 'market-closed' });
  expect(textOf(await world.press(alice, card, /^Set/))).toMatch(/Paper has put this sheet of paper away/);
});
