import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { addKey, describePage, desktop, expectTitle, lastMessage, phone, send, type Visitor } from './support.ts';

const axeFile = fileURLToPath(new URL('../../../node_modules/axe-core/axe.min.js', import.meta.url));
const violations = z.array(
  z.object({
    id: z.string(),
    impact: z.string().nullable(),
    nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
  }),
);

describePage('the page, for assistive tools', (stage) => {
  it.each([
    { width: 'desktop', viewport: desktop, places: ['Live', 'Exchanges', 'Keys', 'Trouble', 'Wire'] },
    { width: 'phone', viewport: phone, places: ['Live', 'Exchanges', 'Keys', 'Trouble', 'Wire', 'Chat'] },
  ])('axe finds nothing serious on a $width', { timeout: 60_000 }, async ({ viewport, places }) => {
    const visitor = await stage.visit({ viewport, tour: true });
    const { page } = visitor;
    if (viewport === desktop) await addKey(visitor, 'mudrex');
    await send(page, '/leverage set venue:mudrex market:BTCUSDT leverage:100');
    await expectTitle(lastMessage(page), /^Set BTCUSDT/);
    expect(await serious(visitor)).toEqual([]);
    await page.locator('#composer-input').fill('/leverage set ');
    await page.getByRole('option', { name: 'Mudrex' }).waitFor();
    expect(await serious(visitor)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    for (const place of places) {
      const target = viewport === phone ? page.locator('.phone-bar button') : page.getByRole('tab');
      await target.filter({ hasText: place }).click();
      if (place === 'Wire') await page.locator('.interaction').first().click();
      expect(await serious(visitor)).toEqual([]);
    }
  });
});

async function serious({ page }: Visitor): Promise<readonly string[]> {
  await page.evaluate(await readFile(axeFile, 'utf8'));
  const found = violations.parse(await page.evaluate('axe.run(document).then(({ violations }) => violations)'));
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`));
}
