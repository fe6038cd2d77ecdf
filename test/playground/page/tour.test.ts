import { expect, it } from 'vitest';
import { demoPeople } from '../../../playground/people.ts';
import { describePage, desktop, expectTitle, lastMessage, phone, type Visitor } from './support.ts';

describePage('the tour', (stage) => {
  it.each([
    { width: 'desktop', viewport: desktop, person: demoPeople.alice },
    { width: 'phone', viewport: phone, person: demoPeople.bob },
  ])('can be done as a person does it, on a $width', async ({ viewport, person }) => {
    const visitor = await stage.visit({ viewport, tour: true, as: person });
    const { page } = visitor;

    await step(visitor, 1, 'Add a key');
    await page.getByRole('button', { name: 'Fill in /keys add' }).click();
    await page.keyboard.press('Enter');
    await addKeyByHand(visitor, person.globalName);
    await page.getByRole('button', { name: 'Use this key' }).click();

    await step(visitor, 2, 'Ask for a leverage');
    await page.getByRole('button', { name: 'Fill in /leverage set' }).click();
    await page.keyboard.press('Enter');

    await step(visitor, 3, 'Confirm');
    await page.getByRole('button', { name: 'Set BTCUSDT (USDT) to 3x isolated' }).click();

    await step(visitor, 4, 'Read the receipt');
    await expectTitle(lastMessage(page), /Done: BTCUSDT \(USDT\) is at 3x isolated/);
    await page.getByRole('button', { name: 'Show the exchange' }).click();
    await page.locator('[data-venue="mudrex"] [data-market="BTCUSDT"]').filter({ hasText: '3x' }).first().waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.dataset.venue')).toBe('mudrex');
    await page.getByRole('button', { name: 'Next' }).click();

    await step(visitor, 5, 'Break something');
    const mudrex = stage.playground().exchange('mudrex');
    const writes = mudrex.writeCount();
    await page.getByRole('button', { name: 'Break the next write, and fill in' }).click();
    await expect.poll(() => mudrex.faults.active().length).toBe(1);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Set BTCUSDT (USDT) to 6x isolated' }).click();
    await expect.poll(() => mudrex.writeCount()).toBe(writes + 1);
    // The write has landed, and nobody knows yet: the step waits for the receipt.
    expect(await page.getByText('That was the tour').count()).toBe(0);
    await page.getByText('That was the tour').waitFor();
    await expectTitle(lastMessage(page), /Done: BTCUSDT \(USDT\) is at 6x isolated/);
    expect(mudrex.writeCount()).toBe(writes + 1);
    await page.getByRole('button', { name: 'Finish' }).click();
    await expect.poll(() => page.getByRole('region', { name: 'Tour' }).count()).toBe(0);
  });

  it('can be left at any time, and does not come back by itself', async () => {
    const { page } = await stage.visit({ tour: true });
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Leave the tour' }).press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('composer-input');
    await page.reload();
    await page.locator('#composer-input').waitFor();
    expect(await page.getByRole('region', { name: 'Tour' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Tour', exact: true }).click();
    await page.getByRole('region', { name: 'Tour' }).waitFor();
  });
});

async function step({ page }: Visitor, number: number, title: string): Promise<void> {
  await page
    .getByRole('region', { name: 'Tour' })
    .filter({ hasText: `${number}/5` })
    .filter({ hasText: title })
    .waitFor();
}

/** Link, sign-in, and the secret by its copy button and the clipboard. */
async function addKeyByHand(visitor: Visitor, person: string): Promise<void> {
  const { page, context } = visitor;
  const [popup] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('link', { name: 'Enter the key' }).click(),
  ]);
  await popup.getByRole('link', { name: 'Continue with Discord' }).click();
  await popup.getByRole('button', { name: `Authorize as ${person}` }).click();
  await page.bringToFront();
  const keys = page.locator('.phone-bar:visible button', { hasText: 'Keys' });
  if (await keys.isVisible()) await keys.click();
  await page.getByRole('button', { name: 'Copy API secret (Mudrex, good)' }).click();
  await page.getByText('Copied the API secret').waitFor();
  await chatOf(visitor);
  await popup.bringToFront();
  await popup.getByLabel('API secret').focus();
  await popup.keyboard.press('Control+V');
  await popup.getByRole('button', { name: 'Check and save this key' }).click();
  await popup.getByText('Key saved, not used yet').first().waitFor();
  await popup.close();
}

async function chatOf({ page }: Visitor): Promise<void> {
  const chat = page.locator('.phone-bar:visible button', { hasText: 'Chat' });
  if (await chat.isVisible()) await chat.click();
}
