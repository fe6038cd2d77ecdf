import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { credentialsOf } from '../src/account.ts';
import { rowKinds } from '../src/row-kinds.ts';
import { kindOf } from '../src/store/sealed-rows.ts';
import { rotate } from '../src/vault/rotation.ts';
import { createLinks } from '../src/web/links.ts';
import { createClock } from './support/clock.ts';
import { alice, bob, CARD_MS, delivery, openGate } from './support/gate.ts';
import { masterKey } from './support/keyring.ts';
import { openMoving } from './support/moving.ts';
import { oldDatabase, oldId, oldMasterKey } from './support/old-database.ts';
import { temporaryDirectory } from './support/temporary.ts';

/** A gate after every kind of thing that leaves a row. */
async function fullGate(options: Parameters<typeof openGate>[0] = {}) {
  const gate = await openGate(options);
  const links = createLinks({
    ...gate.keyring.rows,
    newToken: () => randomBytes(32).toString('base64url'),
    base: () => ({ url: 'https://bot.example.com', isLocal: false }),
    isAllowed: () => true,
  });
  await gate.addKey(alice);
  // Nobody else's time passes meanwhile.
  const clock = createClock();
  const moving = openMoving(
    { ...gate, clock },
    {
      retires: { noNewKeysFrom: 0, closesAt: 0, at: 0, eraseAt: Date.UTC(2100, 0, 1) },
    },
  );
  for (const { told } of await moving.newsFor(alice)) await told();
  await gate.vault.saveIncoming({ ...gate.account(bob), venue: 'former' }, credentialsOf(bob, { secret: 'old' }));
  await moving.sweep();
  clock.advance(60 * 60_000);
  await moving.sweep();
  await gate.vault.saveIncoming(gate.account(alice, 'second'), credentialsOf(alice, { secret: 'another' }));
  await links.create({ account: gate.account(alice), userName: 'Alice', delivery });
  await gate.parts().tickets.issue(alice, { kind: 'ask-erase' }, 60_000);
  const { id } = await gate.ask(alice);
  await (await gate.press('confirm', id)).mend?.();
  await gate.ask(alice, { market: 'ETHUSD' });
  await gate.parts().symbols.setBy(gate.account(alice));
  return gate;
}

test('every row that is ever written is of a declared kind, and every kind is written', async () => {
  const { written } = await fullGate();
  const seen = new Set([...written].map((key) => kindOf(rowKinds, key)?.kind));
  expect([...seen].sort()).toEqual(rowKinds.map(({ kind }) => kind).sort());
});

test('every row that 0.1 wrote is of a declared kind', async () => {
  const { store } = await openGate({ file: oldDatabase(), ring: [oldMasterKey] });
  const keys = (await store.list('')).map(({ key }) => key);
  expect(keys.filter((key) => kindOf(rowKinds, key) === undefined)).toEqual([]);
});

test('no kind stands in the way of another', () => {
  const prefixes = rowKinds.map(({ prefix }) => prefix);
  for (const prefix of prefixes) expect(prefixes.filter((other) => other.startsWith(prefix))).toEqual([prefix]);
});

test('after a rotation no row needs the retired master key (P53)', async () => {
  const [old, fresh] = [masterKey('old'), masterKey('new')];
  const file = oldDatabase();
  const before = await fullGate({ file, ring: [old, oldMasterKey] });
  await before.store.close();
  const ring = [fresh, old, oldMasterKey] as const;
  const { keyring, store } = await fullGate({ file, ring });
  expect(await rotate(keyring, rowKinds)).toEqual({ retired: ['k1', 'old'], unreadable: 0, unknown: [] });
  const kinds = (await store.list('')).map((entry) => ({ entry, kind: kindOf(rowKinds, entry.key) }));
  const sealed = kinds.filter(({ kind }) => kind?.sealing === 'sealed');
  expect(sealed.length).toBeGreaterThan(10);
  for (const { entry } of sealed) expect(keyring.envelope.keyIdOf(JSON.parse(entry.value).sealed)).toBe('new');
});

test.each(rowKinds.filter(({ sealing }) => sealing === 'sealed').map(({ kind }) => kind))(
  'a rotation that does not know rows of the kind %s retires no master key',
  async (forgotten) => {
    const { keyring } = await fullGate({ file: oldDatabase(), ring: [masterKey('new'), oldMasterKey] });
    const { retired, unknown } = await rotate(
      keyring,
      rowKinds.filter(({ kind }) => kind !== forgotten),
    );
    expect(retired).toEqual([]);
    expect(unknown).not.toEqual([]);
  },
);

test('a rotation keeps the ids of what 0.1 wrote', async () => {
  const { keyring, parts } = await openGate({ file: oldDatabase(), ring: [masterKey('new'), oldMasterKey] });
  await rotate(keyring, rowKinds);
  expect(await parts().proposals.require(oldId('ended'))).toMatchObject({
    stage: 'done',
    outcome: { kind: 'applied' },
  });
});

test('a rotation leaves every row due when it was, so that what is under way is still looked after', async () => {
  const [old, fresh] = [masterKey('old'), masterKey('new')];
  const file = join(temporaryDirectory(), 'levergate.db');
  await (await fullGate({ file, ring: [old] })).store.close();
  const { parts, clock, keyring, store, messages } = await openGate({ file, ring: [fresh, old] });
  const dues = async () => (await store.list('')).map(({ key, dueAt }) => ({ key, dueAt }));
  const before = (await dues()).filter(({ key }) => kindOf(rowKinds, key)?.kind !== 'canary');
  expect(before.filter(({ key, dueAt }) => key.startsWith('proposal/') && dueAt !== undefined)).toHaveLength(1);
  expect(await rotate(keyring, rowKinds)).toMatchObject({ retired: ['old'] });
  expect(await dues()).toEqual(expect.arrayContaining(before));
  clock.advance(CARD_MS);
  await parts().caretaker.tick();
  expect(messages.map(({ view }) => view.title)).toContain('Expired: ETHUSD to 5x isolated');
});
