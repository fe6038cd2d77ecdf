import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../src/account.ts';
import type { News } from '../src/messenger.ts';
import { readClosed } from '../src/moving.ts';
import { alice, bob, openGate, wordsOf } from './support/gate.ts';
import { openMoving } from './support/moving.ts';
import { temporaryDirectory } from './support/temporary.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

async function open(file?: string) {
  const gate = await openGate(file === undefined ? {} : { file });
  await gate.addKey(alice);
  return gate;
}

async function hear(news: readonly News[]): Promise<readonly string[]> {
  for (const { told } of news) await told();
  return news.map(({ view }) => wordsOf(view));
}

const rowsOf = async ({ store }: Awaited<ReturnType<typeof open>>, prefix: string) =>
  (await store.list(prefix)).map(({ key }) => key);

describe('the weekly reminder', () => {
  test('comes once a week to whoever has a key in use, and to nobody else', async () => {
    const gate = await open();
    await gate.vault.saveIncoming(gate.account(bob), credentialsOf(bob, { secret: 'waits' }));
    const { newsFor } = openMoving(gate);
    expect(await newsFor(bob)).toEqual([]);
    expect(await hear(await newsFor(alice))).toEqual([expect.stringContaining('Your Paper key needs a successor')]);
    expect(await newsFor(alice)).toEqual([]);
    gate.clock.advance(7 * DAY_MS - 1);
    expect(await newsFor(alice)).toEqual([]);
    gate.clock.advance(1);
    expect(await newsFor(alice)).toHaveLength(1);
  });

  test('waits a week after a key was added, since its owner was told then', async () => {
    const gate = await open();
    const { newsFor, noteAdded } = openMoving(gate);
    await noteAdded(gate.account(alice));
    gate.clock.advance(7 * DAY_MS - 1);
    expect(await newsFor(alice)).toEqual([]);
    gate.clock.advance(1);
    expect(await newsFor(alice)).toHaveLength(1);
    await noteAdded({ ...gate.account(bob), venue: 'another' });
    expect(await rowsOf(gate, `reminder/${bob}/`)).toEqual([]);
  });

  test('that Discord did not take comes again with the next command', async () => {
    const gate = await open();
    const { newsFor } = openMoving(gate);
    expect(await newsFor(alice)).toHaveLength(1);
    expect(await newsFor(alice)).toHaveLength(1);
  });

  test('names the days, the successor’s own advice, and what to delete', async () => {
    const gate = await open();
    const retires = {
      noNewKeysFrom: Date.UTC(2027, 1, 1),
      closesAt: Date.UTC(2027, 1, 28),
      at: Date.UTC(2027, 2, 1),
      eraseAt: Date.UTC(2027, 2, 14),
    };
    const successor = { ...gate.venue, id: 'next', label: 'Next', keyAdvice: 'Settings, API: no withdrawal.' };
    const [words] = await hear(await openMoving(gate, { retires, successor }).newsFor(alice));
    for (const said of [
      '1 March 2027',
      '28 February 2027',
      '14 March 2027',
      successor.keyAdvice,
      'choose Next',
      'Delete the old key',
    ]) {
      expect(words).toContain(said);
    }
  });

  test('asks whoever has a key of the successor only to remove the old one', async () => {
    const gate = await open();
    const next = { user: alice, venue: 'next', label: 'main' };
    const { fingerprint } = await gate.vault.saveIncoming(next, credentialsOf(alice, { secret: 'new' }));
    await gate.vault.activate(next, fingerprint);
    const successor = { ...gate.venue, id: 'next', label: 'Next' };
    const [words] = await hear(await openMoving(gate, { successor }).newsFor(alice));
    expect(words).toContain('Your Paper key is needed no more');
    expect(words).toMatch(/already\. Remove the old one with \/keys remove, and delete it at the exchange\./);
  });

  test('is not about an exchange of which somebody has no key', async () => {
    const gate = await open();
    expect(await openMoving(gate, { id: 'another' }).newsFor(alice)).toEqual([]);
  });
});

describe('the closing of an exchange', () => {
  const openUntil = async (ms: number) => {
    const gate = await open();
    const closesAt = gate.clock.now() + ms;
    const retires = { noNewKeysFrom: closesAt, closesAt, at: closesAt, eraseAt: closesAt + 14 * DAY_MS };
    return { gate, closesAt, moving: openMoving(gate, { retires }) };
  };

  test('is for good once its day has held for an hour, and is told of once', async () => {
    const { gate, closesAt, moving } = await openUntil(DAY_MS);
    const closedAfter = async (ms: number) => {
      gate.clock.advance(ms);
      await moving.sweep();
      return [...(await readClosed(gate.store))];
    };
    expect([await closedAfter(DAY_MS - 1), await closedAfter(1), await closedAfter(60_000)]).toEqual([[], [], []]);
    expect(await closedAfter(HOUR_MS)).toEqual([['paper', closesAt]]);
    await closedAfter(HOUR_MS);
    expect(moving.closed).toEqual(['paper']);
    expect(await gate.vault.list(alice)).toHaveLength(1);
  });

  test('is not for good by a clock that was set ahead and put right within the hour', async () => {
    const { gate, moving } = await openUntil(DAY_MS);
    gate.clock.step(365 * DAY_MS);
    await moving.sweep();
    gate.clock.step(-365 * DAY_MS);
    gate.clock.advance(HOUR_MS);
    await moving.sweep();
    expect([...(await readClosed(gate.store))]).toEqual([]);
  });
});

describe('the erasure of keys', () => {
  test('takes every key of the exchange, used or waiting, and leaves a note for each owner', async () => {
    const gate = await open();
    await gate.addKey(bob);
    await gate.vault.saveIncoming(gate.account(bob, 'second'), credentialsOf(bob, { secret: 'waits' }));
    const moving = openMoving(gate);
    await moving.sweep();
    gate.clock.advance(HOUR_MS);
    await moving.sweep();
    expect(moving.erased).toEqual([['paper', 3]]);
    expect([await gate.vault.list(alice), await gate.vault.list(bob)]).toEqual([[], []]);
    const [words] = await hear(await moving.newsFor(bob));
    expect(words).toContain('Erased: your Paper keys "main", "second"');
    expect(words).toContain('delete it there');
    expect(await moving.newsFor(bob)).toEqual([]);
    expect(await hear(await moving.newsFor(alice))).toEqual([expect.stringContaining('your Paper key "main"')]);
    expect(await rowsOf(gate, 'erased/')).toEqual([]);
  });

  test('is told in one message, however many keys there were', async () => {
    const gate = await open();
    const labels = Array.from({ length: 100 }, (_, index) => `key-${index}`);
    const rows = labels.map((label) => ({ key: `erased/${alice}/paper/${label}`, value: '', ttlMs: DAY_MS }));
    for (const row of rows) await gate.store.commit({ writes: [row] });
    const { newsFor, noteAdded } = openMoving(gate);
    await noteAdded(gate.account(alice));
    expect(await hear(await newsFor(alice))).toEqual([expect.stringContaining('"key-99"')]);
    expect(await rowsOf(gate, 'erased/')).toEqual([]);
  });

  test('waits until its day has held for an hour', async () => {
    const gate = await open();
    const now = gate.clock.now();
    const retires = { noNewKeysFrom: now, closesAt: now, at: now, eraseAt: now + DAY_MS };
    const moving = openMoving(gate, { retires });
    const keysAfter = async (ms: number) => {
      gate.clock.advance(ms);
      await moving.sweep();
      return (await gate.vault.list(alice)).length;
    };
    expect([await keysAfter(DAY_MS - 1), await keysAfter(1), await keysAfter(60_000)]).toEqual([1, 1, 1]);
    expect(await keysAfter(HOUR_MS)).toBe(0);
  });

  test('is not done for a clock that was set ahead and put right within the hour', async () => {
    const gate = await open();
    const now = gate.clock.now();
    const moving = openMoving(gate, {
      retires: { noNewKeysFrom: now, closesAt: now, at: now, eraseAt: now + DAY_MS },
    });
    gate.clock.step(365 * DAY_MS);
    await moving.sweep();
    gate.clock.step(-365 * DAY_MS);
    gate.clock.advance(HOUR_MS);
    await moving.sweep();
    gate.clock.step(365 * DAY_MS);
    await moving.sweep();
    expect(await gate.vault.list(alice)).toHaveLength(1);
  });

  test('takes keys of an exchange that an earlier version had at once, and says why it is gone', async () => {
    const gate = await open();
    const former = { user: alice, venue: 'former', label: 'old' };
    const { fingerprint } = await gate.vault.saveIncoming(former, credentialsOf(alice, { secret: 'of-former' }));
    await gate.vault.activate(former, fingerprint);
    const moving = openMoving(gate, { id: 'another' });
    await moving.sweep();
    expect(moving.erased).toEqual([['former', 1]]);
    expect((await gate.vault.list(alice)).map(({ account }) => account.venue)).toEqual(['paper']);
    const [words] = await hear(await moving.newsFor(alice));
    expect(words).toContain('Erased: your Former key "old"');
    expect(words).toContain('Its exchange was switched off.');
  });

  test('leaves no byte of a key in the files of the database', async () => {
    const file = join(temporaryDirectory(), 'levergate.db');
    const gate = await open(file);
    const sealed = (await gate.store.get(`credential/${alice}/paper/main`))?.value ?? '';
    const bytes = () => [file, `${file}-wal`].map((one) => readFileSync(one).toString('latin1')).join('');
    const canary = sealed.slice(-40);
    expect(bytes()).toContain(canary);
    const moving = openMoving(gate);
    await moving.sweep();
    gate.clock.advance(HOUR_MS);
    await moving.sweep();
    expect(bytes()).not.toContain(canary);
  });

  test('that a broken disk stops loses no note: a key goes with its own', async () => {
    const gate = await open();
    const moving = openMoving(gate);
    await moving.sweep();
    gate.clock.advance(HOUR_MS);
    gate.disk.isDown = true;
    await expect(moving.sweep()).rejects.toMatchObject({ data: { code: 'STORE_UNAVAILABLE' } });
    gate.disk.isDown = false;
    expect([await gate.vault.list(alice), await rowsOf(gate, 'erased/')]).toMatchObject([[{}], []]);
    await moving.sweep();
    expect([await gate.vault.list(alice), await rowsOf(gate, 'erased/')]).toEqual([[], [`erased/${alice}/paper/main`]]);
  });
});

test('what was noted about a person is forgotten with everything of theirs, and nobody else’s', async () => {
  const gate = await open();
  await gate.addKey(bob);
  const moving = openMoving(gate);
  for (const user of [alice, bob]) await hear(await moving.newsFor(user));
  await moving.sweep();
  gate.clock.advance(HOUR_MS);
  await moving.sweep();
  await moving.forget(alice);
  expect([...(await rowsOf(gate, 'reminder/')), ...(await rowsOf(gate, 'erased/'))]).toEqual([
    `reminder/${bob}/paper`,
    `erased/${bob}/paper/main`,
  ]);
});
