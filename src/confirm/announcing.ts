import { chunksOf } from '../store/pages.ts';
import { type Check, type Entry, MOST_KEYS, type Store } from '../store/store.ts';
import type { Outcome } from './outcome.ts';
import type { Proposal } from './proposal.ts';
import { type Found, rowKeys } from './proposal-rows.ts';
import type { Proposals } from './proposals.ts';

type AnnouncingOptions = {
  readonly store: Store;
  readonly proposals: Pick<Proposals, 'noted' | 'dropNote'>;
  /** Makes one outcome known, and resolves once that is through. */
  readonly onOutcome: (proposal: Proposal, outcome: Outcome) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
};

/** `underWay`: notes of what is being made known; `done`: those to be taken off the store, with their versions. */
type Context = AnnouncingOptions & { readonly underWay: Set<string>; readonly done: Map<string, number> };

export type Announcing = ReturnType<typeof createAnnouncing>;

/**
 * Makes outcomes known to the operator: the log, the audit channel, the list of what was set.
 *
 * The note that it has to be done is part of the commit that stores the outcome, and goes once it was done. Whoever
 * stored the outcome does it at once; after a crash whoever takes the note does, so some are made known twice.
 */
export function createAnnouncing(options: AnnouncingOptions) {
  const context: Context = { ...options, underWay: new Set(), done: new Map() };
  return {
    /** Of an outcome that was just stored. Nobody waits for it; it never rejects. */
    announce: (found: Found) => void announce(context, found),
    announceNoted: (entry: Entry) => announceNoted(context, entry),
    settleNotes: () => settleNotes(context),
  };
}

async function announce(context: Context, { proposal, outcome, version }: Found): Promise<void> {
  if (outcome === undefined) return;
  const key = rowKeys.audit(proposal.by, proposal.id);
  context.underWay.add(key);
  try {
    await context.onOutcome(proposal, outcome);
    context.done.set(key, Math.max(version, context.done.get(key) ?? 0));
  } catch (error) {
    context.onError(error);
  } finally {
    context.underWay.delete(key);
  }
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
