import { expect, test } from 'vitest';
import type { VisibleMessage } from '../../simulators/discord/view.ts';
import { createWorld, labelsOf, people, textOf, titleOf, type World } from '../support/world.ts';

const { alice, bob } = people;
const wanted = { venue: 'kraken', market: 'btc', leverage: '7' } as const;
const change = 'PF_XBTUSD to 7x isolated';

/** A bot with Alice's key of Kraken, which does not show what is set. */
async function withKey(): Promise<World> {
  const world = await createWorld();
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken', person: 'alice' });
  return world;
}

/** So long a request without an answer can still land. */
async function halfAMinute(world: World): Promise<void> {
  for (const seconds of [1, 2, 7, 20]) {
    world.clock.advance(seconds * 1_000);
    await world.tick();
  }
}

const cardsIn = (messages: readonly VisibleMessage[]) =>
  messages.filter((message) => labelsOf(message).includes('Set PF_XBTUSD to 7x isolated'));

test('what Kraken accepts is applied as it answered, at once, and "show" names what was last set here', async () => {
  const world = await withKey();
  const card = await world.command(alice, 'leverage set', wanted);
  expect(textOf(card)).toMatch(/New: 7x isolated[\s\S]*Kraken does not show the present setting\./);
  const receipt = await world.press(alice, card, /^Set/);
  expect(titleOf(receipt)).toContain('PF_XBTUSD: 7x isolated applied, as Kraken answered');
  expect(textOf(receipt)).toContain('Not read back: Kraken does not show it.');
  expect(labelsOf(receipt)).toEqual([]);
  expect(world.unified.writeCount(alice)).toBe(1);

  const show = () => world.command(alice, 'leverage show', { venue: 'kraken', market: 'PF_XBTUSD' });
  let shown = await show();
  // It is noted beside the receipt, which nobody waits for.
  while (!textOf(shown).includes('Last set here')) shown = await show();
  expect(titleOf(shown)).toContain('Kraken does not show what is set for PF_XBTUSD');
  expect(textOf(shown)).toMatch(/Last set here: 7x isolated, <t:\d+:R>\./);
  const next = await world.command(alice, 'leverage set', { ...wanted, leverage: '8' });
  expect(textOf(next)).toMatch(/Last set here: 7x isolated, <t:\d+:R>\./);
});

test('without an answer it is not known for half a minute and then for good; "Set again" makes one card, once pressed', async () => {
  const world = await withKey();
  const card = await world.command(alice, 'leverage set', wanted);
  world.unified.faults.add({ name: 'reset', on: 'write' });
  const receipt = await world.press(alice, card, /^Set/);
  expect(titleOf(receipt)).toContain(`Not known yet: ${change}`);
  expect(labelsOf(receipt)).toEqual([]);
  await halfAMinute(world);
  const ended = await world.discord.until(() => {
    const now = world.latest(alice, receipt);
    return titleOf(now).includes(`Not known: ${change}`) && now;
  });
  expect(labelsOf(ended)).toEqual(['Set again']);
  expect(world.unified.writeCount(alice)).toBe(0);

  const presses = [world.startPress(alice, ended, 'Set again'), world.startPress(alice, ended, 'Set again')];
  const answers = await Promise.all(presses.map((press) => world.whisperTo(alice, press)));
  const [again, ...others] = cardsIn(answers);
  if (again === undefined) throw new TypeError('no card');
  expect(others).toEqual([]);
  expect(answers.map(titleOf).join()).toContain('This button has made its card already');
  expect(world.unified.writeCount(alice), 'nothing by itself').toBe(0);
  expect(titleOf(await world.press(alice, again, /^Set/))).toContain('7x isolated applied, as Kraken answered');
  expect(world.unified.writeCount(alice)).toBe(1);
});

test('of a shared card a channel reads what Kraken answered, and its owner alone the rest, with the button', async () => {
  const world = await withKey();
  const card = await world.command(alice, 'leverage set', { ...wanted, share: true });
  expect(textOf(card)).toContain('New: 7x isolated');
  expect(textOf(card)).not.toContain('does not show');
  world.unified.faults.add({ name: 'reset', on: 'write' });
  const shared = await world.press(alice, card, /^Set/);
  await halfAMinute(world);
  expect(titleOf(world.latest(bob, shared))).toContain(`Not known here: ${change}`);
  expect(labelsOf(world.latest(bob, shared))).toEqual([]);
  const told = await world.discord.until(() =>
    world.messages(alice).find((one) => one.isEphemeral && titleOf(one).includes(`Not known: ${change}`)),
  );
  expect(labelsOf(told)).toEqual(['Set again']);
  const again = await world.whisperTo(alice, world.startPress(alice, told, 'Set again'));
  expect(again.isEphemeral).toBe(true);
  expect(cardsIn([again])).toHaveLength(1);
  expect(cardsIn(world.messages(bob))).toEqual([]);
});

test('what a position showed at the time of a change never makes a yes differ; what it shows half a minute later does', async () => {
  const world = await withKey();
  world.unified.levers?.turn('tell-in-positions', alice, true);
  world.unified.set(alice, 'PF_XBTUSD', '3');
  world.unified.openPosition(alice, 'PF_XBTUSD');
  const show = () => world.command(alice, 'leverage show', { venue: 'kraken', market: 'PF_XBTUSD' });
  const tell = async () => {
    world.unified.openPosition(alice, 'PF_XBTUSD');
    while (!titleOf(await show()).includes('3x isolated'));
  };
  const card = await world.command(alice, 'leverage set', wanted);
  expect(textOf(card)).toContain('3x → 7x');
  world.unified.faults.add({ name: 'no-effect', on: 'write' });
  const receipt = await world.press(alice, card, /^Set/);
  expect(titleOf(receipt)).toContain(`Accepted, not read back yet: ${change}`);
  // Nobody knows whether this was on its way before the change, as it would be where that has worked.
  await tell();
  await halfAMinute(world);
  world.clock.advance(2_000);
  await world.tick();
  const ended = await world.discord.until(() => {
    const now = world.latest(alice, receipt);
    return titleOf(now).includes('7x isolated applied, as Kraken answered') && now;
  });
  expect(textOf(ended)).toMatch(/it still showed 3x isolated\. Look at Kraken before you trade\./);
  await tell();
  expect(titleOf(await world.press(alice, ended, 'Check now'))).toContain('Kraken said yes but shows 3x isolated');
  expect(world.unified.writeCount(alice), 'that has worked').toBe(0);
});
