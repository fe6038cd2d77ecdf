import { expect, test } from 'vitest';
import { auditLine, auditNote } from '../../src/confirm/audit.ts';
import type { Outcome } from '../../src/confirm/outcome.ts';
import { receiptIn } from '../../src/confirm/receipt.ts';
import { isPublic } from '../../src/delivery.ts';
import { renderNotes, renderView } from '../../src/discord/render.ts';
import type { FailureData } from '../../src/errors.ts';
import type { VenueFacts } from '../../src/leverage/venue.ts';
import type { View } from '../../src/view.ts';
import { alice, CARD_MS, callOf, delivery, type Gate, isolated, labelsOf, openGate, wordsOf } from '../support/gate.ts';
import { type PaperState, silence, unreachable } from '../support/paper-venue.ts';

// P50: what a channel can read is the same with and without a position, orders or another change. Each test shows one
// thing to a channel twice, once with all of these and once with none, as Discord is given it.

const long = {
  symbol: 'BTCUSD',
  side: 'long',
  entryPrice: '100',
  markPrice: '100',
  maintenanceMargin: '0.01',
} as const;
const exposed: Partial<PaperState> = { position: long, orderCount: 3 };
const onChannel = { isPublic: true, publicId: 'the message in the channel' } as const;

/** What Discord is given for a channel; ids are random. */
function publicly(view: View | undefined): unknown {
  if (view === undefined || view.isPrivate) return 'nothing';
  return JSON.parse(JSON.stringify(renderView(view)).replace(/v1\.([a-z]+)\.[\w-]{22}/g, 'v1.$1.id'));
}

async function deskWith(state: Partial<PaperState>, facts: Partial<VenueFacts> = {}): Promise<Gate> {
  const gate = await openGate({ facts });
  await gate.addKey(alice);
  gate.held.set('BTCUSD', isolated('2'));
  Object.assign(gate.state, state);
  return gate;
}

function shareCard(gate: Gate, leverage = '12') {
  const wish = { venue: 'paper', label: 'main', market: 'BTCUSD', setting: isolated(leverage) };
  return gate.parts().cards.ask({ ...callOf(alice, true), delivery: { ...delivery, ...onChannel } }, wish);
}

/** All that a channel sees of one shared card: the card, the progress, what the press leads to, and later edits. */
async function story(
  state: Partial<PaperState>,
  before: (gate: Gate) => unknown,
  leverage?: string,
  facts: Partial<VenueFacts> = {},
) {
  const gate = await deskWith(state, facts);
  const { view, proposal } = await shareCard(gate, leverage);
  await before(gate);
  const seen: unknown[] = [publicly(view)];
  const progress = (shown: View) => void seen.push(publicly(shown));
  const pressed = await gate.press('confirm', proposal?.id ?? '', alice, progress, onChannel);
  seen.push(publicly(pressed.update));
  gate.clock.advance(5 * 60_000);
  await gate.parts().caretaker.tick();
  for (const one of gate.messages.filter((each) => isPublic(each.delivery))) seen.push(publicly(one.view));
  return seen;
}

/** What stands in the channel, each time that it is another text than before. */
function changesIn(seen: readonly unknown[]): readonly string[] {
  return seen.map((each) => JSON.stringify(each)).filter((text, index, all) => text !== all[index - 1]);
}

const ends: readonly (readonly [string, (gate: Gate) => unknown])[] = [
  ['is applied', () => undefined],
  ['is refused', ({ state }) => Object.assign(state, { fate: 'refused' })],
  ['is not sent', ({ state }) => Object.assign(state, { fate: 'not-sent' })],
  ['cannot be checked again', ({ state }) => Object.assign(state, { readFailure: unreachable })],
  ['gets no answer and is applied', ({ state }) => Object.assign(state, { fate: 'silent, applied' })],
  ['gets no answer and is lost', ({ state }) => Object.assign(state, { fate: 'silent, lost' })],
  [
    'gets no answer and cannot be read',
    ({ state }) => Object.assign(state, { fate: 'silent, lost', readBackFailure: silence }),
  ],
  ['is accepted and shows nothing', ({ state }) => Object.assign(state, { fate: 'accepted, no effect' })],
  ['expires', ({ clock }) => clock.advance(CARD_MS)],
  ['meets another setting', ({ held }) => held.set('BTCUSD', isolated('7'))],
  ['was set already', ({ held }) => held.set('BTCUSD', isolated('12'))],
];

test.each(ends)('a change that %s looks the same to a channel', async (_what, before) => {
  const shown = await story(exposed, before);
  expect(shown).toEqual(await story({}, before));
  expect(JSON.stringify(shown)).not.toMatch(/position|open order|liquidat|margin call|free margin|Careful/i);
});

// Kraken may show what is set where a position is open, and nowhere else.
test.each(ends)(
  'where what is open decides whether it shows, a change that %s looks the same to a channel',
  async (_what, before) => {
    const facts = { unlisted: 'unknown' } as const;
    const shown = changesIn(await story({ ...exposed, hidesSetting: false }, before, '12', facts));
    expect(shown).toEqual(changesIn(await story({ hidesSetting: true }, before, '12', facts)));
    expect(shown.join()).not.toMatch(/\b[27]x|It was|Back to|Check now|Set again|read back/);
  },
);

test.each([
  [false, ['Done: BTCUSD is at 12x isolated']],
  [true, []],
])(
  'what it shows after "accepted" (hidden: %s) its owner is told beside it, and nothing where that is nothing',
  async (hidesSetting, told) => {
    const gate = await deskWith({ ...exposed, hidesSetting }, { unlisted: 'unknown' });
    const { proposal } = await shareCard(gate);
    const { update } = await gate.press('confirm', proposal?.id ?? '', alice, () => {}, onChannel);
    expect(update?.title).toBe('BTCUSD: 12x isolated applied, as Paper answered');
    expect(update?.aside === undefined ? [] : [update.aside.title]).toEqual(told);
  },
);

test('what such a channel does not see its owner is told, once it is final', async () => {
  const gate = await deskWith({ ...exposed, fate: 'silent, lost' }, { unlisted: 'unknown' });
  const { proposal } = await shareCard(gate);
  gate.state.hidesSetting = true;
  const { update } = await gate.press('confirm', proposal?.id ?? '', alice, () => {}, onChannel);
  expect(update?.aside).toBeUndefined();
  expect(update?.title).toBe('Not known here: BTCUSD to 12x isolated');
  for (let second = 0; second < 30; second += 1) {
    gate.clock.advance(1_000);
    await gate.parts().caretaker.tick();
  }
  expect(gate.whispers.map(({ view }) => view.title)).toEqual(['Not known: BTCUSD to 12x isolated']);
  expect(labelsOf(gate.whispers[0]?.view)).toEqual(['Set again']);
});

test('a change at the maximum warns a channel of just that, whatever is open', async () => {
  const shown = await story(exposed, () => undefined, '50');
  expect(shown).toEqual(await story({}, () => undefined, '50'));
  expect(JSON.stringify(shown[0])).toContain('highest leverage');
});

test('a card that is renewed because a position was opened looks like one that is renewed for another reason', async () => {
  const opened = await story({}, ({ state }) => Object.assign(state, exposed));
  const bounds = { min: '1', max: '50', step: '0.1' };
  expect(opened).toEqual(await story({}, ({ state }) => Object.assign(state, { bounds })));
});

const reasons: readonly FailureData[] = [
  ...(['would-liquidate', 'insufficient-margin', 'leverage-out-of-range', 'conflict', 'venue-error'] as const).map(
    (refusal) => ({ code: 'VENUE_REFUSED', venue: 'Paper', refusal }) as const,
  ),
  { code: 'LEVERAGE_OUTSIDE_BOUNDS', leverage: '12', market: 'BTCUSD', min: '1', max: '5' },
  unreachable,
];

test.each(['refused', 'not-sent'] as const)('of a change that was %s a channel reads no reason', async (kind) => {
  const proposal = await (await deskWith(exposed)).ask(alice, {}, true);
  const receipts = reasons.map((failure) =>
    receiptIn({ ...delivery, ...onChannel }, 'Paper', proposal, { kind, at: 1, failure }),
  );
  const [first] = receipts.map(publicly);
  for (const receipt of receipts) expect(publicly(receipt)).toEqual(first);
  // Its owner is told.
  expect(new Set(receipts.map(({ aside }) => wordsOf(aside))).size).toBe(reasons.length);
});

test('a shared command never tells a channel of another change of the same key', async () => {
  const gate = await deskWith({});
  const { id } = await gate.ask(alice, { market: 'ETHUSD' });
  gate.state.fate = 'silent, lost';
  await gate.press('confirm', id);
  expect(publicly((await shareCard(gate)).view)).toBe('nothing');
});

test('what an account may do is no business of a channel', async () => {
  const warned: Partial<PaperState> = { warnings: [{ kind: 'reduce-only', text: 'Only closing.' }] };
  expect(await story(warned, () => undefined)).toEqual(await story({}, () => undefined));
});

test('the audit line of a venue that shows its setting only sometimes does not tell whether it did', async () => {
  const line = async (hidesSetting: boolean) =>
    auditLine(await (await deskWith({ hidesSetting }, { unlisted: 'unknown' })).ask(alice), {
      kind: 'applied',
      asOf: 1,
      isReadBack: !hidesSetting,
    });
  expect(await line(false)).toEqual(await line(true));
});

test.each<Outcome>([
  { kind: 'applied', asOf: 1, isReadBack: true },
  { kind: 'refused', at: 1, failure: { code: 'VENUE_REFUSED', venue: 'Paper', refusal: 'would-liquidate' } },
  { kind: 'stale', at: 1 },
])('the audit line of a change that ended as $kind tells nothing of what is open', async (outcome) => {
  const line = async (state: Partial<PaperState>) => {
    const note = auditNote(auditLine(await (await deskWith(state)).ask(alice), outcome), 'Paper');
    return renderNotes(note === undefined ? [] : [note]);
  };
  expect(await line(exposed)).toEqual(await line({}));
  expect(JSON.stringify(await line(exposed))).not.toMatch(/liquidat|position|margin/i);
});
