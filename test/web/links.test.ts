import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { openKeyring } from '../../src/vault/keyring.ts';
import type { LinkBase } from '../../src/web/address.ts';
import { createLinks, type LinkRequest, linkRows } from '../../src/web/links.ts';
import { createClock } from '../support/clock.ts';
import { masterKey } from '../support/keyring.ts';

const account = { user: '100', venue: 'mudrex', label: 'main' };
const delivery = { kind: 'own', token: 'canary-interaction-token', at: 0, channel: '200', isPublic: false } as const;
const request: LinkRequest = { account, userName: 'Ada', delivery };
const minute = 60_000;

async function openLinks(
  base: LinkBase | undefined = { url: 'https://bot.example.com', isLocal: false },
  isAllowed: Parameters<typeof createLinks>[0]['isAllowed'] = () => true,
) {
  const clock = createClock();
  const store = createSqliteStore({ file: ':memory:', now: clock.now });
  onTestFinished(() => store.close());
  const { rows } = await openKeyring(store, [masterKey('k1')]);
  const newToken = () => randomBytes(32).toString('base64url');
  const links = createLinks({ ...rows, newToken, base: () => base, isAllowed });
  const create = async (more: Partial<LinkRequest> = {}) => {
    const { url } = await links.create({ ...request, ...more });
    return url.split('/').at(-1) ?? '';
  };
  return { clock, store, rows, links, create };
}

const rowsOf = async (store: Awaited<ReturnType<typeof openLinks>>['store']) =>
  [...(await store.list('link/')), ...(await store.list('link-for/'))].map(({ key }) => key);

test('a link carries 256 random bits under the public address and lives ten minutes', async () => {
  const { clock, links } = await openLinks();
  const link = await links.create(request);
  expect(link).toEqual({
    url: expect.stringMatching(/^https:\/\/bot\.example\.com\/link\/[\w-]{43}$/),
    expiresAt: clock.now() + 10 * minute,
    isLocal: false,
  });
});

test('without a page there are no links', async () => {
  const clock = createClock();
  const store = createSqliteStore({ file: ':memory:', now: clock.now });
  onTestFinished(() => store.close());
  const { rows } = await openKeyring(store, [masterKey('k1')]);
  const links = createLinks({ ...rows, newToken: () => '', base: () => undefined, isAllowed: () => true });
  await expect(links.create(request)).rejects.toMatchObject({ data: { code: 'LINKS_OFF' } });
});

test('opening a link any number of times does not spend it', async () => {
  const { links, create } = await openLinks();
  const token = await create();
  for (let index = 0; index < 20; index += 1) {
    expect(await links.find(token)).toEqual({ ...request, triesLeft: 5 });
  }
});

test('the store holds neither the token nor the interaction token nor the name in the clear', async () => {
  const { store, create } = await openLinks();
  const token = await create({ userName: 'canary-name' });
  const rows = [...(await store.list('link/')), ...(await store.list('link-for/'))];
  expect(rows).toHaveLength(2);
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(JSON.stringify(rows)).not.toContain('canary');
});

test('a link ends with its ten minutes, also after tries', async () => {
  const { clock, links, create, store } = await openLinks();
  const token = await create();
  clock.advance(5 * minute);
  await (await links.takeTry(token))?.failed();
  clock.advance(5 * minute - 1);
  expect(await links.find(token)).toBeDefined();
  clock.advance(2);
  expect(await links.find(token)).toBeUndefined();
  expect(await links.takeTry(token)).toBeUndefined();
  await store.sweep();
  expect(await rowsOf(store)).toEqual([]);
});

test('a new link voids the one before it, for the same account only', async () => {
  const { links, create, store } = await openLinks();
  const first = await create();
  const other = await create({ account: { ...account, label: 'second' } });
  const second = await create();
  expect(await links.find(first)).toBeUndefined();
  expect(await links.find(other)).toBeDefined();
  expect(await links.find(second)).toBeDefined();
  expect(await rowsOf(store)).toHaveLength(4);
});

test('of many links made at the same time for one account, one works', async () => {
  const { links, create } = await openLinks();
  const tokens = await Promise.all(Array.from({ length: 8 }, () => create()));
  const found = await Promise.all(tokens.map((token) => links.find(token)));
  expect(found.filter((link) => link !== undefined)).toHaveLength(1);
});

test('five tries that came to nothing use a link up', async () => {
  const { links, create, store } = await openLinks();
  const token = await create();
  for (const triesLeft of [4, 3, 2, 1, 0]) {
    const attempt = await links.takeTry(token);
    expect(attempt?.link.triesLeft).toBe(triesLeft);
    await attempt?.failed();
  }
  expect(await links.takeTry(token)).toBeUndefined();
  expect(await links.find(token)).toBeUndefined();
  expect(await rowsOf(store)).toEqual([]);
});

test('a hundred tries at the same time get five answers', async () => {
  const { links, create } = await openLinks();
  const token = await create();
  const attempts = await Promise.all(Array.from({ length: 100 }, () => links.takeTry(token).catch(() => undefined)));
  expect(attempts.filter((attempt) => attempt !== undefined).length).toBeLessThanOrEqual(5);
});

test('a try that was neither failed nor successful, as after a crash, does not come back', async () => {
  const { links, create } = await openLinks();
  const token = await create();
  for (let index = 0; index < 5; index += 1) expect(await links.takeTry(token)).toBeDefined();
  expect(await links.takeTry(token)).toBeUndefined();
  expect(await links.find(token)).toBeUndefined();
});

test('of many strangers at one link, also at the same time, one is the first', async () => {
  const { links, create } = await openLinks();
  const [token, other] = [await create(), await create({ account: { ...account, label: 'other' } })];
  const first = await Promise.all(Array.from({ length: 4 }, () => links.noteStranger(token)));
  for (let index = 0; index < 30; index += 1) first.push(await links.noteStranger(token));
  expect(first.filter(Boolean)).toHaveLength(1);
  expect(await links.noteStranger(other)).toBe(true);
  await (await links.takeTry(token))?.failed();
  expect(await links.noteStranger(token)).toBe(false);
});

test('of several successful tries only one uses the link', async () => {
  const { links, create, store } = await openLinks();
  const token = await create();
  const attempts = await Promise.all([links.takeTry(token), links.takeTry(token), links.takeTry(token)]);
  const used = await Promise.all(attempts.map((attempt) => attempt?.succeeded()));
  expect(used.filter((one) => one !== undefined)).toHaveLength(1);
  expect(await links.find(token)).toBeUndefined();
  expect(await rowsOf(store)).toEqual([]);
});

test('a used link comes back for the rest of its time when nothing was saved', async () => {
  const { clock, links, create } = await openLinks();
  const token = await create();
  const used = await (await links.takeTry(token))?.succeeded();
  clock.advance(minute);
  await used?.restore();
  expect((await links.find(token))?.triesLeft).toBe(4);
  clock.advance(9 * minute);
  expect(await links.find(token)).toBeUndefined();
});

test('a link that was used with its last try does not come back', async () => {
  const { links, create, store } = await openLinks();
  const token = await create();
  for (let index = 0; index < 4; index += 1) await (await links.takeTry(token))?.failed();
  await (await (await links.takeTry(token))?.succeeded())?.restore();
  expect(await rowsOf(store)).toEqual([]);
});

test('a used link does not come back over a newer one', async () => {
  const { links, create } = await openLinks();
  const token = await create();
  const used = await (await links.takeTry(token))?.succeeded();
  const newer = await create();
  await used?.restore();
  expect(await links.find(token)).toBeUndefined();
  expect(await links.find(newer)).toBeDefined();
});

test('a try under way cannot use a link that a newer one voided', async () => {
  const { links, create } = await openLinks();
  const token = await create();
  const attempt = await links.takeTry(token);
  const newer = await create();
  expect(await attempt?.succeeded()).toBeUndefined();
  expect(await links.find(newer)).toBeDefined();
});

test('all links of a user can be voided, and nobody else’s', async () => {
  const { links, create } = await openLinks();
  const mine = await Promise.all([create(), create({ account: { ...account, venue: 'kraken-futures' } })]);
  const other = await create({ account: { ...account, user: '1001' } });
  await links.voidAll('100');
  expect(await Promise.all(mine.map(links.find))).toEqual([undefined, undefined]);
  expect(await links.find(other)).toBeDefined();
});

test('a link row moved to another token does not open', async () => {
  const { store, links, create } = await openLinks();
  const [victim, thief] = [await create(), await create({ account: { ...account, user: '666' } })];
  const rows = await store.list('link/');
  const values = rows.map(({ value }) => value);
  await store.commit({ writes: rows.map(({ key }, index) => ({ key, value: values[1 - index] ?? '' })) });
  await expect(links.find(victim)).rejects.toMatchObject({ data: { code: 'SEAL_BROKEN' } });
  await expect(links.find(thief)).rejects.toMatchObject({ data: { code: 'SEAL_BROKEN' } });
});

const labelled = (index: number) => ({ account: { ...account, label: `label-${index}` } });

test('a person has five open links at most, however many are asked for at once', async () => {
  const { clock, create, store } = await openLinks();
  const made = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => create(labelled(index))));
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  expect(await store.list('link/')).toHaveLength(5);
  await expect(create(labelled(99))).rejects.toMatchObject({ data: { code: 'TOO_MANY_LINKS', max: 5 } });
  await expect(create({ account: { ...account, user: '200' } })).resolves.toBeDefined();
  clock.advance(10 * minute);
  await expect(create(labelled(99))).resolves.toBeDefined();
});

test('a new link for the same account takes the place of the old one, also with five open', async () => {
  const { links, create, store } = await openLinks();
  const [first = ''] = await Promise.all([0, 1, 2, 3, 4].map((index) => create(labelled(index))));
  const again = await create(labelled(0));
  expect(await links.find(first)).toBeUndefined();
  expect(await links.find(again)).toBeDefined();
  expect(await store.list('link/')).toHaveLength(5);
});

test('a link of somebody whom the operator has shut out since no longer works', async () => {
  const shutOut = new Set<string>();
  const { links, create } = await openLinks(
    undefined,
    ({ user, guild = 'none' }) => !shutOut.has(user) && !shutOut.has(guild),
  );
  const [mine, theirs] = [await create({ guild: 'desk' }), await create({ account: { ...account, user: '200' } })];
  for (const barred of ['100', 'desk']) {
    shutOut.add(barred);
    expect(await links.find(mine)).toBeUndefined();
    expect(await links.takeTry(mine)).toBeUndefined();
    expect(await links.find(theirs)).toBeDefined();
    shutOut.clear();
    expect(await links.find(mine)).toBeDefined();
  }
});

test('a link whose row was given a longer life ends after ten minutes all the same', async () => {
  const { clock, links, create, store } = await openLinks();
  const token = await create();
  const [row] = await store.list(linkRows.prefix);
  await store.commit({ writes: [{ key: row?.key ?? '', value: row?.value ?? '' }] });
  clock.advance(10 * minute - 1);
  expect(await links.find(token)).toBeDefined();
  clock.advance(1);
  expect(await links.find(token)).toBeUndefined();
  expect(await links.takeTry(token)).toBeUndefined();
});

test.each(['', 'x', '../../secret/hash-key', '%', 'a'.repeat(44), `${'a'.repeat(42)}/`, '\u0000', 'ä'.repeat(43)])(
  'the token %j finds nothing',
  async (token) => {
    const { links } = await openLinks();
    expect(await links.find(token)).toBeUndefined();
    expect(await links.takeTry(token)).toBeUndefined();
  },
);
