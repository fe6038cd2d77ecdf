import { type Delivery, placed } from '../delivery.ts';
import { Failure } from '../errors.ts';
import { chunksOf, inSlices } from '../store/pages.ts';
import { retried } from '../store/retried.ts';
import type { RowContext } from '../store/sealed-rows.ts';
import { type Change, type Check, type Entry, MOST_KEYS, type Write } from '../store/store.ts';
import { commitInTurn } from '../store/turns.ts';
import { createCardLists } from './card-lists.ts';
import { makeRoom } from './card-room.ts';
import { eraseCards } from './erase-cards.ts';
import type { KeyGuard } from './key-guard.ts';
import { isWorthTelling, type Outcome } from './outcome.ts';
import type { Proposal, Stage } from './proposal.ts';
import { type Found, findProposal, keys, proposalRows, rowCheck } from './proposal-rows.ts';

export type Claim =
  | { readonly kind: 'claimed'; readonly found: Found }
  | { readonly kind: 'expired'; readonly found: Found }
  /** Another operation holds this API key; the proposal stays pending. */
  | { readonly kind: 'busy'; readonly by: Found }
  /** It was already pressed: `found` has the stage and, once it ended, the outcome. */
  | { readonly kind: 'already'; readonly found: Found };

/** What a card asks for, before it has an id and a time. */
export type Request = Omit<Proposal, 'id' | 'createdAt' | 'expiresAt'>;

const LEASE_MS = 20_000;
/** While somebody waits for the answer to a press. */
const MOST_CLAIMS = 5;
const DAY_MS = 24 * 60 * 60_000;

export type Proposals = ReturnType<typeof createProposals>;

/**
 * Proposals in the store: open, claim, advance, and what recovery needs.
 *
 * The store's clock decides expiry and leases; every transition is one compare-and-set, and a claim takes the lease of
 * its API key in the same transaction. The guard says the same of this process, whatever the clock was set to.
 *
 * @param options.keepMs - How long an ended proposal is kept, so that a second press shows the first result.
 */
export function createProposals(
  context: RowContext & { readonly newId: () => string; readonly keepMs: number; readonly guard: KeyGuard },
) {
  const { store, newId, keepMs, guard } = context;

  const find = (id: string): Promise<Found | undefined> => findProposal(context, id);

  function toWrite({ proposal, stage, delivery, outcome }: Omit<Found, 'version'>): Promise<Write> {
    const data = { proposal, stage, delivery, ...(outcome !== undefined && { outcome }) };
    return proposalRows.write(context, proposal.id, data, lifeOf(outcome));
  }

  /** What nobody confirmed is only of use to a late press. */
  function lifeOf(outcome: Outcome | undefined): number {
    return outcome === undefined || isWorthTelling(outcome) ? keepMs : Math.min(keepMs, DAY_MS);
  }

  async function require(id: string): Promise<Found> {
    const found = await find(id);
    if (found === undefined) throw new Failure({ code: 'CARD_GONE' });
    return found;
  }

  /**
   * Stores a new proposal.
   *
   * @throws Failure TOO_MANY_OPEN_CARDS, TOO_MANY_CARDS, STORE_UNAVAILABLE for an id that is taken
   */
  async function open(request: Request, ttlMs: number, delivery: Delivery): Promise<Proposal> {
    const { by: user } = request;
    const id = newId();
    const createdAt = await store.now();
    const proposal: Proposal = { ...request, id, createdAt, expiresAt: createdAt + ttlMs };
    const stored = await commitInTurn(store, { user, of: 'cards' }, async () => {
      await makeRoom(context, user);
      const row = await toWrite({ proposal, stage: 'pending', delivery });
      const index = [keys.open, keys.owned].map((key) => ({ key: key(user, id), value: '', ttlMs: keepMs }));
      return { checks: [{ key: row.key, version: 'absent' }], writes: [row, ...index] };
    });
    if (stored.kind !== 'committed') throw new Failure({ code: 'STORE_UNAVAILABLE' });
    return proposal;
  }

  /** Remembers in which message a card stands, once that is known. */
  async function attach(id: string, messageId: string): Promise<void> {
    const found = await require(id);
    if (found.stage !== 'pending') return;
    await advance({ ...found, delivery: placed(found.delivery, messageId) }, 'pending');
  }

  /** @param delivery - The message with the pressed button, for the result. */
  function claim(id: string, delivery: Delivery): Promise<Claim> {
    return retried(() => tryToClaim(id, delivery), MOST_CLAIMS);
  }

  /** @returns undefined when another change came first. */
  async function tryToClaim(id: string, delivery: Delivery): Promise<Claim | undefined> {
    const found = await require(id);
    if (found.stage !== 'pending') return { kind: 'already', found };
    const claimed = { ...found, stage: 'claimed', delivery } as const;
    const { keyHash, expiresAt } = found.proposal;
    const obstacle = await obstacleTo(found);
    if (obstacle !== undefined) return obstacle;
    const lease = { key: keys.lease(keyHash), value: id, ttlMs: LEASE_MS };
    const result = await store.commit({
      before: expiresAt,
      checks: [rowCheck(found), { key: lease.key, version: 'absent' }],
      writes: [await toWrite(claimed), lease],
    });
    if (result.kind === 'too-late') return { kind: 'expired', found: await expire(found) };
    if (result.kind === 'committed') return startWith({ ...claimed, version: result.version });
    const by = result.key === lease.key ? await holderOf(keyHash) : undefined;
    return by && { kind: 'busy', by };
  }

  /** Another one may have had the key until its lease was set over in the middle of the claim. */
  async function startWith(claimed: Found): Promise<Claim> {
    const { keyHash, id } = claimed.proposal;
    if (guard.hold(keyHash, id, LEASE_MS)) return { kind: 'claimed', found: claimed };
    const ended = await finish(claimed, { kind: 'not-sent', at: await store.now() });
    return { kind: 'already', found: ended ?? (await require(id)) };
  }

  /** What stands in the way of a claim that the store's transaction does not see. */
  async function obstacleTo(found: Found): Promise<Claim | undefined> {
    const { id, keyHash, createdAt } = found.proposal;
    const holder = guard.holderOf(keyHash);
    const by = holder === undefined || holder === id ? undefined : await find(holder);
    const now = await store.now();
    if (by === undefined && now >= createdAt) return undefined;
    const isExpired = by === undefined || isOver(found.proposal, now);
    return isExpired ? { kind: 'expired', found: await expire(found) } : { kind: 'busy', by };
  }

  /** The operation that holds this API key just now. */
  async function holderOf(keyHash: string): Promise<Found | undefined> {
    const id = guard.holderOf(keyHash) ?? (await store.get(keys.lease(keyHash)))?.value;
    return id === undefined ? undefined : find(id);
  }

  /** Keeps the key for what a crash left behind, until it is settled. */
  function keepKey({ proposal }: Found): void {
    guard.hold(proposal.keyHash, proposal.id, LEASE_MS);
  }

  /** One compare-and-set of the row. @returns undefined when somebody else advanced it first. */
  async function advance(found: Found, stage: Stage, more: Partial<Change> = {}): Promise<Found | undefined> {
    const next = { ...found, stage };
    const result = await store.commit({
      checks: [rowCheck(found), ...(more.checks ?? [])],
      writes: [await toWrite(next), ...(more.writes ?? [])],
    });
    return result.kind === 'committed' ? { ...next, version: result.version } : undefined;
  }

  /** Writes what a proposal says anew and takes the lease of its key, where that is free, while it is under way. */
  async function replace(found: Found, proposal: Proposal): Promise<Found | undefined> {
    const next = { ...found, proposal };
    const isFree = found.stage !== 'pending' && (await store.get(keys.lease(proposal.keyHash))) === undefined;
    return advance(next, found.stage, isFree ? leaseFor(next, undefined, LEASE_MS) : {});
  }

  /** Commits that the write is about to be sent. @returns undefined when the lease is over or was taken: send nothing. */
  async function startSending(found: Found): Promise<Found | undefined> {
    const lease = await ownLease(found);
    const { keyHash, id } = found.proposal;
    if (lease === undefined || !guard.hold(keyHash, id, LEASE_MS)) return undefined;
    return advance(found, 'sending', leaseFor(found, lease, LEASE_MS));
  }

  /** Keeps the key's lease while the outcome may still change, or takes it again when a crash let it run out. */
  async function settleLater(found: Found, outcome: Outcome, leaseMs: number): Promise<Found | undefined> {
    const { keyHash, id } = found.proposal;
    const lease = await store.get(keys.lease(keyHash));
    const isForeign = lease !== undefined && lease.value !== id;
    const more = isForeign ? {} : leaseFor(found, lease, leaseMs);
    const settling = await advance({ ...found, outcome }, 'settling', more);
    if (settling !== undefined) guard.hold(keyHash, id, leaseMs);
    return settling;
  }

  /**
   * Ends a proposal for good, frees the key, and notes that its owner has to be told.
   *
   * @returns undefined when it had been ended otherwise.
   */
  async function finish(found: Found, outcome: Outcome): Promise<Found | undefined> {
    const { id, by, keyHash } = found.proposal;
    const lease = await leaseToEnd(found);
    const ttlMs = lifeOf(outcome);
    const closing: readonly Write[] = [
      { key: keys.open(by, id), remove: true },
      { key: keys.owned(by, id), value: '', ttlMs },
      { key: keys.ended(by, id, found.proposal.createdAt), value: '', ttlMs },
    ];
    const notes = isWorthTelling(outcome) ? [untoldNote(found)] : [];
    const release: readonly Write[] = lease === undefined ? [] : [{ key: lease.key, remove: true }];
    const checks = lease === undefined ? [] : [lease];
    const ended = await advance({ ...found, outcome }, 'done', { checks, writes: [...closing, ...notes, ...release] });
    if (ended !== undefined) guard.release(keyHash, id);
    return ended;
  }

  /**
   * The lease that goes with this proposal's end. One that is over goes too: on a clock that is set back later it would
   * hold the key again.
   */
  async function leaseToEnd({ proposal, stage }: Found): Promise<Check | undefined> {
    const key = keys.lease(proposal.keyHash);
    const lease = await store.get(key);
    if (lease === undefined) return stage === 'pending' ? undefined : { key, version: 'absent' };
    return lease.value === proposal.id ? lease : undefined;
  }

  async function ownLease({ proposal }: Found): Promise<Entry | undefined> {
    const lease = await store.get(keys.lease(proposal.keyHash));
    return lease?.value === proposal.id ? lease : undefined;
  }

  async function expire(found: Found): Promise<Found> {
    const ended = await finish(found, { kind: 'expired', at: await store.now() });
    return ended ?? require(found.proposal.id);
  }

  function untoldNote({ proposal: { by, id } }: Found): Write {
    return { key: keys.untold(by, id), value: '', ttlMs: keepMs };
  }

  /** What was erased meanwhile leaves no note behind. */
  async function markUntold(found: Found): Promise<void> {
    const { key } = rowCheck(found);
    await retried(async () => {
      const row = await store.get(key);
      if (row === undefined) return 'erased';
      const checks = [{ key, version: row.version }];
      return (await store.commit({ checks, writes: [untoldNote(found)] })).kind === 'committed' ? 'noted' : undefined;
    });
  }

  /** Takes the notes off of what still stands as it was told: of what became of it since, its owner has yet to hear. */
  async function markTold(found: readonly Found[]): Promise<void> {
    const noted = await inSlices(found, async (each) => ((await store.get(untoldNote(each).key)) ? [each] : []));
    const told = noted.flat();
    const settle = (some: readonly Found[]) =>
      store.commit({
        checks: some.map(rowCheck),
        writes: some.map((each) => ({ key: untoldNote(each).key, remove: true })),
      });
    for (const some of chunksOf(told, MOST_KEYS / 2)) {
      if ((await settle(some)).kind === 'committed') continue;
      for (const each of some) await settle([each]);
    }
  }

  return {
    open,
    attach,
    find,
    require,
    claim,
    replace,
    startSending,
    settleLater,
    finish,
    expire,
    holderOf,
    keepKey,
    ...createCardLists(context),
    markUntold,
    markTold,
    eraseAll: (user: string) => eraseCards(context, user),
  };
}

/** A card of a later time was made before this host's clock was set back: nobody knows how old it is. */
export function isOver({ createdAt, expiresAt }: Proposal, now: number): boolean {
  return now >= expiresAt || now < createdAt;
}

/** Takes the key's lease, or renews the one that is held. */
function leaseFor({ proposal }: Found, held: Entry | undefined, ttlMs: number): Partial<Change> {
  const key = keys.lease(proposal.keyHash);
  return {
    checks: [{ key, version: held?.version ?? 'absent' }],
    writes: [{ key, value: proposal.id, ttlMs }],
  };
}
