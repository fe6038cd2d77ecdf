import { expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { damaged } from '../support/damage.ts';
import { alice, bob, delivery, freely, type Gate, openGate, shownBy } from '../support/gate.ts';

async function withKey(): Promise<Gate> {
  const gate = await openGate();
  await gate.addKey(alice);
  return gate;
}

const issue = async (gate: Gate, action: Parameters<ReturnType<Gate['parts']>['tickets']['issue']>[1]) =>
  (await gate.parts().tickets.issue(alice, action)).id;

test('"Use this key" takes the key into use that was shown, and tells of it once', async () => {
  const gate = await openGate();
  const account = gate.account(alice);
  const { fingerprint } = await gate.vault.saveIncoming(account, credentialsOf(account.user, { secret: 'a-secret' }));
  const ticket = await issue(gate, { kind: 'use-key', account, fingerprint });
  expect(shownBy(await gate.press('do', ticket))).toContain('In use: Paper key "main"');
  expect(gate.activated).toEqual([account]);
  expect((await gate.vault.load(account)).fingerprint).toBe(fingerprint);
});

test('a key that was replaced while it waited is not taken into use', async () => {
  const gate = await openGate();
  const account = gate.account(alice);
  const { fingerprint } = await gate.vault.saveIncoming(account, credentialsOf(account.user, { secret: 'a-secret' }));
  await gate.vault.saveIncoming(account, credentialsOf(account.user, { secret: 'another' }));
  const ticket = await issue(gate, { kind: 'use-key', account, fingerprint });
  expect(shownBy(await gate.press('do', ticket))).toContain('no longer waiting');
  expect(gate.activated).toEqual([]);
});

test('"Drop it" drops the waiting key and leaves the one in use', async () => {
  const gate = await withKey();
  const account = gate.account(alice);
  const { fingerprint } = await gate.vault.saveIncoming(account, credentialsOf(account.user, { secret: 'another' }));
  const ticket = await issue(gate, { kind: 'use-key', account, fingerprint });
  expect(shownBy(await gate.press('drop', ticket))).toContain('dropped');
  expect(await gate.vault.list(alice)).toMatchObject([{ status: 'active' }]);
});

test('"Keep it" deletes nothing', async () => {
  const gate = await withKey();
  const ticket = await issue(gate, { kind: 'remove-key', account: gate.account(alice) });
  expect(shownBy(await gate.press('drop', ticket))).toContain('Nothing was deleted');
  expect(await gate.vault.list(alice)).toHaveLength(1);
});

test('a key is removed once, and a second time it is already gone', async () => {
  const gate = await withKey();
  const account = gate.account(alice);
  const [first, second] = [
    await issue(gate, { kind: 'remove-key', account }),
    await issue(gate, { kind: 'remove-key', account }),
  ];
  expect(shownBy(await gate.press('do', first))).toContain('Removed: Paper key "main"');
  expect(shownBy(await gate.press('do', second))).toContain('Already gone');
});

test('deleting everything asks once more, and then leaves nothing of this person', async () => {
  const gate = await withKey();
  await gate.addKey(bob);
  await gate.ask(bob);
  await gate.ask(alice);
  const asked = await gate.press('do', await issue(gate, { kind: 'ask-erase' }));
  expect(await gate.vault.list(alice)).toHaveLength(1);
  const [sure] = asked.update?.buttons ?? [];
  const reply = await gate.press('do', sure?.kind === 'press' ? sure.id : '');
  expect(shownBy(reply)).toMatch(/Everything of yours is deleted\nDeleted: one key/);
  expect([gate.voided, gate.forgotten]).toEqual([[alice], [alice]]);
  const rows = (await gate.store.list('')).map(({ key }) => key).filter((key) => !/^(canary|secret)\//.test(key));
  expect(rows.filter((key) => key.includes(alice))).toEqual([]);
  const bobs = rows.filter((key) => key.includes(bob)).map((key) => key.split('/')[0]);
  expect(bobs.filter((kind) => kind !== 'turn')).toEqual(['credential', 'open', 'owned']);
});

test.each(['remove-key', 'erase-user'] as const)(
  'while a change is under way, "%s" is refused, and its button works once it has ended',
  async (kind) => {
    const gate = await withKey();
    const { id } = await gate.ask(alice);
    const { proposals } = gate.parts();
    await proposals.claim(id, delivery);
    const action = kind === 'remove-key' ? { kind, account: gate.account(alice) } : { kind };
    const ticket = await issue(gate, action);
    await expect(gate.press('do', ticket)).rejects.toThrow('KEY_BUSY');
    expect(await gate.vault.list(alice)).toHaveLength(1);
    await proposals.finish(await proposals.require(id), { kind: 'unchanged', at: 0 });
    expect(shownBy(await gate.press('do', ticket))).toMatch(/^(Removed|Everything of yours)/);
  },
);

test('a change under way with one key does not keep another key from being removed', async () => {
  const gate = await withKey();
  await gate.addKey(alice, 'other-secret', 'other');
  await gate.parts().proposals.claim((await gate.ask(alice)).id, delivery);
  const ticket = await issue(gate, { kind: 'remove-key', account: gate.account(alice, 'other') });
  expect(shownBy(await gate.press('do', ticket))).toContain('Removed');
});

test('somebody shut out by the operator takes no key into use, and can still drop it or delete everything', async () => {
  const gate = await openGate({ rules: { ...freely, allowedUsers: new Set([bob]) } });
  const account = gate.account(alice);
  const { fingerprint } = await gate.vault.saveIncoming(account, credentialsOf(account.user, { secret: 'a-secret' }));
  const ticket = await issue(gate, { kind: 'use-key', account, fingerprint });
  await expect(gate.press('do', ticket)).rejects.toThrow('USER_NOT_ALLOWED');
  expect(gate.activated).toEqual([]);
  expect(shownBy(await gate.press('drop', ticket))).toContain('dropped');
  expect(shownBy(await gate.press('do', await issue(gate, { kind: 'erase-user' })))).toContain('deleted');
});

test('"Delete it all" leaves no row of its person, and empties the files last', async () => {
  const gate = await withKey();
  await gate.vault.saveIncoming(gate.account(alice, 'waiting'), credentialsOf(alice, { secret: 'another' }));
  await gate.press('confirm', (await gate.ask(alice)).id);
  await gate.ask(alice, { market: 'ETHUSD' });
  for (const kind of ['ask-erase', 'erase-user'] as const) await issue(gate, { kind });
  const ticket = await issue(gate, { kind: 'erase-user' });
  const others = await gate.store.list('');
  await gate.addKey(bob);
  const bobs = (await gate.store.list('')).filter(({ key }) => !others.some((one) => one.key === key));
  gate.calls.length = 0;
  await gate.press('do', ticket);
  const left = (await gate.store.list('')).map(({ key }) => key);
  expect(left.filter((key) => !/^(canary|secret)\//.test(key))).toEqual(bobs.map(({ key }) => key));
  expect(gate.calls.at(-1)).toBe('erase');
});

test('a card that can no longer be read keeps nobody from deleting everything', async () => {
  const gate = await withKey();
  const { id } = await gate.ask(alice);
  const key = `proposal/${id}`;
  const value = (await gate.store.get(key))?.value ?? '';
  await gate.store.commit({ writes: [{ key, value: damaged(value) }] });
  await expect(gate.parts().proposals.require(id)).rejects.toThrow('CARD_UNREADABLE');
  expect(shownBy(await gate.press('do', await issue(gate, { kind: 'erase-user' })))).toContain('deleted');
  expect(await gate.store.get(key)).toBeUndefined();
});

test('a broken disk deletes nothing and says so', async () => {
  const gate = await withKey();
  const ticket = await issue(gate, { kind: 'erase-user' });
  gate.disk.isDown = true;
  await expect(gate.press('do', ticket)).rejects.toThrow('STORE_UNAVAILABLE');
  gate.disk.isDown = false;
  expect(await gate.vault.list(alice)).toHaveLength(1);
  expect(shownBy(await gate.press('do', ticket))).toContain('Everything of yours is deleted');
});
