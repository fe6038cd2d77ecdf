import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { LEASE_MS } from '../src/confirm/proposals.ts';
import type { Delivery } from '../src/delivery.ts';
import { rowKinds } from '../src/row-kinds.ts';
import { createSqliteStore } from '../src/store/sqlite.ts';
import { rotate } from '../src/vault/rotation.ts';
import { createLinks } from '../src/web/links.ts';
import { alice, bob, isolated, openGate, wordsOf } from './support/gate.ts';
import { masterKey } from './support/keyring.ts';
import { oldDatabase, oldId, oldMasterKey } from './support/old-database.ts';

test('a database that this version has opened is refused by 0.1, which knew its schema by the number 1', async () => {
  const file = oldDatabase();
  await createSqliteStore({ file, now: () => 0 }).close();
  const database = new DatabaseSync(file, { readOnly: true });
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 3 });
  database.close();
});

const openOld = (by: '0.1' | '25a43b1' = '0.1') => openGate({ file: oldDatabase(by), ring: [oldMasterKey] });

test('keys of 0.1 still open, with the hash that their leases have', async () => {
  const { vault, account, store } = await openOld();
  const key = await vault.load(account(alice, 'twin'));
  expect(key.credentials.fields.secret?.reveal()).toBe('second-secret-of-100');
  expect((await store.get(`lease/${key.keyHash}`))?.value).toBe(oldId('settling'));
  expect((await vault.list(alice)).map(({ status }) => status)).toEqual(['active', 'active', 'active', 'waiting']);
  expect((await vault.load(account(bob))).credentials.fields.secret?.reveal()).toBe('secret-of-200');
});

test('a key that waits since 0.1 can be taken into use for the rest of its day, and goes then', async () => {
  const { vault, account, clock, store } = await openOld();
  const waiting = (await vault.list(alice)).find(({ status }) => status === 'waiting');
  clock.advance(24 * 3_600_000 - 1);
  const other = await openOld();
  expect(await other.vault.activate(account(alice, 'waiting'), waiting?.fingerprint ?? '')).toBe(true);
  clock.advance(1);
  expect(await vault.activate(account(alice, 'waiting'), waiting?.fingerprint ?? '')).toBe(false);
  await vault.sweep();
  expect(await store.list('incoming/')).toEqual([]);
});

test('ended cards of 0.1 still show how they ended, and their owner is told', async () => {
  const gate = await openOld();
  expect(wordsOf((await gate.press('confirm', oldId('ended'))).update)).toContain('Done');
  const news = await gate.parts().telling.newsFor(bob);
  expect(news.map(({ view }) => wordsOf(view))).toEqual([expect.stringContaining('Not changed')]);
});

test('a card that 0.1 left open ends at the upgrade: nothing of it is sent', async () => {
  const gate = await openOld();
  expect(wordsOf((await gate.press('confirm', oldId('open'))).update)).toContain('xpired');
  expect(gate.writes).toEqual([]);
});

test('a card that 0.1 left open loses its buttons at the start', async () => {
  const gate = await openOld();
  await gate.parts().caretaker.tick();
  expect(gate.outcomes).toContainEqual({ id: oldId('open'), outcome: expect.objectContaining({ kind: 'expired' }) });
  expect(gate.messages.map(({ view }) => wordsOf(view)).join()).toContain('SOLUSD');
});

test('changes that 0.1 left under way are settled by reading back, and nothing is sent again', async () => {
  const gate = await openOld();
  gate.held.set('ADAUSD', { mode: 'isolated', leverage: '9' });
  await gate.parts().caretaker.tick();
  gate.clock.advance(LEASE_MS);
  await gate.parts().caretaker.tick();
  const ended = async (name: string) => (await gate.parts().proposals.require(oldId(name))).outcome?.kind;
  expect(await ended('sending')).toBe('applied');
  expect(await ended('claimed')).toBe('not-sent');
  expect(await ended('settling')).toBe('unsettled');
  gate.clock.advance(31_000);
  await gate.parts().caretaker.tick();
  expect(await gate.parts().proposals.require(oldId('settling'))).toMatchObject({
    stage: 'done',
    outcome: { kind: 'not-applied' },
  });
  expect(gate.writes).toEqual([]);
});

test.each(['0.1', '25a43b1'] as const)(
  'what %s left to be done is due at the upgrade, and nothing else',
  async (by) => {
    const { store } = await openOld(by);
    const due = (await store.list('')).flatMap(({ key, dueAt }) => (dueAt === undefined ? [] : [key]));
    const open = (await store.list('open/')).map(({ key }) => `proposal/${key.slice(key.lastIndexOf('/') + 1)}`);
    const untold = (await store.list('untold/')).map(({ key }) => key);
    expect(untold).not.toEqual([]);
    expect(due.sort()).toEqual([...open, ...untold].sort());
  },
);

test('links and tickets of 0.1 have ended, also with a longer life in the database', async () => {
  const gate = await openOld();
  const links = createLinks({ ...gate.keyring.rows, newToken: () => '', base: () => undefined, isAllowed: () => true });
  const rows = [...(await gate.store.list('link/')), ...(await gate.store.list('ticket/'))];
  expect(rows).toHaveLength(2);
  await gate.store.commit({ writes: rows.map(({ key, value }) => ({ key, value })) });
  expect(await links.find('T'.repeat(43))).toBeUndefined();
  await expect(gate.press('do', oldId('ticket'))).rejects.toThrow('CARD_GONE');
  expect(gate.unreadable).toEqual([]);
});

test('a rotation seals again all that goes on, takes away what ended, and everything opens without the old key', async () => {
  const [file, fresh] = [oldDatabase(), masterKey('new')];
  const before = await openGate({ file, ring: [fresh, oldMasterKey] });
  const hash = (await before.vault.load(before.account(alice))).keyHash;
  expect(await rotate(before.keyring, rowKinds)).toEqual({ retired: ['k1'], unreadable: 0, unknown: [] });
  expect([...(await before.store.list('link/')), ...(await before.store.list('ticket/'))]).toEqual([]);
  await before.store.close();
  const after = await openGate({ file, ring: [fresh] });
  expect((await after.vault.load(after.account(alice))).keyHash).toBe(hash);
  expect((await after.vault.list(alice)).map(({ status }) => status)).toEqual([
    'active',
    'active',
    'active',
    'waiting',
  ]);
  for (const name of ['ended', 'untold', 'open', 'claimed', 'sending', 'settling']) {
    expect((await after.parts().proposals.require(oldId(name))).proposal.id).toBe(oldId(name));
  }
  expect(after.unreadable).toEqual([]);
});

const token = { token: 'interaction-token', at: Date.UTC(2026, 10, 21, 12), channel: '300' };

const messages: readonly (readonly [string, Delivery])[] = [
  ['private', { kind: 'own', ...token, isPublic: false }],
  ['public', { kind: 'own', ...token, isPublic: true, publicId: '401' }],
  ['public-unknown', { kind: 'own', ...token, isPublic: true }],
  ['placed', { kind: 'follow-up', ...token, messageId: '402' }],
  ['unplaced', { kind: 'unplaced', ...token }],
];

for (const [name, delivery] of messages) {
  test(`a card of before whoever asked was apart from the key belongs to its owner and stands where it stood: ${name}`, async () => {
    const { parts, account, unreadable } = await openOld('25a43b1');
    expect(await parts().proposals.require(oldId(name))).toMatchObject({
      stage: 'pending',
      delivery,
      proposal: { by: alice, account: account(alice) },
    });
    expect(unreadable).toEqual([]);
  });
}

test('a card of before is pressed by its owner alone, and sent once', async () => {
  const gate = await openOld('25a43b1');
  await expect(gate.press('confirm', oldId('public'), bob)).rejects.toThrow('NOT_YOURS');
  expect(wordsOf((await gate.press('confirm', oldId('public'))).update)).toContain('Done');
  expect(gate.writes).toHaveLength(1);
});

test('changes of before that are under way are settled and told where they stand, and nothing is sent again', async () => {
  const gate = await openOld('25a43b1');
  gate.held.set('ADAUSD', isolated('5'));
  await gate.parts().caretaker.tick();
  gate.clock.advance(LEASE_MS);
  await gate.parts().caretaker.tick();
  const ended = async (name: string) => (await gate.parts().proposals.require(oldId(name))).outcome?.kind;
  expect(await ended('sending')).toBe('applied');
  expect(await ended('claimed')).toBe('not-sent');
  expect(gate.messages).toContainEqual({
    delivery: { kind: 'own', ...token, isPublic: true, publicId: '403' },
    view: expect.objectContaining({ tone: 'done' }),
  });
  expect((await gate.parts().telling.newsFor(bob)).map(({ view }) => wordsOf(view))).toEqual([]);
  expect(gate.writes).toEqual([]);
});

test('a link of before still works, and its message is known', async () => {
  const gate = await openOld('25a43b1');
  const links = createLinks({ ...gate.keyring.rows, newToken: () => '', base: () => undefined, isAllowed: () => true });
  expect(await links.find('T'.repeat(43))).toMatchObject({
    account: gate.account(alice, 'new'),
    delivery: { kind: 'own', ...token, isPublic: false },
  });
});

test('a button of before that works once still does what it said', async () => {
  const gate = await openOld('25a43b1');
  expect(wordsOf((await gate.press('do', oldId('ticket'))).update)).toContain('Removed: Paper key "main"');
});
