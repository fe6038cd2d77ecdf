import { describe, expect, test } from 'vitest';
import { demoCredentials } from '../../simulators/venues/index.ts';
import { createWorld, labelsOf, linkOf, people, submitKey, textOf, titleOf } from '../support/world.ts';

const { alice, bob } = people;
const btc = { venue: 'kraken', market: 'btc' } as const;

/** A bot with Alice's key at a Kraken of which these levers are turned. */
async function withKey(turned: readonly string[] = []) {
  const world = await createWorld();
  for (const lever of turned) world.exchange('kraken').levers?.turn(lever, alice, true);
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken', person: 'alice' });
  const kraken = world.exchange('kraken');
  return {
    world,
    kraken,
    /** Changes of hers that were carried out, and frames that asked for one. */
    counts: () => ({ carriedOut: kraken.writeCount(alice), received: kraken.writesReceived(alice) }),
    turn: (lever: string) => kraken.levers?.turn(lever, alice, true),
    ask: (leverage = '7') => world.command(alice, 'leverage set', { ...btc, leverage }),
  };
}

/** The same with a card of hers. */
async function withCard() {
  const open = await withKey();
  return { ...open, card: await open.ask() };
}

describe('a venue that does not tell its setting', () => {
  test('a card says so, and its double press is one frame, told at once as the exchange answered', async () => {
    const { world, card, counts } = await withCard();
    expect(textOf(card)).toContain('Kraken does not show the present setting');
    expect(labelsOf(card)).toEqual(['Set PF_XBTUSD to 7x isolated', 'Cancel']);
    expect(counts()).toEqual({ carriedOut: 0, received: 0 });
    world.startPress(alice, card, /^Set/);
    const receipt = await world.press(alice, card, /^Set/);
    expect(titleOf(receipt)).toContain('PF_XBTUSD: 7x isolated applied, as Kraken answered');
    expect(textOf(receipt)).toContain('Not read back: Kraken does not show it');
    await world.discord.until(() => world.discord.interactions().every(({ state }) => state === 'answered'));
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
    expect(textOf(await world.command(alice, 'leverage show', btc))).toMatch(/Last set (here|from here): 7x isolated/);
  });

  test('cross margin is set by a command of its own', async () => {
    const { world, kraken, counts } = await withKey();
    const card = await world.command(alice, 'leverage cross', btc);
    const receipt = await world.press(alice, card, /^Set/);
    expect(titleOf(receipt)).toContain('PF_XBTUSD: cross margin applied, as Kraken answered');
    expect(kraken.settings(alice).map(({ market }) => market)).not.toContain('PF_XBTUSD');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
  });

  test('silence is not known, holds the key for half a minute, and is set again on a new card only', async () => {
    const { world, kraken, card, counts, ask } = await withCard();
    kraken.faults.add({ name: 'apply-then-hang', on: 'write' });
    const receipt = await world.press(alice, card, /^Set/);
    expect(titleOf(receipt)).toContain('Not known yet: PF_XBTUSD to 7x isolated');
    expect(labelsOf(receipt)).not.toContain('Set again');
    expect(titleOf(await ask('8'))).toMatch(/Another change with this key/);

    world.clock.advance(31_000);
    await world.tick();
    const final = world.latest(alice, receipt);
    expect(titleOf(final)).toContain('Not known: PF_XBTUSD to 7x isolated');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
    const again = await world.whisperTo(alice, world.startPress(alice, final, 'Set again'));
    expect(labelsOf(again)).toContain('Set PF_XBTUSD to 7x isolated');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
    expect(titleOf(await world.press(alice, again, /^Set/))).toContain('applied, as Kraken answered');
    expect(counts()).toEqual({ carriedOut: 2, received: 2 });
  });

  test('what it shows after all is used: the card has it, and the receipt is read back', async () => {
    const { world, ask, counts } = await withKey(['tell-in-preferences']);
    const card = await ask();
    expect(textOf(card)).toContain('3x');
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done: PF_XBTUSD is at 7x isolated');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
  });

  test('an answer that repeats another leverage proves nothing', async () => {
    const { world, turn, card, counts } = await withCard();
    turn('echo-unequal');
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Not known yet');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
  });
});

const refusals: readonly (readonly [error: string, words: string])[] = [
  ["Leverage exceeds the market's margin schedule", 'refused this leverage'],
  ['Leverage is outside the permitted range for this market', 'refused this leverage'],
  ['Leverage change would cause liquidation', 'this would liquidate your open position'],
  ['Insufficient margin for the requested leverage', 'not enough free margin'],
  ['Leverage change rejected', 'refused the change and gave no reason'],
  ["Unknown 'params.leverage_mode.symbol'", 'this market does not exist'],
  ['EAPI:Invalid token', 'had ended the session'],
  ['ESession:Invalid session', 'had ended the session'],
  ['EGeneral:Permission denied', 'does not let this key do that'],
  ['EAPI:Rate limit exceeded', 'too many requests with this key'],
  ['Exceeded msg rate', 'too many requests with this key'],
];

/** Errors that do not say whether something was done, those of other calls, and one that nobody knows. */
const breakdowns = [
  ...['EService:Unavailable', 'EService:Busy', 'EService:Deadline elapsed', 'EGeneral:Internal error'],
  ...['EAPI:Invalid nonce', 'EGeneral:Temporary lockout', 'a text that nobody has documented'],
] as const;

describe('Kraken refuses a confirmed change', () => {
  test.each(refusals)('%s, in words', async (error, words) => {
    const { world, kraken, card, counts } = await withCard();
    kraken.faults.add({ name: 'refused', on: 'write', error });
    const receipt = textOf(await world.press(alice, card, /^Set/));
    expect(receipt).toMatch(/Not changed:[\s\S]*Kraken changed nothing/);
    expect(receipt).toContain(words);
    expect(counts()).toEqual({ carriedOut: 0, received: 1 });
  });

  test.each(breakdowns)('%s may have been carried out, and is never sent again', async (error) => {
    const { world, kraken, card, counts } = await withCard();
    kraken.faults.add({ name: 'refused', on: 'write', error, applied: true });
    const receipt = await world.press(alice, card, /^Set/);
    expect(textOf(receipt)).toMatch(/Not known yet[\s\S]*an answer came that/);
    world.clock.advance(31_000);
    await world.tick();
    expect(titleOf(world.latest(alice, receipt))).toContain('Not known: PF_XBTUSD');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
  });
});

describe('what its owner is told before a change', () => {
  test.each([
    ['reduce-only', 'lets this account only reduce or close futures positions'],
    ['futures-disabled', 'does not let this account trade futures'],
    ['cancel-only', 'takes no new orders just now, it only cancels'],
    ['maintenance-soon', 'has announced maintenance within half an hour'],
  ])('%s stands on the card, and the change can be tried all the same', async (lever, words) => {
    const { world, turn, ask, counts } = await withKey();
    turn(lever);
    const card = await ask();
    expect(textOf(card)).toContain(words);
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('applied, as Kraken answered');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
  });

  test('a maintenance lets nothing through: no card, and an open card ends as not sent', async () => {
    const { world, turn, card, ask, counts } = await withCard();
    turn('in-maintenance');
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Not sent');
    world.clock.advance(6_000);
    expect(textOf(await ask('8'))).toMatch(/unavailable[\s\S]*Nothing was changed/);
    expect(counts()).toEqual({ carriedOut: 0, received: 0 });
  });
});

describe('sockets that do not last', () => {
  test('a card whose socket broke is confirmed over another one', async () => {
    const { world, turn, card, counts } = await withCard();
    turn('drop-sockets');
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('applied, as Kraken answered');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
  });

  test('a token that ends in mid-session refuses the change; the next card has another one', async () => {
    const { world, turn, card, counts, ask } = await withCard();
    turn('end-tokens');
    const refused = await world.press(alice, card, /^Set/);
    expect(textOf(refused)).toMatch(
      /Not changed: Kraken had ended the session of the bot[\s\S]*Kraken changed nothing/,
    );
    expect(counts()).toEqual({ carriedOut: 0, received: 1 });
    expect(titleOf(await world.press(alice, await ask(), /^Set/))).toContain('applied, as Kraken answered');
    expect(counts()).toEqual({ carriedOut: 1, received: 2 });
  });

  test('who needs more connections than a person may have is told how long to wait', async () => {
    const { world, ask, counts } = await withKey();
    let told = '';
    for (let tries = 0; tries < 30 && told === ''; tries += 1) {
      const card = await ask(String(7 + (tries % 5)));
      const said = /^Set/.test(labelsOf(card)[0] ?? '') ? await world.press(alice, card, /^Set/) : card;
      if (!titleOf(said).includes('applied')) told = textOf(said);
    }
    expect(told).toMatch(/Kraken[\s\S]*(minute|<t:)/);
    const { carriedOut, received } = counts();
    expect(carriedOut).toBe(received);
    expect(carriedOut).toBeGreaterThan(3);

    await world.addKey(bob, { venue: 'kraken', person: 'bob' });
    expect(labelsOf(await world.command(bob, 'leverage set', { ...btc, leverage: '5' }))[0]).toMatch(/^Set/);
  });
});

describe('a bot that dies', () => {
  test('after the frame: the next one does not send it again, and does not know', async () => {
    const { world, kraken, card, counts } = await withCard();
    kraken.faults.add({ name: 'apply-then-hang', on: 'write' });
    world.startPress(alice, card, /^Set/);
    await world.discord.until(() => kraken.writesReceived(alice) === 1);
    await world.crashBot();
    await world.startBot();
    world.clock.advance(31_000);
    await world.tick();
    world.clock.advance(31_000);
    await world.tick();
    expect(titleOf(world.latest(alice, card))).toContain('Not known: PF_XBTUSD to 7x isolated');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
  });

  test('before it is pressed: the card works after the restart, over another socket', async () => {
    const { world, card, counts } = await withCard();
    await world.stopBot();
    // What numbers its requests is the clock, which stands still here.
    world.clock.advance(1_000);
    await world.startBot();
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('applied, as Kraken answered');
    expect(counts()).toEqual({ carriedOut: 1, received: 1 });
  });
});

test.each([
  ['nobody', 'wrong', 'does not accept this key'],
  ['alice', 'may withdraw', 'can withdraw'],
  ['alice', 'read only', 'can only read'],
  ['alice', 'no WebSocket', 'lacks a right that the bot needs'],
  ['alice', 'with 2FA', 'seems to ask for a code (2FA)'],
  ['alice', 'expired', 'does not accept this key'],
  ['alice', 'unknown right', 'has a right that the bot does not know'],
] as const)('a key of %s, %s, is refused on the page in words', async (person, label, words) => {
  const world = await createWorld();
  await world.startBot();
  const key = demoCredentials.find((one) => one.venue === 'kraken' && one.person === person && one.label === label);
  if (key === undefined) throw new TypeError('no such demo key');
  const reply = await world.command(alice, 'keys add', { venue: 'kraken' });
  expect(await submitKey(linkOf(reply), key)).toContain(words);
  expect(textOf(await world.command(alice, 'keys list'))).toContain('You have no keys here');
});
