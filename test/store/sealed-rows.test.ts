import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { sealedRows, type UnreadableRow } from '../../src/store/sealed-rows.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { openKeyring } from '../../src/vault/keyring.ts';
import { createClock } from '../support/clock.ts';
import { masterKey } from '../support/keyring.ts';

const first = sealedRows({ kind: 'pet', prefix: 'pet/', version: 1, schema: z.object({ name: z.string() }) });
const second = sealedRows({
  kind: 'pet',
  prefix: 'pet/',
  version: 3,
  schema: z.object({ names: z.array(z.string()), legs: z.number() }),
  migrations: {
    1: (older) => ({ names: [z.object({ name: z.string() }).parse(older).name] }),
    2: (older) => ({ ...z.looseObject({}).parse(older), legs: 4 }),
  },
});

async function open() {
  const clock = createClock();
  const store = createSqliteStore({ file: ':memory:', now: clock.now });
  onTestFinished(() => store.close());
  const unreadable: UnreadableRow[] = [];
  const { rows: context } = await openKeyring(store, [masterKey('k1')], {
    onUnreadable: (row) => void unreadable.push(row),
  });
  const put = async (id: string, ttlMs?: number) => {
    await store.commit({ writes: [await first.write(context, id, { name: 'Rex' }, ttlMs)] });
  };
  return { clock, store, context, unreadable, put };
}

test('a row is read back with its data and its end', async () => {
  const { clock, context, put } = await open();
  await put('1', 1000);
  expect(await first.get(context, '1')).toMatchObject({
    key: 'pet/1',
    id: '1',
    data: { name: 'Rex' },
    expiresAt: clock.now() + 1000,
  });
  expect(await first.get(context, '2')).toBeUndefined();
});

test('a row of an older version is read through every migration since', async () => {
  const { context, put } = await open();
  await put('1');
  expect((await second.get(context, '1'))?.data).toEqual({ names: ['Rex'], legs: 4 });
});

test('a row of a later version is unreadable, counted, and stays', async () => {
  const { store, context, unreadable } = await open();
  await store.commit({ writes: [await second.write(context, '1', { names: [], legs: 3 })] });
  const stored = await store.get('pet/1');
  await expect(first.get(context, '1')).rejects.toThrow('SEAL_BROKEN');
  expect(unreadable).toMatchObject([{ kind: 'pet', key: 'pet/1' }]);
  expect(await store.get('pet/1')).toEqual(stored);
});

test('a version without a migration, and data of another form, are unreadable and counted', async () => {
  const { context, unreadable, put } = await open();
  await put('1');
  const schema = z.object({ name: z.string() });
  const forgetful = sealedRows({ kind: 'pet', prefix: 'pet/', version: 2, schema });
  const stricter = sealedRows({ kind: 'pet', prefix: 'pet/', version: 1, schema: schema.extend({ age: z.number() }) });
  for (const rows of [forgetful, stricter]) await expect(rows.get(context, '1')).rejects.toThrow('SEAL_BROKEN');
  expect(unreadable).toHaveLength(2);
});

test('a row without a version is unreadable where none was ever written', async () => {
  const { store, context, unreadable } = await open();
  await store.commit({ writes: [{ key: 'pet/1', value: '{"name":"Rex"}' }] });
  await expect(first.get(context, '1')).rejects.toThrow('SEAL_BROKEN');
  expect(unreadable).toHaveLength(1);
});

test('a row opens as no other kind, under no other key and as no other version', async () => {
  const { store, context, put } = await open();
  await put('1');
  const { value } = (await store.get('pet/1')) ?? { value: '' };
  const toy = sealedRows({ kind: 'toy', prefix: 'toy/', version: 1, schema: z.object({ name: z.string() }) });
  const forgeries = [
    { key: 'pet/2', value },
    { key: 'toy/1', value },
    { key: 'pet/1', value: value.replace('"v":1', '"v":2') },
  ];
  await store.commit({ writes: forgeries });
  await expect(first.get(context, '2')).rejects.toThrow('SEAL_BROKEN');
  await expect(toy.get(context, '1')).rejects.toThrow('SEAL_BROKEN');
  await expect(second.get(context, '1')).rejects.toThrow('SEAL_BROKEN');
});

test('a row ends at the time inside its seal, whatever the database says of it', async () => {
  const { clock, store, context, put } = await open();
  await put('1', 1000);
  await put('2', 1000);
  const rows = await store.list('pet/');
  await store.commit({
    writes: rows.map(({ key, value }, index) => ({ key, value, ...(index === 0 && { ttlMs: 9e9 }) })),
  });
  clock.advance(999);
  expect(await Promise.all(['1', '2'].map((id) => first.get(context, id)))).not.toContain(undefined);
  clock.advance(1);
  expect(await Promise.all(['1', '2'].map((id) => first.get(context, id)))).toEqual([undefined, undefined]);
});

test('a row that is written again with other data keeps its end', async () => {
  const { clock, store, context, put } = await open();
  await put('1', 1000);
  clock.advance(400);
  const row = await first.get(context, '1');
  if (row === undefined) throw new TypeError('no row');
  await store.commit({ writes: [await first.rewrite(context, row, { name: 'Tom' })] });
  expect((await first.get(context, '1'))?.data).toEqual({ name: 'Tom' });
  clock.advance(600);
  expect(await first.get(context, '1')).toBeUndefined();
  expect(await store.get('pet/1')).toBeUndefined();
});

test('a store that fails is an error of its own, never an unreadable row', async () => {
  const { store, context, unreadable, put } = await open();
  await put('1');
  await store.close();
  await expect(first.get(context, '1')).rejects.toThrow('STORE_UNAVAILABLE');
  expect(unreadable).toEqual([]);
});
