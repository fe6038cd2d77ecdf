import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { addKey, describePage, expectTitle, lastMessage, send } from './support.ts';

describePage('the days on which an exchange ends', (stage) => {
  const moveTo = async (page: Page, knob: string, day: string) => {
    await page.getByRole('tab', { name: 'Trouble' }).click();
    await page.locator(`[data-knob="clock-${knob}"]`).click();
    await page.getByText(day).last().waitFor();
  };

  it('can be gone to one by one: no new keys, no requests, no keys', async () => {
    const visitor = await stage.visit();
    const { page } = visitor;
    await addKey(visitor, 'kraken-futures');
    await moveTo(page, 'kraken-futures-no-new-keys', 'It is 1 February 2027');
    await send(page, '/keys add venue:kraken-futures');
    await page.getByText('takes no new keys here').last().waitFor();
    await moveTo(page, 'kraken-futures-closes', 'It is 28 February 2027');
    const before = stage.playground().exchange('kraken-futures').requests.length;
    await send(page, '/leverage set venue:kraken-futures market:btc leverage:7');
    await page.getByText('sends nothing to Kraken Futures any more').last().waitFor();
    expect(stage.playground().exchange('kraken-futures').requests).toHaveLength(before);
    await moveTo(page, 'kraken-futures-keys-erased', 'It is 14 March 2027');
    await expect.poll(() => page.locator('[data-knob^="clock-kraken-futures"]').count()).toBe(0);
    await page.locator('[data-knob="clock-hour"]').click();
    await page.getByText('The clock moved: one hour').waitFor();
    await send(page, '/keys list');
    await expectTitle(lastMessage(page), /Erased: your Kraken Futures key "main"/);
  });
});
