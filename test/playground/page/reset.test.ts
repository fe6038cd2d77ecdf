import { expect, it } from 'vitest';
import { addKey, describePage, send } from './support.ts';

describePage('starting over', (stage) => {
  it('puts keys, messages, settings, trouble and the clock back to their beginning, at the same address', async () => {
    const visitor = await stage.visit({ tolerates: /WebSocket connection|net::ERR|Failed to load/ });
    const { page } = visitor;
    const { url, exchange, forward } = stage.playground();
    const address = url();
    await addKey(visitor, 'mudrex');
    exchange('mudrex').faults.add({ name: 'hang' });
    exchange('mudrex').setBounds('BTCUSDT', { max: '4' });
    await forward(61_000);
    await page.getByRole('tab', { name: 'Trouble' }).click();
    await page.getByRole('button', { name: 'Reset everything' }).click();
    await expect.poll(() => stage.playground().state().resets, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => stage.playground().isReady(), { timeout: 20_000 }).toBe(true);
    await page.getByText('Bot online').waitFor();
    await expect.poll(() => page.locator('.message').count()).toBe(0);
    const { venues, clock } = stage.playground().state();
    expect(url()).toBe(address);
    expect(clock.offsetMs).toBe(0);
    expect(venues.mudrex?.faults).toEqual([]);
    expect(venues.mudrex?.markets.find(({ symbol }) => symbol === 'BTCUSDT')?.max).toBe('100');
    await Promise.all([stage.playground().reset(), stage.playground().reset()]);
    expect(stage.playground().state().resets).toBe(2);
    await page.getByText('Bot online').waitFor();
    await send(page, '/keys list');
    await page.locator('.message').last().getByText('You have no keys here').waitFor();
  });
});
