import { expect, test } from 'vitest';
import { buttonsOf, createWorld, people, textOf, titleOf } from '../support/world.ts';

test('smoke', async () => {
  const world = await createWorld();
  await world.startBot();
  const { alice } = people;
  const added = await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  console.log(textOf(added));
  const card = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '5' });
  console.log(textOf(card), buttonsOf(card));
  const receipt = await world.press(alice, card, /^Set/);
  console.log(textOf(receipt), buttonsOf(receipt));
  expect(world.kraken.writeCount(alice)).toBe(1);
  await world.addKey(alice, { venue: 'mudrex', person: 'alice' });
  const card2 = await world.command(alice, 'leverage set', {
    venue: 'mudrex',
    market: 'btc',
    leverage: '7.5',
    share: true,
  });
  console.log(textOf(card2), buttonsOf(card2));
  console.log(textOf(await world.press(alice, card2, /^Set/)));
  console.log(textOf(await world.command(alice, 'leverage show', { venue: 'mudrex' })));
  console.log(textOf(await world.command(alice, 'leverage show', { venue: 'kraken-futures', market: 'btc' })));
  console.log(textOf(await world.command(alice, 'keys list')));
  console.log(textOf(await world.command(alice, 'help')));
  console.log(world.lines.filter((l) => /"level":(40|50|60)/.test(l)));
});
