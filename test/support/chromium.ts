import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { chromiumPath, isLacking, chromium as need, titled } from './needs.ts';

/** A browser needs a processor of its own: twenty seconds are short where it shares one. */
const TIMEOUT_MS = 90_000;

/** Tests in a browser; left out where there is none. */
export function describeInBrowser(title: string, tests: () => void): void {
  describe.skipIf(isLacking(need))(titled(need, title), { timeout: TIMEOUT_MS }, tests);
}

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** One headless Chromium for the tests of a file; every page comes in a fresh context of its own. */
export function useChromium() {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath, args });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });

  /** Closed with the browser only. */
  async function lastingContext(options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
    if (browser === undefined) throw new TypeError('Chromium has not been started');
    return browser.newContext(options);
  }

  async function newContext(options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
    const context = await lastingContext(options);
    onTestFinished(() => context.close());
    return context;
  }

  return {
    lastingContext,
    newContext,
    newPage: async (options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> =>
      (await newContext(options)).newPage(),
  };
}
