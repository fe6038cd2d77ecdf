import type { BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFailed, onTestFinished } from 'vitest';
import { type DemoPerson, demoPeople } from '../../../playground/people.ts';
import { createPlayground, type Playground, type PlaygroundOptions } from '../../../playground/playground.ts';
import { describeInBrowser, useChromium } from '../../support/chromium.ts';

/** How long something may take on a busy machine that takes a moment on an idle one. */
const PATIENCE_MS = 15_000;

export const desktop = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

/** A running playground and a browser for the tests of one file. */
export function describePage(name: string, tests: (stage: Stage) => void, options: PlaygroundOptions = {}): void {
  describeInBrowser(name, () => {
    let playground: Playground | undefined;
    const browser = useChromium();
    beforeAll(async () => {
      playground = await createPlayground({ port: 0, ...options });
      await playground.start();
    }, 60_000);
    afterAll(() => playground?.stop(), 30_000);
    tests(createStage({ ...browser, playground: () => present(playground) }));
  });
}

export type Stage = ReturnType<typeof createStage>;
type Visit = {
  readonly viewport?: { width: number; height: number };
  readonly tour?: boolean;
  readonly as?: DemoPerson;
  /** What the browser may complain of. */
  readonly tolerates?: RegExp;
};

type Running = { readonly playground: () => Playground } & ReturnType<typeof useChromium>;

function createStage({ playground, newContext, lastingContext }: Running) {
  let stayed: Watched | undefined;

  async function open(context: BrowserContext, { tour = false, as = demoPeople.alice }: Visit): Promise<Watched> {
    context.setDefaultTimeout(PATIENCE_MS);
    const problems = watchProblems(context, playground().url());
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    if (!tour) await context.addInitScript("try { localStorage.setItem('tour', 'left') } catch {}");
    await context.addInitScript(`try { sessionStorage.setItem('viewer', '${as.id}') } catch {}`);
    const page = await context.newPage();
    await page.goto(playground().url());
    await page.locator('#composer-input').waitFor();
    return { context, page, problems };
  }

  return {
    playground,
    /** Opens the page in a fresh browser; the test fails on any console error and any request to elsewhere. */
    async visit({ viewport = desktop, tolerates, ...visit }: Visit = {}): Promise<Visitor> {
      const visitor = await open(await newContext({ viewport }), visit);
      onTestFinished(async () => {
        await visitor.context.close();
        expect(visitor.problems.filter((one) => !tolerates?.test(one))).toEqual([]);
      });
      return visitor;
    },
    /**
     * Alice's page as the test before left it, watched in the same way: for tests that do not ask for a fresh one, since
     * loading it costs more than most of what they do. What a test that fails leaves is not used.
     */
    async stay(): Promise<Visitor> {
      const visitor = stayed ?? (await open(await lastingContext({ viewport: desktop }), {}));
      stayed = visitor;
      onTestFailed(() => {
        stayed = undefined;
      });
      onTestFinished(async () => {
        const popups = visitor.context.pages().filter((page) => page !== visitor.page);
        await Promise.all(popups.map((popup) => popup.close()));
        expect(visitor.problems.splice(0)).toEqual([]);
      });
      return visitor;
    },
  };
}

export type Visitor = { readonly context: BrowserContext; readonly page: Page };
type Watched = Visitor & { readonly problems: string[] };

/** The bot's own pages answer with 403 or 422 where they must, which browsers print as an error. */
function watchProblems(context: BrowserContext, origin: string): string[] {
  const problems: string[] = [];
  context.on('request', (request) => {
    const { hostname } = new URL(request.url());
    if (hostname !== '127.0.0.1') problems.push(`request to ${request.url()}`);
  });
  context.on('console', (message) => {
    const isOurs = message.location().url.startsWith(origin);
    if (isOurs && ['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => problems.push(`page error: ${error.error().message}`));
  return problems;
}

/** Types a whole command into the message box, sends it, and waits for the bot's answer. */
export async function send(page: Page, line: string): Promise<void> {
  const before = await lastId(page);
  await sendOnly(page, line);
  await expect.poll(() => lastId(page), { timeout: PATIENCE_MS }).not.toBe(before);
  await lastMessage(page).locator('.thinking').waitFor({ state: 'detached' });
}

async function lastId(page: Page): Promise<string | null> {
  return (await page.locator('.message').count()) === 0 ? null : lastMessage(page).getAttribute('data-message');
}

/** The same without waiting for an answer. */
export async function sendOnly(page: Page, line: string): Promise<void> {
  await page.locator('#composer-input').fill(`${line} `);
  await page.locator('.box[data-command]').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.box:not([data-command])').waitFor();
}

type KeyChoice = {
  readonly venue: string;
  /** Which of the demo keys. */
  readonly label?: string;
  /** What its owner calls it. */
  readonly account?: string;
  readonly signInAs?: string;
};

/** Asks for a link as the person the page is; enters a demo key on the bot's page. */
export async function enterKey({ page, context }: Visitor, choice: KeyChoice) {
  const { venue, label = 'good', account = 'main', signInAs } = choice;
  const person = signInAs ?? (await page.locator('.person:has(:checked) b').first().textContent());
  await send(page, `/keys add venue:${venue} label:${account}`);
  const [popup] = await Promise.all([
    context.waitForEvent('page'),
    lastMessage(page).getByRole('link', { name: 'Enter the key' }).click(),
  ]);
  await popup.getByRole('link', { name: 'Continue with Discord' }).click();
  await popup.getByRole('button', { name: `Authorize as ${person}` }).click();
  if (signInAs === undefined) {
    const values = await demoKey(page, venue, label);
    const fields = popup.locator('form input:not([type=hidden])');
    for (const [index, value] of values.entries()) await fields.nth(index).fill(value);
    await popup.getByRole('button', { name: 'Check and save this key' }).click();
    // What closes before the answer is here may take the request with it.
    await popup.getByRole('alert').or(popup.getByText('Key saved, not used yet')).first().waitFor();
  }
  return popup;
}

async function demoKey(page: Page, venue: string, label: string): Promise<readonly string[]> {
  const tab = page.locator('#tab-keys:visible, .phone-bar button:text-is("Keys")').first();
  await page.locator('.phone-bar:visible button:text-is("Keys"), #tab-keys:visible').first().click();
  await tab.waitFor();
  const values = await page.locator(`[data-venue="${venue}"][data-label="${label}"] code`).allInnerTexts();
  const back = page.locator('.phone-bar:visible button:text-is("Chat")');
  if (await back.isVisible()) await back.click();
  return values;
}

/** Adds a good key and takes it into use. */
export async function addKey(visitor: Visitor, venue: string, account = 'main'): Promise<void> {
  const popup = await enterKey(visitor, { venue, account });
  await popup.close();
  await visitor.page.getByRole('button', { name: 'Use this key' }).click();
  await expectTitle(lastMessage(visitor.page), /In use/);
}

export const lastMessage = (page: Page): Locator => page.locator('.message').last();

export async function expectTitle(message: Locator, title: RegExp, timeout = PATIENCE_MS): Promise<void> {
  await expect.poll(() => titleOf(message), { timeout }).toMatch(title);
}

/** The title of a message's embed; empty while it has none. */
export async function titleOf(message: Locator): Promise<string> {
  const titles = await message.locator('.discord-embed-title').allInnerTexts();
  return titles.join(' ').trim();
}

export async function become(page: Page, name: string): Promise<void> {
  await page
    .locator('.person:visible')
    .filter({ has: page.locator(`img[src*="${name.toLowerCase()}"]`) })
    .click();
  await page.locator(`.person:visible:has(:checked) img[src*="${name.toLowerCase()}"]`).waitFor();
}

export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}
