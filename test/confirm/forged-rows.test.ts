import { expect, test } from 'vitest';
import { alice, bob, openGate, shownBy } from '../support/gate.ts';

/** Alice has a result that she was not shown and a card that she can press; somebody writes the database. */
async function withAlice() {
  const gate = await openGate();
  await gate.addKey(alice);
  await gate.addKey(bob);
  gate.discord.result = 'lost';
  const { id } = await gate.ask(alice);
  const { lost } = await gate.press('confirm', id);
  await lost?.();
  const pending = await gate.ask(alice, { market: 'ETHUSD' });
  const forge = (index: string, of = id) =>
    gate.store.commit({ writes: [{ key: `${index}/${bob}/${of}`, value: '' }] });
  return { gate, id, pending, forge };
}

test('a note that somebody forged shows nobody another person’s result (P52)', async () => {
  const { gate, forge } = await withAlice();
  await forge('untold');
  expect(await gate.parts().telling.newsFor(bob)).toEqual([]);
  expect(await gate.parts().telling.newsFor(alice)).toHaveLength(1);
});

test('a note that somebody forged of a card that nobody pressed tells its owner of no change', async () => {
  const { gate, id, pending } = await withAlice();
  await gate.store.commit({ writes: [{ key: `untold/${alice}/${pending.id}`, value: '' }] });
  const news = await gate.parts().telling.newsFor(alice);
  expect(news.map(({ view }) => view.title)).toEqual([expect.stringContaining('Done')]);
  expect((await gate.parts().proposals.find(id))?.stage).toBe('done');
});

test('a forged note sends nothing at the start, and its owner is told as before', async () => {
  const { gate, forge, id } = await withAlice();
  await gate.store.commit({ writes: [{ key: `untold/${alice}/${id}`, remove: true }] });
  await forge('untold');
  gate.restart();
  gate.messages.length = 0;
  await gate.parts().caretaker.tick();
  expect(gate.messages).toEqual([]);
});

test('cards that somebody put among those of another person count as nobody’s of theirs', async () => {
  const { gate, forge, id, pending } = await withAlice();
  for (const each of [id, pending.id]) {
    await forge('owned', each);
    await forge('open', each);
  }
  const { proposals } = gate.parts();
  expect(await proposals.openOf(bob)).toEqual([]);
  expect(await proposals.ownedBy(bob)).toEqual([]);
  const { id: ticket } = await gate.parts().tickets.issue(bob, { kind: 'erase-user' }, 60_000);
  expect(shownBy(await gate.press('do', ticket, bob))).toContain('deleted');
  expect(await proposals.ownedBy(alice)).toHaveLength(2);
  expect((await gate.store.list('')).filter(({ key }) => key.includes(`/${bob}/`))).toEqual([]);
});

test('a change of Alice’s that is under way does not keep Bob from deleting everything of his', async () => {
  const { gate, forge, pending } = await withAlice();
  await forge('owned', pending.id);
  await gate.parts().proposals.claim(pending.id, gate.delivery);
  const { id: ticket } = await gate.parts().tickets.issue(bob, { kind: 'erase-user' }, 60_000);
  expect(shownBy(await gate.press('do', ticket, bob))).toContain('deleted');
  expect((await gate.parts().proposals.require(pending.id)).stage).toBe('claimed');
});

test('a card whose row was given a longer life runs no longer than it was shown to', async () => {
  const { gate, pending } = await withAlice();
  const { key, value } = (await gate.store.get(`proposal/${pending.id}`)) ?? { key: '', value: '' };
  await gate.store.commit({ writes: [{ key, value }] });
  gate.clock.advance(60_000);
  expect(shownBy(await gate.press('confirm', pending.id))).toContain('xpired');
  gate.clock.advance(90 * 86_400_000);
  await expect(gate.press('confirm', pending.id)).rejects.toThrow('CARD_GONE');
});
