import { type Delivery, placed } from '../delivery.ts';
import { Failure } from '../errors.ts';
import { chunksOf, inSlices } from '../store/pages.ts';
import { retried } from '../store/retried.ts';
import type { RowContext } from '../store/sealed-rows.ts';
import { type Change, type Check, type Entry, MOST_KEYS, type Write } from '../store/store.ts';
import { commitInTurn } from '../store/turns.ts';
import { createCardLists, findReadable } from './card-lists.ts';
import { makeRoom } from './card-room.ts';
import { eraseCards } from './erase-cards.ts';
import type { KeyGuard } from './key-guard.ts';
import { isWorthTelling, maySetAgain, type Outcome } from './outcome.ts';
import type { Proposal, Stage } from './proposal.ts';
import { findProposal, proposalRows, rowCheck, rowKeys, type StoredProposal } from './proposal-rows.ts';

type Claim =
  | { readonly kind: 'claimed'; readonly found: StoredProposal }
  | { readonly kind: 'expired'; readonly found: StoredProposal }
  /** Another operation holds this API key; the proposal stays pending. */
  | { readonly kind: 'busy'; readonly by: StoredProposal }
  /** It was already pressed: `found` has the stage and, once it ended, the outcome. */
  | { readonly kind: 'already'; readonly found: StoredProposal };

/** What a card asks for, before it has an id and a time. */
export type NewProposal = Omit<Proposal, 'id' | 'createdAt' | 'expiresAt'>;

/** So long whoever claimed or sends a change may go on with it; then others may take it over. */
export const LEASE_MS = 20_000;
/** The row of a lease stays so much longer: until the change is taken over, nothing else may use its key. */
export const TAKEOVER_MS = 10_000;
const KEY_MS = LEASE_MS + TAKEOVER_MS;
const AFTER_LEASE_MS = 1_000;
/** So long whoever stored a result has to show it and to make it known, before others do. */
const TELL_MS = 15_000;
export const ANNOUNCE_MS = 60_000;
/** While somebody waits for the answer to a press. */
const MOST_CLAIMS = 5;
const DAY_MS = 24 * 60 * 60_000;

type ProposalContext = RowContext & {
  readonly newId: () => string;
  /** How long an ended proposal is kept, so that a second press shows the first result. */
  readonly keepMs: number;
  readonly guard: KeyGuard;
};

export type Proposals = ReturnType<typeof createProposals>;

/**
 * Proposals in the store: open, claim, advance, and what takes over.
 *
 * The store's clock decides expiry and leases; every transition is one compare-and-set, and a claim takes the lease of
 * its API key in the same transaction. The guard says the same of this process, whatever the clock was set to. Until it
 * has ended, a row has a due time, from which on whoever takes it looks after it.
 */
export function createProposals(context: ProposalContext) {
  return {
    /** @param instead - The id of what this asks for once more; it can be asked for so only once. */
    open: (request: NewProposal, ttlMs: number, delivery: Delivery, instead?: string) =>
      open(context, request, { ttlMs, delivery, ...(instead !== undefined && { instead }) }),
    attach: (id: string, messageId: string) => attach(context, id, messageId),
    find: (id: string) => findProposal(context, id),
    /** @returns undefined for one that can no longer be read, too */
    findReadable: (id: string) => findReadable(context, id),
    require: (id: string) => require(context, id),
    /** @param delivery - The message with the pressed button, for the result. */
    claim: (id: string, delivery: Delivery) => retried(() => tryToClaim(context, id, delivery), MOST_CLAIMS),
    replace: (found: StoredProposal, proposal: Proposal) => replace(context, found, proposal),
    startSending: (found: StoredProposal) => startSending(context, found),
    isOwned: async (found: StoredProposal) => (await ownLease(context, found)) !== undefined,
    takeOver: (found: StoredProposal) => takeOver(context, found),
    settleLater: (found: StoredProposal, outcome: Outcome, leaseMs: number) =>
      settleLater(context, found, outcome, leaseMs),
    finish: (found: StoredProposal, outcome: Outcome) => finish(context, found, outcome),
    expire: (found: StoredProposal) => expire(context, found),
    postpone: (found: StoredProposal) => advance(context, found, found.stage),
    holderOf: (keyHash: string) => holderOf(context, keyHash),
    keepKey: ({ proposal }: StoredProposal) =>
      void context.guard.hold(proposal.keyHash, proposal.id, Number.POSITIVE_INFINITY),
    ...createCardLists(context),
    note: (found: StoredProposal, write: Write) => note(context, found, write),
    markUntold: (found: StoredProposal) => note(context, found, untoldNote(context, found)),
    markTold: (found: readonly StoredProposal[]) => markTold(context, found),
    dropNote: (key: string) => dropNote(context, key),
    letBe: (entry: Entry) => letBe(context, entry),
    eraseAll: (user: string) => eraseCards(context, user),
  };
}

async function toWrite(context: ProposalContext, next: Omit<StoredProposal, 'version'>): Promise<Write> {
  const { proposal, stage, delivery, outcome } = next;
  const data = { proposal, stage, delivery, ...(outcome !== undefined && { outcome }) };
  const row = await proposalRows.write(context, proposal.id, data, lifeOf(context, outcome));
  const dueMs = dueAfter(next, await context.store.now());
  return dueMs === undefined ? row : { ...row, dueMs };
}

/** In how many milliseconds somebody has to look after it; undefined once it has ended. */
function dueAfter({ proposal, stage, outcome }: Omit<StoredProposal, 'version'>, now: number): number | undefined {
  switch (stage) {
    case 'pending':
      return Math.max(0, proposal.expiresAt - now);
    case 'claimed':
    case 'sending':
      return LEASE_MS + AFTER_LEASE_MS;
    case 'settling':
      return outcome?.kind === 'unsettled' ? Math.max(0, outcome.lookAt - now) : 0;
    case 'done':
      return undefined;
  }
}

/** What nobody confirmed is only of use to a late press. */
function lifeOf({ keepMs }: ProposalContext, outcome: Outcome | undefined): number {
  return outcome === undefined || isWorthTelling(outcome) ? keepMs : Math.min(keepMs, DAY_MS);
}

async function require(context: ProposalContext, id: string): Promise<StoredProposal> {
  const found = await findProposal(context, id);
  if (found === undefined) throw new Failure({ code: 'CARD_GONE' });
  return found;
}

/**
 * Stores a new proposal.
 *
 * @throws Failure TOO_MANY_OPEN_CARDS, TOO_MANY_CARDS, STORE_UNAVAILABLE for an id that is taken, CARD_GONE for one that
 *   is to stand in for another which has its successor already
 */
async function open(
  context: ProposalContext,
  request: NewProposal,
  card: { readonly ttlMs: number; readonly delivery: Delivery; readonly instead?: string },
): Promise<Proposal> {
  const { ttlMs, delivery, instead } = card;
  const { store, newId, keepMs } = context;
  const { by: user } = request;
  const id = newId();
  const createdAt = await store.now();
  const proposal: Proposal = { ...request, id, createdAt, expiresAt: createdAt + ttlMs };
  const stored = await commitInTurn(store, { user, of: 'cards' }, async () => {
    await makeRoom(context, user);
    const row = await toWrite(context, { proposal, stage: 'pending', delivery });
    const index = [rowKeys.open, rowKeys.owned].map((key) => ({ key: key(user, id), value: '', ttlMs: keepMs }));
    const marked = instead === undefined ? { checks: [], writes: [] } : await markSetAgain(context, instead, id);
    return {
      checks: [{ key: row.key, version: 'absent' }, ...marked.checks],
      writes: [row, ...index, ...marked.writes],
    };
  });
  if (stored.kind === 'conflict' && instead !== undefined) throw new Failure({ code: 'CARD_GONE' });
  if (stored.kind !== 'committed') throw new Failure({ code: 'STORE_UNAVAILABLE' });
  return proposal;
}

/** Notes with an ended proposal which card asks for the same once more: of any number of presses one makes a card. */
async function markSetAgain(
  context: ProposalContext,
  id: string,
  again: string,
): Promise<Required<Pick<Change, 'checks' | 'writes'>>> {
  const row = await proposalRows.get(context, id);
  const outcome = row?.data.outcome;
  if (row === undefined || !maySetAgain(outcome) || outcome.again !== undefined) {
    throw new Failure({ code: 'CARD_GONE' });
  }
  const marked = await proposalRows.rewrite(context, row, { ...row.data, outcome: { ...outcome, again } });
  return { checks: [{ key: row.key, version: row.version }], writes: [marked] };
}

/** Remembers in which message a card stands, once that is known. */
async function attach(context: ProposalContext, id: string, messageId: string): Promise<void> {
  const found = await require(context, id);
  if (found.stage !== 'pending') return;
  await advance(context, { ...found, delivery: placed(found.delivery, messageId) }, 'pending');
}

/** @returns undefined when another change came first. */
async function tryToClaim(context: ProposalContext, id: string, delivery: Delivery): Promise<Claim | undefined> {
  const found = await require(context, id);
  if (found.stage !== 'pending') return { kind: 'already', found };
  const claimed = { ...found, stage: 'claimed', delivery } as const;
  const { keyHash, expiresAt } = found.proposal;
  const obstacle = await obstacleTo(context, found);
  if (obstacle !== undefined) return obstacle;
  const lease = { key: rowKeys.lease(keyHash), value: id, ttlMs: KEY_MS };
  const result = await context.store.commit({
    before: expiresAt,
    checks: [rowCheck(found), { key: lease.key, version: 'absent' }],
    writes: [await toWrite(context, claimed), lease],
  });
  if (result.kind === 'too-late') return { kind: 'expired', found: await expire(context, found) };
  if (result.kind === 'committed') return startWith(context, { ...claimed, version: result.version });
  const by = result.key === lease.key ? await holderOf(context, keyHash) : undefined;
  return by && { kind: 'busy', by };
}

/** Another one may have had the key until its lease was set over in the middle of the claim. */
async function startWith(context: ProposalContext, claimed: StoredProposal): Promise<Claim> {
  const { keyHash, id } = claimed.proposal;
  if (context.guard.hold(keyHash, id, KEY_MS)) return { kind: 'claimed', found: claimed };
  const ended = await finish(context, claimed, { kind: 'not-sent', at: await context.store.now() });
  return { kind: 'already', found: ended ?? (await require(context, id)) };
}

/** What stands in the way of a claim that the store's transaction does not see. */
async function obstacleTo(context: ProposalContext, found: StoredProposal): Promise<Claim | undefined> {
  const { id, keyHash, createdAt } = found.proposal;
  const holder = await guardedBy(context, keyHash);
  const by = holder?.proposal.id === id ? undefined : holder;
  const now = await context.store.now();
  if (by === undefined && now >= createdAt) return undefined;
  const isExpired = by === undefined || isOver(found.proposal, now);
  return isExpired ? { kind: 'expired', found: await expire(context, found) } : { kind: 'busy', by };
}

/** The operation that holds this API key just now. */
async function holderOf(context: ProposalContext, keyHash: string): Promise<StoredProposal | undefined> {
  const guarded = await guardedBy(context, keyHash);
  if (guarded !== undefined) return guarded;
  const lease = await context.store.get(rowKeys.lease(keyHash));
  return lease && findProposal(context, lease.value);
}

/** What this process holds the key for. What another process has ended or erased, or nobody can read, needs it no more. */
async function guardedBy(context: ProposalContext, keyHash: string): Promise<StoredProposal | undefined> {
  const { guard } = context;
  const id = guard.holderOf(keyHash);
  if (id === undefined) return undefined;
  const found = await findReadable(context, id);
  if (found !== undefined && found.stage !== 'done') return found;
  guard.release(keyHash, id);
  return undefined;
}

/** One compare-and-set of the row. @returns undefined when somebody else advanced it first. */
async function advance(
  context: ProposalContext,
  found: StoredProposal,
  stage: Stage,
  more: Partial<Change> = {},
): Promise<StoredProposal | undefined> {
  const next = { ...found, stage };
  const result = await context.store.commit({
    ...more,
    checks: [rowCheck(found), ...(more.checks ?? [])],
    writes: [await toWrite(context, next), ...(more.writes ?? [])],
  });
  return result.kind === 'committed' ? { ...next, version: result.version } : undefined;
}

/** Writes what a proposal says anew and takes the lease of its key, where that is free, while it is under way. */
async function replace(
  context: ProposalContext,
  found: StoredProposal,
  proposal: Proposal,
): Promise<StoredProposal | undefined> {
  const next = { ...found, proposal };
  const isFree = found.stage !== 'pending' && (await context.store.get(rowKeys.lease(proposal.keyHash))) === undefined;
  return advance(context, next, found.stage, isFree ? leaseFor(next, undefined, KEY_MS) : {});
}

/** Commits that the write is about to be sent. @returns undefined when the lease is over or was taken: send nothing. */
async function startSending(context: ProposalContext, found: StoredProposal): Promise<StoredProposal | undefined> {
  const lease = await ownLease(context, found);
  const { keyHash, id } = found.proposal;
  if (lease === undefined || !context.guard.hold(keyHash, id, KEY_MS)) return undefined;
  return advance(context, found, 'sending', { ...leaseFor(found, lease, KEY_MS), before: ownerEnd(lease) });
}

/** The lease of whoever claimed or sends this change, while that is not over. */
async function ownLease({ store }: ProposalContext, { proposal }: StoredProposal): Promise<Entry | undefined> {
  const lease = await store.get(rowKeys.lease(proposal.keyHash));
  return lease?.value === proposal.id && (await store.now()) < ownerEnd(lease) ? lease : undefined;
}

function ownerEnd({ expiresAt = Number.POSITIVE_INFINITY }: Entry): number {
  return expiresAt - TAKEOVER_MS;
}

/**
 * Takes over a change whose owner's lease is over: from now on nothing that the owner does with it is stored. The key's
 * lease is taken for as long as this takes, unless it is somebody else's by now.
 *
 * @returns undefined while its owner lives, and when somebody else came first.
 */
async function takeOver(context: ProposalContext, found: StoredProposal): Promise<StoredProposal | undefined> {
  const { keyHash, id } = found.proposal;
  if ((await ownLease(context, found)) !== undefined) return undefined;
  const lease = await context.store.get(rowKeys.lease(keyHash));
  const isForeign = lease !== undefined && lease.value !== id;
  const more = isForeign ? { checks: [lease] } : leaseFor(found, lease, KEY_MS);
  return advance(context, found, found.stage, more);
}

/** Keeps the key's lease while the outcome may still change, or takes it again when a crash let it run out. */
async function settleLater(
  context: ProposalContext,
  found: StoredProposal,
  outcome: Outcome,
  leaseMs: number,
): Promise<StoredProposal | undefined> {
  const { keyHash, id } = found.proposal;
  const lease = await context.store.get(rowKeys.lease(keyHash));
  const isForeign = lease !== undefined && lease.value !== id;
  const { checks = [], writes = [] } = isForeign ? {} : leaseFor(found, lease, leaseMs);
  const more = { checks, writes: [...writes, ...announcement(found, outcome)] };
  const settling = await advance(context, { ...found, outcome }, 'settling', more);
  if (settling !== undefined) context.guard.hold(keyHash, id, leaseMs);
  return settling;
}

/**
 * Ends a proposal for good, frees the key, and notes that its owner has to be told and the outcome made known.
 *
 * @returns undefined when it had been ended otherwise.
 */
async function finish(
  context: ProposalContext,
  found: StoredProposal,
  outcome: Outcome,
): Promise<StoredProposal | undefined> {
  const { id, by, keyHash, createdAt } = found.proposal;
  const lease = await leaseToEnd(context, found);
  const ttlMs = lifeOf(context, outcome);
  const closing: readonly Write[] = [
    { key: rowKeys.open(by, id), remove: true },
    { key: rowKeys.owned(by, id), value: '', ttlMs },
    { key: rowKeys.ended(by, id, createdAt), value: '', ttlMs },
  ];
  const notes = isWorthTelling(outcome) ? [{ ...untoldNote(context, found), dueMs: TELL_MS }] : [];
  const release: readonly Write[] = lease === undefined ? [] : [{ key: lease.key, remove: true }];
  const ended = await advance(context, { ...found, outcome }, 'done', {
    checks: lease === undefined ? [] : [lease],
    writes: [...closing, ...notes, ...announcement(found, outcome), ...release],
  });
  if (ended !== undefined) context.guard.release(keyHash, id);
  return ended;
}

/** The note that what became of it has to be made known, in the commit that stores it. */
function announcement({ proposal: { by, id }, outcome: known }: StoredProposal, outcome: Outcome): readonly Write[] {
  if (known?.kind === outcome.kind) return [];
  return [{ key: rowKeys.audit(by, id), value: '', ttlMs: DAY_MS, dueMs: ANNOUNCE_MS }];
}

/**
 * The lease that goes with this proposal's end. One that is over goes too: on a clock that is set back later it would
 * hold the key again.
 */
async function leaseToEnd({ store }: ProposalContext, { proposal, stage }: StoredProposal): Promise<Check | undefined> {
  const key = rowKeys.lease(proposal.keyHash);
  const lease = await store.get(key);
  if (lease === undefined) return stage === 'pending' ? undefined : { key, version: 'absent' };
  return lease.value === proposal.id ? lease : undefined;
}

async function expire(context: ProposalContext, found: StoredProposal): Promise<StoredProposal> {
  const ended = await finish(context, found, { kind: 'expired', at: await context.store.now() });
  return ended ?? require(context, found.proposal.id);
}

function untoldNote({ keepMs }: ProposalContext, { proposal: { by, id } }: StoredProposal) {
  return { key: rowKeys.untold(by, id), value: '', ttlMs: keepMs } as const;
}

/** Writes a note about a proposal; what was erased meanwhile leaves none behind. */
async function note({ store }: ProposalContext, found: StoredProposal, write: Write): Promise<void> {
  const { key } = rowCheck(found);
  await retried(async () => {
    const row = await store.get(key);
    if (row === undefined) return 'erased';
    const checks = [{ key, version: row.version }];
    return (await store.commit({ checks, writes: [write] })).kind === 'committed' ? 'noted' : undefined;
  });
}

/** Takes the notes off of what still stands as it was told: of what became of it since, its owner has yet to hear. */
async function markTold(context: ProposalContext, found: readonly StoredProposal[]): Promise<void> {
  const { store } = context;
  const noteKey = (each: StoredProposal) => untoldNote(context, each).key;
  const noted = await inSlices(found, async (each) => ((await store.get(noteKey(each))) ? [each] : []));
  const settle = (some: readonly StoredProposal[]) =>
    store.commit({ checks: some.map(rowCheck), writes: some.map((each) => ({ key: noteKey(each), remove: true })) });
  for (const some of chunksOf(noted.flat(), MOST_KEYS / 2)) {
    if ((await settle(some)).kind === 'committed') continue;
    for (const each of some) await settle([each]);
  }
}

async function dropNote({ store }: ProposalContext, key: string): Promise<void> {
  if ((await store.get(key)) !== undefined) await store.commit({ writes: [{ key, remove: true }] });
}

/** Leaves a row as it is, and calls nobody to it any more. */
async function letBe({ store }: ProposalContext, entry: Entry): Promise<void> {
  const { key, value, expiresAt } = entry;
  const ttl = expiresAt === undefined ? {} : { ttlMs: Math.max(1, expiresAt - (await store.now())) };
  await store.commit({ checks: [entry], writes: [{ key, value, ...ttl }] });
}

/** A card of a later time was made before this host's clock was set back: nobody knows how old it is. */
export function isOver({ createdAt, expiresAt }: Proposal, now: number): boolean {
  return now >= expiresAt || now < createdAt;
}

/** Takes the key's lease, or renews the one that is held. */
function leaseFor(
  { proposal }: StoredProposal,
  held: Entry | undefined,
  ttlMs: number,
): Pick<Change, 'checks' | 'writes'> {
  const key = rowKeys.lease(proposal.keyHash);
  return {
    checks: [{ key, version: held?.version ?? 'absent' }],
    writes: [{ key, value: proposal.id, ttlMs }],
  };
}
