import { Failure } from '../errors.ts';
import type { RowContext } from '../store/sealed-rows.ts';
import type { Entry } from '../store/store.ts';
import { MAX_CARDS, openOf } from './card-lists.ts';
import { idIn, rowKeys } from './proposal-rows.ts';

const MAX_OPEN_CARDS = 10;

/**
 * Room for one more card of a person: with as many as they may keep, the oldest goes that they were told of.
 *
 * @throws Failure TOO_MANY_OPEN_CARDS, TOO_MANY_CARDS
 */
export async function makeRoom(context: RowContext, user: string): Promise<void> {
  const { store } = context;
  const open = await store.list(rowKeys.open(user), { limit: MAX_OPEN_CARDS });
  if (open.length >= MAX_OPEN_CARDS) {
    const waitMs = await untilOneEnds(context, user);
    throw new Failure({ code: 'TOO_MANY_OPEN_CARDS', max: MAX_OPEN_CARDS, ...(waitMs !== undefined && { waitMs }) });
  }
  const ended = await store.list(rowKeys.ended(user), { limit: MAX_CARDS });
  let excess = ended.length + open.length + 1 - MAX_CARDS;
  for (const entry of ended) if (excess > 0 && (await dropTold(context, user, entry))) excess -= 1;
  if (excess > 0) throw new Failure({ code: 'TOO_MANY_CARDS', max: MAX_CARDS });
}

/** @returns false for a card that its owner was not told of, or that has not ended after all. */
async function dropTold({ store }: RowContext, user: string, ended: Entry): Promise<boolean> {
  const id = idIn(ended);
  const notes = [rowKeys.untold(user, id), rowKeys.open(user, id)];
  for (const key of notes) if ((await store.get(key)) !== undefined) return false;
  const row = await store.get(rowKeys.row(id));
  const absent = notes.map((key) => ({ key, version: 'absent' }) as const);
  const removed = [rowKeys.row(id), rowKeys.owned(user, id), ended.key, ...notes];
  const dropped = await store.commit({
    checks: [{ key: rowKeys.row(id), version: row?.version ?? 'absent' }, ...absent],
    writes: removed.map((key) => ({ key, remove: true })),
  });
  return dropped.kind === 'committed';
}

/** Until the oldest card of a user expires; undefined where all of them are under way. */
async function untilOneEnds(context: RowContext, user: string): Promise<number | undefined> {
  const pending = (await openOf(context, user)).filter(({ stage }) => stage === 'pending');
  const first = Math.min(...pending.map(({ proposal }) => proposal.expiresAt));
  return Number.isFinite(first) ? Math.max(0, first - (await context.store.now())) : undefined;
}
