import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { z } from 'zod';
import { createPlayground, type Playground } from '../playground.ts';
import { animatedWebp, type Frame } from './animated-webp.ts';

// Makes the pictures of the README from a running playground: the moving one, the card, a receipt, and a phone.

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
const encoder = new URL('encode-frame.ts', import.meta.url);
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
/** Chat and panel, without channels and people. */
const stage = { x: 268, y: 0, width: 1012, height: 772 };

const encoded = z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int(), webp: z.base64() });
type Shot = { readonly png: Buffer; readonly ms: number };

const playground = await createPlayground({ port: 0 });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  await playground.start();
  await mkdir(folder, { recursive: true });
  const context = await browser.newContext({ viewport: desktop, deviceScaleFactor: 2 });
  await context.addInitScript("try { localStorage.setItem('tour', 'left') } catch {}");
  const page = await context.newPage();
  await page.goto(playground.url());
  await addKey(page, context);
  await makeMoving(page, playground);
  await takeStills(page);
  console.log(`writes at Kraken: ${playground.exchange('kraken-futures').writeCount()}`);
} finally {
  await browser.close();
  await playground.stop();
}

/** Slash, card, press, silence, receipt: with the live picture beside it. */
async function makeMoving(page: Page, { exchange }: Playground): Promise<void> {
  const shots: Shot[] = [];
  const keep = async (ms: number) => void shots.push({ png: await page.screenshot({ clip: stage }), ms });
  const type = async (text: string, ms: number) => {
    await page.keyboard.type(text);
    await settle(page);
    await keep(ms);
  };
  await page.getByRole('tab', { name: 'Live' }).click();
  await page.locator('#composer-input').click();
  await keep(900);
  await type('/', 900);
  await type('leverage s', 700);
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: 'Kraken Futures', exact: true }).click();
  await type('btc', 0);
  await page.getByRole('option', { name: /^PF_XBTUSD/ }).waitFor();
  await keep(1_000);
  await page.getByRole('option', { name: /^PF_XBTUSD/ }).click();
  await type('5', 900);
  await page.keyboard.press('Enter');
  const confirm = page.getByRole('button', { name: 'Set PF_XBTUSD to 5x isolated' });
  await confirm.waitFor();
  await settle(page);
  await keep(3_000);
  exchange('kraken-futures').faults.add({ name: 'apply-then-hang', on: 'write' });
  await confirm.hover();
  await keep(500);
  await confirm.click();
  const receipt = page.getByRole('button', { name: /^Back to/ });
  await page.locator('.silence').waitFor();
  while (!(await receipt.isVisible())) {
    await keep(450);
    await page.waitForTimeout(400);
  }
  await settle(page);
  await page.mouse.move(0, 0);
  await keep(4_500);
  await take(page, 'live');
  await animate(shots.filter(({ ms }) => ms > 0));
}

async function animate(shots: readonly Shot[]): Promise<void> {
  const page = await browser.newPage();
  await page.addScriptTag({ content: stripTypeScriptTypes(await readFile(encoder, 'utf8')) });
  const frames: Frame[] = [];
  for (const { png, ms } of shots) {
    const part = encoded.optional().parse(await page.evaluate(`encodeFrame('${png.toString('base64')}')`));
    const last = frames.at(-1);
    if (part !== undefined) frames.push({ ...part, ms, webp: Buffer.from(part.webp, 'base64') });
    // Where nothing moved, the frame before stays longer.
    else if (last !== undefined) frames.splice(-1, 1, { ...last, ms: last.ms + ms });
  }
  const moving = animatedWebp(frames);
  await writeFile(join(folder, 'moving.webp'), moving);
  console.log(`docs/pictures/moving.webp: ${frames.length} frames, ${Math.round(moving.length / 1024)} KiB`);
  await page.close();
}

async function takeStills(page: Page): Promise<void> {
  await send(page, '/leverage set venue:kraken-futures market:PF_XBTUSD leverage:10');
  const confirm = page.getByRole('button', { name: 'Set PF_XBTUSD to 10x isolated' });
  await confirm.waitFor();
  await page.getByRole('tab', { name: 'Exchanges' }).click();
  await take(page, 'card');
  await page.setViewportSize(phone);
  await take(page, 'phone');
  await page.setViewportSize(desktop);
  await confirm.click();
  await page.getByRole('button', { name: 'Back to 5x' }).waitFor();
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
  await page.locator('.message').last().getByText('In use: Kraken Futures key').first().waitFor();
  await form.close();
  await page.getByRole('button', { name: 'Dismiss message' }).click();
}

async function send(page: Page, line: string): Promise<void> {
  await page.locator('#composer-input').fill(`${line} `);
  await page.keyboard.press('Enter');
}

/** Until the page has drawn what came last. */
async function settle(page: Page): Promise<void> {
  await page.waitForTimeout(400);
}

async function take(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await settle(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  console.log(`docs/pictures/${name}.png`);
}
