import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { venueKnobs } from '../../../playground/trouble.ts';
import { addKey, describePage, expectTitle, lastMessage, send } from './support.ts';

/** What the receipt says for each trouble that only a socket can have, and how many changes are carried out. */
const receipts: Readonly<Record<string, { readonly title: RegExp; readonly carriedOut: number }>> = {
  close: { title: /^Not known yet/, carriedOut: 0 },
  'close-applied': { title: /^Not known yet/, carriedOut: 1 },
  maintenance: { title: /^Not known yet/, carriedOut: 0 },
  'stale-token': { title: /^Not changed: Kraken had ended the session of the bot/, carriedOut: 0 },
  doubled: { title: /applied, as Kraken answered$/, carriedOut: 1 },
  'foreign-id': { title: /^Not known yet/, carriedOut: 1 },
};

describePage('Kraken over its sockets', (stage) => {
  const kraken = () => stage.playground().exchange('kraken');
  let isKeyAdded = false;
  let leverage = 10;

  async function ready(): Promise<Page> {
    const visitor = await stage.stay();
    if (!isKeyAdded) await addKey(visitor, 'kraken');
    isKeyAdded = true;
    return visitor.page;
  }

  async function openCard(page: Page) {
    leverage += 1;
    await send(page, `/leverage set venue:kraken market:PF_SOLUSD leverage:${leverage}`);
    await expectTitle(lastMessage(page), new RegExp(`Set PF_SOLUSD to ${leverage}x isolated`));
    return page.getByRole('button', { name: `Set PF_SOLUSD to ${leverage}x isolated` });
  }

  const panel = (page: Page) => page.locator('.exchange[data-venue="kraken"]');

  it('sets leverage and unsets it, each drawn as one frame, with its words', { timeout: 60_000 }, async () => {
    const page = await ready();
    await (await openCard(page)).click();
    await expectTitle(lastMessage(page), /^PF_SOLUSD: 11x isolated applied, as Kraken answered$/);
    await page.getByRole('tab', { name: 'Live' }).click();
    const write = page.locator('.flow').first().locator('.step[data-kind="write"]');
    await expect.poll(() => write.textContent()).toMatch(/THE ONE WRITE\s+set_preference/);
    await page.getByRole('tab', { name: 'Exchanges' }).click();
    await expect.poll(() => panel(page).locator('tr[data-market="PF_SOLUSD"]').textContent()).toMatch(/11x/);
    await expect.poll(() => panel(page).locator('.counter').textContent()).toMatch(/^\s*1\s+write\s+of 1 received\s*$/);
    await panel(page).locator('tr[data-kind="write"]').getByText('set_preference').waitFor();

    await send(page, '/leverage cross venue:kraken market:PF_SOLUSD');
    await page.getByRole('button', { name: 'Set PF_SOLUSD to cross margin' }).click();
    await expectTitle(lastMessage(page), /^PF_SOLUSD: cross margin applied, as Kraken answered$/);
    await expect.poll(() => panel(page).locator('tr[data-market="PF_SOLUSD"]').count()).toBe(0);
    expect([kraken().writeCount(), kraken().writesReceived()]).toEqual([2, 2]);
  });

  it('has an expected receipt for every trouble that only a socket can have', () => {
    const frames = venueKnobs.filter(({ isFrame }) => isFrame).map(({ id }) => id);
    expect(Object.keys(receipts).toSorted()).toEqual(frames.toSorted());
  });

  it.each(Object.entries(receipts))(
    'tells what %s led to',
    { timeout: 60_000 },
    async (knob, { title, carriedOut }) => {
      const page = await ready();
      // Ten connections in ten minutes are what one person may have, and an unsettled change holds its key.
      await stage.playground().forward(11 * 60_000);
      const card = await openCard(page);
      const before = [kraken().writeCount(), kraken().writesReceived()];
      await page.getByRole('tab', { name: 'Trouble' }).click();
      await page.locator('input[name="trouble-venue"]').first().check({ force: true });
      await page.locator(`[data-knob="${knob}"]`).click();
      await page.locator(`[data-knob="${knob}"][data-armed]`).waitFor();
      await card.click();
      await expectTitle(lastMessage(page), title);
      const after = [kraken().writeCount(), kraken().writesReceived()];
      expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([carriedOut, 1]);
    },
  );

  it('is said to show no setting where its trouble is made, and no other exchange is', {
    timeout: 60_000,
  }, async () => {
    const page = await ready();
    await page.getByRole('tab', { name: 'Trouble' }).click();
    const hint = page.getByText('This exchange does not show what is set.');
    await page.getByRole('radio', { name: 'Mudrex' }).check({ force: true });
    await expect.poll(() => hint.count()).toBe(0);
    await page.locator('input[name="trouble-venue"]').first().check({ force: true });
    await hint.waitFor();
  });

  it('warns on the card of what Kraken tells by itself, until that is turned back', { timeout: 60_000 }, async () => {
    const page = await ready();
    await stage.playground().forward(11 * 60_000);
    await page.getByRole('tab', { name: 'Trouble' }).click();
    await page.locator('input[name="trouble-venue"]').first().check({ force: true });
    await page.locator('[data-knob="reduce-only"]').click();
    await page.locator('[data-knob="reduce-only"][data-armed]').waitFor();
    await openCard(page);
    await lastMessage(page).getByText('lets this account only reduce or close futures positions').waitFor();
    await page.getByRole('button', { name: 'Remove Kraken: Let you only reduce positions' }).click();
    await page.locator('[data-knob="reduce-only"]:not([data-armed])').waitFor();
  });
});
