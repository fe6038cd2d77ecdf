import { Failure } from '../errors.ts';
import { entriesOf, inSlices } from '../store/pages.ts';
import type { RowContext } from '../store/sealed-rows.ts';
import type { Entry } from '../store/store.ts';
import { findProposal, idIn, rowKeys, type StoredProposal } from './proposal-rows.ts';

/** Of one person, ended ones included. */
export const MAX_CARDS = 500;
/** Missed results that a person is told of at a time. */
const MAX_NEWS = 10;

/** Which proposals there are: of one user, or of all. Those that can no longer be read are left out. */
export function createCardLists(context: RowContext) {
  return {
    openIds: () => openIds(context),
    openOf: (user: string) => openOf(context, user),
    ownedBy: (user: string) => ownedBy(context, user),
    untold: (user: string) => untold(context, user),
    noted: (entry: Entry, key: IndexKey) => noted(context, entry, key),
  };
}

type IndexKey = typeof rowKeys.owned;

/** Ids of all proposals that have not ended. */
async function openIds({ store }: RowContext): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const entry of entriesOf(store, rowKeys.open())) ids.push(idIn(entry));
  return ids;
}

/** Proposals of a user that have not ended and can still be read. */
export async function openOf(context: RowContext, user: string): Promise<readonly StoredProposal[]> {
  return readAll(context, await context.store.list(rowKeys.open(user)), rowKeys.open);
}

/** Proposals of a user, ended ones included, that can still be read; 500 of those that 0.1 kept without a bound. */
async function ownedBy(context: RowContext, user: string): Promise<readonly StoredProposal[]> {
  return readAll(context, await context.store.list(rowKeys.owned(user), { limit: MAX_CARDS }), rowKeys.owned);
}

/** Results that the user has not been shown, a few of them, without those that are on their way. */
async function untold(context: RowContext, user: string): Promise<readonly StoredProposal[]> {
  const { store } = context;
  const found: StoredProposal[] = [];
  const now = await store.now();
  for await (const entry of entriesOf(store, rowKeys.untold(user))) {
    if (entry.dueAt !== undefined && entry.dueAt > now) continue;
    const read = await readAll(context, [entry], rowKeys.untold);
    // What nobody has pressed has no result, whoever noted one.
    found.push(...read.filter(({ stage }) => stage !== 'pending'));
    if (found.length >= MAX_NEWS) break;
  }
  return found;
}

/** The proposal that a note is about, where it can be read. */
async function noted(context: RowContext, entry: Entry, key: IndexKey): Promise<StoredProposal | undefined> {
  return (await readAll(context, [entry], key))[0];
}

/** What an index names and can be read. Anybody may have written the index: whose it is says the sealed row alone. */
async function readAll(
  context: RowContext,
  index: readonly Entry[],
  key: IndexKey,
): Promise<readonly StoredProposal[]> {
  const found = await inSlices(index, (entry) => findReadable(context, idIn(entry)));
  const named = new Set(index.map((entry) => entry.key));
  return found.filter((each) => each !== undefined).filter(({ proposal: { id, by } }) => named.has(key(by, id)));
}

/** @returns undefined for a proposal that is not there, or that can no longer be read */
export async function findReadable(context: RowContext, id: string): Promise<StoredProposal | undefined> {
  try {
    return await findProposal(context, id);
  } catch (error) {
    if (error instanceof Failure && error.data.code === 'CARD_UNREADABLE') return undefined;
    throw error;
  }
}
