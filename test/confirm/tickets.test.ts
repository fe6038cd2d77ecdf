import { expect, test } from 'vitest';
import { Failure } from '../../src/errors.ts';
import { alice, bob, openGate } from '../support/gate.ts';

const action = { kind: 'ask-erase' } as const;

async function withTicket() {
  const gate = await openGate();
  const { tickets } = gate.parts();
  const { id } = await tickets.issue(alice, action, 1000);
  return { gate, tickets, id };
}

test('a ticket carries its action, once', async () => {
  const { tickets, id } = await withTicket();
  expect(await tickets.take(id, alice)).toEqual(action);
  await expect(tickets.take(id, alice)).rejects.toThrow('CARD_GONE');
});

test('of two takes at once one gets the action', async () => {
  const { tickets, id } = await withTicket();
  const results = await Promise.allSettled([tickets.take(id, alice), tickets.take(id, alice)]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('somebody else is refused and spends nothing', async () => {
  const { tickets, id } = await withTicket();
  await expect(tickets.take(id, bob)).rejects.toThrow('NOT_YOURS');
  expect(await tickets.take(id, alice)).toEqual(action);
});

test('an action that is not possible just now does not spend its ticket', async () => {
  const { tickets, id } = await withTicket();
  const refuse = async () => {
    throw new Failure({ code: 'HALTED' });
  };
  await expect(tickets.take(id, alice, refuse)).rejects.toThrow('HALTED');
  expect(await tickets.take(id, alice)).toEqual(action);
});

test('a ticket ends at its time, by the store’s clock', async () => {
  const { gate, tickets, id } = await withTicket();
  gate.clock.advance(999);
  const { id: late } = await tickets.issue(alice, action, 1);
  gate.clock.advance(1);
  for (const each of [id, late]) await expect(tickets.take(each, alice)).rejects.toThrow('BUTTON_ENDED');
});

test('a ticket whose row was given a longer life ends at its time all the same', async () => {
  const { gate, tickets, id } = await withTicket();
  const { value } = (await gate.store.get(`ticket/${id}`)) ?? { value: '' };
  await gate.store.commit({ writes: [{ key: `ticket/${id}`, value }] });
  gate.clock.advance(1000);
  await expect(tickets.take(id, alice)).rejects.toThrow('BUTTON_ENDED');
});

test('a ticket says when it ends, two minutes from now unless told otherwise', async () => {
  const { gate, tickets } = await withTicket();
  expect((await tickets.issue(alice, action, 5_000)).endsAt).toBe(gate.clock.now() + 5_000);
  expect((await tickets.issue(alice, action)).endsAt).toBe(gate.clock.now() + 120_000);
});

test('a row that was moved to another ticket does not open', async () => {
  const { gate, tickets, id } = await withTicket();
  const { id: other } = await tickets.issue(bob, { kind: 'erase-user' }, 1000);
  const foreign = (await gate.store.get(`ticket/${other}`))?.value ?? '';
  await gate.store.commit({ writes: [{ key: `ticket/${id}`, value: foreign }] });
  for (const user of [alice, bob]) await expect(tickets.take(id, user)).rejects.toThrow('SEAL_BROKEN');
});

test('a person has twenty open tickets at most, however many are asked for at once', async () => {
  const { gate, tickets, id } = await withTicket();
  const issued = await Promise.allSettled(Array.from({ length: 30 }, () => tickets.issue(alice, action, 60_000)));
  expect(issued.filter(({ status }) => status === 'fulfilled')).toHaveLength(19);
  expect(await gate.store.list('ticket/')).toHaveLength(20);
  await expect(tickets.issue(alice, action, 60_000)).rejects.toMatchObject({
    data: { code: 'TOO_MANY_BUTTONS', max: 20, waitMs: 1000 },
  });
  await expect(tickets.issue(bob, action, 60_000)).resolves.toBeDefined();
  await tickets.take(id, alice);
  await expect(tickets.issue(alice, action, 60_000)).resolves.toBeDefined();
  gate.clock.advance(60_000);
  await expect(tickets.issue(alice, action, 60_000)).resolves.toBeDefined();
});

test('tickets that have ended take no room, and do not pile up', async () => {
  const { gate, tickets } = await withTicket();
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 19; count += 1) await tickets.issue(alice, action, 1000);
    gate.clock.advance(1000);
  }
  expect((await gate.store.list('ticket/')).length).toBeLessThanOrEqual(20);
  expect((await gate.store.list('ticket-of/')).length).toBeLessThanOrEqual(20);
});
