import { Big } from 'big.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { actionLabel, cardView, ladderText, noChangeView } from '../../src/confirm/card-view.ts';
import { renderText } from '../../src/discord/text.ts';
import type { Preview } from '../../src/leverage/preview.ts';
import { distanceText, priceLadder } from '../../src/leverage/risk.ts';
import type { VenueFacts } from '../../src/leverage/venue.ts';
import type { Text, View } from '../../src/view.ts';
import { alice, callOf, isolated, labelsOf, openGate, wordsOf } from '../support/gate.ts';
import type { PaperState } from '../support/paper-venue.ts';

const position = {
  symbol: 'BTCUSD',
  side: 'long',
  entryPrice: '100',
  markPrice: '100',
  maintenanceMargin: '0.01',
} as const;

type Asked = { readonly leverage?: string; readonly isShared?: boolean; readonly facts?: Partial<VenueFacts> };

/** The card of a change from 2x, as the venue stands. */
async function cardOf(state: Partial<PaperState> = {}, { leverage = '5', isShared = false, facts = {} }: Asked = {}) {
  const gate = await openGate({ facts });
  await gate.addKey(alice);
  gate.held.set('BTCUSD', isolated('2'));
  Object.assign(gate.state, state);
  const asked = { venue: 'paper', label: 'main', market: 'BTCUSD', setting: isolated(leverage) };
  return (await gate.parts().cards.ask(callOf(alice, isShared), asked)).view;
}

/** As Discord is given it, without the escapes, which its clients do not show. */
const rendered = (text: Text) =>
  renderText(text, 4096)
    .replace(/\\([^\w\s])/g, '$1')
    .replace(/\u00a0/g, ' ');
const shownOf = (view: View | undefined) => rendered(view?.body ?? '');

test('a card says in its first line what changes, and then what is allowed, until when and for whom', async () => {
  const view = await cardOf();
  expect(view.title).toBe('Set BTCUSD to 5x isolated on Paper?');
  expect(shownOf(view)).toMatch(
    /^\*\*2x → 5x\*\*\nAllowed: 1x to 50x\. Ends <t:\d+:R>\.\nThis sets BTCUSD to isolated\.$/,
  );
  expect(view.footer).toMatch(/^Only you can press\./);
  expect(view.buttons).toMatchObject([
    { verb: 'confirm', label: 'Set BTCUSD to 5x isolated', style: 'primary' },
    { verb: 'cancel', label: 'Cancel', style: 'secondary' },
  ]);
});

test('beside the change stands how far liquidation is before and after it, then the ladder', async () => {
  const view = await cardOf({ position: { ...position, entryPrice: '104', maintenanceMargin: '0.02' } });
  expect(shownOf(view)).toContain(
    [
      '**2x → 5x**',
      'Liquidation: **45.9 % → 14.7 %** away (estimate)',
      '```',
      'entry               +4.0 %',
      'mark                 0.0 %',
      'liquidation new    -14.7 %',
      'liquidation now    -45.9 %',
      '```',
      'You have a long position: it is re-margined at once.',
    ].join('\n'),
  );
});

test('where nothing is open a card says nothing of positions, orders or liquidation', async () => {
  expect(shownOf(await cardOf())).not.toMatch(/position|order|liquidation|entry|mark/i);
});

test('open orders are named where the change can cost them', async () => {
  expect(shownOf(await cardOf({ orderCount: 2 }))).toContain('You have open orders');
  expect(shownOf(await cardOf({ orderCount: 2 }, { facts: { openOrders: 'unchanged' } }))).not.toContain('open orders');
});

describe('where the venue does not show what is set', () => {
  const hidesSetting = true;

  test('a card names the new setting alone, and says so', async () => {
    expect(shownOf(await cardOf({ hidesSetting }))).toMatch(
      /^\*\*New: 5x isolated\*\*\nPaper does not show the present setting\.\nAllowed: 1x to 50x\. Ends /,
    );
  });

  test('a position shows how far liquidation will be, not how far it is', async () => {
    const words = shownOf(await cardOf({ hidesSetting, position }, { leverage: '12' }));
    expect(words).toMatch(
      /^\*\*Careful: liquidation would be near\.\*\*\n\*\*New: 12x isolated\*\*\nLiquidation: \*\*7\.3 %\*\* away/,
    );
    expect(words).toContain('away afterwards (estimate)');
    expect(words).toContain('liquidation new');
    expect(words).not.toMatch(/→|liquidation now/);
  });

  test('nothing is said to be there already, also where it is', async () => {
    const gate = await openGate();
    await gate.addKey(alice);
    gate.held.set('BTCUSD', isolated('5'));
    gate.state.hidesSetting = true;
    expect((await gate.ask(alice)).seen.current).toEqual({ mode: 'unknown' });
  });

  test('a card without it, where open positions keep theirs, has the distance of a new order alone', async () => {
    const facts = { openPositions: 'unchanged' } as const;
    expect(shownOf(await cardOf({ hidesSetting }, { leverage: '3', facts }))).toContain(
      'New orders: liquidation less than **33.4 %** away',
    );
  });
});

describe('what the venue warns of', () => {
  const warnings = [
    { kind: 'reduce-only', text: 'This account may only close positions.' },
    { kind: 'futures-disabled', text: 'Futures are off for this account.' },
    { kind: 'maintenance-soon', text: 'Paper closes for maintenance soon.' },
    { kind: 'venue-restricted', text: 'Paper takes cancellations only.' },
  ] as const;

  test('stands on a card of one’s own, and does not change its colour or its buttons', async () => {
    const [calm, warned] = [await cardOf(), await cardOf({ warnings })];
    for (const { text } of warnings) expect(shownOf(warned)).toContain(text);
    expect(warned.tone).toBe(calm.tone);
    expect(labelsOf(warned)).toEqual(labelsOf(calm));
  });

  test('is shared where it is the exchange’s, and told its owner alone where it is the account’s', async () => {
    const { aside, ...card } = await cardOf({ warnings }, { isShared: true });
    expect(shownOf(card)).toMatch(/Paper closes for maintenance soon\.\nPaper takes cancellations only\./);
    expect(shownOf(card)).not.toMatch(/account/);
    expect(shownOf(aside)).toMatch(/only close positions\.\nFutures are off for this account\.$/);
    expect(await cardOf({ warnings: warnings.slice(2) }, { isShared: true })).not.toHaveProperty('aside');
  });

  test('makes no card stale: what stands in the way of a change the venue refuses itself', async () => {
    const gate = await openGate();
    await gate.addKey(alice);
    const { id } = await gate.ask(alice);
    gate.state.warnings = warnings;
    expect(wordsOf((await gate.press('confirm', id)).update)).toContain('Done: BTCUSD');
  });
});

test('where open positions keep theirs, the distance of a new order stands beside that of the position', async () => {
  const facts = { openPositions: 'unchanged', tradeCurrencies: ['USDT', 'INR'] } as const;
  const none = await cardOf({}, { leverage: '3', facts });
  expect(none.title).toBe('Set BTCUSD (USDT) to 3x isolated on Paper?');
  expect(shownOf(none)).toContain('**2x → 3x**\nNew orders: liquidation less than **50 % → 33.4 %** away\nAllowed');
  const open = shownOf(await cardOf({ position: { ...position, liquidationPrice: '88' } }, { leverage: '3', facts }));
  expect(open).toContain('New orders: liquidation less than **50 % → 33.4 %** away');
  expect(open).toContain('You have a long position: it keeps its leverage. Liquidation: **12.0 %** away.');
  expect(open).toContain('liquidation        -12.0 %');
});

test('where the exchange does not say what becomes of what is open, the card says so and expects the worse', async () => {
  const facts = { openPositions: 'not-told', openOrders: 'not-told' } as const;
  const shown = shownOf(await cardOf({ position, orderCount: 1 }, { facts }));
  expect(shown).toContain(
    'You have a long position: the exchange does not say what this does to it. Expect that it is re-margined at once.',
  );
  expect(shown).toContain('You have open orders: the exchange does not say whether it keeps all of them.');
});

test('where the exchange publishes no maximum, the card names none', async () => {
  const view = await cardOf({ bounds: { min: '1', step: '0.01' } }, { leverage: '500' });
  expect(view.tone).toBe('ask');
  expect(shownOf(view)).toContain('Allowed: 1x or more, as far as the exchange takes it. Ends');
});

test('a calm card asks; a risky one warns first, and its button is dangerous', async () => {
  expect((await cardOf()).tone).toBe('ask');
  const risky = await cardOf({ position }, { leverage: '12' });
  expect(risky.tone).toBe('risky');
  expect(risky.buttons?.[0]).toMatchObject({ style: 'danger' });
  expect(shownOf(risky)).toMatch(/^\*\*Careful: liquidation would be near\.\*\*\n\*\*2x → 12x\*\*/);
  expect(shownOf(await cardOf({}, { leverage: '50' }))).toMatch(
    /^\*\*Careful: this is the highest leverage here\.\*\*/,
  );
  expect(shownOf(await cardOf({ position }, { leverage: '50' }))).toMatch(
    /^\*\*Careful: liquidation would be near, and this is the highest leverage here\.\*\*\n\*\*2x → 50x\*\*/,
  );
  const past = await cardOf({ position: { ...position, entryPrice: '150' } }, { leverage: '12' });
  expect(shownOf(past)).toMatch(/^\*\*Careful: the price is past liquidation\.\*\*/);
});

test('the title names the account of a person with several keys for the venue, and of nobody else', async () => {
  const gate = await openGate();
  await gate.addKey(alice);
  const ask = async (label: string) => {
    const wish = { venue: 'paper', label, market: 'BTCUSD', setting: isolated('5') };
    return (await gate.parts().cards.ask(callOf(alice), wish)).view.title;
  };
  expect(await ask('main')).toBe('Set BTCUSD to 5x isolated on Paper?');
  await gate.addKey(alice, 'another', 'desk');
  expect(await ask('desk')).toBe('Set BTCUSD to 5x isolated on Paper with key "desk"?');
  expect(await ask('main')).toBe('Set BTCUSD to 5x isolated on Paper with key "main"?');
});

test('a card for cross margin names no allowed leverage, and one without an effect leaves the line out', async () => {
  const gate = await openGate({ facts: { effect: () => undefined } });
  await gate.addKey(alice);
  gate.held.set('BTCUSD', isolated('2'));
  const wish = { venue: 'paper', label: 'main', market: 'BTCUSD', setting: { mode: 'cross' } } as const;
  const { view } = await gate.parts().cards.ask(callOf(alice), wish);
  expect(shownOf(view)).toMatch(/^\*\*2x isolated → cross margin\*\*\nEnds <t:\d+:R>\.$/);
});

describe('a shared card', () => {
  const exposed = { position, orderCount: 3 };

  test('names the account, where there are several, to its owner alone too', async () => {
    const gate = await openGate();
    for (const label of ['main', 'desk']) await gate.addKey(alice, label, label);
    Object.assign(gate.state, exposed);
    const wish = { venue: 'paper', label: 'desk', market: 'BTCUSD', setting: isolated('5') };
    const { view } = await gate.parts().cards.ask(callOf(alice, true), wish);
    expect(view.aside?.title).toBe('For you alone: Set BTCUSD to 5x isolated on Paper with key "desk"');
  });

  test.each(['5', '12', '50'])('at %sx is the same with and without a position and orders (P50)', async (leverage) => {
    const publicPart = async (state: Partial<PaperState>) => {
      const { aside: _private, ...card } = await cardOf(state, { leverage, isShared: true });
      const buttons = card.buttons?.map((button) => ({ ...button, id: '' }));
      return { ...card, buttons };
    };
    expect(await publicPart(exposed)).toEqual(await publicPart({}));
  });

  test('tells its owner alone what it withholds', async () => {
    const { aside } = await cardOf(exposed, { leverage: '12', isShared: true });
    expect(aside?.tone).toBe('risky');
    expect(shownOf(aside)).toMatch(
      /liquidation would be near[\s\S]*2x → 12x[\s\S]*entry[\s\S]*long position[\s\S]*open orders/,
    );
    expect(aside).not.toHaveProperty('buttons');
    expect(aside?.title).toBe('For you alone: Set BTCUSD to 12x isolated on Paper');
    expect(await cardOf({}, { leverage: '12', isShared: true })).not.toHaveProperty('aside');
  });
});

test('no card tells how large a position is, at which price, or how many orders there are', async () => {
  const exact = { ...position, entryPrice: '61234', markPrice: '61000' };
  const words = shownOf(await cardOf({ position: exact, orderCount: 37 }, { leverage: '12' }));
  expect(words).not.toMatch(/37|61234|61000/);
});

test('what is there already is said without buttons', async () => {
  const gate = await openGate();
  const market = await gate.venue.readMarket(credentialsOf(alice, {}), 'BTCUSD');
  const setting = { mode: 'cross' } as const;
  const preview: Preview = { market, setting, current: setting, openOrders: { count: 0 }, risks: [], warnings: [] };
  expect(noChangeView(gate.venue, preview)).toMatchObject({ title: 'BTCUSD is already at cross margin' });
  expect(noChangeView(gate.venue, preview)).not.toHaveProperty('buttons');
});

test('a new card in place of an old one says why, first of all', async () => {
  const gate = await openGate();
  await gate.addKey(alice);
  const proposal = await gate.ask(alice);
  const market = await gate.venue.readMarket(credentialsOf(alice, {}), 'BTCUSD');
  const preview: Preview = {
    market,
    setting: isolated('5'),
    current: { mode: 'unset' },
    openOrders: { count: 0 },
    risks: [],
    warnings: [],
  };
  expect(shownOf(cardView(gate.venue, proposal, preview, { note: 'Because.' }))).toMatch(
    /^Because\.\n\*\*not set → 5x isolated\*\*\n/,
  );
});

test.each([
  [{ kind: 'estimate', before: '40.0', after: '9.5' }, '**40.0 % → 9.5 %** away (estimate)'],
  [{ kind: 'estimate', before: '9.5', after: '9.5' }, '**9.5 %** away (estimate)'],
  [{ kind: 'estimate', after: '9.5' }, '**9.5 %** away afterwards (estimate)'],
  [{ kind: 'venue', percent: '12.0' }, '**12.0 %** away'],
  [{ kind: 'whole-account' }, 'depends on your whole account (cross margin)'],
  [{ kind: 'unavailable' }, 'not known: the exchange does not say enough'],
] as const)('the distance %j in words', (distance, words) => {
  expect(rendered(distanceText(distance))).toBe(words);
});

test('no line of a ladder is wider than 26 columns, however far the prices are apart', () => {
  const price = fc.double({ min: 1e-6, max: 1e9, noNaN: true }).map((value) => new Big(value).toFixed(8));
  const percent = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value.toFixed(1));
  fc.assert(
    fc.property(
      price,
      price,
      percent,
      percent,
      fc.constantFrom('long', 'short'),
      (entry, mark, before, after, side) => {
        fc.pre(new Big(mark).gt(0));
        const rungs = priceLadder(
          { symbol: 'M', side, entryPrice: entry, markPrice: mark },
          { kind: 'estimate', before, after },
        );
        for (const line of ladderText(rungs).split('\n')) expect(line).toMatch(/^.{26}$/);
      },
    ),
  );
});

test('a label names the market, its margin currency and the whole setting', async () => {
  const market = await (await openGate()).venue.readMarket(credentialsOf(alice, {}), 'BTCUSD');
  expect(actionLabel({ market, setting: isolated('2.5') })).toBe('Set BTCUSD to 2.5x isolated');
  expect(actionLabel({ market, setting: { mode: 'cross' } })).toBe('Set BTCUSD to cross margin');
  expect(actionLabel({ market, currency: 'INR', setting: isolated('3') })).toBe('Set BTCUSD (INR) to 3x isolated');
});
