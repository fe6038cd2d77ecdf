import { describe, expect, test } from 'vitest';
import { alice, bob, isolated, labelsOf, wordsOf } from '../support/gate.ts';
import { silence } from '../support/paper-venue.ts';
import { openCommands } from './support.ts';

const wish = { venue: 'paper', market: 'btc/usd', leverage: '5' };

async function withKey(more: Parameters<typeof openCommands>[0] = {}) {
  const commands = await openCommands(more);
  await commands.gate.addKey(alice);
  return commands;
}

describe('/leverage set', () => {
  test('gives a card and sends nothing', async () => {
    const { run, gate } = await withKey();
    expect(labelsOf(await run(alice, 'leverage set', wish))).toEqual(['Set BTCUSD to 5x isolated', 'Cancel']);
    expect(gate.writes).toEqual([]);
  });

  test.each(['5x', ' 5 ', '5.00X'])('takes %j for 5 (P35)', async (leverage) => {
    const { run } = await withKey();
    expect(labelsOf(await run(alice, 'leverage set', { ...wish, leverage }))).toEqual([
      'Set BTCUSD to 5x isolated',
      'Cancel',
    ]);
  });

  test.each(['0x10', '1e1', '1,000', '-5', '0', '5 x', '+5', '05'])(
    'does not take %j for a leverage (P35)',
    async (leverage) => {
      const { run, failureOf } = await withKey();
      expect(await failureOf(run(alice, 'leverage set', { ...wish, leverage }))).toEqual({
        code: 'BAD_LEVERAGE',
        text: leverage,
      });
    },
  );

  test('asks whether 2,5 means 2.5; the button makes that card, once, and sends nothing', async () => {
    const { run, gate } = await withKey();
    const asked = await run(alice, 'leverage set', { ...wish, leverage: '2,5' });
    expect(asked.title).toBe('Did you mean 2.5?');
    const [yes] = asked.buttons ?? [];
    const id = yes?.kind === 'press' ? yes.id : '';
    await expect(gate.press('do', id, bob)).rejects.toThrow('NOT_YOURS');
    const { update } = await gate.press('do', id);
    expect(labelsOf(update)).toEqual(['Set BTCUSD to 2.5x isolated', 'Cancel']);
    expect(gate.writes).toEqual([]);
    await expect(gate.press('do', id)).rejects.toThrow('CARD_GONE');
  });

  test('the card that 2,5 leads to is checked like any other', async () => {
    const { run, gate } = await withKey();
    const asked = await run(alice, 'leverage set', { ...wish, leverage: '99,5' });
    const [yes] = asked.buttons ?? [];
    const { update } = await gate.press('do', yes?.kind === 'press' ? yes.id : '');
    expect(update?.title).toBe('99.5x is outside what BTCUSD allows');
    expect(labelsOf(update)).toEqual([]);
  });

  test.each(['Main', 'a b', 'ümlaut', 'a/b', '../x'])('does not take %j for a label', async (account) => {
    const { run, failureOf } = await withKey();
    const failure = await failureOf(run(alice, 'leverage set', { ...wish, account }));
    expect(failure).toMatchObject({ code: 'BAD_OPTION', option: 'account' });
  });

  test('uses the key under the label that was named', async () => {
    const { run, gate, failureOf } = await withKey();
    expect(await failureOf(run(alice, 'leverage set', { ...wish, account: 'second' }))).toMatchObject({
      code: 'KEY_MISSING',
      others: ['main'],
    });
    await gate.addKey(alice, 'another-secret', 'second');
    const view = await run(alice, 'leverage set', { ...wish, account: 'second' });
    expect(view.title).toContain('with key "second"');
  });
});

test('/leverage cross asks for cross margin, and takes no leverage', async () => {
  const { run, gate, find } = await withKey();
  gate.held.set('BTCUSD', isolated('5'));
  const view = await run(alice, 'leverage cross', { venue: 'paper', market: 'BTCUSD' });
  expect(labelsOf(view)).toEqual(['Set BTCUSD to cross margin', 'Cancel']);
  expect(Object.keys(find('leverage cross').options)).not.toContain('leverage');
});

describe('/leverage show', () => {
  test('says what one market holds, and as of when', async () => {
    const { run, gate } = await withKey();
    gate.held.set('BTCUSD', isolated('7'));
    Object.assign(gate.state, { orderCount: 12 });
    const view = await run(alice, 'leverage show', { venue: 'paper', market: 'btcusd' });
    expect(view.title).toBe('BTCUSD is at 7x isolated on Paper');
    expect(wordsOf(view)).toMatch(/Read from Paper at .*clock/);
    expect(wordsOf(view)).not.toContain('12');
    expect(view.buttons).toBeUndefined();
  });

  test('says "not set" where nothing was set, which is not 1x', async () => {
    const { run, gate } = await withKey();
    gate.held.set('BTCUSD', { mode: 'unset' });
    expect((await run(alice, 'leverage show', { venue: 'paper', market: 'btcusd' })).title).toBe(
      'BTCUSD is not set on Paper',
    );
  });

  test('says that the exchange does not show it, which is not "not set"', async () => {
    const { run, gate } = await withKey();
    gate.state.hidesSetting = true;
    const view = await run(alice, 'leverage show', { venue: 'paper', market: 'btcusd' });
    expect(view.title).toBe('Paper does not show what is set for BTCUSD');
    expect(wordsOf(view)).not.toMatch(/not set|unknown|Distance/);
    const position = { symbol: 'BTCUSD', side: 'long', entryPrice: '100', markPrice: '100' } as const;
    gate.state.position = { ...position, liquidationPrice: '90' };
    const exposed = await run(alice, 'leverage show', { venue: 'paper', market: 'btcusd' });
    expect(wordsOf(exposed)).toMatch(/Distance to liquidation: .*10\.0/);
  });

  test('says what was last set here, in one market and in the list, where the exchange does not show it', async () => {
    const { run, gate } = await withKey({ facts: { unlisted: 'unknown' } });
    gate.state.hidesSetting = true;
    const { id } = await gate.ask(alice);
    await gate.press('confirm', id);
    await gate.parts().caretaker.whenAnnounced();
    const one = await run(alice, 'leverage show', { venue: 'paper', market: 'btcusd' });
    expect(wordsOf(one)).toMatch(/does not show what is set for BTCUSD\nLast set here: 5x isolated, .*relative/);
    const list = wordsOf(await run(alice, 'leverage show', { venue: 'paper' }));
    expect(list).toMatch(/BTCUSD.*: not shown\. Last set here: 5x isolated, /);
    expect(list).not.toMatch(/All other markets|all are at cross/);
  });

  test('without a market says that others may be set where the exchange does not show it', async () => {
    const { run, gate } = await withKey();
    gate.state.hidesSetting = true;
    const words = wordsOf(await run(alice, 'leverage show', { venue: 'paper' }));
    expect(words).toContain('Left out: markets of which the exchange does not show what is set.');
    expect(words).not.toMatch(/All other markets|all are at cross/);
    gate.state.hidesSetting = false;
    gate.held.set('BTCUSD', { mode: 'unknown' });
    const row = wordsOf(await run(alice, 'leverage show', { venue: 'paper' }));
    expect(row).toMatch(/BTCUSD.*: not shown/);
    expect(row).not.toMatch(/All other markets|all are at cross/);
  });

  test('without a market lists what is set, and says what holds for the others', async () => {
    const { run, gate } = await withKey();
    gate.held.set('BTCUSD', isolated('7'));
    expect(wordsOf(await run(alice, 'leverage show', { venue: 'paper' }))).toMatch(
      /BTCUSD.*7x isolated[\s\S]*All other markets are at cross/,
    );
  });

  test('names the margin currency where there are two, and says that the other is left out', async () => {
    const { run, gate } = await withKey({ facts: { tradeCurrencies: ['USDT', 'INR'] } });
    gate.held.set('BTCUSD', isolated('7'));
    const list = await run(alice, 'leverage show', { venue: 'paper', currency: 'INR' });
    expect(list.title).toBe('Leverage on Paper (INR)');
    expect(wordsOf(list)).toContain('Left out: USDT margin.');
    const one = await run(alice, 'leverage show', { venue: 'paper', market: 'btcusd' });
    expect(one.title).toBe('BTCUSD (USDT) is at 7x isolated on Paper');
  });

  test('what cannot be read is a failure, never "not set"', async () => {
    const { run, gate, failureOf } = await withKey();
    gate.state.readFailure = silence;
    expect(await failureOf(run(alice, 'leverage show', { venue: 'paper', market: 'btcusd' }))).toEqual(silence);
  });

  test('fills the market list, for autocomplete', async () => {
    const { run, markets } = await withKey({ facts: { marketsNeedKey: true } });
    expect(markets.list('paper')).toEqual([]);
    await run(alice, 'leverage show', { venue: 'paper' });
    expect(markets.list('paper')).toHaveLength(2);
  });
});
