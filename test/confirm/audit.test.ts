import { expect, test } from 'vitest';
import { auditLine, auditNote } from '../../src/confirm/audit.ts';
import { renderText } from '../../src/discord/text.ts';
import { alice, bob, isolated, openGate } from '../support/gate.ts';

test('an outcome is one line: who, where, from, to, result, and nothing of the position', async () => {
  const gate = await openGate();
  await gate.addKey(alice);
  gate.held.set('BTCUSD', isolated('3'));
  Object.assign(gate.state, { position: { symbol: 'BTCUSD', side: 'short', entryPrice: '61234' }, orderCount: 7 });
  const line = auditLine(await gate.ask(alice), { kind: 'applied', asOf: 1, isReadBack: true });
  expect(line).toEqual({
    user: alice,
    venue: 'paper',
    market: 'BTCUSD',
    from: '3x isolated',
    to: '5x isolated',
    outcome: 'applied',
  });
  const note = auditNote(line, 'Paper Exchange');
  expect(note?.tone).toBe('done');
  expect(renderText(note?.text ?? '', 500)).toBe(
    `**BTCUSD** 3x isolated → 5x isolated · Paper Exchange · done · <@${alice}>`,
  );
});

test('a change with another person’s key is on the line of whoever asked for it', async () => {
  const gate = await openGate();
  await gate.addKey(alice);
  const asked = { ...(await gate.ask(alice)), by: bob };
  expect(auditLine(asked, { kind: 'stale', at: 1 }).user).toBe(bob);
});

const other = { user: '1', venue: 'paper', market: 'M', from: 'a', to: 'b' };

test('the line names the margin currency where the exchange has several', async () => {
  const gate = await openGate({ facts: { tradeCurrencies: ['USDT', 'INR'] } });
  await gate.addKey(alice);
  expect(auditLine(await gate.ask(alice), { kind: 'stale', at: 1 }).market).toBe('BTCUSD (USDT)');
});

test.each([
  ['refused', 'refused'],
  ['not-sent', 'refused'],
  ['stale', 'refused'],
  ['not-applied', 'refused'],
  ['unsettled', 'unknown'],
  ['unknown', 'unknown'],
  ['differs', 'unknown'],
  ['unchanged', 'done'],
] as const)('a change that ended as %s is a line in the colour of %s', (outcome, tone) => {
  expect(auditNote({ ...other, outcome }, 'Paper')?.tone).toBe(tone);
});

test.each(['expired', 'cancelled'] as const)('a card that is %s is not worth a line in the channel', (outcome) => {
  expect(auditNote({ ...other, outcome }, 'Paper')).toBeUndefined();
});
