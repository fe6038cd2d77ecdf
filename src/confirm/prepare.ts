import type { Keys } from '../keys.ts';
import { type Life, shortenLives } from '../store/lives.ts';
import type { Store } from '../store/store.ts';
import type { Caretaker } from './caretaker.ts';
import { useKeyMs } from './new-key.ts';
import { rowKeys } from './proposal-rows.ts';
import { ANNOUNCE_MS, type Proposals } from './proposals.ts';
import { rehashProposals } from './rehash.ts';
import { SETTLE_MS } from './settling.ts';
import { KNOWN_AFTER_MS, ticketIndex, ticketRows } from './tickets.ts';

/** What the gate has to know of the rest before it opens. */
export type Preparation = {
  /** When the key for hashes of API keys was made anew (milliseconds since the epoch); 0 when it never was. */
  readonly hashKeySince: number;
  /** How long rows live at most that are not the gate's. */
  readonly lives: readonly Life[];
  /** Told of a change that stays under its old hash. */
  readonly onRehashError: (error: unknown) => void;
};

/** Puts right, before anything can be pressed, what a wrong clock, a lost hash key or a crash left behind. */
export async function prepare(
  context: {
    readonly store: Store;
    readonly proposals: Proposals;
    readonly keys: Keys;
    readonly caretaker: Caretaker;
    readonly keepMs: number;
    readonly cardMs: number;
  },
  { hashKeySince: since, lives, onRehashError: onError }: Preparation,
): Promise<void> {
  const { store, proposals, keys, caretaker, keepMs, cardMs } = context;
  await shortenLives(store, [...lives, ...livesOf(keepMs, cardMs)], Math.max(cardMs, ANNOUNCE_MS));
  if (since > 0) await rehashProposals({ proposals, keys, since, onError });
  await caretaker.holdKeys();
}

function livesOf(keepMs: number, cardMs: number): readonly Life[] {
  const ticketMs = useKeyMs(cardMs) + KNOWN_AFTER_MS;
  return [
    [rowKeys.lease(''), SETTLE_MS],
    [ticketRows.prefix, ticketMs],
    [ticketIndex.prefix, ticketMs],
    ['', Math.max(keepMs, ticketMs)],
  ];
}
