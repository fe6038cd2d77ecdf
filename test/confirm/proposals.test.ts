import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Proposal } from '../../src/confirm/proposal.ts';
import { proposalRewraps } from '../../src/confirm/proposal-rows.ts';
import { createProposals } from '../../src/confirm/proposals.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { createEnvelope } from '../../src/vault/envelope.ts';
import { reseal } from '../../src/vault/keyring.ts';
import { createClock } from '../support/clock.ts';
import { masterKey } from '../support/keyring.ts';

const CARD_MS = 60_000;
const delivery = { token: 'interaction-token', at: 0, channel: '300', isPublic: false };

const request: Omit<Proposal, 'id' | 'createdAt' | 'expiresAt'> = {
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

async function openProposals(ring = [masterKey('k1')] as const) {
  const clock = createClock();
  const store = createSqliteStore({ file: ':memory:', now: clock.now });
  onTestFinished(() => store.close());
  const sealer = await createEnvelope(ring);
  const proposals = createProposals({ store, sealer, newId: randomUUID, keepMs: 90 * 86_400_000 });
  return {
    clock,
    store,
    sealer,
    proposals,
    open: (change: Partial<Proposal> = {}) => proposals.open({ ...request, ...change }, CARD_MS, delivery),
  };
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
  clock.advance(20_000);
  expect(
    await proposals.startSending(claim.kind === 'claimed' ? claim.found : await proposals.require(id)),
  ).toBeUndefined();
});

test('a lease that somebody else took meanwhile sends nothing and is not freed', async () => {
  const { proposals, open, clock } = await openProposals();
  const [slow, quick] = [await open(), await open()];
  await proposals.claim(slow.id, delivery);
  clock.advance(20_000);
  expect((await proposals.claim(quick.id, delivery)).kind).toBe('claimed');
  expect(await proposals.startSending(await proposals.require(slow.id))).toBeUndefined();
  await proposals.finish(await proposals.require(slow.id), { kind: 'not-sent', at: 0 });
  expect((await proposals.holderOf(request.keyHash))?.proposal.id).toBe(quick.id);
});

test('an unsettled change takes its lease again when a crash let it run out', async () => {
  const { proposals, open, clock } = await openProposals();
  const [crashed, next] = [await open(), await open()];
  await proposals.claim(crashed.id, delivery);
  await proposals.startSending(await proposals.require(crashed.id));
  clock.advance(20_000);
  expect(await proposals.holderOf(request.keyHash)).toBeUndefined();
  await proposals.settleLater(
    await proposals.require(crashed.id),
    { kind: 'unknown', since: 0, isFinal: false },
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

test('a stored payload that was swapped, moved or changed cannot be claimed', async () => {
  const { proposals, open, store } = await openProposals();
  const [mine, other] = [await open(), await open({ account: { ...request.account, user: '666' } })];
  const rowSchema = z.record(z.string(), z.string());
  const read = async (id: string) => rowSchema.parse(JSON.parse((await store.get(`proposal/${id}`))?.value ?? ''));
  const [row, foreign] = [await read(mine.id), await read(other.id)];
  const forgeries = [
    foreign,
    { ...row, sealed: foreign.sealed ?? '' },
    { ...row, sealed: row.delivery ?? '' },
    { ...row, user: '666' },
    { ...row, venue: 'mudrex' },
    { ...row, sealed: (row.sealed ?? '').replace(/ciphertext":"./, 'ciphertext":"_') },
    { ...row, stage: 'surprise' },
  ];
  for (const forgery of forgeries) {
    await store.commit({ writes: [{ key: `proposal/${mine.id}`, value: JSON.stringify(forgery) }] });
    await expect(proposals.claim(mine.id, delivery), JSON.stringify(Object.keys(forgery))).rejects.toThrow(
      'CARD_UNREADABLE',
    );
  }
});

test('nothing of a proposal but its stage, user and venue is readable in the store', async () => {
  const { open, store } = await openProposals();
  const { id } = await open();
  const { value } = (await store.get(`proposal/${id}`)) ?? { value: '' };
  for (const secret of ['PF_XBTUSD', 'interaction-token', 'hash-of-key']) expect(value).not.toContain(secret);
});

test('more open cards than a person can mean are refused', async () => {
  const { open } = await openProposals();
  for (let count = 0; count < 10; count += 1) await open();
  await expect(open()).rejects.toThrow('TOO_MANY_OPEN_CARDS');
});

test('erasing a user leaves none of their rows and all of the others’', async () => {
  const { proposals, open, store } = await openProposals();
  await open();
  const other = await open({ account: { ...request.account, user: '666' } });
  await proposals.eraseAll('100');
  expect((await store.list('')).map(({ key }) => key)).toEqual([
    `open/666/${other.id}`,
    `owned/666/${other.id}`,
    `proposal/${other.id}`,
  ]);
});

test('nothing is erased while a change is under way', async () => {
  const { proposals, open, store } = await openProposals();
  const { id } = await open();
  await open();
  await proposals.claim(id, delivery);
  const before = await store.list('');
  expect(await proposals.eraseAll('100')).toBe(false);
  expect(await store.list('')).toEqual(before);
});

test('a rotation seals proposals again and keeps what they say', async () => {
  const [old, fresh] = [masterKey('old'), masterKey('new')];
  const { proposals, open, store } = await openProposals([old]);
  const { id } = await open();
  await proposals.finish(await proposals.require(id), { kind: 'cancelled', at: 7 });
  const envelope = await createEnvelope([fresh, old]);
  const [{ rewrap }] = proposalRewraps((context, sealed) => reseal(envelope, context, sealed));
  const entry = await store.get(`proposal/${id}`);
  const value = entry === undefined ? undefined : await rewrap(entry);
  await store.commit({ writes: [{ key: `proposal/${id}`, value: value ?? '' }] });
  const after = createProposals({ store, sealer: await createEnvelope([fresh]), newId: () => 'x', keepMs: 1 });
  expect(await after.require(id)).toMatchObject({ stage: 'done', outcome: { kind: 'cancelled', at: 7 } });
});
