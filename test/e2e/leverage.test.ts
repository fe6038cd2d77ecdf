import { describe, expect, test } from 'vitest';
import { mudrexMarkets } from '../../simulators/venues/mudrex-markets.ts';
import { buttonsOf, createWorld, labelsOf, people, textOf, titleOf, tradeDesk } from '../support/world.ts';

const { alice, bob } = people;

/** A bot with one key of Alice's at this venue. */
async function withKey(venue: 'mudrex' | 'kraken-futures', environment: Readonly<Record<string, string>> = {}) {
  const world = await createWorld(environment);
  await world.startBot();
  await world.addKey(alice, { venue, person: 'alice' });
  return world;
}

describe.each([
  { venue: 'kraken-futures', market: 'btc', symbol: 'PF_XBTUSD', label: 'PF_XBTUSD', from: '3x' },
  { venue: 'mudrex', market: 'BTC/USDT', symbol: 'BTCUSDT', label: 'BTCUSDT (USDT)', from: '5x' },
] as const)('on $venue', ({ venue, market, symbol, label, from }) => {
  test('a command shows a card, a double press writes once, and both presses lead to one receipt', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    expect(labelsOf(card)).toEqual([`Set ${label} to 7x isolated`, 'Cancel']);
    expect(card.isEphemeral).toBe(true);
    expect(simulator.writeCount(alice)).toBe(0);

    world.startPress(alice, card, /^Set/);
    const receipt = await world.press(alice, card, /^Set/);
    expect(titleOf(receipt)).toContain(`Done: ${label} is at 7x isolated`);
    expect(textOf(receipt)).toContain(`It was ${from} isolated before`);
    await world.discord.until(() => world.discord.interactions().every(({ state }) => state === 'answered'));
    expect(simulator.writeCount(alice)).toBe(1);
    expect(titleOf(world.latest(alice, receipt))).toContain('Done');
  });

  test('"Back to" makes a new card that needs its own press', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    const receipt = await world.press(alice, card, /^Set/);
    const back = await world.whisperTo(alice, world.startPress(alice, receipt, `Back to ${from}`));
    expect(labelsOf(back)).toContain(`Set ${label} to ${from} isolated`);
    expect(simulator.writeCount(alice)).toBe(1);
    expect(titleOf(await world.press(alice, back, /^Set/))).toContain(`Done: ${label} is at ${from} isolated`);
    expect(simulator.writeCount(alice)).toBe(2);
  });

  test('cancel sends nothing, and the card cannot be confirmed any more', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    const cancelled = await world.press(alice, card, 'Cancel');
    expect(textOf(cancelled)).toMatch(/Cancelled[\s\S]*Nothing was sent/);
    expect(buttonsOf(cancelled)).toEqual([]);
    expect(simulator.writeCount(alice)).toBe(0);
  });

  test('the setting that is there already needs no press', async () => {
    const world = await withKey(venue);
    const reply = await world.command(alice, 'leverage set', { venue, market, leverage: from.slice(0, -1) });
    expect(titleOf(reply)).toContain(`${label} is already at ${from} isolated`);
    expect(buttonsOf(reply)).toEqual([]);
  });

  test('a card that expires loses its buttons and cannot run', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    world.clock.advance(60_000);
    // Before the bot's own timer came to it, the store's clock decides at the press.
    const pressed = await world.press(alice, card, /^Set/);
    expect(titleOf(pressed)).toContain('Expired');
    expect(buttonsOf(pressed)).toEqual([]);
    expect(simulator.writeCount(alice)).toBe(0);
  });

  test('the timer takes the buttons off an expired card, also after a restart', async () => {
    const world = await withKey(venue);
    const first = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    world.clock.advance(60_000);
    await world.tick();
    expect(titleOf(world.latest(alice, first))).toContain('Expired');

    const second = await world.command(alice, 'leverage set', { venue, market, leverage: '8' });
    await world.stopBot();
    world.clock.advance(61_000);
    await world.startBot();
    await world.tick();
    expect(titleOf(world.latest(alice, second))).toContain('Expired');
  });

  test('a card survives a restart of the bot', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    await world.stopBot();
    await world.startBot();
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done');
    expect(simulator.writeCount(alice)).toBe(1);
  });

  test('a value that moved since the card gives a new card and writes nothing', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    simulator.set(alice, symbol, '9');
    const fresh = await world.press(alice, card, /^Set/);
    expect(textOf(fresh)).toMatch(/Nothing was sent\. This card is new[\s\S]*9x/);
    expect(simulator.writeCount(alice)).toBe(0);
    expect(titleOf(await world.press(alice, fresh, /^Set/))).toContain('Done');
    expect(simulator.writeCount(alice)).toBe(1);
  });

  test('a maximum that was lowered since the card sends nothing', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    simulator.setBounds(symbol, { max: '4' });
    const receipt = await world.press(alice, card, /^Set/);
    expect(textOf(receipt)).toMatch(/Not sent: 7x is outside what/);
    expect(simulator.writeCount(alice)).toBe(0);
  });

  test('a stranger’s press on a shared card is refused to them alone, and does not spend it', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7', share: true });
    expect(card.isEphemeral).toBe(false);
    expect(textOf(card)).not.toMatch(/position|open order|liquidation/i);
    const refusal = await world.whisperTo(bob, world.startPress(bob, card, /^Set/));
    expect(refusal.isEphemeral).toBe(true);
    expect(titleOf(refusal)).toContain('belongs to somebody else');
    expect(world.messages(alice).map(({ id }) => id)).not.toContain(refusal.id);
    expect(simulator.writes).toEqual([]);
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done');
  });

  test('a write that is applied but not answered is settled by reading back, and sent once', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    simulator.faults.add({ name: 'apply-then-reset', on: 'write' });
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done');
    expect(simulator.writeCount(alice)).toBe(1);
  });

  test('a write that is lost is "not known yet" with a countdown, then "not applied", and is never sent again', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    simulator.faults.add({ name: 'reset', on: 'write' });
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    const first = await world.press(alice, card, /^Set/);
    expect(textOf(first)).toMatch(
      /Not known yet[\s\S]*the connection broke after less than 1 s[\s\S]*still shows [\s\S]*Next look: <t:\d+:R>/,
    );

    const busy = await world.command(alice, 'leverage set', { venue, market, leverage: '8' });
    expect(titleOf(busy)).toContain('Another change with this key is not finished');
    expect(textOf(busy)).toMatch(/No card was made and nothing was sent\. Run the command again when/);
    expect(labelsOf(busy)).toContain('Check now');

    world.clock.advance(30_000);
    await world.tick();
    expect(textOf(world.latest(alice, first))).toMatch(/Not applied[\s\S]*It was read more than once/);
    expect(simulator.requests.filter(({ kind }) => kind === 'write')).toHaveLength(1);
    const next = await world.command(alice, 'leverage set', { venue, market, leverage: '8' });
    expect(labelsOf(next)).toContain(`Set ${label} to 8x isolated`);
  });

  test('without an answer and without a read-back it is not known, until "Check now" reads it', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    simulator.faults.add({ name: 'apply-then-reset', on: 'write' });
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    const flaky = simulator.faults.add({ name: 'flaky-read-back', shows: 'error', times: 'forever' });
    const unknown = await world.press(alice, card, /^Set/);
    expect(textOf(unknown)).toMatch(/Not known yet[\s\S]*could not be read back yet/);
    simulator.faults.remove(flaky);
    const known = await world.press(alice, unknown, 'Check now');
    expect(textOf(known)).toMatch(
      /Done[\s\S]*Sent once at <t:\d+:T>; the connection broke[\s\S]*Read back at <t:\d+:T>/,
    );
    expect(simulator.writeCount(alice)).toBe(1);
  });

  test('an answer that says only that something broke is not called "no answer"', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    simulator.faults.add({ name: 'server-error', on: 'write', page: 'html', status: 502 });
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    const first = await world.press(alice, card, /^Set/);
    expect(textOf(first)).toMatch(/Not known yet[\s\S]*an answer came that says only that something broke/);
    world.clock.advance(30_000);
    await world.tick();
    expect(titleOf(world.latest(alice, first))).toContain('Not applied');
    expect(textOf(world.latest(alice, first))).not.toMatch(/not answer|no answer/);
  });

  test('an old value that is shown for a moment after an accepted write holds the key, and is corrected', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    simulator.faults.add({ name: 'flaky-read-back', shows: 'old value' });
    const first = await world.press(alice, card, /^Set/);
    expect(textOf(first)).toMatch(/Accepted, not shown yet[\s\S]*still shows [\s\S]*Next look: <t:\d+:R>/);
    const busy = await world.command(alice, 'leverage set', { venue, market, leverage: '8' });
    expect(titleOf(busy)).toContain('Another change with this key is not finished');
    world.clock.advance(1_000);
    await world.tick();
    expect(titleOf(world.latest(alice, first))).toContain(`Done: ${label} is at 7x isolated`);
    const next = await world.command(alice, 'leverage set', { venue, market, leverage: '8' });
    expect(labelsOf(next)).toContain(`Set ${label} to 8x isolated`);
    expect(simulator.writeCount(alice)).toBe(1);
  });

  test('a success that the read-back contradicts is never called done', async () => {
    const world = await withKey(venue);
    const simulator = world.exchange(venue);
    simulator.faults.add({ name: 'no-effect' });
    const card = await world.command(alice, 'leverage set', { venue, market, leverage: '7' });
    const pressed = await world.press(alice, card, /^Set/);
    expect(titleOf(pressed)).toContain('Accepted, not shown yet');
    world.clock.advance(30_000);
    await world.tick();
    const receipt = world.latest(alice, pressed);
    expect(titleOf(receipt)).toContain(`said yes but shows ${from} isolated`);
    expect(labelsOf(receipt)).toEqual(['Check now']);
  });
});

test('Kraken goes to cross and back to isolated by two actions of their own', async () => {
  const world = await withKey('kraken-futures');
  const card = await world.command(alice, 'leverage cross', { venue: 'kraken-futures', market: 'PF_XBTUSD' });
  expect(labelsOf(card)).toEqual(['Set PF_XBTUSD to cross margin', 'Cancel']);
  const receipt = await world.press(alice, card, /^Set/);
  expect(titleOf(receipt)).toContain('PF_XBTUSD is at cross margin');
  expect(world.kraken.writes).toMatchObject([{ market: 'PF_XBTUSD', mode: 'cross' }]);
  const back = await world.whisperTo(alice, world.startPress(alice, receipt, 'Back to 3x'));
  expect(titleOf(await world.press(alice, back, /^Set/))).toContain('PF_XBTUSD is at 3x isolated');
});

test('Mudrex says why there is no cross margin', async () => {
  const world = await withKey('mudrex');
  const reply = await world.command(alice, 'leverage cross', { venue: 'mudrex', market: 'btc' });
  expect(textOf(reply)).toMatch(/Mudrex has isolated margin only[\s\S]*Nothing was changed/);
});

test('Mudrex is set by asset id, and per margin currency', async () => {
  const world = await withKey('mudrex');
  const id = mudrexMarkets.find(({ symbol }) => symbol === 'BTCUSDT')?.id ?? '';
  const card = await world.command(alice, 'leverage set', {
    venue: 'mudrex',
    market: id,
    leverage: '4',
    currency: 'INR',
  });
  expect(textOf(card)).toMatch(/Set BTCUSDT \(INR\) to 4x isolated on Mudrex[\s\S]*3x → 4x[\s\S]*INR margin/);
  await world.press(alice, card, /^Set/);
  expect(world.mudrex.writes).toMatchObject([{ market: 'BTCUSDT', currency: 'INR', leverage: '4' }]);
  const write = world.mudrex.requests.find(({ kind }) => kind === 'write');
  expect(write?.url).toContain(`/futures/${id}/leverage`);
  expect(write?.url).not.toContain('is_symbol');
});

test('Mudrex is set by symbol with a bare is_symbol', async () => {
  const world = await withKey('mudrex');
  await world.press(
    alice,
    await world.command(alice, 'leverage set', { venue: 'mudrex', market: 'ETHUSDT', leverage: '4' }),
    /^Set/,
  );
  expect(world.mudrex.requests.find(({ kind }) => kind === 'write')?.url).toMatch(
    /\/futures\/ETHUSDT\/leverage\?is_symbol$/,
  );
});

test('fractions arrive whole', async () => {
  const world = await withKey('kraken-futures');
  await world.press(
    alice,
    await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '2.5' }),
    /^Set/,
  );
  expect(world.kraken.writes).toMatchObject([{ market: 'PF_XBTUSD', leverage: '2.5' }]);
});

test.each([
  ['0x10', 'is not a leverage'],
  ['1e1', 'is not a leverage'],
  ['1,000', 'is not a leverage'],
  ['10 x', 'is not a leverage'],
  ['１０', 'is not a leverage'],
  ['51', 'is outside what PF_XBTUSD allows'],
  ['2.555', 'steps of 0.01'],
])('leverage %s is refused with a hint before anything is asked', async (leverage, hint) => {
  const world = await withKey('kraken-futures');
  const reply = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage });
  expect(textOf(reply)).toContain(hint);
  expect(textOf(reply)).toContain('Nothing was changed');
  expect(buttonsOf(reply)).toEqual([]);
});

test('a change near liquidation and one at the maximum look risky', async () => {
  const world = await withKey('kraken-futures');
  const near = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '15' });
  expect(textOf(near)).toMatch(/Careful[\s\S]*liquidation would be near/);
  expect(buttonsOf(near)[0]?.style).toBe(4);
  const top = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'eth', leverage: '50' });
  expect(textOf(top)).toContain('the highest leverage here');
});

test('a change still under way at a restart is settled by reading back, and its card says so', async () => {
  const world = await withKey('kraken-futures');
  const card = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '7' });
  world.kraken.faults.add({ name: 'apply-then-hang', on: 'write' });
  world.startPress(alice, card, /^Set/);
  await world.requested('write');
  await world.crashBot();
  await world.startBot();
  await world.discord.until(() => titleOf(world.latest(alice, card)).includes('Done'));
  expect(world.kraken.requests.filter(({ kind }) => kind === 'write')).toHaveLength(1);
});

test('show lists what is isolated at Kraken, and what was set through the bot at Mudrex', async () => {
  const world = await withKey('kraken-futures');
  await world.addKey(alice, { venue: 'mudrex', person: 'alice' });
  expect(textOf(await world.command(alice, 'leverage show', { venue: 'kraken-futures' }))).toMatch(
    /PF_SOLUSD\*\*: 2.5x isolated|PF_XBTUSD/,
  );
  await world.press(
    alice,
    await world.command(alice, 'leverage set', { venue: 'mudrex', market: 'sol', leverage: '4' }),
    /^Set/,
  );
  const listed = textOf(await world.command(alice, 'leverage show', { venue: 'mudrex' }));
  expect(listed).toContain('SOLUSDT');
  expect(listed).toContain('BTCUSDT');
});

test('2,5 asks whether 2.5 is meant, also of a shared command to its owner alone, and the button makes that card', async () => {
  const world = await withKey('kraken-futures');
  const wish = { venue: 'kraken-futures', market: 'btc', leverage: '2,5' };
  const asked = await world.command(alice, 'leverage set', wish);
  expect(titleOf(asked)).toContain('Did you mean 2.5?');
  const card = await world.press(alice, asked, /2\.5x/);
  expect(labelsOf(card)).toEqual(['Set PF_XBTUSD to 2.5x isolated', 'Cancel']);
  expect(world.kraken.writes).toEqual([]);
  expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done: PF_XBTUSD is at 2.5x');

  const { interactionId } = world.discord.as(alice).command(tradeDesk, 'leverage set', { ...wish, share: true });
  await world.discord.until(() =>
    world.messages(alice).find((one) => one.origin?.interactionId === interactionId && one.isEphemeral),
  );
  expect(world.messages(bob)).toEqual([]);
});

test('autocomplete answers from memory with each market’s maximum', async () => {
  const world = await withKey('kraken-futures');
  const answered = await world.discord
    .as(alice)
    .autocomplete(tradeDesk, 'leverage set', { options: { venue: 'kraken-futures', market: 'bt' }, focused: 'market' });
  expect(answered).toMatchObject({
    kind: 'choices',
    choices: expect.arrayContaining([{ name: 'PF_XBTUSD · up to 50x', value: 'PF_XBTUSD' }]),
  });
  const hint = await world.discord
    .as(bob)
    .autocomplete(tradeDesk, 'leverage set', { options: { venue: 'mudrex', market: 'bt' }, focused: 'market' });
  expect(hint).toMatchObject({ choices: [{ name: 'Type a symbol such as BTCUSDT' }] });
});

describe('the operator’s limits', () => {
  test('hold at the command', async () => {
    const world = await withKey('kraken-futures', { MAX_LEVERAGE: 'kraken-futures=5' });
    const reply = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '6' });
    expect(textOf(reply)).toMatch(/above this bot’s limit|above this bot's limit/);
  });

  test('hold at the press, after a restart with HALT', async () => {
    const world = await withKey('kraken-futures');
    const card = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '6' });
    await world.stopBot();
    await world.startBot({ HALT: 'true' });
    const refusal = await world.whisperTo(alice, world.startPress(alice, card, /^Set/));
    expect(textOf(refusal)).toMatch(/paused all changes[\s\S]*Nothing was changed/);
    expect(world.kraken.writeCount(alice)).toBe(0);
  });

  test('keep others out but not from deleting their data', async () => {
    const world = await createWorld({ ALLOWED_USERS: alice });
    await world.startBot();
    expect(textOf(await world.command(bob, 'keys list'))).toContain('not on the list');
    expect(labelsOf(await world.command(bob, 'privacy'))).toContain('Delete everything of mine');
  });

  test('the audit channel gets one line per outcome', async () => {
    const world = await withKey('kraken-futures', { AUDIT_CHANNEL_ID: tradeDesk });
    await world.press(
      alice,
      await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '6' }),
      /^Set/,
    );
    const line = await world.discord.until(() =>
      world.messages(bob).find((one) => textOf(one).includes('**PF_XBTUSD** 3x isolated → 6x isolated')),
    );
    expect(textOf(line)).toContain(`Kraken Futures · done · <@${alice}>`);
  });

  test('the audit channel gets no line again after the bot was stopped and started', async () => {
    const world = await withKey('kraken-futures', { AUDIT_CHANNEL_ID: tradeDesk });
    const lines = () => world.messages(bob).filter((one) => textOf(one).includes('**PF_XBTUSD** 3x isolated'));
    const card = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '6' });
    await world.press(alice, card, /^Set/);
    await world.stopBot();
    expect(lines()).toHaveLength(1);
    await world.startBot();
    world.clock.advance(60_000);
    await world.tick();
    await world.stopBot();
    expect(lines()).toHaveLength(1);
  });
});

describe('when Discord or the bot is in trouble', () => {
  const wish = { venue: 'kraken-futures', market: 'btc', leverage: '7' };

  test('a result that could not be shown comes with the next command', async () => {
    const world = await withKey('kraken-futures');
    const card = await world.command(alice, 'leverage set', wish);
    for (const fault of [world.discord.faults.edit, world.discord.faults.followUp])
      fault.set('401', Number.POSITIVE_INFINITY);
    world.startPress(alice, card, /^Set/);
    await world.logged('"outcome":"applied"');
    await world.stopBot();
    for (const fault of [world.discord.faults.edit, world.discord.faults.followUp]) fault.set('ok');
    await world.startBot();
    await world.command(alice, 'keys list');
    const news = await world.discord.until(() =>
      world.messages(alice).find((one) => titleOf(one).includes('Done: PF_XBTUSD')),
    );
    expect(news.isEphemeral).toBe(true);
    await world.command(alice, 'keys list');
    expect(world.messages(alice).filter((one) => titleOf(one).includes('Done: PF_XBTUSD'))).toHaveLength(1);
  });

  test.each(['429', '403'] as const)(
    'progress that Discord refuses with %s does not look like an error, and the receipt stands in the card',
    async (fault) => {
      const world = await withKey('kraken-futures');
      const card = await world.command(alice, 'leverage set', wish);
      world.kraken.faults.add({ name: 'delay', on: 'write', ms: 200 });
      world.discord.faults.edit.set(fault);
      world.startPress(alice, card, /^Set/);
      await world.requested('write');
      expect(titleOf(world.latest(alice, card))).toBe(titleOf(card));
      await world.discord.until(() => titleOf(world.latest(alice, card)).includes('Done'));
      expect(world.messages(alice).filter((one) => titleOf(one).includes('Done'))).toHaveLength(1);
    },
  );

  test('a lasting rate limit leaves one message with one truth, once it is over', async () => {
    const world = await withKey('kraken-futures');
    const card = await world.command(alice, 'leverage set', wish);
    for (const fault of [world.discord.faults.edit, world.discord.faults.followUp])
      fault.set('429', Number.POSITIVE_INFINITY);
    const interaction = world.startPress(alice, card, /^Set/);
    const calls = () => world.discord.interactions().find(({ id }) => id === interaction)?.calls ?? [];
    await world.logged('"result":"limited"');
    await world.logged('"outcome":"applied"');
    await world.logged('"name":"confirm","result":"ok"');
    expect(calls()).toHaveLength(5);
    for (const fault of [world.discord.faults.edit, world.discord.faults.followUp]) fault.set('ok');
    await world.command(alice, 'help');
    expect(calls()).toHaveLength(5);
    world.clock.advance(10_000);
    await world.tick();
    expect(titleOf(world.latest(alice, card))).toContain('Done');
    expect(world.messages(alice).filter((one) => /Something went wrong/.test(titleOf(one)))).toEqual([]);
  });

  test('an exchange that the bot no longer runs blocks neither results nor deletion', async () => {
    const world = await withKey('kraken-futures');
    const card = await world.command(alice, 'leverage set', wish);
    world.kraken.faults.add({ name: 'reset', on: 'write' });
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Not known yet');
    await world.stopBot();
    await world.startBot({ VENUES: 'mudrex' });
    world.clock.advance(1_000);
    await world.discord.until(() => titleOf(world.latest(alice, card)).includes('Not known: PF_XBTUSD'));
    const ask = await world.command(alice, 'privacy');
    const sure = await world.press(alice, ask, 'Delete everything of mine');
    expect(titleOf(await world.press(alice, sure, 'Delete it all'))).toContain('Everything of yours is deleted');
  });

  test('SIGTERM during an execution lets it finish and say how it ended', async () => {
    const world = await withKey('kraken-futures');
    const card = await world.command(alice, 'leverage set', wish);
    world.kraken.faults.add({ name: 'delay', on: 'write', ms: 300 });
    world.startPress(alice, card, /^Set/);
    await world.requested('write');
    await world.stopBot();
    expect(titleOf(world.latest(alice, card))).toContain('Done');
    expect(world.kraken.writeCount(alice)).toBe(1);
  });

  test.each(['500', 'hang', 'reset', '429', '401', '10062', '40060', 'cut body', 'lost'] as const)(
    'an acknowledgement that ends in "%s" runs nothing, and the card can still be pressed where Discord lets it',
    async (mode) => {
      const world = await withKey('kraken-futures');
      const card = await world.command(alice, 'leverage set', wish);
      world.discord.faults.callback.set(mode);
      const interaction = world.startPress(alice, card, /^Set/);
      await world.logged('an interaction was not acknowledged');
      const callbacks = world.discord.interactions().find(({ id }) => id === interaction)?.calls ?? [];
      expect(callbacks.filter(({ path }) => path.endsWith('/callback'))).toHaveLength(1);
      expect(world.kraken.requests.filter(({ kind }) => kind === 'write')).toEqual([]);
      expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done');
      expect(world.kraken.writeCount(alice)).toBe(1);
    },
  );

  test('the same press delivered twice runs once', async () => {
    const world = await withKey('kraken-futures');
    const card = await world.command(alice, 'leverage set', wish);
    world.discord.faults.gateway.duplicateNext(3);
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done');
    expect(world.kraken.writeCount(alice)).toBe(1);
  });

  test('a gateway that drops is taken up again, and the card still works', async () => {
    const world = await withKey('kraken-futures');
    const card = await world.command(alice, 'leverage set', wish);
    world.discord.faults.gateway.drop(4000);
    await world.discord.until(() => world.discord.sessions().length > 0);
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done');
  });
});

test('a card that was claimed when the bot died is never run late', async () => {
  const world = await withKey('kraken-futures');
  const card = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '7' });
  const before = world.kraken.requests.length;
  world.kraken.faults.add({ name: 'hang', on: 'read', times: 'forever' });
  world.startPress(alice, card, /^Set/);
  await world.discord.until(() => titleOf(world.latest(alice, card)).includes('Setting'));
  const fault = world.kraken.faults.active()[0]?.id ?? 0;
  expect(world.kraken.requests.length).toBeGreaterThanOrEqual(before);
  await world.crashBot();
  world.kraken.faults.remove(fault);
  await world.startBot();
  // Its owner could still be alive for so long.
  world.clock.advance(21_000);
  await world.discord.until(() => titleOf(world.latest(alice, card)).includes('Not sent: the bot was interrupted'));
  expect(world.kraken.requests.filter(({ kind }) => kind === 'write')).toEqual([]);
});
