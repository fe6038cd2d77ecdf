import { chunksOf } from '../store/pages.ts';
import { type Check, type Entry, MOST_KEYS, type Store } from '../store/store.ts';
import type { Outcome } from './outcome.ts';
import type { Proposal } from './proposal.ts';
import { rowKeys, type StoredProposal } from './proposal-rows.ts';
import type { Proposals } from './proposals.ts';

type AnnouncingOptions = {
  readonly store: Store;
  readonly proposals: Pick<Proposals, 'noted' | 'dropNote'>;
  /** Makes one outcome known, and resolves once that is through. */
  readonly onOutcome: (proposal: Proposal, outcome: Outcome) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
};

/** `underWay`: by its note, what is being made known; `done`: notes to be taken off the store, with their versions. */
type Context = AnnouncingOptions & {
  readonly underWay: Map<string, Promise<void>>;
  readonly done: Map<string, number>;
};

export type Announcing = ReturnType<typeof createAnnouncing>;

/**
 * Makes outcomes known to the operator: the log, the audit channel, the list of what was set.
 *
 * The note that it has to be done is part of the commit that stores the outcome, and goes once it was done. Whoever
 * stored the outcome does it at once; after a crash whoever takes the note does, so some are made known twice.
 */
export function createAnnouncing(options: AnnouncingOptions) {
  const context: Context = { ...options, underWay: new Map(), done: new Map() };
  return {
    /** Of an outcome that was just stored. Nobody waits for it; it never rejects. */
    announce: (found: StoredProposal) => void announce(context, found),
    announceNoted: (entry: Entry) => announceNoted(context, entry),
    /** Resolves once nothing is being made known any more; what Discord does not take may keep it for ever. */
    whenIdle: () => whenIdle(context),
    settleNotes: () => settleNotes(context),
  };
}

async function announce(context: Context, found: StoredProposal): Promise<void> {
  const { underWay } = context;
  const key = rowKeys.audit(found.proposal.by, found.proposal.id);
  // An earlier outcome of the same proposal may still be on its way.
  const known = Promise.all([underWay.get(key), makeKnown(context, key, found)]).then(() => {
    if (underWay.get(key) === known) underWay.delete(key);
  });
  underWay.set(key, known);
  return known;
}

async function makeKnown(context: Context, key: string, { proposal, outcome, version }: StoredProposal): Promise<void> {
  const { onOutcome, onError, done } = context;
  if (outcome === undefined) return;
  try {
    await onOutcome(proposal, outcome);
    done.set(key, Math.max(version, done.get(key) ?? 0));
  } catch (error) {
    onError(error);
  }
}

async function whenIdle({ underWay }: Context): Promise<void> {
  await Promise.all(underWay.values());
}

async function announceNoted(context: Context, entry: Entry): Promise<void> {
  const { proposals, underWay, done } = context;
  if (underWay.has(entry.key) || done.get(entry.key) === entry.version) return;
  const found = await proposals.noted(entry, rowKeys.audit);
  if (found?.outcome === undefined) return proposals.dropNote(entry.key);
  await announce(context, { ...found, version: entry.version });
}

/** Takes the notes of what was made known off the store, unless there is another outcome to be made known by now. */
async function settleNotes({ store, done }: Context): Promise<void> {
  const settled = [...done].map(([key, version]) => ({ key, version }));
  const take = (some: readonly Check[]) =>
    store.commit({ checks: some, writes: some.map(({ key }) => ({ key, remove: true })) });
  for (const some of chunksOf(settled, MOST_KEYS)) {
    if ((await take(some)).kind === 'committed') continue;
    for (const each of some) await take([each]);
  }
  for (const { key, version } of settled) if (done.get(key) === version) done.delete(key);
}
