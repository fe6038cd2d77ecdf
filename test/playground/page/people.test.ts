import { expect, it } from 'vitest';
import { addKey, become, describePage, enterKey, expectTitle, lastMessage, send } from './support.ts';

describePage('several people', (stage) => {
  it('a private message is seen by its owner only, and marked', async () => {
    const { page } = await stage.stay();
    await send(page, '/keys list');
    await lastMessage(page).locator('.only-you').waitFor();
    await become(page, 'Bob');
    await expect.poll(() => page.locator('.message').count()).toBe(0);
    await become(page, 'Alice');
    await lastMessage(page).getByText('You have no keys here').waitFor();
    await lastMessage(page).getByRole('button', { name: 'Dismiss message' }).click();
    await expect.poll(() => page.locator('.message').count()).toBe(0);
  });

  it('a link is refused to somebody else, and works for its owner afterwards', async () => {
    const visitor = await stage.stay();
    const popup = await enterKey(visitor, { venue: 'mudrex', signInAs: 'Bob' });
    await popup.getByRole('heading', { name: 'This link is for another Discord user' }).waitFor();
    await expectTitle(lastMessage(visitor.page), /Somebody else opened your link/);
  });

  it.each([
    { venue: 'mudrex', label: 'wrong', words: /does not accept this key/ },
    { venue: 'kraken-futures', label: 'wrong', words: /does not accept this key/ },
    { venue: 'kraken-futures', label: 'read only', words: /can only read/ },
    { venue: 'kraken-futures', label: 'may withdraw', words: /can withdraw or transfer funds/ },
  ])('a $label key of $venue is refused in words', async ({ venue, label, words }) => {
    const popup = await enterKey(await stage.stay(), { venue, label });
    await popup.getByRole('alert').filter({ hasText: words }).waitFor();
  });

  it('a shared card is seen by everybody, pressed by its owner, and one line reaches the audit channel', async () => {
    const visitor = await stage.stay();
    const { page } = visitor;
    await addKey(visitor, 'mudrex');
    await send(page, '/leverage set venue:mudrex market:ETHUSDT leverage:4 share:true');
    const button = page.getByRole('button', { name: 'Set ETHUSDT (USDT) to 4x isolated' });
    await button.waitFor();

    await become(page, 'Bob');
    await button.click();
    await expectTitle(lastMessage(page), /belongs to somebody else/);
    await lastMessage(page).locator('.only-you').waitFor();
    expect(stage.playground().exchange('mudrex').writeCount()).toBe(0);

    await become(page, 'Alice');
    await button.click();
    await expectTitle(lastMessage(page), /Done: ETHUSDT \(USDT\) is at 4x isolated/);
    expect(stage.playground().exchange('mudrex').writeCount()).toBe(1);
    await become(page, 'Carol');
    await page.getByRole('button', { name: 'audit-log' }).click();
    await lastMessage(page)
      .getByText(/ETHUSDT/)
      .first()
      .waitFor();
    await lastMessage(page).locator('.mention', { hasText: '@Alice' }).first().waitFor();
    expect(await lastMessage(page).textContent()).not.toMatch(/<[@#/t]/);
  });
});
