import { expect, test } from 'vitest';
import { auditLine, auditView } from '../../src/leverage/audit.ts';
import { alice, isolated, openGate, wordsOf } from '../support/gate.ts';

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
  const view = auditView(line);
  expect(view?.title).toBe('BTCUSD: applied');
  expect(wordsOf(view)).toContain('{"user":"100"} · paper · 3x isolated → 5x isolated');
});

test.each(['expired', 'cancelled'] as const)('a card that is %s is not worth a line in the channel', (outcome) => {
  expect(auditView({ user: '1', venue: 'paper', market: 'M', from: 'a', to: 'b', outcome })).toBeUndefined();
});
