import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createKeyGuard, type KeyGuard } from '../../src/confirm/key-guard.ts';
import type { Proposal } from '../../src/confirm/proposal.ts';
import type { StoredProposal } from '../../src/confirm/proposal-rows.ts';
import { createProposals, LEASE_MS, type Proposals, TAKEOVER_MS } from '../../src/confirm/proposals.ts';
import { Failure } from '../../src/errors.ts';
import type { UnreadableRow } from '../../src/store/sealed-rows.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { createEnvelope } from '../../src/vault/envelope.ts';
import { createClock } from '../support/clock.ts';
import { damaged } from '../support/damage.ts';
import { masterKey } from '../support/keyring.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const CARD_MS = 120_000;
/** So long nothing else may use a key whose change has an owner, or was left by one. */
const KEY_MS = LEASE_MS + TAKEOVER_MS;
const HOUR_MS = 60 * 60_000;
const delivery = { kind: 'own', token: 'interaction-token', at: 0, channel: '300', isPublic: false } as const;

const request: Omit<Proposal, 'id' | 'createdAt' | 'expiresAt'> = {
  by: '100',
  account: { user: '100', venue: 'kraken-futures', label: 'main' },
  keyHash: 'hash-of-key',
  market: {
    venue: 'kraken-futures',
    id: 'PF_XBTUSD',
    symbol: 'PF_XBTUSD',
    aliases: [],
    base: 'XBT',
    quote: 'USD',
    bounds: { min: '1', max: '50', step: '0.01' },
    tradeable: true,
  },
  setting: { mode: 'isolated', leverage: '5' },
  seen: {
    current: { mode: 'cross' },
    position: 'none',
    hasOpenOrders: false,
    bounds: { min: '1', max: '50', step: '0.01' },
    isRisky: false,
  },
  channel: '300',
  isShared: false,
};

async function openProposals(
  ring = [masterKey('k1')] as const,
  newId: () => string = randomUUID,
  file: string = ':memory:',
) {
  const clock = createClock();
  const memory = createSqliteStore({ file, now: clock.now, monotonic: clock.elapsed });
  onTestFinished(() => memory.close());
  const disk = { beforeCommit: async (): Promise<unknown> => undefined };
  const store: Store = {
    ...memory,
    commit: async (change) => {
      await disk.beforeCommit();
      return memory.commit(change);
    },
  };
  /** Lets something else come first, right before the next commit. */
  const meanwhile = (run: () => Promise<unknown>) => {
    disk.beforeCommit = () => {
      disk.beforeCommit = async () => undefined;
      return run();
    };
  };
  const unreadable: UnreadableRow[] = [];
  const onUnreadable = (row: UnreadableRow) => void unreadable.push(row);
  const sealer = await createEnvelope(ring);
  const newGuard = () => createKeyGuard({ elapsed: clock.elapsed, isRunning: () => false });
  const guard = newGuard();
  const guardedBy = (one: KeyGuard) =>
    createProposals({ store, sealer, onUnreadable, newId, keepMs: 90 * 86_400_000, guard: one });
  const proposals = guardedBy(guard);
  return {
    /** As after a restart: nothing but the store knows who has a key. */
    afterRestart: () => guardedBy(newGuard()),
    clock,
    store,
    unreadable,
    guard,
    proposals,
    disk,
    meanwhile,
    open: (change: Partial<Proposal> = {}) => proposals.open({ ...request, ...change }, CARD_MS, delivery),
  };
}

/** The keys of all rows of cards. */
async function keysOf(store: Store): Promise<readonly string[]> {
  return (await store.list('')).map(({ key }) => key).filter((key) => !key.startsWith('turn/'));
}

test('of any number of presses at once one claims', async () => {
  const { proposals, open } = await openProposals();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 8 }), fc.scheduler(), async (presses, scheduler) => {
      const { id, keyHash } = await open({ keyHash: `key-${Math.random()}` });
      const claims = await Promise.all(
        Array.from({ length: presses }, () =>
          scheduler.schedule(Promise.resolve()).then(() => proposals.claim(id, delivery)),
        ).concat(scheduler.waitAll().then(() => proposals.claim(id, delivery))),
      );
      expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
      expect(claims.filter(({ kind }) => kind === 'already')).toHaveLength(presses);
      const found = await proposals.require(id);
      expect(found.proposal.keyHash).toBe(keyHash);
      await proposals.finish(found, { kind: 'cancelled', at: 0 });
    }),
    { numRuns: 1000 },
  );
});

test.each([
  [CARD_MS - 1, 'claimed'],
  [CARD_MS, 'expired'],
  [CARD_MS + 1, 'expired'],
])('after %d ms a claim is %s', async (ms, kind) => {
  const { proposals, open, clock } = await openProposals();
  const { id } = await open();
  clock.advance(ms);
  expect((await proposals.claim(id, delivery)).kind).toBe(kind);
});

test('two cards for one API key run one after the other, and a busy key leaves a card pending', async () => {
  const { proposals, open } = await openProposals();
  const [first, second] = [await open(), await open({ account: { ...request.account, label: 'twin' } })];
  const claimed = await proposals.claim(first.id, delivery);
  expect(claimed.kind).toBe('claimed');
  expect(await proposals.claim(second.id, delivery)).toMatchObject({
    kind: 'busy',
    by: { proposal: { id: first.id } },
  });
  expect((await proposals.require(second.id)).stage).toBe('pending');
  await proposals.finish(await proposals.require(first.id), { kind: 'applied', asOf: 0, isReadBack: true });
  expect((await proposals.claim(second.id, delivery)).kind).toBe('claimed');
});

test('a machine that slept longer than its lease sends nothing', async () => {
  const { proposals, open, clock } = await openProposals();
  const { id } = await open();
  const claim = await proposals.claim(id, delivery);
  clock.advance(LEASE_MS);
  expect(
    await proposals.startSending(claim.kind === 'claimed' ? claim.found : await proposals.require(id)),
  ).toBeUndefined();
});

test('a lease that somebody else took meanwhile sends nothing and is not freed', async () => {
  const { proposals, open, clock } = await openProposals();
  const [slow, quick] = [await open(), await open()];
  await proposals.claim(slow.id, delivery);
  clock.advance(KEY_MS);
  expect((await proposals.claim(quick.id, delivery)).kind).toBe('claimed');
  expect(await proposals.startSending(await proposals.require(slow.id))).toBeUndefined();
  await proposals.finish(await proposals.require(slow.id), { kind: 'not-sent', at: 0 });
  expect((await proposals.holderOf(request.keyHash))?.proposal.id).toBe(quick.id);
});

test('a change that ends after its lease takes that away too: a clock that is set back later finds no key held', async () => {
  const file = join(temporaryDirectory(), 'levergate.db');
  const { proposals, open, clock, store } = await openProposals([masterKey('k1')], randomUUID, file);
  const { id } = await open();
  await proposals.claim(id, delivery);
  const sending = await proposals.startSending(await proposals.require(id));
  clock.step(HOUR_MS);
  await proposals.finish(sending ?? (await proposals.require(id)), { kind: 'applied', asOf: 0, isReadBack: true });
  await store.close();
  const back = createSqliteStore({ file, now: () => clock.now() - HOUR_MS });
  expect(await back.list('lease/')).toEqual([]);
  await back.close();
});

test('an unsettled change takes its lease again when a crash let it run out', async () => {
  const { proposals, open, clock } = await openProposals();
  const [crashed, next] = [await open(), await open()];
  await proposals.claim(crashed.id, delivery);
  await proposals.startSending(await proposals.require(crashed.id));
  clock.advance(KEY_MS);
  expect(await proposals.holderOf(request.keyHash)).toBeUndefined();
  await proposals.settleLater(
    await proposals.require(crashed.id),
    { kind: 'unsettled', since: 0, lookAt: 1000 },
    60_000,
  );
  expect((await proposals.claim(next.id, delivery)).kind).toBe('busy');
});

test('a proposal advances once from each version', async () => {
  const { proposals, open } = await openProposals();
  const { id } = await open();
  await proposals.claim(id, delivery);
  const found = await proposals.require(id);
  const results = await Promise.all([proposals.startSending(found), proposals.startSending(found)]);
  expect(results.filter((result) => result !== undefined)).toHaveLength(1);
});

describe('what is known of a card by an older version of its row', () => {
  const steps = {
    'starts no write': ({ proposals, stale }) => proposals.startSending(stale),
    'keeps no key': ({ proposals, stale }) =>
      proposals.settleLater(stale, { kind: 'unsettled', since: 0, lookAt: 1000 }, 60_000),
    'ends nothing': ({ proposals, stale }) => proposals.finish(stale, { kind: 'cancelled', at: 0 }),
  } satisfies Record<
    string,
    (of: { readonly proposals: Proposals; readonly stale: StoredProposal }) => Promise<unknown>
  >;

  test.each(Object.entries(steps))('%s, also when no lease stands in its way', async (_what, step) => {
    const { proposals, open, store } = await openProposals();
    const { id } = await open();
    await proposals.claim(id, delivery);
    const stale = await proposals.require(id);
    expect(await proposals.startSending(stale)).toMatchObject({ stage: 'sending' });
    expect(await step({ proposals, stale })).toBeUndefined();
    const after = await proposals.require(id);
    expect(after).toMatchObject({ stage: 'sending' });
    expect(after.outcome).toBeUndefined();
    await store.commit({ writes: [{ key: `lease/${request.keyHash}`, remove: true }] });
    expect(await step({ proposals, stale })).toBeUndefined();
    expect(await proposals.require(id)).toEqual(after);
  });

  test('does not take a cancelled card back to pending', async () => {
    const { proposals, open, meanwhile } = await openProposals();
    const { id } = await open();
    meanwhile(async () => proposals.finish(await proposals.require(id), { kind: 'cancelled', at: 0 }));
    await proposals.attach(id, 'message-1');
    expect(await proposals.require(id)).toMatchObject({ stage: 'done', outcome: { kind: 'cancelled' } });
  });
});

test('a stored payload that was swapped, moved or changed cannot be claimed', async () => {
  const { proposals, open, store, unreadable } = await openProposals();
  const [mine, other] = [await open(), await open({ by: '666' })];
  const read = async (id: string) => (await store.get(`proposal/${id}`))?.value ?? '';
  const [row, foreign] = [await read(mine.id), await read(other.id)];
  const forgeries = [
    foreign,
    row.replace('"v":3', '"v":4'),
    row.replace('"v":3', '"v":2'),
    damaged(row),
    JSON.stringify({ ...JSON.parse(row), stage: 'pending' }).replace('"v":3,', ''),
    '{}',
    '',
  ];
  for (const forgery of forgeries) {
    expect(forgery).not.toBe(row);
    await store.commit({ writes: [{ key: `proposal/${mine.id}`, value: forgery }] });
    await expect(proposals.claim(mine.id, delivery), forgery.slice(0, 40)).rejects.toThrow('CARD_UNREADABLE');
  }
  expect(unreadable).toHaveLength(forgeries.length);
  expect(unreadable[0]).toMatchObject({ kind: 'proposal', key: `proposal/${mine.id}` });
});

test('nothing of a proposal is readable in the store, not even how far it came', async () => {
  const { open, store } = await openProposals();
  const { id } = await open();
  const { value } = (await store.get(`proposal/${id}`)) ?? { value: '' };
  for (const secret of ['PF_XBTUSD', 'interaction-token', 'hash-of-key', 'pending', '100']) {
    expect(value.replace(/"ciphertext.*/, '')).not.toContain(secret);
    expect(Buffer.from(value, 'base64url').toString()).not.toContain(secret);
  }
});

test('more open cards than a person can mean are refused, with the time until the oldest ends', async () => {
  const { open, clock } = await openProposals();
  for (let count = 0; count < 10; count += 1) await open();
  clock.advance(20_500);
  await expect(open()).rejects.toMatchObject({
    data: { code: 'TOO_MANY_OPEN_CARDS', max: 10, waitMs: CARD_MS - 20_500 },
  });
});

test('a person whose cards are all under way is told no time', async () => {
  const { open, proposals } = await openProposals();
  for (let count = 0; count < 10; count += 1) {
    const { id } = await open({ keyHash: `hash ${count}` });
    await proposals.claim(id, delivery);
  }
  const failure = await open().catch((error: unknown) => error);
  expect(failure).toMatchObject({ data: { code: 'TOO_MANY_OPEN_CARDS' } });
  expect(failure).not.toHaveProperty('data.waitMs');
});

test('erasing a user leaves none of their rows and all of the others’', async () => {
  const { proposals, open, store } = await openProposals();
  await open();
  const other = await open({ by: '666' });
  await proposals.eraseAll('100');
  expect(await keysOf(store)).toEqual([`open/666/${other.id}`, `owned/666/${other.id}`, `proposal/${other.id}`]);
});

test.each(['claimed', 'sending', 'settling'])('nothing is erased while a change is %s', async (stage) => {
  const { proposals, open, store } = await openProposals();
  const { id } = await open();
  await open();
  await proposals.claim(id, delivery);
  if (stage !== 'claimed') await proposals.startSending(await proposals.require(id));
  if (stage === 'settling') {
    await proposals.settleLater(await proposals.require(id), { kind: 'unsettled', since: 0, lookAt: 1000 }, 1000);
  }
  expect((await proposals.require(id)).stage).toBe(stage);
  const before = await store.list('');
  expect(await proposals.eraseAll('100')).toBe(false);
  expect(await store.list('')).toEqual(before);
});

test('nothing is erased when a press comes first, and what has no row any more is', async () => {
  const { proposals, open, store, meanwhile } = await openProposals();
  const [pressed, gone] = [await open(), await open()];
  await store.commit({ writes: [{ key: `proposal/${gone.id}`, remove: true }] });
  meanwhile(() => proposals.claim(pressed.id, delivery));
  expect(await proposals.eraseAll('100')).toBe(false);
  expect((await proposals.require(pressed.id)).stage).toBe('claimed');
  await proposals.finish(await proposals.require(pressed.id), { kind: 'cancelled', at: 0 });
  expect(await proposals.eraseAll('100')).toBe(true);
  expect(await keysOf(store)).toEqual([]);
});

test('an id that is taken is never shown as another card', async () => {
  const { open } = await openProposals([masterKey('k1')], () => 'the-same');
  await open();
  await expect(open({ setting: { mode: 'cross' } })).rejects.toThrow('STORE_UNAVAILABLE');
});

test('a card learns where it stands while it is pending, and never becomes pending again by it', async () => {
  const { proposals, open } = await openProposals();
  const { id } = await open();
  await proposals.attach(id, 'message-1');
  expect(await proposals.require(id)).toMatchObject({ stage: 'pending', delivery: { messageId: 'message-1' } });
  await proposals.claim(id, delivery);
  await proposals.attach(id, 'message-2');
  expect(await proposals.require(id)).toMatchObject({ stage: 'claimed', delivery });
});

test('a claim gives up when the row changes under it again and again', async () => {
  const { proposals, open, store, disk } = await openProposals();
  const { id } = await open();
  const key = `proposal/${id}`;
  let commits = 0;
  disk.beforeCommit = async () => {
    const restore = disk.beforeCommit;
    disk.beforeCommit = async () => undefined;
    commits += 1;
    await store.commit({ writes: [{ key, value: (await store.get(key))?.value ?? '' }] });
    disk.beforeCommit = restore;
  };
  await expect(proposals.claim(id, delivery)).rejects.toThrow('STORE_UNAVAILABLE');
  expect(commits).toBe(5);
  disk.beforeCommit = async () => undefined;
  expect((await proposals.claim(id, delivery)).kind).toBe('claimed');
});

test('presses at the same moment after its time both show a card as expired', async () => {
  const { proposals, open, clock } = await openProposals();
  const { id } = await open();
  clock.advance(CARD_MS);
  const claims = await Promise.all([proposals.claim(id, delivery), proposals.claim(id, delivery)]);
  for (const claim of claims) {
    expect(claim).toMatchObject({ kind: 'expired', found: { stage: 'done', outcome: { kind: 'expired' } } });
  }
});

describe('a key that somebody else holds by now', () => {
  const unknown = { kind: 'unsettled', since: 0, lookAt: 1000 } as const;

  /** One card whose lease ran out while it was sending, and another one of the same key. */
  async function overtaken() {
    const opened = await openProposals();
    const { proposals, open, clock } = opened;
    const [slow, quick] = [await open(), await open()];
    await proposals.claim(slow.id, delivery);
    const found = await proposals.startSending(await proposals.require(slow.id));
    if (found === undefined) throw new TypeError('not sending');
    const overtake = async () => {
      clock.advance(KEY_MS);
      expect((await proposals.claim(quick.id, delivery)).kind).toBe('claimed');
    };
    const holder = async () => (await proposals.holderOf(request.keyHash))?.proposal.id;
    return { ...opened, found, slow, quick, overtake, holder };
  }

  test('stays theirs while an older change settles', async () => {
    const { proposals, found, quick, overtake, holder } = await overtaken();
    await overtake();
    expect(await proposals.settleLater(found, unknown, 60_000)).toMatchObject({ stage: 'settling' });
    expect(await holder()).toBe(quick.id);
  });

  test('stays theirs also when it was taken at the last moment', async () => {
    const { proposals, found, quick, overtake, meanwhile, holder } = await overtaken();
    meanwhile(overtake);
    expect(await proposals.settleLater(found, unknown, 60_000)).toBeUndefined();
    expect(await holder()).toBe(quick.id);
  });

  test('is not freed by an older change that ends at that moment', async () => {
    const { proposals, found, quick, overtake, meanwhile, holder } = await overtaken();
    meanwhile(overtake);
    expect(await proposals.finish(found, { kind: 'applied', asOf: 0, isReadBack: true })).toBeUndefined();
    expect(await holder()).toBe(quick.id);
  });

  test('is not written with by an older change', async () => {
    const { proposals, open, quick, clock, meanwhile, holder } = await overtaken();
    clock.advance(KEY_MS);
    const late = await open();
    const claim = await proposals.claim(late.id, delivery);
    if (claim.kind !== 'claimed') throw new TypeError('not claimed');
    meanwhile(async () => {
      clock.advance(KEY_MS);
      await proposals.claim(quick.id, delivery);
    });
    expect(await proposals.startSending(claim.found)).toBeUndefined();
    expect(await holder()).toBe(quick.id);
  });
});

test('a list of cards leaves out those that can no longer be read, and is an error when the store cannot be', async () => {
  const { proposals, open, store } = await openProposals();
  const [good, damaged] = [await open(), await open()];
  await open({ by: '666' });
  await store.commit({ writes: [{ key: `proposal/${damaged.id}`, value: '{}' }] });
  for (const list of [proposals.openOf, proposals.ownedBy]) {
    expect((await list('100')).map(({ proposal }) => proposal.id)).toEqual([good.id]);
  }
  const broken = () => Promise.reject(new Failure({ code: 'STORE_UNAVAILABLE' }));
  for (const call of ['get', 'list'] as const) {
    Object.assign(store, { [call]: broken });
    for (const list of [proposals.openOf, proposals.ownedBy]) {
      await expect(list('100')).rejects.toThrow('STORE_UNAVAILABLE');
    }
  }
});

test('a result stays untold until it was told, by this process or the next', async () => {
  const { proposals, open } = await openProposals();
  const { id } = await open();
  await proposals.claim(id, delivery);
  const found = await proposals.require(id);
  const untold = async () => (await proposals.untold('100')).map(({ proposal }) => proposal.id);
  expect(await untold()).toEqual([]);
  await proposals.markUntold(found);
  expect(await untold()).toEqual([id]);
  await proposals.markTold([found]);
  await proposals.markTold([found]);
  expect(await untold()).toEqual([]);
});

test('of two claims of one key at once one runs, although the clock was set past its lease in between', async () => {
  const { proposals, open, meanwhile, clock, store } = await openProposals();
  const [first, second] = [await open(), await open()];
  meanwhile(async () => {
    expect((await proposals.claim(first.id, delivery)).kind).toBe('claimed');
    clock.step(KEY_MS);
  });
  const late = await proposals.claim(second.id, delivery);
  expect(late).toMatchObject({ kind: 'already', found: { stage: 'done', outcome: { kind: 'not-sent' } } });
  expect((await proposals.holderOf(first.keyHash))?.proposal.id).toBe(first.id);
  expect(await store.list('lease/')).toEqual([]);
});

describe('the lease by itself, when no guard in the process knows who has the key,', () => {
  async function leased() {
    const opened = await openProposals();
    const { proposals, open } = opened;
    const [slow, quick] = [await open(), await open()];
    await proposals.claim(slow.id, delivery);
    const holder = async () => (await opened.store.get(`lease/${request.keyHash}`))?.value;
    return { ...opened, slow, quick, holder };
  }

  test('keeps a second change waiting', async () => {
    const { afterRestart, slow, quick, holder } = await leased();
    expect(await afterRestart().claim(quick.id, delivery)).toMatchObject({ kind: 'busy' });
    expect(await holder()).toBe(slow.id);
  });

  test('keeps one from being sent that no longer has it', async () => {
    const { proposals, afterRestart, slow, quick, clock, holder } = await leased();
    clock.advance(KEY_MS);
    expect((await afterRestart().claim(quick.id, delivery)).kind).toBe('claimed');
    expect(await proposals.startSending(await proposals.require(slow.id))).toBeUndefined();
    expect(await holder()).toBe(quick.id);
  });

  test('is not taken over by one that settles', async () => {
    const { proposals, afterRestart, slow, quick, clock, holder } = await leased();
    const sending = await proposals.startSending(await proposals.require(slow.id));
    clock.advance(KEY_MS);
    expect((await afterRestart().claim(quick.id, delivery)).kind).toBe('claimed');
    const outcome = { kind: 'unsettled', since: 0, lookAt: 1000 } as const;
    await proposals.settleLater(sending ?? (await proposals.require(slow.id)), outcome, 60_000);
    expect(await holder()).toBe(quick.id);
  });
});

describe('the guard by itself, when a clock says that the lease is over or somebody else’s,', () => {
  test('lets nothing be sent with a key that another change has', async () => {
    const { proposals, open, guard } = await openProposals();
    const { id, keyHash } = await open();
    await proposals.claim(id, delivery);
    guard.release(keyHash, id);
    guard.hold(keyHash, 'another', 1000);
    expect(await proposals.startSending(await proposals.require(id))).toBeUndefined();
  });

  test('keeps the key for as long as a change settles', async () => {
    const { proposals, open, clock } = await openProposals();
    const { id } = await open();
    await proposals.claim(id, delivery);
    const sending = await proposals.startSending(await proposals.require(id));
    const outcome = { kind: 'unsettled', since: 0, lookAt: 1000 } as const;
    await proposals.settleLater(sending ?? (await proposals.require(id)), outcome, 60_000);
    clock.step(HOUR_MS);
    clock.advance(59_999);
    const next = await open();
    expect((await proposals.claim(next.id, delivery)).kind).toBe('busy');
    clock.advance(1);
    expect((await proposals.claim(next.id, delivery)).kind).toBe('claimed');
  });

  test('is not released by an end that comes too late to be one', async () => {
    const { proposals, open, guard } = await openProposals();
    const { id, keyHash } = await open();
    await proposals.claim(id, delivery);
    const claimed = await proposals.require(id);
    await proposals.startSending(claimed);
    expect(await proposals.finish(claimed, { kind: 'not-sent', at: 0 })).toBeUndefined();
    expect(guard.holderOf(keyHash)).toBe(id);
  });
});
