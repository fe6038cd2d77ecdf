import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { demoPeople, tradeDeskId } from '../../../playground/people.ts';
import { addKey, become, describePage, desktop, expectTitle, lastMessage, phone, send, sendOnly } from './support.ts';

describePage(
  'the chat',
  (stage) => {
    it.each([
      { width: 'desktop', viewport: desktop, venue: 'mudrex', market: 'BTCUSDT' },
      { width: 'phone', viewport: phone, venue: 'kraken-futures', market: 'PF_XBTUSD' },
    ])('every new card is in sight on a $width, button and all', async ({ viewport, venue, market }) => {
      const visitor = await stage.visit({ viewport });
      const { page } = visitor;
      await addKey(visitor, venue);
      for (const leverage of [7, 8, 9, 11, 12]) {
        await send(page, `/leverage set venue:${venue} market:${market} leverage:${leverage}`);
        await expectTitle(lastMessage(page), new RegExp(`Set ${market}( \\(USDT\\))? to ${leverage}x`));
        await expect.poll(() => endIsInSight(page)).toBe(true);
      }
    });

    it('a new answer of one’s own is in sight although somebody was reading further up', async () => {
      const { page } = await stage.stay();
      for (const line of ['/help', '/privacy', '/help']) await send(page, line);
      await readFurtherUp(page);
      await send(page, '/keys list');
      await expect.poll(() => endIsInSight(page)).toBe(true);
    });

    it('stays where somebody reads while a message of somebody else comes', async () => {
      const { page } = await stage.stay();
      for (const line of ['/help', '/privacy', '/help']) await send(page, line);
      await readFurtherUp(page);
      const before = await page.locator('.message').count();
      stage.playground().discord.post(tradeDeskId, 'Good morning');
      await expect.poll(() => page.locator('.message').count()).toBe(before + 1);
      expect(await page.evaluate("document.querySelector('.scroller').scrollTop")).toBe(0);
    });

    it('a press that nobody answers fails after three seconds, as in Discord', async () => {
      const visitor = await stage.visit({ as: demoPeople.bob });
      const { page } = visitor;
      await addKey(visitor, 'kraken-futures');
      await send(page, '/leverage set venue:kraken-futures market:PF_SOLUSD leverage:6');
      const button = page.getByRole('button', { name: 'Set PF_SOLUSD to 6x isolated' });
      await button.waitFor();
      await stage.playground().bot.stop();
      onTestFinished(() => stage.playground().bot.start());
      const pressedAt = Date.now();
      await button.click();
      await lastMessage(page).getByText('This interaction failed').waitFor();
      expect(Date.now() - pressedAt).toBeGreaterThan(2_900);
      await expect.poll(() => button.isEnabled()).toBe(true);
    });

    it('“thinking” ends when its token does', async () => {
      const { page } = await stage.stay();
      const { discord, bot } = stage.playground();
      discord.faults.edit.set('500', 50);
      discord.faults.followUp.set('500', 50);
      await sendOnly(page, '/keys list');
      await page.getByText('Levergate is thinking').waitFor();
      await bot.stop('SIGKILL');
      onTestFinished(bot.start);
      discord.faults.edit.set('ok');
      discord.faults.followUp.set('ok');
      await stage.playground().forward(15 * 60_000 + 1);
      await lastMessage(page).getByText('The application did not respond').waitFor();
      expect(await page.getByText('Levergate is thinking').count()).toBe(0);
    });

    it('a press that came too late for its button says what Discord says', async () => {
      const { page } = await stage.visit({ tolerates: /status of 422/ });
      await send(page, '/privacy');
      const [messageId, button] = [
        await lastMessage(page).getAttribute('data-message'),
        lastMessage(page).getByRole('button', { name: 'Delete everything' }),
      ];
      expect(messageId).not.toBeNull();
      await page.route('**/press', (route) =>
        route.fulfill({ status: 422, json: { reason: 'unknown-component', problem: 'unknown-component: x' } }),
      );
      await button.click();
      await lastMessage(page).getByText('This interaction failed').waitFor();
      expect(await page.getByText('unknown-component').count()).toBe(0);
    });

    it('nothing private of one person is there for an instant when the next one comes', async () => {
      const { page } = await stage.visit();
      await send(page, '/keys list');
      await page.evaluate(`
        globalThis.seen = [];
        new MutationObserver(() => {
          const who = document.querySelector('.person input:checked').value;
          for (const one of document.querySelectorAll('[data-message]')) globalThis.seen.push(who + ' ' + one.dataset.message);
        }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });`);
      const own = await lastMessage(page).getAttribute('data-message');
      // The new person's view is late: what is shown until then may not be the old one.
      await page.routeWebSocket(/api\/screen/, () => {});
      await become(page, 'Bob');
      await expect.poll(() => page.locator('.message').count()).toBe(0);
      const seen = await page.evaluate('globalThis.seen');
      expect(seen).not.toContain(`${demoPeople.bob.id} ${own}`);
    });

    it('mentions, commands, code and times are shown as Discord shows them', async () => {
      const { page } = await stage.visit();
      const soon = Math.floor(stage.playground().clock.now() / 1000) + 30;
      const ladder = '```\nliq ---- mark\n    34.6 %\n```';
      const words = `✅ <@${demoPeople.bob.id}> in <#${tradeDeskId}>: use </keys add:123>, **now**, <t:${soon}:R>`;
      stage.playground().discord.post(tradeDeskId, `${words}\n${ladder}after`);
      const message = lastMessage(page);
      await message.getByText('@Bob').waitFor();
      expect(await message.locator('pre').textContent()).toBe('liq ---- mark\n    34.6 %');
      expect(await message.locator('strong').textContent()).toBe('now');
      // Not every machine has a font with the signs.
      await expect.poll(() => message.getByRole('img', { name: 'done' }).isVisible()).toBe(true);
      const first = await message.locator('discord-time').textContent();
      await expect.poll(() => message.locator('discord-time').textContent()).not.toBe(first);
      await message.getByRole('button', { name: '/keys add' }).click();
      await expect.poll(() => page.locator('.box .command').textContent()).toBe('/keys add');
      expect(await message.textContent()).not.toMatch(/<[@#/t]/);
    });

    it('an edit of a message is announced, once', async () => {
      const visitor = await stage.visit();
      const { page } = visitor;
      const news = page.locator('.news');
      await addKey(visitor, 'mudrex');
      await send(page, '/leverage set venue:mudrex market:ETHUSDT leverage:6');
      await expect.poll(() => news.textContent()).toMatch(/Set ETHUSDT \(USDT\) to 6x/);
      await page.getByRole('button', { name: 'Set ETHUSDT (USDT) to 6x isolated' }).click();
      await expect.poll(() => news.textContent()).toMatch(/Done: ETHUSDT \(USDT\) is at 6x/);
      expect(await news.getAttribute('aria-live')).toBe('polite');
      expect(await page.locator('.scroller').getAttribute('aria-live')).toBe('off');
    });

    it('the keyboard stays in the chat when a message is dismissed', async () => {
      const { page } = await stage.stay();
      await send(page, '/keys list');
      await send(page, '/help');
      await lastMessage(page).getByRole('button', { name: 'Dismiss message' }).press('Enter');
      await expect.poll(() => page.evaluate('document.activeElement.dataset.message !== undefined')).toBe(true);
    });

    it('works in more than six tabs of one browser', async () => {
      const { context } = await stage.visit();
      for (let tab = 0; tab < 8; tab += 1) {
        const page = await context.newPage();
        await page.goto(stage.playground().url());
        await page.getByText('Bot online').waitFor();
      }
    });
  },
  { variables: { CARD_SECONDS: '300' } },
);

async function readFurtherUp(page: Page): Promise<void> {
  await page.locator('.scroller').hover();
  await page.mouse.wheel(0, -20_000);
  await expect.poll(() => page.evaluate("document.querySelector('.scroller').scrollTop")).toBe(0);
  expect(await endIsInSight(page)).toBe(false);
}

function endIsInSight(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const scroller = document.querySelector('.scroller');
    return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 3;
  })()`);
}
