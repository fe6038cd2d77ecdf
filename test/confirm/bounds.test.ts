import { expect, test } from 'vitest';
import { alice, bob, type Gate, isolated, openGate, shownBy } from '../support/gate.ts';
import { writeAll } from '../support/write-all.ts';

const DAY_MS = 24 * 60 * 60_000;
const MAX_CARDS = 500;

async function withKeys(): Promise<Gate> {
  const gate = await openGate();
  await gate.addKey(alice);
  await gate.addKey(bob);
  return gate;
}

/** As 0.1 left them: cards that ended, each with its rows, which nobody bounded. */
async function past(gate: Gate, user: string, count: number): Promise<void> {
  const { id } = await gate.ask(user);
  await gate.press('confirm', id, user);
  const { value } = (await gate.store.get(`proposal/${id}`)) ?? { value: '' };
  const ids = Array.from({ length: count }, (_, index) => `past-${index}`.padEnd(22, '-'));
  await writeAll(
    gate.store,
    ids.flatMap((each) => [
      { key: `proposal/${each}`, value },
      { key: `owned/${user}/${each}`, value: '' },
    ]),
  );
  gate.reads.rows = 0;
  gate.reads.largest = 0;
}

/** A card that ended; its owner was told of it unless its message was lost. */
async function ended(gate: Gate, isTold = true): Promise<string> {
  const { id } = await gate.ask(alice, { setting: isolated(String(2 + (gate.writes.length % 40))) });
  const { told, lost } = await gate.press('confirm', id);
  await (isTold ? told : lost)?.();
  await gate.parts().caretaker.tick();
  gate.clock.advance(1);
  return id;
}

test('20,000 past cards of one person make nothing longer for anybody (P48)', async () => {
  const gate = await withKeys();
  await past(gate, bob, 20_000);
  const { symbols, caretaker, telling, proposals } = gate.parts();
  const cost = async (work: () => Promise<unknown>) => {
    gate.reads.rows = 0;
    await work();
    return gate.reads.rows;
  };
  // The list of symbols is made from the latest past cards once.
  expect(await cost(() => symbols.setBy(gate.account(bob)))).toBeLessThan(1_100);
  expect(await cost(() => symbols.setBy(gate.account(bob)))).toBeLessThan(5);
  expect(await cost(() => telling.newsFor(bob))).toBeLessThan(5);
  expect(await cost(() => gate.ask(bob, { market: 'ETHUSD' }))).toBeLessThan(30);
  expect(await cost(() => gate.ask(alice, { market: 'ETHUSD' }))).toBeLessThan(30);
  expect(await cost(() => caretaker.tick())).toBeLessThan(30);
  expect(await cost(() => proposals.ownedBy(bob))).toBeLessThan(1_100);
  expect(gate.reads.largest).toBeLessThanOrEqual(500);
});

test('deleting 20,000 past cards lets others in between', async () => {
  const gate = await withKeys();
  await past(gate, bob, 20_000);
  const { id: ticket } = await gate.parts().tickets.issue(bob, { kind: 'erase-user' }, 60_000);
  let isDone = false;
  const erased = gate.press('do', ticket, bob).finally(() => {
    isDone = true;
  });
  let turns = 0;
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  expect(shownBy(await erased)).toContain('Everything of yours is deleted');
  expect(turns).toBeGreaterThan(50);
  expect(gate.reads.largest).toBeLessThanOrEqual(200);
  expect((await gate.store.list('')).filter(({ key }) => key.includes(`/${bob}/`))).toEqual([]);
});

test('a person’s next card takes the place of the oldest that they were told of, never of an untold one', async () => {
  const gate = await withKeys();
  const untold = await ended(gate, false);
  const oldest = await ended(gate);
  const next = await ended(gate);
  for (let count = 3; count < MAX_CARDS; count += 1) await ended(gate);
  const rows = async (id: string) => (await gate.store.list('')).filter(({ key }) => key.endsWith(`/${id}`)).length;
  expect(await rows(oldest)).toBe(3);
  await ended(gate);
  expect(await rows(oldest)).toBe(0);
  expect(await rows(next)).toBe(3);
  expect(await rows(untold)).toBe(4);
  await expect(gate.press('confirm', oldest)).rejects.toThrow('CARD_GONE');
  expect(await gate.store.list(`ended/${alice}/`)).toHaveLength(MAX_CARDS);
  expect(await gate.store.list('proposal/')).toHaveLength(MAX_CARDS);
  expect((await gate.parts().telling.newsFor(alice)).length).toBe(1);
});

test('with nothing but untold and unsettled cards the next one is refused with a sentence', async () => {
  const gate = await withKeys();
  const notes = Array.from({ length: MAX_CARDS }, (_, index) => `card-${index}`);
  await writeAll(
    gate.store,
    notes.flatMap((id) => [
      { key: `ended/${alice}/0000000000000001/${id}`, value: '' },
      { key: `${Number(id.slice(5)) % 2 === 0 ? 'untold' : 'open'}/${bob}/${id}`, value: '' },
      { key: `untold/${alice}/${id}`, value: '' },
    ]),
  );
  await expect(gate.ask(alice)).rejects.toMatchObject({ data: { code: 'TOO_MANY_CARDS', max: MAX_CARDS } });
  await expect(gate.ask(bob, { market: 'ETHUSD' })).rejects.toThrow('TOO_MANY_OPEN_CARDS');
  expect(await gate.store.list(`ended/${alice}/`)).toHaveLength(MAX_CARDS);
});

test('of many cards asked for at once no more open than a person may have', async () => {
  const gate = await withKeys();
  const asked = await Promise.allSettled(Array.from({ length: 25 }, () => gate.ask(alice)));
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(await gate.store.list(`open/${alice}/`)).toHaveLength(10);
});

test('cards that nobody confirmed go within a day, those with a result stay', async () => {
  const gate = await withKeys();
  const [cancelled, expired, done] = [await gate.ask(alice), await gate.ask(alice), await gate.ask(alice)];
  await gate.press('cancel', cancelled.id);
  await gate.press('confirm', done.id);
  gate.clock.advance(60_000);
  await gate.parts().caretaker.tick();
  expect(shownBy(await gate.press('confirm', expired.id))).toContain('xpired');
  gate.clock.advance(DAY_MS);
  const left = (await gate.store.list('')).map(({ key }) => key);
  for (const { id } of [cancelled, expired]) expect(left.filter((key) => key.includes(id))).toEqual([]);
  expect(left.filter((key) => key.includes(done.id))).toHaveLength(3);
});

test('a person is told of ten missed results at a time, and of the others after that', async () => {
  const gate = await withKeys();
  for (let count = 0; count < 12; count += 1) await ended(gate, false);
  const news = await gate.parts().telling.newsFor(alice);
  expect(news).toHaveLength(10);
  for (const { told } of news) await told();
  expect(await gate.parts().telling.newsFor(alice)).toHaveLength(2);
});
