import { z } from 'zod';
import { Failure } from '../errors.ts';
import type { Change, Commit, Entry, Store, Write } from '../store/store.ts';
import {
  type Account,
  type Delivery,
  deliverySchema,
  type Outcome,
  outcomeSchema,
  type Proposal,
  proposalSchema,
  type Stage,
  stageSchema,
} from './proposal.ts';
import type { Sealer } from './sealer.ts';

/** A proposal as it stands in the store. */
export type Found = {
  readonly proposal: Proposal;
  readonly stage: Stage;
  readonly delivery: Delivery;
  readonly outcome?: Outcome;
  readonly version: number;
};

export type Claim =
  | { readonly kind: 'claimed'; readonly found: Found }
  | { readonly kind: 'expired'; readonly found: Found }
  /** Another operation holds this API key; the proposal stays pending. */
  | { readonly kind: 'busy'; readonly by: Found }
  /** It was already pressed: `found` has the stage and, once it ended, the outcome. */
  | { readonly kind: 'already'; readonly found: Found };

const LEASE_MS = 20_000;
const MAX_OPEN_CARDS = 10;
const MAX_ATTEMPTS = 5;

const rowSchema = z.object({
  stage: stageSchema,
  user: z.string(),
  venue: z.string(),
  sealed: z.string(),
  delivery: z.string(),
  outcome: z.string().exactOptional(),
});
type Row = Readonly<z.infer<typeof rowSchema>>;

const rowKey = (id: string) => `proposal/${id}`;
const openKey = ({ account, id }: Proposal) => `open/${account.user}/${id}`;
const ownedKey = ({ account, id }: Proposal) => `owned/${account.user}/${id}`;
const untoldKey = ({ account, id }: Proposal) => `untold/${account.user}/${id}`;
const leaseKey = (keyHash: string) => `lease/${keyHash}`;

export type Proposals = ReturnType<typeof createProposals>;

/**
 * Proposals in the store: open, claim, advance, and what recovery needs.
 *
 * The store's clock decides expiry and leases; every transition is one compare-and-set, and a claim takes the lease of
 * its API key in the same transaction.
 *
 * @param options.keepMs - How long an ended proposal is kept, so that a second press shows the first result.
 */
export function createProposals(options: {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly newId: () => string;
  readonly keepMs: number;
}) {
  const { store, sealer, newId, keepMs } = options;

  async function toRow(stage: Stage, proposal: Proposal, delivery: Delivery, outcome?: Outcome): Promise<Write> {
    const { user, venue } = proposal.account;
    const seal = (kind: string, data: unknown) => sealer.seal([kind, user, venue, proposal.id], data);
    const row: Row = {
      stage,
      user,
      venue,
      sealed: await seal('proposal', proposal),
      delivery: await seal('delivery', delivery),
      ...(outcome !== undefined && { outcome: await seal('outcome', outcome) }),
    };
    return { key: rowKey(proposal.id), value: JSON.stringify(row), ttlMs: keepMs };
  }

  async function fromRow(id: string, { value, version }: Entry): Promise<Found> {
    const row = rowSchema.parse(JSON.parse(value));
    const open = (kind: string, sealed: string) => sealer.open([kind, row.user, row.venue, id], sealed);
    const proposal = proposalSchema.parse(await open('proposal', row.sealed));
    const { account } = proposal;
    if (proposal.id !== id || account.user !== row.user || account.venue !== row.venue)
      throw new Failure({ code: 'SEAL_BROKEN' });
    const delivery = deliverySchema.parse(await open('delivery', row.delivery));
    const outcome = row.outcome === undefined ? undefined : outcomeSchema.parse(await open('outcome', row.outcome));
    return { proposal, stage: row.stage, delivery, version, ...(outcome !== undefined && { outcome }) };
  }

  /** @throws Failure CARD_UNREADABLE when the row is not what was sealed for this id */
  async function find(id: string): Promise<Found | undefined> {
    const entry = await store.get(rowKey(id));
    if (entry === undefined) return undefined;
    return fromRow(id, entry).catch((error: unknown) => {
      throw isStoreFailure(error) ? error : new Failure({ code: 'CARD_UNREADABLE' }, { cause: error });
    });
  }

  async function require(id: string): Promise<Found> {
    const found = await find(id);
    if (found === undefined) throw new Failure({ code: 'CARD_GONE' });
    return found;
  }

  /** Stores a new proposal. @throws Failure TOO_MANY_OPEN_CARDS */
  async function open(
    request: Omit<Proposal, 'id' | 'createdAt' | 'expiresAt'>,
    ttlMs: number,
    delivery: Delivery,
  ): Promise<Proposal> {
    const cards = await store.list(`open/${request.account.user}/`, { limit: MAX_OPEN_CARDS });
    if (cards.length >= MAX_OPEN_CARDS) throw new Failure({ code: 'TOO_MANY_OPEN_CARDS', max: MAX_OPEN_CARDS });
    const createdAt = await store.now();
    const proposal: Proposal = { ...request, id: newId(), createdAt, expiresAt: createdAt + ttlMs };
    const row = await toRow('pending', proposal, delivery);
    const index = [
      { key: openKey(proposal), value: '' },
      { key: ownedKey(proposal), value: '', ttlMs: keepMs },
    ];
    await store.commit({ checks: [{ key: row.key, version: 'absent' }], writes: [row, ...index] });
    return proposal;
  }

  /** Remembers in which message a card stands, once that is known. */
  async function attach(id: string, messageId: string): Promise<void> {
    const found = await require(id);
    if (found.stage === 'pending') await advance(found, 'pending', { delivery: { ...found.delivery, messageId } });
  }

  async function claim(id: string, delivery: Delivery): Promise<Claim> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await require(id);
      if (found.stage !== 'pending') return { kind: 'already', found };
      const { keyHash, expiresAt } = found.proposal;
      const lease = { key: leaseKey(keyHash), value: id, ttlMs: LEASE_MS };
      const result = await store.commit({
        before: expiresAt,
        checks: [
          { key: rowKey(id), version: found.version },
          { key: lease.key, version: 'absent' },
        ],
        writes: [await toRow('claimed', found.proposal, delivery), lease],
      });
      if (result.kind === 'too-late') return { kind: 'expired', found: await expire(found) };
      if (result.kind === 'committed') {
        return { kind: 'claimed', found: { ...found, stage: 'claimed', delivery, version: result.version } };
      }
      const by = result.key === lease.key ? await holderOf(keyHash) : undefined;
      if (by !== undefined) return { kind: 'busy', by };
      if (attempt === MAX_ATTEMPTS) throw new Failure({ code: 'STORE_UNAVAILABLE' });
    }
  }

  /** The operation that holds this API key just now. */
  async function holderOf(keyHash: string): Promise<Found | undefined> {
    const lease = await store.get(leaseKey(keyHash));
    return lease === undefined ? undefined : find(lease.value);
  }

  /** One compare-and-set of the row. @returns undefined when somebody else advanced it first. */
  async function advance(
    found: Found,
    stage: Stage,
    change: {
      readonly outcome?: Outcome;
      readonly delivery?: Delivery;
      readonly before?: number;
      readonly more?: Omit<Change, 'before'>;
    },
  ): Promise<Found | undefined> {
    const { proposal } = found;
    const delivery = change.delivery ?? found.delivery;
    const outcome = change.outcome ?? found.outcome;
    const result: Commit = await store.commit({
      checks: [{ key: rowKey(proposal.id), version: found.version }, ...(change.more?.checks ?? [])],
      writes: [await toRow(stage, proposal, delivery, outcome), ...(change.more?.writes ?? [])],
    });
    if (result.kind !== 'committed') return undefined;
    return { proposal, stage, delivery, version: result.version, ...(outcome !== undefined && { outcome }) };
  }

  /** Commits that the write is about to be sent. @returns undefined when the lease is over or was taken: send nothing. */
  async function startSending(found: Found): Promise<Found | undefined> {
    const lease = await ownLease(found.proposal);
    if (lease === undefined) return undefined;
    return advance(found, 'sending', { more: renewal(lease, LEASE_MS) });
  }

  /** Keeps the key's lease while the outcome may still change. */
  async function settleLater(found: Found, outcome: Outcome, leaseMs: number): Promise<Found | undefined> {
    const lease = await ownLease(found.proposal);
    return advance(found, 'settling', { outcome, ...(lease !== undefined && { more: renewal(lease, leaseMs) }) });
  }

  /** Ends a proposal for good and frees the key. @returns undefined when it had been ended otherwise. */
  async function finish(found: Found, outcome: Outcome): Promise<Found | undefined> {
    const lease = await ownLease(found.proposal);
    const closing: Write = { key: openKey(found.proposal), remove: true };
    const release = lease === undefined ? {} : { checks: [{ key: lease.key, version: lease.version }] };
    const writes: readonly Write[] = lease === undefined ? [closing] : [closing, { key: lease.key, remove: true }];
    return advance(found, 'done', { outcome, more: { ...release, writes } });
  }

  async function ownLease({ id, keyHash }: Proposal): Promise<Entry | undefined> {
    const lease = await store.get(leaseKey(keyHash));
    return lease?.value === id ? lease : undefined;
  }

  async function expire(found: Found): Promise<Found> {
    const ended = await finish(found, { kind: 'expired', at: await store.now() });
    return ended ?? require(found.proposal.id);
  }

  /** Ids of all proposals that have not ended, oldest owner first; those of one user when given. */
  async function openIds(user?: string): Promise<readonly string[]> {
    return idsIn(await store.list(user === undefined ? 'open/' : `open/${user}/`));
  }

  /** Proposals of a user, ended ones included, that can still be read. */
  async function ownedBy(user: string): Promise<readonly Found[]> {
    const ids = idsIn(await store.list(`owned/${user}/`));
    const found = await Promise.all(ids.map((id) => find(id).catch(unreadableOnly)));
    return found.filter((each) => each !== undefined);
  }

  const markUntold = async ({ proposal }: Found): Promise<void> => {
    await store.commit({ writes: [{ key: untoldKey(proposal), value: '', ttlMs: keepMs }] });
  };

  const markTold = async ({ proposal }: Found): Promise<void> => {
    await store.commit({ writes: [{ key: untoldKey(proposal), remove: true }] });
  };

  async function untold(user: string): Promise<readonly Found[]> {
    const ids = idsIn(await store.list(`untold/${user}/`));
    const found = await Promise.all(ids.map((id) => find(id).catch(unreadableOnly)));
    return found.filter((each) => each !== undefined);
  }

  /** Erases every proposal of a user, whatever its stage. */
  async function eraseAll(user: string): Promise<void> {
    const owned = await store.list(`owned/${user}/`);
    const rows = idsIn(owned).flatMap((id) => [
      rowKey(id),
      `open/${user}/${id}`,
      `untold/${user}/${id}`,
      `owned/${user}/${id}`,
    ]);
    await store.commit({ writes: rows.map((key) => ({ key, remove: true })) });
    await store.erase();
  }

  return {
    open,
    attach,
    find,
    require,
    claim,
    startSending,
    settleLater,
    finish,
    expire,
    holderOf,
    openIds,
    ownedBy,
    markUntold,
    markTold,
    untold,
    eraseAll,
  };
}

/** How the rows of proposals are sealed again during a rotation of the master keys. */
export function proposalRewraps(reseal: Reseal) {
  const rewrap = async ({ key, value }: Entry): Promise<string | undefined> => {
    const row = rowSchema.safeParse(parseJson(value));
    if (!row.success) return undefined;
    const { user, venue } = row.data;
    const again = (kind: string, sealed: string) => reseal([kind, user, venue, key.slice(rowKey('').length)], sealed);
    const sealed = await again('proposal', row.data.sealed);
    const delivery = await again('delivery', row.data.delivery);
    const outcome = row.data.outcome === undefined ? undefined : await again('outcome', row.data.outcome);
    if (sealed === undefined || delivery === undefined) return undefined;
    if (row.data.outcome !== undefined && outcome === undefined) return undefined;
    const unchanged = sealed === row.data.sealed && delivery === row.data.delivery && outcome === row.data.outcome;
    if (unchanged) return value;
    return JSON.stringify({ ...row.data, sealed, delivery, ...(outcome !== undefined && { outcome }) });
  };
  return [{ prefix: rowKey(''), rewrap }] as const;
}

/** Seals one text again for its context. @returns undefined when it cannot be opened. */
type Reseal = (context: readonly string[], sealed: string) => Promise<string | undefined>;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function idsIn(index: readonly Entry[]): readonly string[] {
  return index.map(({ key }) => key.slice(key.lastIndexOf('/') + 1));
}

function renewal(lease: Entry, ttlMs: number): Omit<Change, 'before'> {
  const { key, value, version } = lease;
  return { checks: [{ key, version }], writes: [{ key, value, ttlMs }] };
}

function isStoreFailure(error: unknown): boolean {
  return error instanceof Failure && error.data.code === 'STORE_UNAVAILABLE';
}

function unreadableOnly(error: unknown): undefined {
  if (error instanceof Failure && error.data.code === 'CARD_UNREADABLE') return undefined;
  throw error;
}

export type { Account };
