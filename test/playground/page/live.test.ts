import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { addKey, become, describePage, expectTitle, lastMessage, send } from './support.ts';

describePage('the live picture of a change', (stage) => {
  it('shows the one write, its silence, the read-back and the receipt, and keeps them', async () => {
    const visitor = await stage.visit();
    const { page } = visitor;
    await addKey(visitor, 'kraken-futures');
    await page.getByRole('tab', { name: 'Live' }).click();
    await page.getByText('Nothing yet for Alice').waitFor();
    await send(page, '/leverage set venue:kraken-futures market:PF_XBTUSD leverage:5');
    await expect.poll(() => kinds(page)).toEqual(['ask', 'read', 'told']);
    expect(await scores(page)).toEqual({ Presses: '0', Writes: '0', Repeats: '0', Refused: '0' });

    stage.playground().exchange('kraken-futures').faults.add({ name: 'apply-then-hang', on: 'write' });
    await page.getByRole('button', { name: 'Set PF_XBTUSD to 5x isolated' }).click();
    const silence = page.locator('.flow .silence');
    await silence.getByText('waiting').waitFor();
    const first = await silence.textContent();
    await expect.poll(() => silence.textContent()).not.toBe(first);
    await expectTitle(lastMessage(page), /^Done/);
    await silence.getByText(/no answer · [34]\.\d s/).waitFor();
    const steps = await kinds(page);
    expect(steps.filter((kind) => kind === 'write')).toHaveLength(1);
    expect(steps.slice(steps.indexOf('write'))).toEqual(['write', 'read-back', 'told']);
    await page.getByText('One write. It is never sent again.').waitFor();
    expect(await scores(page)).toEqual({ Presses: '1', Writes: '1', Repeats: '0', Refused: '0' });

    await send(page, '/leverage set venue:kraken-futures market:PF_SOLUSD leverage:4');
    await page.locator('.earlier summary').filter({ hasText: 'PF_XBTUSD' }).click();
    await page.locator('.earlier .silence').getByText('no answer').waitFor();
  });

  it('counts a stranger’s press as refused, and shows it to the stranger alone', async () => {
    const { page } = await stage.visit();
    await page.getByRole('tab', { name: 'Live' }).click();
    await send(page, '/leverage set venue:kraken-futures market:PF_ETHUSD leverage:3 share:true');
    const button = page.getByRole('button', { name: 'Set PF_ETHUSD to 3x isolated' });
    await button.waitFor();
    const before = await scores(page);
    await become(page, 'Bob');
    expect(await page.locator('[data-flow]').count()).toBe(0);
    await button.click();
    await expect
      .poll(() => scores(page))
      .toEqual({
        ...before,
        Presses: String(Number(before.Presses) + 1),
        Refused: String(Number(before.Refused) + 1),
      });
    await expect.poll(() => kinds(page)).toEqual(['press', 'told']);
  });
});

async function kinds(page: Page): Promise<readonly (string | null)[]> {
  const steps = await page.locator('.panel-body > .flow .step').all();
  return Promise.all(steps.map((step) => step.getAttribute('data-kind')));
}

async function scores(page: Page): Promise<Readonly<Record<string, string>>> {
  const names = await page.locator('.scores dt').allTextContents();
  const values = await page.locator('.scores dd').allTextContents();
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
