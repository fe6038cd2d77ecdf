import { expect, test } from 'vitest';
import type { Tone } from '../../src/command.ts';
import type { Outcome, Proposal } from '../../src/confirm/proposal.ts';
import { receiptView, workingView } from '../../src/leverage/receipt.ts';
import type { CurrentSetting } from '../../src/leverage/setting.ts';
import { alice, isolated, labelsOf, openGate, wordsOf } from '../support/gate.ts';
import { refusal, unreachable } from '../support/paper-venue.ts';

async function proposalFrom(current: CurrentSetting = isolated('3')): Promise<Proposal> {
  const gate = await openGate();
  await gate.addKey(alice);
  gate.held.set('BTCUSD', current);
  return gate.ask(alice);
}

const [since, asOf] = [1_000, 31_000];

const rows: readonly (readonly [Outcome, Tone, RegExp, readonly string[]])[] = [
  [
    { kind: 'applied', asOf, isReadBack: true },
    'done',
    /^Done: BTCUSD is at 5x isolated\nPaper holds it as of .*31000.*It was 3x isolated before/,
    ['Back to 3x'],
  ],
  [
    { kind: 'applied', asOf, isReadBack: false },
    'done',
    /5x isolated accepted, not yet read back\nPaper accepted it at .*31000/,
    ['Check now'],
  ],
  [
    { kind: 'refused', at: asOf, failure: refusal },
    'refused',
    /^Not changed: Paper refused: this would liquidate[\s\S]*Paper changed nothing; the setting was 3x isolated when last read/,
    [],
  ],
  [
    { kind: 'not-sent', at: asOf, failure: unreachable },
    'refused',
    /^Not sent: Paper could not be reached\nNothing was sent and nothing was changed at Paper/,
    [],
  ],
  [
    { kind: 'not-sent', at: asOf },
    'refused',
    /^Not sent: the bot was interrupted\nNothing was sent[\s\S]*Run the command again/,
    [],
  ],
  [{ kind: 'unchanged', at: asOf }, 'done', /BTCUSD was already at 5x isolated[\s\S]*nothing was sent/, []],
  [{ kind: 'stale', at: asOf }, 'refused', /BTCUSD changed since this card was made[\s\S]*Nothing was sent/, []],
  [{ kind: 'cancelled', at: asOf }, 'plain', /^Cancelled: BTCUSD to 5x isolated\nNothing was sent/, []],
  [{ kind: 'expired', at: asOf }, 'plain', /^Expired: BTCUSD to 5x isolated[\s\S]*Nothing was sent/, []],
  [
    { kind: 'not-applied', since, asOf: since, isFinal: false },
    'refused',
    /^Not applied: BTCUSD is not at 5x isolated[\s\S]*1000[\s\S]*read once more in half a minute/,
    ['Check now'],
  ],
  [
    { kind: 'not-applied', since, asOf, isFinal: true },
    'refused',
    /^Not applied[\s\S]*31000[\s\S]*It was read twice/,
    [],
  ],
  [
    { kind: 'not-applied', since: asOf, asOf, isFinal: true },
    'refused',
    /still shows another setting\. Run the command again/,
    [],
  ],
  [
    { kind: 'differs', asOf, holds: isolated('4') },
    'unknown',
    /^Paper said yes but shows 4x isolated\n[\s\S]*31000[\s\S]*will not send it again/,
    ['Check now'],
  ],
  [
    { kind: 'unknown', since, isFinal: false },
    'unknown',
    /^Not known: BTCUSD to 5x isolated\nThe request was sent once; since .*1000[\s\S]*keeps asking/,
    ['Check now'],
  ],
  [{ kind: 'unknown', since, isFinal: true }, 'unknown', /^Not known[\s\S]*has stopped asking/, ['Check now']],
];

test.each(rows)('%j reads as it happened', async (outcome, tone, words, buttons) => {
  const view = receiptView('Paper', await proposalFrom(), outcome);
  expect(view.tone).toBe(tone);
  expect(wordsOf(view)).toMatch(words);
  expect(labelsOf(view)).toEqual(buttons);
  expect(view.footer).toBe('Paper, account main');
});

test('nothing but an applied change is called done, and nothing but that and "unchanged" looks like good news', () => {
  const good = rows.filter(([, tone]) => tone === 'done').map(([{ kind }]) => kind);
  expect(new Set(good)).toEqual(new Set(['applied', 'unchanged']));
});

test.each([
  [isolated('3'), 'Back to 3x'],
  [{ mode: 'cross' }, 'Back to cross'],
  [{ mode: 'unset' }, undefined],
] as const)('the way back from %j is "%s"', async (current, label) => {
  const view = receiptView('Paper', await proposalFrom(current), { kind: 'applied', asOf, isReadBack: true });
  expect(labelsOf(view)).toEqual(label === undefined ? [] : [label]);
});

test('while it runs, a card says so and has no buttons', async () => {
  const view = workingView('Paper', await proposalFrom());
  expect(view.title).toBe('Setting BTCUSD to 5x isolated on Paper …');
  expect(view).not.toHaveProperty('buttons');
});
