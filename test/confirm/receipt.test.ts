import { expect, test } from 'vitest';
import type { Outcome, SentRequest } from '../../src/confirm/outcome.ts';
import type { Proposal } from '../../src/confirm/proposal.ts';
import { receiptIn, receiptView, workingView } from '../../src/confirm/receipt.ts';
import type { Refusal } from '../../src/errors.ts';
import type { CurrentSetting } from '../../src/leverage/setting.ts';
import type { Tone } from '../../src/view.ts';
import { alice, delivery, isolated, labelsOf, openGate, wordsOf } from '../support/gate.ts';
import { refusal, unreachable } from '../support/paper-venue.ts';

async function proposalFrom(current: CurrentSetting = isolated('3')): Promise<Proposal> {
  const gate = await openGate();
  await gate.addKey(alice);
  gate.held.set('BTCUSD', current);
  return gate.ask(alice);
}

const inChannel = { ...delivery, isPublic: true };
const [since, asOf] = [1_000, 31_000];
const silent: SentRequest = { at: 500, until: 4_500, answer: 'timeout' };
const accepted: SentRequest = { at: 500, until: 600, answer: 'accepted' };

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
    /5x isolated accepted, not read back\nPaper accepted it at .*31000/,
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
    {
      kind: 'unsettled',
      since,
      lookAt: asOf,
      sent: silent,
      firstReadAt: since,
      shown: { asOf: since, holds: isolated('3') },
    },
    'unknown',
    /^Not known yet: BTCUSD to 5x isolated\nSent once at .*500.*; no answer for 4 s\. Read back at .*1000.*: Paper still shows 3x isolated\. The request can still take effect\. Next look: .*31000,"style":"relative".*sends nothing more/,
    ['Check now'],
  ],
  [
    { kind: 'unsettled', since, lookAt: asOf, sent: silent },
    'unknown',
    /^Not known yet: [\s\S]*no answer for 4 s\. It could not be read back yet/,
    ['Check now'],
  ],
  [
    { kind: 'unsettled', since, lookAt: asOf },
    'unknown',
    /^Not known yet: BTCUSD to 5x isolated\nThe bot was interrupted while it sent the request, at most once/,
    ['Check now'],
  ],
  [
    { kind: 'unsettled', since, lookAt: asOf, sent: accepted, shown: { asOf: since, holds: isolated('3') } },
    'unknown',
    /^Accepted, not shown yet: BTCUSD to 5x isolated\nSent once at .*; accepted after less than 1 s\. Read back .*still shows 3x isolated\. An exchange may take a moment/,
    ['Check now'],
  ],
  [
    { kind: 'unsettled', since, lookAt: asOf, sent: accepted },
    'unknown',
    /^Accepted, not read back yet: BTCUSD to 5x isolated\nSent once at .*It could not be read back yet/,
    ['Check now'],
  ],
  [
    { kind: 'applied', asOf, isReadBack: true, sent: silent },
    'done',
    /^Done: BTCUSD is at 5x isolated\nSent once at .*500.*; no answer for 4 s\. Read back at .*31000.*: Paper holds it\. It was 3x/,
    ['Back to 3x'],
  ],
  [
    { kind: 'not-applied', since, asOf, holds: isolated('3'), sent: silent },
    'refused',
    /^Not applied: BTCUSD is not at 5x isolated\nSent once at [\s\S]*31000.*Paper shows 3x isolated\. It was read more than once\. Run the command again/,
    [],
  ],
  [
    { kind: 'not-applied', since: asOf, asOf },
    'refused',
    /^Not applied[\s\S]*31000.* Paper shows another setting\. Run the command again/,
    [],
  ],
  [
    { kind: 'differs', asOf, holds: isolated('4') },
    'unknown',
    /^Paper said yes but shows 4x isolated\n[\s\S]*31000[\s\S]*will not send it again/,
    ['Check now'],
  ],
  [
    { kind: 'unknown', since, sent: silent },
    'unknown',
    /^Not known: BTCUSD to 5x isolated\nSent once at [\s\S]*Since .*1000.* it could not be read back, so it may or may not hold now\. [\s\S]*has stopped asking/,
    ['Check now'],
  ],
  [
    { kind: 'unknown', since, sent: silent, gone: 'key' },
    'unknown',
    /may or may not hold now\. The bot does not send it again\. The key of this change is no longer in use, so the bot cannot ask\. Look at the exchange\.\n/,
    [],
  ],
  [
    { kind: 'applied', asOf, isReadBack: false, sent: accepted, gone: 'venue' },
    'done',
    /accepted, not read back\n[\s\S]*The bot does not work with Paper any more, so it cannot ask\. Look at the exchange/,
    [],
  ],
  [
    { kind: 'unknown', since, sent: silent, shown: { asOf: 2_000, holds: isolated('3') } },
    'unknown',
    /^Not known[\s\S]*At .*2000.* Paper still showed 3x isolated\. Since .*2000/,
    ['Check now'],
  ],
];

test.each(rows)('%j reads as it happened', async (outcome, tone, words, buttons) => {
  const view = receiptView('Paper', await proposalFrom(), outcome);
  expect(view.tone).toBe(tone);
  expect(wordsOf(view)).toMatch(words);
  expect(labelsOf(view)).toEqual(buttons);
  expect(view.footer).toBe('Paper, account main');
});

test.each([
  ['timeout', /no answer for 4 s/],
  ['reset', /the connection broke after 4 s, without an answer/],
  ['server-error', /after 4 s an answer came that says only that something broke/],
  ['redirect', /after 4 s an answer came that points to another address/],
  ['unreadable', /after 4 s an answer came that the bot does not understand/],
  ['too-large', /after 4 s an answer came that the bot does not understand/],
] as const)('after "%s" a receipt says what came, whatever the end', async (answer, words) => {
  const sent: SentRequest = { ...silent, answer };
  const ends: readonly Outcome[] = [
    { kind: 'unsettled', since, lookAt: asOf, sent },
    { kind: 'applied', asOf, isReadBack: true, sent },
    { kind: 'not-applied', since, asOf, sent },
    { kind: 'unknown', since, sent },
  ];
  for (const outcome of ends) {
    const said = wordsOf(receiptView('Paper', await proposalFrom(), outcome));
    expect(said).toMatch(words);
    if (answer !== 'timeout') expect(said).not.toMatch(/not answer|no answer/);
  }
});

/** Receipts of a venue that does not show what is set, for a card that could not say it either, and for one that could. */
const unseen: readonly (readonly [Outcome, Tone, RegExp, readonly string[], readonly string[]])[] = [
  [
    { kind: 'applied', asOf, isReadBack: false, isHidden: true, sent: accepted },
    'done',
    /^BTCUSD: 5x isolated applied, as Paper answered\nPaper accepted it at .*31000.*\. Not read back: Paper does not show it\./,
    [],
    ['Check now', 'Back to 3x'],
  ],
  [
    {
      kind: 'applied',
      asOf,
      isReadBack: false,
      isHidden: true,
      sent: accepted,
      shown: { asOf: 2_000, holds: isolated('4') },
    },
    'unknown',
    /applied, as Paper answered\n[\s\S]*At .*2000.* it still showed 4x isolated\. Look at Paper before you trade\./,
    ['Check now'],
    ['Check now', 'Back to 3x'],
  ],
  [
    { kind: 'unsettled', since, lookAt: asOf, sent: silent, isHidden: true },
    'unknown',
    /^Not known yet: BTCUSD to 5x isolated\nSent once at .*; no answer for 4 s\. Paper does not show this setting, so the bot cannot read it back\. The request can still take effect\. Next look: .*\. The bot stops looking after half a minute\. Until then it sends nothing more, and this key takes no other change\.\n/,
    [],
    ['Check now'],
  ],
  [
    { kind: 'unsettled', since, lookAt: asOf, isHidden: true },
    'unknown',
    /^Not known yet: BTCUSD to 5x isolated\nThe bot was interrupted while it sent the request, at most once\. Paper does not show this setting/,
    [],
    ['Check now'],
  ],
  [
    { kind: 'unknown', since, sent: silent, isHidden: true },
    'unknown',
    /^Not known: BTCUSD to 5x isolated\nSent once at .*; no answer for 4 s\. Paper does not show this setting, so the bot cannot read it back\. It may or may not hold now\. The bot does not send it again by itself\. Look at Paper, or press "Set again": that makes a new card, which you can confirm\.\n/,
    ['Set again'],
    ['Set again', 'Check now'],
  ],
  [
    { kind: 'unknown', since, sent: silent, isHidden: true, again: 'its card' },
    'unknown',
    /^Not known: BTCUSD to 5x isolated\n/,
    [],
    ['Check now'],
  ],
  [
    { kind: 'unknown', since, sent: silent, isHidden: true, gone: 'key' },
    'unknown',
    /may or may not hold now\. [\s\S]*The key of this change is no longer in use, so the bot cannot ask\. Look at the exchange\.\n/,
    [],
    [],
  ],
  [
    { kind: 'refused', at: asOf, failure: refusal },
    'refused',
    /^Not changed: Paper refused: this would liquidate[\s\S]*Paper changed nothing[.;]/,
    [],
    [],
  ],
];

test.each(unseen)('where nothing is shown, %j reads as it happened', async (outcome, tone, words, buttons, known) => {
  const hidden = receiptView('Paper', await proposalFrom({ mode: 'unknown' }), outcome);
  expect(hidden.tone).toBe(tone);
  expect(wordsOf(hidden)).toMatch(words);
  expect(wordsOf(hidden)).not.toMatch(/before\.|not set|not shown|unknown|when last read/);
  expect(labelsOf(hidden)).toEqual(buttons);
  const told = receiptView('Paper', await proposalFrom(), outcome);
  expect(wordsOf(told)).toMatch(words);
  expect(labelsOf(told)).toEqual(known);
});

test('nothing but an applied change is called done, and nothing but that and "unchanged" looks like good news', () => {
  const good = rows.filter(([, tone]) => tone === 'done').map(([{ kind }]) => kind);
  expect(new Set(good)).toEqual(new Set(['applied', 'unchanged']));
});

test.each([
  [isolated('3'), 'Back to 3x'],
  [{ mode: 'cross' }, 'Back to cross'],
  [{ mode: 'unset' }, undefined],
  [{ mode: 'unknown' }, undefined],
] as const)('the way back from %j is "%s"', async (current, label) => {
  const view = receiptView('Paper', await proposalFrom(current), { kind: 'applied', asOf, isReadBack: true });
  expect(labelsOf(view)).toEqual(label === undefined ? [] : [label]);
});

test('while it runs, a card says so and has no buttons', async () => {
  const view = workingView('Paper', await proposalFrom());
  expect(view.title).toBe('Setting BTCUSD to 5x isolated on Paper …');
  // Not every venue shows what is set.
  expect(wordsOf(view)).not.toMatch(/reads? (it )?back/);
  expect(view).not.toHaveProperty('buttons');
});

test('in public every refusal reads the same, whatever it would tell of a position or of the margin', async () => {
  const proposal = await proposalFrom();
  const refusals: readonly Refusal[] = ['would-liquidate', 'insufficient-margin', 'rate-limited', 'conflict'];
  for (const kind of ['refused', 'not-sent'] as const) {
    const views = refusals.map((reason) => {
      const failure = { code: 'VENUE_REFUSED', venue: 'Paper', refusal: reason } as const;
      return receiptIn(inChannel, 'Paper', proposal, { kind, at: asOf, failure });
    });
    expect(new Set(views.map(wordsOf)).size).toBe(1);
    expect(new Set(views.map(({ aside }) => wordsOf(aside))).size).toBe(refusals.length);
  }
});

test('in public nothing else is withheld, and in private nothing is', async () => {
  const proposal = await proposalFrom();
  for (const [outcome] of rows) {
    const full = receiptView('Paper', proposal, outcome);
    expect(receiptIn(delivery, 'Paper', proposal, outcome)).toEqual(full);
    const hasReason = 'failure' in outcome && outcome.failure !== undefined;
    if (!hasReason) expect(receiptIn(inChannel, 'Paper', proposal, outcome)).toEqual(full);
  }
});
