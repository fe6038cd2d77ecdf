import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { type DemoCredential, demoCredentials } from '../../simulators/venues/index.ts';
import { describeInBrowser, useChromium } from '../support/chromium.ts';
import { freePort } from '../support/free-port.ts';
import { createWorld, labelsOf, linkOf, people, submitKey, textOf, titleOf } from '../support/world.ts';

const { alice, bob } = people;

function demoKey(venue: DemoCredential['venue'], person: DemoCredential['person'], label = 'good'): DemoCredential {
  const found = demoCredentials.find((one) => one.venue === venue && one.person === person && one.label === label);
  if (found === undefined) throw new TypeError('no such demo key');
  return found;
}

async function localWorld() {
  const world = await createWorld();
  await world.startBot();
  return world;
}

test('a key is not used before its owner pressed "Use this key"', async () => {
  const world = await localWorld();
  const reply = await world.command(alice, 'keys add', { venue: 'mudrex' });
  expect(await submitKey(linkOf(reply), demoKey('mudrex', 'alice'))).toContain('Use this key');
  const refused = await world.command(alice, 'leverage show', { venue: 'mudrex', market: 'btc' });
  expect(textOf(refused)).toMatch(/is not in use yet/);
  const waiting = await world.discord.until(() =>
    world.messages(alice).find((one) => titleOf(one).includes('Use this Mudrex key')),
  );
  expect(labelsOf(waiting)).toEqual(['Use this key', 'Drop it']);
  await world.press(alice, waiting, 'Use this key');
  expect(titleOf(await world.command(alice, 'leverage show', { venue: 'mudrex', market: 'btc' }))).toContain(
    'BTCUSDT (USDT) is at 5x',
  );
});

test('a key that was dropped is gone, and one that was in use before stays', async () => {
  const world = await localWorld();
  await world.addKey(alice, { venue: 'mudrex', person: 'alice' });
  const reply = await world.command(alice, 'keys add', { venue: 'mudrex' });
  await submitKey(linkOf(reply), demoKey('mudrex', 'bob'));
  const waiting = await world.discord.until(() =>
    world.messages(alice).find((one) => one.id === reply.id && titleOf(one).includes('Use this')),
  );
  expect(textOf(waiting)).toMatch(/Replaces\n`[0-9a-f]{4}-[0-9a-f]{4}`/);
  expect(titleOf(await world.press(alice, waiting, 'Drop it'))).toContain('dropped');
  expect(titleOf(await world.command(alice, 'leverage show', { venue: 'mudrex', market: 'btc' }))).toContain(
    'BTCUSDT (USDT) is at 5x',
  );
});

test.each([
  ['kraken-futures', 'nobody', 'wrong', 'does not accept this key'],
  ['kraken-futures', 'alice', 'may withdraw', 'can withdraw or transfer funds'],
  ['kraken-futures', 'alice', 'read only', 'can only read'],
  ['mudrex', 'nobody', 'wrong', 'does not accept this key'],
] as const)('on the page a %s key of %s, %s, is refused in words', async (venue, person, label, words) => {
  const world = await localWorld();
  const reply = await world.command(alice, 'keys add', { venue });
  expect(await submitKey(linkOf(reply), demoKey(venue, person, label))).toContain(words);
  expect(textOf(await world.command(alice, 'keys list'))).toContain('You have no keys here');
});

test.each([
  ['fails', { name: 'server-error' }],
  ['answers HTML', { name: 'server-error', page: 'html' }],
  ['answers in an unknown shape', { name: 'wrong-shape' }],
] as const)(
  'a Kraken key whose check %s is not taken in silence: the page and Discord name the risk',
  async (_how, fault) => {
    const world = await localWorld();
    world.kraken.faults.add({ ...fault, path: '/api-keys/', times: 'forever' });
    const reply = await world.command(alice, 'keys add', { venue: 'kraken-futures' });
    const mayWithdraw = demoKey('kraken-futures', 'alice', 'may withdraw');
    const page = await submitKey(linkOf(reply), mayWithdraw);
    expect(page).toContain('Save it although it may be able to withdraw</button>');
    expect(textOf(await world.command(alice, 'keys list'))).toContain('You have no keys here');

    await submitKey(linkOf(reply), mayWithdraw, { save: 'although-it-may-withdraw' });
    const waiting = await world.discord.until(() =>
      world.messages(alice).find((one) => titleOf(one).includes('Use this')),
    );
    expect(textOf(waiting)).toMatch(/did not say what it may do: it may be able to withdraw/);
    expect(textOf(await world.command(alice, 'keys list'))).toContain('it may be able to withdraw');
    await world.press(alice, waiting, 'Use this key');
    const checked = textOf(await world.command(alice, 'keys check', { venue: 'kraken-futures' }));
    expect(checked).toMatch(/may be able to withdraw[\s\S]*shows only that the key exists/);
  },
);

test('list shows fingerprints, check asks the venue, remove asks first', async () => {
  const world = await localWorld();
  await world.addKey(alice, { venue: 'kraken-futures', person: 'alice' });
  const { key, secret } = demoKey('kraken-futures', 'alice');
  const listed = textOf(await world.command(alice, 'keys list'));
  expect(listed).toMatch(/`[0-9a-f]{4}-[0-9a-f]{4}`/);
  expect(listed).not.toContain(key);
  expect(listed).not.toContain(secret);
  expect(titleOf(await world.command(alice, 'keys check', { venue: 'kraken-futures' }))).toContain('accepts the key');

  const asked = await world.command(alice, 'keys remove', { venue: 'kraken-futures' });
  expect(labelsOf(asked)).toEqual(['Remove Kraken Futures key "main"', 'Keep it']);
  expect(titleOf(await world.press(alice, asked, /^Remove/))).toContain('Removed');
  expect(textOf(await world.command(alice, 'keys list'))).toContain('You have no keys here');
});

test('a key that the venue no longer accepts is said so, with the way to replace it', async () => {
  const world = await localWorld();
  await world.addKey(alice, { venue: 'mudrex', person: 'alice' });
  world.mudrex.setExpired(alice, true);
  const shown = textOf(await world.command(alice, 'leverage show', { venue: 'mudrex', market: 'btc' }));
  expect(shown).toMatch(/Mudrex does not accept this key[\s\S]*Nothing was changed[\s\S]*\/keys add/);
  expect(textOf(await world.command(alice, 'keys check', { venue: 'mudrex' }))).toContain('/keys add');
});

test('everything of a person is deleted after two presses, and nothing of anybody else', async () => {
  const world = await localWorld();
  await world.addKey(alice, { venue: 'mudrex', person: 'alice' });
  await world.addKey(bob, { venue: 'mudrex', person: 'bob' });
  const card = await world.command(alice, 'leverage set', { venue: 'mudrex', market: 'btc', leverage: '7' });
  const privacy = await world.command(alice, 'privacy');
  const sure = await world.press(alice, privacy, 'Delete everything of mine');
  expect(textOf(await world.press(alice, sure, 'Delete it all'))).toMatch(
    /Everything of yours is deleted[\s\S]*one key/,
  );
  expect(textOf(await world.command(alice, 'keys list'))).toContain('You have no keys');
  expect(textOf(await world.command(bob, 'keys list'))).toContain('Mudrex key');
  const gone = await world.whisperTo(alice, world.startPress(alice, card, /^Set/));
  expect(titleOf(gone)).toContain('no longer known');
  expect(world.mudrex.writes).toEqual([]);
});

test('a new link voids the one before', async () => {
  const world = await localWorld();
  const first = linkOf(await world.command(alice, 'keys add', { venue: 'mudrex' }));
  const second = linkOf(await world.command(alice, 'keys add', { venue: 'mudrex' }));
  expect((await fetch(first)).status).toBe(410);
  expect((await fetch(second)).status).toBe(200);
});

describeInBrowser('in a real browser', () => {
  const chromium = useChromium();

  /** A bot whose page people reach by signing in with Discord. */
  async function publicWorld() {
    const port = await freePort();
    const world = await createWorld({ WEB_PORT: String(port) }, { publicUrl: `http://127.0.0.1:${port}` });
    await world.startBot();
    return world;
  }

  async function signIn(page: Page, url: string, name: string): Promise<void> {
    await page.goto(url);
    await page.getByRole('link', { name: 'Continue with Discord' }).click();
    await page.getByRole('button', { name: `Authorize as ${name}` }).click();
  }

  test('its owner signs in, enters a key, and takes it into use in Discord', async () => {
    const world = await publicWorld();
    const reply = await world.command(alice, 'keys add', { venue: 'kraken-futures' });
    const page = await chromium.newPage();
    const problems: string[] = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      if (new URL(request.url()).hostname !== '127.0.0.1') problems.push(request.url());
    });
    await signIn(page, linkOf(reply), 'alice');
    const { key = '', secret } = demoKey('kraken-futures', 'alice');
    await page.locator('input[name=apiKey]').fill(key);
    await page.locator('input[name=apiSecret]').fill(secret);
    expect(await page.locator('input[name=apiSecret]').getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Check and save this key' }).click();
    await page.getByText('Use this key').first().waitFor();
    const waiting = await world.discord.until(() =>
      world.messages(alice).find((one) => titleOf(one).includes('Use this Kraken')),
    );
    expect(titleOf(await world.press(alice, waiting, 'Use this key'))).toContain('In use');
    const card = await world.command(alice, 'leverage set', { venue: 'kraken-futures', market: 'btc', leverage: '5' });
    expect(titleOf(await world.press(alice, card, /^Set/))).toContain('Done');
    expect(problems).toEqual([]);
  });

  test('somebody else who has the link is refused, and its owner is told', async () => {
    const world = await publicWorld();
    const reply = await world.command(alice, 'keys add', { venue: 'mudrex' });
    const page = await chromium.newPage();
    await signIn(page, linkOf(reply), 'bob');
    await page.getByText('This link is for another Discord user').first().waitFor();
    expect(await page.locator('input').count()).toBe(0);
    const told = await world.discord.until(() =>
      world.messages(alice).find((one) => titleOf(one).includes('Somebody else opened your link')),
    );
    expect(told.isEphemeral).toBe(true);

    const own = await chromium.newPage();
    await signIn(own, linkOf(reply), 'alice');
    await own.locator('input[name=apiSecret]').waitFor();
  });

  test('a wrong key is said so beside the form, and the secret is not repeated', async () => {
    const world = await publicWorld();
    const reply = await world.command(alice, 'keys add', { venue: 'mudrex' });
    const page = await chromium.newPage({ viewport: { width: 390, height: 844 } });
    await signIn(page, linkOf(reply), 'alice');
    await page.locator('input[name=apiSecret]').fill('definitely-not-a-key-of-anybody-0123456789');
    await page.getByRole('button', { name: 'Check and save this key' }).click();
    await page.getByText('does not accept this key').first().waitFor();
    expect(await page.content()).not.toContain('definitely-not-a-key');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });
});
