import { chunksOf, inSlices, pagesOf, removeAll } from '../store/pages.ts';
import type { RowContext } from '../store/sealed-rows.ts';
import { type Entry, MOST_KEYS } from '../store/store.ts';
import { findReadable, openOf } from './card-lists.ts';
import { idIn, rowCheck, rowKeys, type StoredProposal } from './proposal-rows.ts';

/** Erases every card of a user. @returns false while one of them is under way; nothing is erased before that is known. */
export async function eraseCards(context: RowContext, user: string): Promise<boolean> {
  const { store } = context;
  const open = await openOf(context, user);
  if (open.some(isUnderWay)) return false;
  for (const some of chunksOf(open, MOST_KEYS / 2)) if (!(await eraseOpen(context, user, some))) return false;
  for await (const page of pagesOf(store, rowKeys.owned(user)))
    if (!(await erasePage(context, user, page))) return false;
  await removeAll(
    store,
    [rowKeys.open, rowKeys.owned, rowKeys.untold, rowKeys.mend, rowKeys.audit, rowKeys.ended].map((key) => key(user)),
  );
  return true;
}

/** @returns false when one of them was pressed meanwhile. */
async function eraseOpen({ store }: RowContext, user: string, open: readonly StoredProposal[]): Promise<boolean> {
  const removed = open.flatMap(({ proposal: { id } }) => [rowKeys.row(id), rowKeys.open(user, id)]);
  const writes = removed.map((key) => ({ key, remove: true }) as const);
  return (await store.commit({ checks: open.map(rowCheck), writes })).kind === 'committed';
}

/** @returns false when one of them is under way; another person's, which only a forged index names, stays. */
async function erasePage(context: RowContext, user: string, page: readonly Entry[]): Promise<boolean> {
  const rows = (await inSlices(page, (entry) => rowToErase(context, idIn(entry)))).filter((row) => row !== undefined);
  const own = rows.filter(({ found }) => found === undefined || found.proposal.by === user);
  if (own.some(({ found }) => found !== undefined && isUnderWay(found))) return false;
  const checks = own.map(({ entry }) => entry);
  const result = await context.store.commit({ checks, writes: checks.map(({ key }) => ({ key, remove: true })) });
  return result.kind === 'committed';
}

/** What can no longer be read cannot be settled either, and does not keep a person from deleting it. */
async function rowToErase(context: RowContext, id: string) {
  const entry = await context.store.get(rowKeys.row(id));
  return entry && { entry, found: await findReadable(context, id) };
}

function isUnderWay({ stage }: StoredProposal): boolean {
  return stage !== 'pending' && stage !== 'done';
}
