import { join } from 'node:path';
import { expect, test } from 'vitest';
import { demoCredentials } from '../../simulators/venues/index.ts';
import { type Account, credentialsOf } from '../../src/account.ts';
import { loadConfig } from '../../src/config.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { openKeyring } from '../../src/vault/keyring.ts';
import { createVault } from '../../src/vault/vault.ts';
import { createWorld, linkOf, people, submitKey, textOf, titleOf } from '../support/world.ts';

const { alice } = people;
const SECOND_MS = 1_000;
const HOUR_MS = 60 * 60 * SECOND_MS;
const btc = { venue: 'kraken-futures', market: 'btc', leverage: '7' };
const utc = (text: string) => Date.parse(`${text}T00:00:00Z`);

async function withKey() {
  const world = await createWorld();
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  /** Lets time pass until then. */
  const waitUntil = (at: number) => world.clock.advance(at - world.clock.now());
  const sent = () => world.kraken.requests.length;
  return { ...world, waitUntil, sent };
}

test('the last card of February is sent a second before the old API is closed', async () => {
  const world = await withKey();
  world.waitUntil(utc('2027-02-28') - 2 * SECOND_MS);
  const card = await world.command(alice, 'leverage set', btc);
  world.clock.advance(SECOND_MS);
  expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done');
  expect(world.kraken.writeCount(alice)).toBe(1);
});

test('a card that is open when the old API is closed ends as not sent at its press, without a request', async () => {
  const world = await withKey();
  world.waitUntil(utc('2027-02-28') - SECOND_MS);
  const card = await world.command(alice, 'leverage set', btc);
  const before = world.sent();
  world.clock.advance(SECOND_MS);
  const receipt = await world.press(alice, card, /^Set/);
  expect(titleOf(receipt)).toBe(
    '⛔ Not sent: The bot sends nothing to Kraken Futures any more (end of its API: 1 March 2027)',
  );
  expect(textOf(receipt)).toContain('Nothing was sent and nothing was changed');
  expect([world.sent(), world.kraken.writeCount(alice)]).toEqual([before, 0]);
});

test('a card that nobody presses while the old API is closed ends as not sent by itself', async () => {
  const world = await withKey();
  world.waitUntil(utc('2027-02-28') - SECOND_MS);
  const card = await world.command(alice, 'leverage set', btc);
  world.clock.advance(61 * SECOND_MS);
  await world.tick();
  expect(titleOf(world.latest(alice, card))).toContain('Not sent: The bot sends nothing to Kraken Futures any more');
});

test('from 28 February on nothing asks the old exchange, and every command says why', async () => {
  const world = await withKey();
  world.waitUntil(utc('2027-02-28'));
  const before = world.sent();
  const replies = [
    await world.command(alice, 'leverage show', { venue: 'kraken-futures' }),
    await world.command(alice, 'leverage show', { venue: 'kraken-futures', market: 'btc' }),
    await world.command(alice, 'leverage set', btc),
    await world.command(alice, 'leverage cross', { venue: 'kraken-futures', market: 'btc' }),
    await world.command(alice, 'keys check', { venue: 'kraken-futures' }),
  ];
  for (const reply of replies) {
    expect(titleOf(reply)).toContain('sends nothing to Kraken Futures any more (end of its API: 1 March 2027)');
    expect(textOf(reply)).toContain('Nothing was changed at the exchange.');
  }
  expect(world.sent()).toBe(before);
});

test('a change whose outcome is not known when the old API is closed ends with what is known', async () => {
  const world = await createWorld({}, { deadlines: { connectMs: 500, readMs: 500, writeMs: 200 } });
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  world.clock.advance(utc('2027-02-28') - 5 * SECOND_MS - world.clock.now());
  const card = await world.command(alice, 'leverage set', btc);
  world.kraken.faults.add({ name: 'hang', on: 'write' });
  expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Not known yet');
  const before = world.kraken.requests.length;
  world.clock.advance(31 * SECOND_MS);
  await world.tick();
  const receipt = world.latest(alice, card);
  expect(titleOf(receipt)).toContain('Not known: ');
  expect(textOf(receipt)).toContain('The bot does not work with Kraken Futures any more, so it cannot ask.');
  expect(world.kraken.requests.length).toBe(before);
});

test('from 1 February on the old exchange takes no new key: not by the command, and not by a link from before', async () => {
  const world = await withKey();
  world.waitUntil(utc('2027-02-01') - SECOND_MS);
  const link = await world.command(alice, 'keys add', { venue: 'kraken-futures', label: 'late' });
  const page = async () => {
    const answer = await fetch(linkOf(link));
    return { status: answer.status, html: await answer.text() };
  };
  expect(await page()).toMatchObject({
    status: 200,
    html: expect.stringContaining('Kraken Futures (old API, ends 1 March 2027)'),
  });
  world.clock.advance(SECOND_MS);
  expect(await page()).toMatchObject({
    status: 410,
    html: expect.stringContaining('Kraken Futures takes no new keys here (end of its API: 1 March 2027).'),
  });
  const posted = await fetch(linkOf(link), {
    method: 'POST',
    body: new URLSearchParams({ apiKey: 'a', apiSecret: 'b' }),
  });
  expect(posted.status).toBe(410);
  const refused = await world.command(alice, 'keys add', { venue: 'kraken-futures' });
  expect(textOf(refused)).toContain('Add a key for Kraken instead: run /keys add and choose Kraken.');
  expect(titleOf(refused)).toBe('⛔ Kraken Futures takes no new keys here (end of its API: 1 March 2027)');
  // What is there goes on until it is closed.
  expect(titleOf(await world.command(alice, 'leverage set', btc))).toContain('Set PF_XBTUSD');
});

test('a key that was entered before the old exchange was closed is not taken into use after it', async () => {
  const world = await createWorld({ KRAKEN_FUTURES_NO_NEW_KEYS: '2027-02-28' });
  await world.startBot();
  world.clock.advance(utc('2027-02-28') - SECOND_MS - world.clock.now());
  const link = await world.command(alice, 'keys add', { venue: 'kraken-futures' });
  const credential = demoCredentials.find(({ venue, person }) => venue === 'kraken-futures' && person === 'alice');
  await submitKey(linkOf(link), credential ?? { venue: 'kraken-futures', secret: '' });
  const waiting = await world.discord.until(() =>
    world.messages(alice).find((one) => one.id === link.id && titleOf(one).includes('Use this')),
  );
  expect(textOf(waiting)).toContain('End of its API: 1 March 2027. The bot erases this key on 14 March 2027.');
  world.clock.advance(SECOND_MS);
  const refused = await world.whisperTo(alice, world.startPress(alice, waiting, 'Use this key'));
  expect(titleOf(refused)).toContain('sends nothing to Kraken Futures any more');
});

test('that the old API ends is said where keys are made and listed, and in the help', async () => {
  const world = await withKey();
  const dated = 'Kraken Futures (old API, ends 1 March 2027)';
  const add = await world.command(alice, 'keys add', { venue: 'kraken-futures' });
  const list = await world.command(alice, 'keys list');
  const help = await world.command(alice, 'help');
  for (const reply of [add, list, help]) expect(textOf(reply)).toContain(dated);
  expect(textOf(help)).toContain(`${dated}: use Kraken: `);
  const [advice] = textOf(list).match(/1\. On Kraken \(not Kraken Derivatives\).*/) ?? [];
  expect(advice).toMatch(/WebSocket interface.*Create & modify orders.*withdraw.*No 2FA/);
  for (const reply of [add, list])
    expect(textOf(reply)).toContain('on 14 March 2027 it erases the keys that are still stored');
});

test('the list of somebody who has a key of what follows it asks only to remove the old one', async () => {
  const world = await withKey();
  await world.addKey(alice, { venue: 'kraken', person: 'alice' });
  const list = textOf(await world.command(alice, 'keys list'));
  expect(list).toContain('on 14 March 2027 it erases the keys that are still stored');
  expect(list).toContain('You have a key for Kraken already. Remove the old one with /keys remove');
  expect(list).not.toContain('WebSocket interface');
});

test('an operator’s list from before does not switch the successor on: people are told whom to ask', async () => {
  const world = await createWorld({ VENUES: 'kraken-futures' });
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  expect(textOf(await world.command(alice, 'help'))).toContain('(old API, ends 1 March 2027): ask the operator.');
  expect(textOf(await world.command(alice, 'keys list'))).toContain(
    'This bot does not offer what follows it: ask its operator.',
  );
  world.clock.advance(utc('2027-02-28') - world.clock.now());
  const refused = await world.command(alice, 'leverage set', btc);
  expect(textOf(refused)).toContain('This bot does not offer what follows it: ask its operator.');
});

test('a clock that is set back opens nothing again', async () => {
  const world = await withKey();
  world.waitUntil(utc('2027-02-28'));
  expect(titleOf(await world.command(alice, 'leverage set', btc))).toContain('sends nothing to');
  world.clock.step(-7 * 24 * 60 * 60 * SECOND_MS);
  expect(titleOf(await world.command(alice, 'leverage set', btc))).toContain('sends nothing to');
});

test('a bot that starts again with a clock of last year stays closed, until its operator moves the day', async () => {
  const world = await withKey();
  world.waitUntil(utc('2027-03-01'));
  await world.tick();
  world.clock.advance(HOUR_MS);
  await world.tick();
  await world.stopBot();
  world.clock.step(utc('2026-12-24') - world.clock.now());
  await world.startBot();
  expect(titleOf(await world.command(alice, 'leverage set', btc))).toContain('sends nothing to');
  await world.stopBot();
  await world.startBot({ KRAKEN_FUTURES_CLOSES: '2027-02-27' });
  expect(titleOf(await world.command(alice, 'leverage set', btc))).toContain('Set PF_XBTUSD');
});

test('an operator moves the days, as when the exchange does', async () => {
  const world = await createWorld({ KRAKEN_FUTURES_ENDS: '2027-06-01', KRAKEN_FUTURES_CLOSES: '2027-05-31' });
  await world.startBot();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  world.clock.advance(utc('2027-05-31') - SECOND_MS - world.clock.now());
  expect(titleOf(await world.command(alice, 'leverage set', btc))).toContain('Set PF_XBTUSD');
  world.clock.advance(SECOND_MS);
  expect(titleOf(await world.command(alice, 'leverage set', btc))).toContain('end of its API: 1 June 2027');
});

const erasedTitle = 'Erased: your Kraken Futures key "main"';

/** Messages of this title that only Alice sees. */
const toldTo = (world: Awaited<ReturnType<typeof createWorld>>, title: string) =>
  world.messages(alice).filter((message) => titleOf(message).includes(title));

test('stored keys of the old exchange are erased on 14 March, and their owner hears of it with the next command', async () => {
  const world = await withKey();
  world.waitUntil(utc('2027-03-14') - SECOND_MS);
  await world.tick();
  await world.tick();
  expect(textOf(await world.command(alice, 'keys list'))).toContain('Kraken Futures key "main"');
  world.clock.advance(HOUR_MS);
  await world.tick();
  expect(textOf(await world.command(alice, 'keys list'))).toContain('Kraken Futures key "main"');
  world.clock.advance(HOUR_MS);
  await world.tick();
  expect(titleOf(await world.command(alice, 'leverage show', { venue: 'kraken-futures' }))).toContain(
    'sends nothing to',
  );
  const told = await world.discord.until(() => toldTo(world, erasedTitle)[0]);
  expect(textOf(told)).toContain('delete it there');
  expect(titleOf(await world.command(alice, 'keys list'))).toContain('You have no keys here');
  await world.command(alice, 'help');
  expect(toldTo(world, erasedTitle)).toHaveLength(1);
  expect(world.messages(people.bob).filter((message) => titleOf(message).includes('Erased'))).toEqual([]);
});

test('whoever has a key of the old exchange is reminded once a week, and nobody else sees it', async () => {
  const world = await withKey();
  const title = 'Your Kraken Futures key needs a successor';
  const reminders = () => toldTo(world, title).length;
  // The page and the message that took the key into use have just said it.
  await world.command(alice, 'leverage set', btc);
  expect(reminders()).toBe(0);
  world.clock.advance(7 * 24 * HOUR_MS);
  await world.command(alice, 'leverage set', btc);
  const reminder = await world.discord.until(() => toldTo(world, title)[0]);
  expect(textOf(reminder)).toContain('on 14 March 2027 it erases the keys that are still stored');
  await world.command(alice, 'help');
  await world.command(alice, 'help');
  expect(reminders()).toBe(1);
  expect(world.messages(people.bob).filter((message) => titleOf(message).includes(title))).toEqual([]);
  world.clock.advance(7 * 24 * HOUR_MS);
  await world.command(alice, 'help');
  await world.discord.until(() => reminders() === 2);
});

test('a stored key of the demo exchange is erased at the start, and its owner hears of it', async () => {
  const world = await createWorld({ VENUES: 'kraken-futures-demo,mudrex', MAX_LEVERAGE: 'kraken-futures-demo=5' });
  await world.startBot();
  await world.stopBot();
  await storeKey(world.env, { user: alice, venue: 'kraken-futures-demo', label: 'main' });
  await world.startBot();
  await world.logged('the stored keys of an exchange that has ended were erased');
  await world.command(alice, 'keys list');
  const told = await world.discord.until(() => toldTo(world, 'Erased: your Kraken Futures DEMO key "main"')[0]);
  expect(textOf(told)).toContain('Kraken retired its demo exchange on 14 July 2026.');
  expect(world.lines.filter((line) => line.includes('it counts as not named'))).toHaveLength(4);
  expect(titleOf(await world.command(alice, 'keys list'))).toContain('You have no keys here');
});

/** Puts a key into a database that no bot has open, as an earlier version would have. */
async function storeKey(env: Awaited<ReturnType<typeof createWorld>>['env'], account: Account): Promise<void> {
  const store = createSqliteStore({ file: join(env.DATA_DIR, 'levergate.db'), now: () => Date.UTC(2026, 10, 21, 12) });
  const config = loadConfig(env);
  if (config.kind === 'invalid') throw new TypeError('not a configuration');
  const keyring = await openKeyring(store, config.config.masterKeys);
  const vault = createVault({ keyring, maxKeys: 10, onOpened: () => {}, labelOf: (venue) => venue });
  const { fingerprint } = await vault.saveIncoming(
    account,
    credentialsOf(account.user, { apiKey: 'a', apiSecret: 'b' }),
  );
  await vault.activate(account, fingerprint);
  await store.close();
}
