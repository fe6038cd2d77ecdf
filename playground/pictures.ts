import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { createPlayground, type Playground } from './playground.ts';

// Makes the pictures of the README from a running playground: the card, a receipt, and the page on a phone.

const folder = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

const playground = await createPlayground({ port: 0 });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  await playground.start();
  await mkdir(folder, { recursive: true });
  await takeAll(await browser.newContext({ viewport: desktop, deviceScaleFactor: 2 }), playground);
} finally {
  await browser.close();
  await playground.stop();
}

async function takeAll(context: BrowserContext, { url, exchange }: Playground): Promise<void> {
  await context.addInitScript("try { localStorage.setItem('tour', 'left') } catch {}");
  const page = await context.newPage();
  await page.goto(url());
  await addKey(page, context);
  await send(page, '/leverage set venue:kraken-futures market:PF_XBTUSD leverage:5');
  const confirm = page.getByRole('button', { name: 'Set PF_XBTUSD to 5x isolated' });
  await confirm.waitFor();
  await page.getByRole('tab', { name: 'Exchanges' }).click();
  await take(page, 'card');
  await page.setViewportSize(phone);
  await take(page, 'phone');
  await page.setViewportSize(desktop);
  await confirm.click();
  await page.getByRole('button', { name: 'Back to 3x' }).waitFor();
  console.log(`writes at Kraken: ${exchange('kraken-futures').writeCount()}`);
  await take(page, 'receipt');
}

async function addKey(page: Page, context: BrowserContext): Promise<void> {
  await send(page, '/keys add venue:kraken-futures');
  const opened = context.waitForEvent('page');
  await page.getByRole('link', { name: 'Enter the key' }).click();
  const form = await opened;
  await form.getByRole('link', { name: 'Continue with Discord' }).click();
  await form.getByRole('button', { name: 'Authorize as Alice' }).click();
  const [key = '', secret = ''] = await page
    .locator('[data-venue="kraken-futures"][data-label="good"] code')
    .allTextContents();
  await form.getByLabel('Public key').fill(key);
  await form.getByLabel('Private key').fill(secret);
  await form.getByRole('button', { name: 'Check and save this key' }).click();
  await page.getByRole('button', { name: 'Use this key' }).click();
  await page.getByText('In use: Kraken Futures key').waitFor();
  await form.close();
  await page.getByRole('button', { name: 'Dismiss message' }).click();
}

async function send(page: Page, line: string): Promise<void> {
  await page.locator('#composer-input').fill(`${line} `);
  await page.keyboard.press('Enter');
}

async function take(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.waitForTimeout(400);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  console.log(`docs/pictures/${name}.png`);
}
