import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { venueKnobs } from '../../../playground/trouble.ts';
import { addKey, become, describePage, expectTitle, lastMessage, send, sendOnly, titleOf } from './support.ts';

const settled = /^(Done|Not changed|Not sent|Not applied|Not known|Mudrex said yes|Accepted, not)/;

/** Those that an exchange without sockets has. */
const requestKnobs = venueKnobs.filter(({ isFrame }) => !isFrame);

/** What the receipt must say for each knob of an exchange, and how many writes may land. */
const receipts: Readonly<Record<string, { readonly title: RegExp; readonly writes: number }>> = {
  'apply-then-hang': { title: /^Done/, writes: 1 },
  'apply-then-reset': { title: /^Done/, writes: 1 },
  hang: { title: /^Not known yet/, writes: 0 },
  reset: { title: /^Not known yet/, writes: 0 },
  delay: { title: /^(Not known yet|Done)/, writes: 1 },
  'rate-limited': { title: /^Not changed: Mudrex refused: too many requests/, writes: 0 },
  'server-error': { title: /^Not known yet/, writes: 0 },
  'html-page': { title: /^Not known yet/, writes: 0 },
  'broken-json': { title: /^Done/, writes: 1 },
  'wrong-shape': { title: /^Done/, writes: 1 },
  empty: { title: /^Done/, writes: 1 },
  'no-content': { title: /^Done/, writes: 1 },
  'cut-body': { title: /^Done/, writes: 1 },
  'slow-headers': { title: /^Done/, writes: 1 },
  'slow-body': { title: /^Done/, writes: 1 },
  'huge-body': { title: /^Done/, writes: 1 },
  redirect: { title: /^Not known yet/, writes: 0 },
  'no-effect': { title: /^Accepted, not shown yet/, writes: 0 },
  'read-back-fails': { title: /^(Accepted, not read back yet|Done)/, writes: 1 },
  'read-back-lies': { title: /^(Accepted, not shown yet|Done)/, writes: 1 },
};

/** What is seen when a press has ended that was not to run anything. */
const pressEnds: Readonly<Record<string, string>> = {
  'late-callback': 'This interaction failed',
  'lost-callback': 'nothing was changed',
};

describePage(
  'trouble on demand',
  (stage) => {
    let leverage = 20;
    let isKeyAdded = false;

    async function ready(open = stage.stay) {
      const visitor = await open();
      if (!isKeyAdded) await addKey(visitor, 'mudrex');
      isKeyAdded = true;
      return visitor.page;
    }

    /** An unsettled change holds its key for up to five minutes. */
    async function letGo() {
      await stage.playground().forward(6 * 60_000);
    }

    async function openCard(page: Page) {
      leverage += 1;
      await send(page, `/leverage set venue:mudrex market:ETHUSDT leverage:${leverage}`);
      await expectTitle(lastMessage(page), new RegExp(`Set ETHUSDT \\(USDT\\) to ${leverage}x`));
      return page.getByRole('button', { name: `Set ETHUSDT (USDT) to ${leverage}x isolated` });
    }

    async function receiptOf(page: Page) {
      await expectTitle(lastMessage(page), settled, 15_000);
      return titleOf(lastMessage(page));
    }

    async function arm(page: Page, knob: string) {
      await page.locator(`[data-knob="${knob}"]`).click();
      await page.locator(`[data-knob="${knob}"][data-armed]`).waitFor();
    }

    it('has an expected receipt for every knob of an exchange without sockets', () => {
      expect(Object.keys(receipts).toSorted()).toEqual(requestKnobs.map(({ id }) => id).toSorted());
    });

    it.each(requestKnobs.map(({ id, title }) => ({ id, title })))(
      '$title ($id)',
      { timeout: 40_000 },
      async ({ id }) => {
        const page = await ready();
        const mudrex = stage.playground().exchange('mudrex');
        const card = await openCard(page);
        const before = mudrex.writeCount();
        await page.getByRole('tab', { name: 'Trouble' }).click();
        await arm(page, id);
        await card.click();
        expect(await receiptOf(page)).toMatch(receipts[id]?.title ?? /never/);
        expect(mudrex.writeCount() - before).toBeLessThanOrEqual(receipts[id]?.writes ?? 0);
        await letGo();
        await expect.poll(() => mudrex.writeCount() - before, { timeout: 8_000 }).toBe(receipts[id]?.writes ?? 0);
        for (const { id: fault } of mudrex.faults.active()) mudrex.faults.remove(fault);
      },
    );

    it('a documented error is told in words', async () => {
      const page = await ready();
      const card = await openCard(page);
      await page.getByRole('tab', { name: 'Trouble' }).click();
      await page.getByRole('combobox', { name: 'Error' }).selectOption('400 insufficient balance');
      await page.locator('[data-knob="refuse"]').click();
      await page.locator('[data-knob="refuse"][data-armed]').waitFor();
      await card.click();
      expect(await receiptOf(page)).toBe('Not changed: Mudrex refused: there is not enough free margin for this');
    });

    it('a value that was moved makes the card stale; a lowered maximum refuses the next command', async () => {
      const page = await ready();
      const card = await openCard(page);
      await page.getByRole('tab', { name: 'Trouble' }).click();
      await page.locator('form[data-knob="move"] select').selectOption('ETHUSDT');
      await page.locator('form[data-knob="move"] button').click();
      await page.getByText('ETHUSDT moved to 7').waitFor();
      await card.click();
      await lastMessage(page)
        .locator('strong', { hasText: /^7x → / })
        .waitFor();
      expect(await titleOf(lastMessage(page))).toMatch(/^Set ETHUSDT/);

      await page.locator('form[data-knob="maximum"] select').selectOption('SOLUSDT');
      await page.locator('form[data-knob="maximum"] button').click();
      await page.getByText('SOLUSDT now allows up to 4x').waitFor();
      await send(page, '/leverage set venue:mudrex market:SOLUSDT leverage:5');
      await expectTitle(lastMessage(page), /5x is outside what SOLUSDT allows/);
    });

    it('an event that comes twice is run once', async () => {
      const page = await ready();
      const before = stage.playground().exchange('mudrex').writeCount();
      const card = await openCard(page);
      await page.getByRole('tab', { name: 'Trouble' }).click();
      await arm(page, 'event-twice');
      await card.click();
      expect(await receiptOf(page)).toMatch(/^Done/);
      expect(stage.playground().exchange('mudrex').writeCount()).toBe(before + 1);
    });

    it.each(['late-callback', 'lost-callback'])('after a %s nothing is run', async (knob) => {
      const page = await ready();
      const before = stage.playground().exchange('mudrex').writeCount();
      const card = await openCard(page);
      await page.getByRole('tab', { name: 'Trouble' }).click();
      await arm(page, knob);
      await card.click();
      // The press is over, for Discord or for the bot: what was to run has run.
      await lastMessage(page)
        .getByText(pressEnds[knob] ?? 'never')
        .first()
        .waitFor();
      expect(stage.playground().exchange('mudrex').writeCount()).toBe(before);
    });

    it.each(['drop-gateway', 'forget-session'])(
      'after %s the bot comes back and the card still works',
      async (knob) => {
        const page = await ready();
        const card = await openCard(page);
        await page.getByRole('tab', { name: 'Trouble' }).click();
        const { discord, isReady } = stage.playground();
        // Told of every change: the bot may be back before anybody looks.
        const dropped = discord.until(() => discord.sessions().length === 0, 15_000);
        await page.locator(`[data-knob="${knob}"]`).click();
        await dropped;
        await expect.poll(isReady, { timeout: 15_000 }).toBe(true);
        await card.click();
        expect(await receiptOf(page)).toMatch(/^Done/);
      },
    );

    it('the clock expires a card, which says so', async () => {
      const page = await ready();
      await openCard(page);
      await page.getByRole('tab', { name: 'Trouble' }).click();
      await page.locator('[data-knob="clock-minute"]').click();
      await expectTitle(lastMessage(page), /^Expired/);
      expect(await lastMessage(page).locator('discord-button').count()).toBe(0);
      await page.locator('.clock b').waitFor();
    });

    it.each(['restart', 'kill'])('after a %s with a card open, the card still works, once', async (knob) => {
      // On a page that has said so already, the news of this start could not be told from the last one's.
      const page = await ready(stage.visit);
      const before = stage.playground().exchange('mudrex').writeCount();
      const card = await openCard(page);
      await page.getByRole('tab', { name: 'Trouble' }).click();
      await page.locator(`[data-knob="${knob}"]`).click();
      await page.getByText('The bot was started again').waitFor({ timeout: 15_000 });
      await card.click();
      expect(await receiptOf(page)).toMatch(/^Done/);
      expect(stage.playground().exchange('mudrex').writeCount()).toBe(before + 1);
    });

    it('a bot that is killed while it waits for an exchange reads back and does not send again', async () => {
      const page = await ready();
      const mudrex = stage.playground().exchange('mudrex');
      const before = mudrex.writeCount();
      const card = await openCard(page);
      mudrex.faults.add({ name: 'apply-then-hang', on: 'write' });
      await card.click();
      await expect.poll(() => mudrex.writeCount()).toBe(before + 1);
      await stage.playground().bot.restart('SIGKILL');
      // Until its lease is over, who was to send might be at it still.
      await stage.playground().forward(30_000);
      await expectTitle(lastMessage(page), /^Done/);
      expect(mudrex.writeCount()).toBe(before + 1);
    });

    it('what is armed is marked and listed in plain words, and can be removed together', async () => {
      const page = await ready();
      const { discord, exchange } = stage.playground();
      await page.getByRole('tab', { name: 'Trouble' }).click();
      await page.getByText('Nothing is armed.').waitFor();
      await page.locator('[data-knob="html-page"]').click();
      await page.locator('[data-knob="edit-fails"]').click();
      await page.locator('[data-knob="html-page"][data-armed]').waitFor();
      await page.locator('[data-knob="edit-fails"][data-armed]').waitFor();
      expect(await page.locator('[data-armed]').count()).toBe(2);
      const listed = page.locator('.armed-list li');
      await listed.filter({ hasText: 'Mudrex: Answer with a web page (502) waits for the next write' }).waitFor();
      await listed.filter({ hasText: 'Discord: Refuse the next three edits waits for the next 3' }).waitFor();
      await page.getByRole('button', { name: 'Remove all' }).press('Enter');
      await page.getByText('Nothing is armed.').waitFor();
      expect(await page.locator('[data-armed]').count()).toBe(0);
      expect([exchange('mudrex').faults.active(), discord.faults.edit.take()]).toEqual([[], 'ok']);
      expect(await page.evaluate('document.activeElement.id')).toBe('armed-now');
    });

    it('the operator stops all changes and allows them again, and sets a maximum', async () => {
      const page = await ready();
      const before = stage.playground().exchange('mudrex').writeCount();
      const card = await openCard(page);
      await page.getByRole('tab', { name: 'Trouble' }).click();
      await page.locator('[data-knob="halt"]').click();
      await page.getByText('All changes are stopped. The bot was started again.').waitFor();
      await page.locator('[data-knob="halt"][data-armed]').waitFor();
      await card.click();
      await expectTitle(lastMessage(page), /has paused all changes/);
      await page.getByRole('button', { name: /^Allow changes again/ }).click();
      await page.getByText('Changes are allowed again. The bot was started again.').waitFor();
      await page.getByLabel('Highest leverage').fill('4');
      await page.locator('[data-knob="operator-maximum"] button').first().click();
      await page.getByText('Nobody gets more than 4x. The bot was started again.').waitFor();
      await send(page, '/leverage set venue:mudrex market:BTCUSDT leverage:5');
      await expectTitle(lastMessage(page), /^5x is above this bot's limit/);
      await page.getByRole('button', { name: 'Lift' }).click();
      await page.getByText('The operator sets no maximum').waitFor();
      expect(stage.playground().exchange('mudrex').writeCount()).toBe(before);
    });

    it('failing edits do not lose the outcome', async () => {
      const page = await ready();
      const card = await openCard(page);
      await page.getByRole('tab', { name: 'Trouble' }).click();
      const { discord, exchange } = stage.playground();
      const before = exchange('mudrex').writeCount();
      await arm(page, 'edit-fails');
      await card.click();
      await expect.poll(() => exchange('mudrex').writeCount()).toBe(before + 1);
      await expect.poll(discord.faults.edit.left).toBe(0);
      await sendOnly(page, '/keys list');
      await expect
        .poll(() =>
          page
            .locator('.discord-embed-title')
            .filter({ hasText: `is at ${leverage}x` })
            .count(),
        )
        .toBeGreaterThan(0);
      await become(page, 'Alice');
    });
  },
  { variables: { CARD_SECONDS: '60' } },
);
