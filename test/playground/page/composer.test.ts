import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describePage, lastMessage, send, sendOnly } from './support.ts';

const highlighted = (page: Page) => page.locator('[role="option"][aria-selected="true"]');

describePage('the message box', (stage) => {
  async function openEmpty(): Promise<Page> {
    const { page } = await stage.stay();
    const discard = page.getByRole('button', { name: 'Discard this command' });
    if (await discard.isVisible()) await discard.click();
    await page.locator('#composer-input').fill('');
    return page;
  }

  it('filters commands, fills options by choice, and asks the bot for the rest', async () => {
    const { page } = await stage.visit();
    await page.locator('#composer-input').pressSequentially('/lev');
    const options = page.getByRole('option');
    await expect
      .poll(() => options.locator('b').allInnerTexts())
      .toEqual(['/leverage set', '/leverage cross', '/leverage show']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('.option .name').allInnerTexts()).toEqual(['venue*', 'market*', 'leverage*']);
    const venues = ['Kraken', 'Kraken Futures (old API, ends 1 March 2027)', 'Mudrex'];
    await expect.poll(() => options.allInnerTexts()).toEqual(venues);

    await page.keyboard.type('kraken fut');
    await page.keyboard.press('Enter');
    await page.keyboard.type('btc');
    await page.getByRole('option', { name: 'PF_XBTUSD · up to 50x' }).click();
    await expect.poll(() => page.locator('#option-market').inputValue()).toBe('PF_XBTUSD · up to 50x');
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('option-leverage');
  });

  it('refuses what Discord would refuse, and sends nothing', async () => {
    const page = await openEmpty();
    const before = stage.playground().discord.interactions().length;
    await page.locator('#composer-input').fill('/leverage show ');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.getByText('This option is required. Specify a value.').waitFor();
    await expect.poll(() => page.locator('#option-venue').getAttribute('aria-invalid')).toBe('true');

    await page.keyboard.type('binance');
    await page.keyboard.press('Enter');
    await page.getByText('This is not one of the choices.').waitFor();
    expect(stage.playground().discord.interactions().length).toBe(before);
  });

  it('says that plain text goes nowhere', async () => {
    const page = await openEmpty();
    await page.locator('#composer-input').fill('hello');
    await page.keyboard.press('Enter');
    await page.getByText('Only commands work here: start with a slash.').waitFor();
  });

  it('repeats the last command with the up arrow', async () => {
    const page = await openEmpty();
    await send(page, '/leverage show venue:mudrex market:ETHUSDT');
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => page.locator('.box .command').textContent()).toBe('/leverage show');
    await expect.poll(() => page.locator('#option-venue').inputValue()).toBe('Mudrex');
    await expect.poll(() => page.locator('#option-market').inputValue()).toBe('ETHUSDT');
  });

  it('adds and takes back optional options, then the command', async () => {
    const page = await openEmpty();
    await page.locator('#composer-input').fill('/leverage show venue:mudrex');
    await page.getByRole('option', { name: /^currency/ }).click();
    await expect.poll(() => page.getByRole('option').allInnerTexts()).toEqual(['USDT', 'INR']);
    await page.keyboard.press('Backspace');
    await expect.poll(() => page.locator('.option .name').allInnerTexts()).toEqual(['venue*']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.locator('.box:not([data-command])').waitFor();
  });

  it('offers what Discord says when the bot does not answer an autocomplete', async () => {
    const { page } = await stage.visit();
    const { bot } = stage.playground();
    await bot.stop();
    await page.locator('#composer-input').fill('/leverage set venue:mudrex');
    await page.getByText('Loading options failed').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await sendOnly(page, '/help');
    await page.getByText('The application did not respond').waitFor();
    await page.getByText('Bot offline').waitFor();
    await bot.start();
    await page.getByText('Bot online').waitFor();
  });

  it('a completion does not outlive the command that asked for it', async () => {
    const { page } = await stage.visit();
    const asked: string[] = [];
    page.on('request', (request) => request.url().endsWith('/autocomplete') && asked.push(request.postData() ?? ''));
    // Time stands still, so that the completion is still to come whatever the steps before take.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.locator('#composer-input').fill('/leverage set venue:mudrex ');
    await page.locator('#option-market').fill('bt');
    await page.getByRole('button', { name: 'Discard this command' }).click();
    await page.clock.fastForward(5_000);
    await page.locator('#composer-input').fill('/help');
    await page.getByRole('option', { name: '/help' }).waitFor();
    expect(asked.filter((body) => body.includes('"bt"'))).toEqual([]);
  });

  it('sends once however often Enter is pressed, and keeps what is typed meanwhile', async () => {
    const { page } = await stage.visit();
    const held = Promise.withResolvers<void>();
    let sent = 0;
    await page.route('**/command', async (route) => {
      sent += 1;
      await held.promise;
      await route.continue();
    });
    await page.locator('#composer-input').fill('/keys list ');
    await page.locator('.box[data-command]').waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.keyboard.type('/priv');
    held.resolve();
    await lastMessage(page).getByText('You have no keys here').waitFor();
    await expect.poll(() => page.locator('#composer-input').inputValue()).toBe('/priv');
    expect(sent).toBe(1);
  });

  it('gives a command back that could not be sent, unless something else was typed', async () => {
    const { page } = await stage.visit({ tolerates: /status of 422/ });
    await page.route('**/command', (route) => route.fulfill({ status: 422, json: { problem: 'not now' } }));
    await page.locator('#composer-input').fill('/leverage show venue:mudrex market:BTCUSDT');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('not now').waitFor();
    await expect.poll(() => page.locator('#option-market').inputValue()).toBe('BTCUSDT');
  });

  it('an optional option is taken by Enter once it is highlighted, and not before', async () => {
    const page = await openEmpty();
    await page.locator('#composer-input').fill('/leverage show venue:mudrex');
    await page.getByRole('option', { name: /^currency/ }).waitFor();
    expect(await highlighted(page).count()).toBe(0);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => highlighted(page).locator('b').allInnerTexts()).toEqual(['currency']);
    await page.keyboard.press('Enter');
    await page.locator('#option-currency').waitFor();
    await page.keyboard.type('IN');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#option-currency').inputValue()).toBe('INR');
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('composer-input');
  });

  it('the highlighted row of a long list is always in sight, and is what Enter takes', async () => {
    const page = await openEmpty();
    await page.locator('#composer-input').fill('/leverage set venue:kraken-futures ');
    await expect.poll(() => page.getByRole('option').count()).toBeGreaterThan(11);
    for (let step = 0; step < 11; step += 1) await page.keyboard.press('ArrowDown');
    const row = highlighted(page);
    await expect.poll(() => row.getAttribute('id')).toBe('suggestion-11');
    await expect.poll(() => isInSight(page)).toBe(true);
    const name = (await row.textContent())?.trim();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#option-market').inputValue()).toBe(name);
  });
});

function isInSight(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const row = document.querySelector('[role="option"][aria-selected="true"]').getBoundingClientRect();
    const list = document.querySelector('#suggestions').getBoundingClientRect();
    return row.top >= list.top - 1 && row.bottom <= list.bottom + 1;
  })()`);
}
