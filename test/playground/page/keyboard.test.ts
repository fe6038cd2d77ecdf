import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { addKey, describePage, expectTitle, lastMessage } from './support.ts';

describePage('the keyboard alone', (stage) => {
  it('sets a leverage, from the slash to the receipt and back', async () => {
    const visitor = await stage.visit();
    const { page } = visitor;
    await addKey(visitor, 'kraken-futures');
    await page.reload();
    await page.locator('#composer-input').waitFor();

    await tabTo(page, 'Skip to the message box');
    await page.keyboard.press('Enter');
    await page.keyboard.type('/leverage set ');
    await page.keyboard.type('Kraken F');
    await page.keyboard.press('Tab');
    await page.keyboard.type('sol');
    await page.getByRole('option', { name: /^PF_SOLUSD/ }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('7');
    await page.keyboard.press('Enter');
    await expectTitle(lastMessage(page), /Set PF_SOLUSD to 7x isolated/);

    await tabTo(page, 'Set PF_SOLUSD to 7x isolated', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await expectTitle(lastMessage(page), /Done: PF_SOLUSD is at 7x isolated/);
    // The pressed button is gone; the next Tab goes on from its message.
    await tabTo(page, 'Back to 2.5x', 'Tab', 4);
    await page.keyboard.press('Enter');
    await expectTitle(lastMessage(page), /Set PF_SOLUSD to 2.5x isolated/);
    expect(stage.playground().exchange('kraken-futures').writeCount()).toBe(1);
  });

  it('changes the person and the tab with arrow keys', async () => {
    const { page } = await stage.visit();
    await page.getByRole('radio', { name: /Alice/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('Bob’s leverage').first().waitFor();
    await page.getByRole('tab', { name: 'Exchanges' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'Bob’s keys' }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('tab-keys');
  });
});

async function tabTo(page: Page, name: string, key = 'Tab', most = 40): Promise<void> {
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press(key);
    const focused = await page.evaluate(`(() => {
      let element = document.activeElement;
      const host = element;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return (element?.getAttribute('aria-label') ?? '') + (host?.textContent ?? '').trim();
    })()`);
    if (String(focused).endsWith(name)) return;
  }
  throw new Error(`Tab did not reach "${name}" within ${most} presses`);
}
