import { entriesOf } from '../store/pages.ts';
import { kindOf, type RenewableRows, type RowContext, type RowKind, unlessUnreadable } from '../store/sealed-rows.ts';
import type { Entry, Store } from '../store/store.ts';
import type { Envelope } from './envelope.ts';
import { canaryRows, type Keyring } from './keyring.ts';

type Rotation = {
  /** Ids of master keys that are no longer needed. */
  readonly retired: readonly string[];
  /** Rows that no key opens; they stay as they are. */
  readonly unreadable: number;
  /** Keys of rows of no declared kind. As long as there is one, no master key is retired: it may be needed to read them. */
  readonly unknown: readonly string[];
};

/**
 * Finishes a rotation: walks the whole store, seals every sealed row again under the first key of the ring, then retires
 * the other keys' canaries, so that they may leave `MASTER_KEYS`. Compare-and-set: a row removed meanwhile stays removed.
 *
 * @param kinds - Every kind of row that the store may hold.
 */
export async function rotate({ envelope, rows: context }: Keyring, kinds: readonly RowKind[]): Promise<Rotation> {
  const isCurrent = (sealed: string) => envelope.keyIdOf(sealed) === envelope.currentKeyId;
  const unknown: string[] = [];
  let unreadable = 0;
  const { store } = context;
  const canaries = await oldCanaries(store, envelope);
  if (canaries.length === 0) return { retired: [], unreadable, unknown };
  for await (const entry of entriesOf(store, '')) {
    const kind = kindOf(kinds, entry.key);
    if (kind === undefined) unknown.push(entry.key);
    else if (kind.sealing === 'sealed' && !(await renewRow(context, kind, entry, isCurrent))) unreadable += 1;
  }
  // What the old keys sealed still lies in the write-ahead log until then.
  await store.erase();
  return { retired: unknown.length === 0 ? await retire(store, canaries) : [], unreadable, unknown };
}

/** The same, and says in the log what the operator may do now. */
export async function finishRotation(
  keyring: Keyring,
  kinds: readonly RowKind[],
  log: { readonly info: Write; readonly error: Write },
): Promise<void> {
  const { retired, unreadable, unknown } = await rotate(keyring, kinds);
  if (retired.length > 0) log.info({ retired, unreadable }, 'these master keys may leave MASTER_KEYS now');
  if (unknown.length > 0) log.error({ rows: unknown.slice(0, 10) }, 'rows of an unknown kind keep every master key');
}

type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** @returns false for a row that cannot be read. */
async function renewRow(
  context: RowContext,
  kind: RenewableRows,
  entry: Entry,
  isCurrent: (sealed: string) => boolean,
): Promise<boolean> {
  const { store } = context;
  for (let found: Entry | undefined = entry; found !== undefined; found = await store.get(entry.key)) {
    const renewed = await kind.renew(context, found, isCurrent).then((write) => ({ write }), unlessUnreadable);
    if (renewed === undefined) return false;
    const { write } = renewed;
    if (write === undefined) return true;
    if ((await store.commit({ checks: [found], writes: [write] })).kind === 'committed') return true;
  }
  return true;
}

async function oldCanaries(store: Store, { currentKeyId }: Envelope): Promise<readonly Entry[]> {
  return (await store.list(canaryRows.prefix)).filter(({ key }) => key !== canaryRows.prefix + currentKeyId);
}

/** None of them when another process has started meanwhile that seals with one of them: the next rotation sees. */
async function retire(store: Store, canaries: readonly Entry[]): Promise<readonly string[]> {
  const writes = canaries.map(({ key }) => ({ key, remove: true }) as const);
  if ((await store.commit({ checks: canaries, writes })).kind !== 'committed') return [];
  await store.erase();
  return canaries.map(({ key }) => key.slice(canaryRows.prefix.length));
}
