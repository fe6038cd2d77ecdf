import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rehashProposals } from '../../src/confirm/rehash.ts';
import { alice, type Gate, isolated, openGate, shownBy } from '../support/gate.ts';
import { masterKey } from '../support/keyring.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ring = [masterKey('k1')] as const;

/** A process ended in the middle of a write; then somebody damaged the hash key, and the bot starts again. */
async function restarted(meanwhile: (gate: Gate) => Promise<unknown> = async () => {}) {
  const file = join(temporaryDirectory(), 'store.db');
  const before = await openGate({ file, ring });
  await before.addKey(alice);
  const sending = await before.ask(alice);
  await before.parts().proposals.claim(sending.id, before.delivery);
  await before.parts().proposals.startSending(await before.parts().proposals.require(sending.id));
  await before.addKey(alice, 'another-secret', 'other');
  const pending = await before.ask(alice, { market: 'ETHUSD', label: 'other' });
  await meanwhile(before);
  await before.store.commit({ writes: [{ key: 'secret/hash-key', value: 'x' }] });
  await before.store.close();
  const gate = await openGate({ file, ring });
  expect(gate.repairs).toEqual([{ kind: 'hash key replaced', key: 'secret/hash-key' }]);
  const { proposals } = gate.parts();
  const rehash = () =>
    rehashProposals({
      proposals,
      keys: gate.vault,
      since: gate.keyring.hashKeySince,
      onError: (error) => void gate.errors.push(error),
    });
  return { gate, proposals, sending, pending, rehash };
}

test('a change under way keeps its API key under the new hash and is settled by reading', async () => {
  const { gate, proposals, sending, rehash } = await restarted();
  await rehash();
  const { keyHash } = await gate.vault.load(gate.account(alice));
  expect(keyHash).not.toBe(sending.keyHash);
  expect((await proposals.holderOf(keyHash))?.proposal.id).toBe(sending.id);
  gate.held.set('BTCUSD', isolated('5'));
  gate.clock.advance(21_000);
  await gate.parts().caretaker.tick();
  expect((await proposals.require(sending.id)).outcome).toMatchObject({ kind: 'applied', isReadBack: true });
  expect(await proposals.holderOf(keyHash)).toBeUndefined();
  expect(gate.writes).toEqual([]);
});

test('a card that nobody had confirmed is void', async () => {
  const { gate, pending, rehash } = await restarted();
  await rehash();
  await gate.parts().caretaker.tick();
  expect(gate.outcomes).toContainEqual({ id: pending.id, outcome: expect.objectContaining({ kind: 'expired' }) });
  expect(shownBy(await gate.press('confirm', pending.id))).toContain('xpired');
  expect(gate.writes).toEqual([]);
});

test('a card that is pressed before that runs nothing either', async () => {
  const { gate, pending } = await restarted();
  await expect(gate.press('confirm', pending.id)).rejects.toThrow('KEY_CHANGED');
  expect(gate.writes).toEqual([]);
});

test('a key that was added since says nothing of an older change', async () => {
  const { gate, proposals, sending, rehash } = await restarted(async (before) => {
    before.clock.advance(1);
    await before.addKey(alice, 'a-newer-secret');
  });
  await rehash();
  expect((await proposals.require(sending.id)).proposal.keyHash).toBe(sending.keyHash);
  expect(gate.errors).toEqual([]);
});

test('a start without damage changes no card', async () => {
  const gate = await openGate();
  await gate.addKey(alice);
  const { id } = await gate.ask(alice);
  expect(gate.keyring.hashKeySince).toBe(0);
  await gate.press('confirm', id);
  expect(gate.writes).toHaveLength(1);
});
