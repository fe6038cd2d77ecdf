import { expect, it } from 'vitest';
import { describePage, send, sendOnly } from './support.ts';

describePage('the message box', (stage) => {
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
    await expect.poll(() => options.allInnerTexts()).toEqual(['Kraken Futures', 'Mudrex', 'Kraken Futures DEMO']);

    await page.keyboard.type('kraken');
    await page.keyboard.press('Enter');
    await page.keyboard.type('btc');
    await page.getByRole('option', { name: 'PF_XBTUSD · up to 50x' }).click();
    await expect.poll(() => page.locator('#option-market').inputValue()).toBe('PF_XBTUSD · up to 50x');
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('option-leverage');
  });

  it('refuses what Discord would refuse, and sends nothing', async () => {
    const { page } = await stage.visit();
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
    const { page } = await stage.visit();
    await page.locator('#composer-input').fill('hello');
    await page.keyboard.press('Enter');
    await page.getByText('Only commands work here: start with a slash.').waitFor();
  });

  it('repeats the last command with the up arrow', async () => {
    const { page } = await stage.visit();
    await send(page, '/leverage show venue:mudrex market:ETHUSDT');
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => page.locator('.box .command').textContent()).toBe('/leverage show');
    await expect.poll(() => page.locator('#option-venue').inputValue()).toBe('Mudrex');
    await expect.poll(() => page.locator('#option-market').inputValue()).toBe('ETHUSDT');
  });

  it('adds and takes back optional options, then the command', async () => {
    const { page } = await stage.visit();
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
});
