import type { Locator } from 'playwright-core';
import { expect, it } from 'vitest';
import { addKey, describePage, expectTitle, lastMessage, phone, send } from './support.ts';

describePage('a card on a phone', (stage) => {
  it.each([
    ['kraken-futures', 'PF_XBTUSD', '4', '34.6', ['main']],
    ['mudrex', 'BTCUSDT', '4', '20', ['main']],
    ['kraken-futures', 'PF_XBTUSD', '50', '34.6', ['main', 'second-account']],
    ['mudrex', 'BTCUSDT', '100', '20', ['main', 'second-account']],
  ])('of %s, %s at %sx, has its title, the change, the distance and the button in sight at once', async (...row) => {
    const [venue, market, leverage, before, accounts] = row;
    const visitor = await stage.visit({ viewport: phone });
    const { page } = visitor;
    for (const account of accounts) await addKey(visitor, venue, account);
    await send(page, `/leverage set venue:${venue} market:${market} leverage:${leverage} account:${accounts.at(-1)}`);
    await expectTitle(lastMessage(page), /^Set /);
    const card = lastMessage(page);
    const parts = [
      card.locator('[slot="embeds"]').first(),
      card.getByText(new RegExp(`^\\dx → ${leverage}x$`)),
      card.getByText(new RegExp(`^${before}\\s%`)),
      card.getByRole('button', { name: /^Set / }),
    ];
    for (const part of parts) await expect.poll(() => isInSight(part)).toBe(true);
  });
});

/** Whether all of it lies between the bars of the page. */
async function isInSight(part: Locator): Promise<boolean> {
  const [box, view] = [await part.boundingBox(), await part.page().locator('.scroller').boundingBox()];
  if (box === null || view === null) return false;
  return box.y >= view.y && box.y + box.height <= view.y + view.height;
}
