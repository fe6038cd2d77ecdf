import { Failure, type FailureCode } from '../errors.ts';
import type { Keys } from '../keys.ts';
import type { Venues } from '../leverage/venue.ts';
import type { Messenger, News } from '../messenger.ts';
import { inSlices } from '../store/pages.ts';
import { createAges } from './ages.ts';
import { readBack } from './execute.ts';
import type { Outcome, Unsettled } from './outcome.ts';
import type { Proposal } from './proposal.ts';
import type { Found } from './proposal-rows.ts';
import { isOver, type Proposals } from './proposals.ts';
import {
  afterCheck,
  afterRead,
  type Doubt,
  mayStillBeTold,
  type Passed,
  READ_AGAIN_MS,
  type ReadBack,
  SETTLE_MS,
} from './settling.ts';
import { createTeller } from './teller.ts';
import type { Telling } from './telling.ts';

const RETRY_MS = 10_000;

/** Why a read-back with the key of a card can never be had again. */
const goneKeys: ReadonlySet<FailureCode> = new Set(['KEY_MISSING', 'KEY_CHANGED', 'KEY_INACTIVE', 'KEY_UNREADABLE']);

export type Caretaker = {
  /** Before anything can be pressed: what a crash left behind keeps its key until it is read back, though its lease be over. */
  readonly holdKeys: () => Promise<void>;
  /** Settles what a crash left behind: nothing claimed is run late, nothing sent is sent again; shows what was not shown. */
  readonly recover: () => Promise<void>;
  /** Does what is due: takes the buttons off expired cards, reads unsettled changes again. */
  readonly tick: () => Promise<void>;
  /** Looks after a proposal from `at` on (milliseconds, the store's clock). */
  readonly watch: (id: string, at: number) => void;
  /** Reads back now, unless a press is executing it. @returns the proposal with what is known after it. */
  readonly check: (found: Found) => Promise<Found>;
  /** Edits the message of an ended proposal again, a little later: it may show something else than its receipt. */
  readonly mend: (id: string) => Promise<void>;
  /** What was shown may be older than what is known by now: then it is shown again. */
  readonly catchUp: (shown: Found) => Promise<void>;
  /** What a person must still be told. */
  readonly newsFor: (user: string) => Promise<readonly News[]>;
  /** Records an outcome; one that may still change keeps the key's lease and is read again. */
  readonly conclude: (found: Found, outcome: Outcome) => Promise<Found>;
};

/**
 * Looks after proposals that nobody is pressing: expiry, recovery after a crash, and settling by read-back.
 *
 * @param options.isRunning - Whether a press in this process is executing the proposal just now.
 * @param options.onOutcome - Told once of every recorded outcome.
 * @param options.onError - Told of what went wrong with one proposal; the others are not affected.
 */
export function createCaretaker(options: {
  readonly proposals: Proposals;
  readonly telling: Telling;
  readonly venues: Venues;
  readonly keys: Keys;
  readonly messenger: Pick<Messenger, 'edit' | 'whisper'>;
  readonly now: () => Promise<number>;
  readonly elapsed: () => number;
  readonly isRunning: (id: string) => boolean;
  readonly onOutcome: (proposal: Proposal, outcome: Outcome) => void;
  readonly onError: (error: unknown) => void;
}): Caretaker {
  const { proposals, telling, venues, keys, now, isRunning, onOutcome, onError } = options;
  const due = new Map<string, number>();
  const doubtAges = createAges(options.elapsed);
  const readAges = createAges(options.elapsed);

  const watch = (id: string, at: number): void => {
    due.set(id, at);
  };

  const { tell, mend, mendNow, catchUp, newsFor } = createTeller({ ...options, watch });

  function forget(id: string): void {
    due.delete(id);
    doubtAges.forget(id);
    readAges.forget(id);
  }

  async function conclude(found: Found, outcome: Outcome): Promise<Found> {
    return outcome.kind === 'unsettled' ? keepLooking(found, outcome) : end(found, outcome);
  }

  async function end(found: Found, outcome: Outcome): Promise<Found> {
    const { id } = found.proposal;
    const ended = await recordEnd(found, outcome);
    if (ended === undefined) return lookAgain(id);
    forget(id);
    return ended;
  }

  /** @returns undefined when it had been ended otherwise. */
  async function recordEnd(found: Found, outcome: Outcome): Promise<Found | undefined> {
    const { id } = found.proposal;
    telling.begin(id);
    try {
      const ended = await proposals.finish(found, outcome);
      if (ended !== undefined && outcome.kind !== found.outcome?.kind) onOutcome(ended.proposal, outcome);
      return ended;
    } catch (error) {
      telling.giveUp(id);
      throw error;
    }
  }

  async function keepLooking(found: Found, outcome: Unsettled): Promise<Found> {
    const { id } = found.proposal;
    const { now: at, age } = await passedSince(id, outcome);
    const leaseMs = Math.max(SETTLE_MS - age, outcome.lookAt - at + RETRY_MS);
    const settling = await proposals.settleLater(found, outcome, leaseMs);
    if (settling === undefined) return lookAgain(id);
    watch(id, outcome.lookAt);
    if (found.outcome?.kind !== 'unsettled') onOutcome(settling.proposal, outcome);
    return settling;
  }

  async function passedSince(id: string, { since, firstReadAt }: Doubt): Promise<Passed> {
    const at = await now();
    const readAge = firstReadAt === undefined ? 0 : readAges.of(id, firstReadAt, at);
    return { now: at, age: doubtAges.of(id, since, at), readAge };
  }

  /** Something else came first: whatever it was, the proposal is looked after until it has ended. */
  async function lookAgain(id: string): Promise<Found> {
    const found = await proposals.require(id);
    if (found.stage !== 'done') watch(id, (await now()) + RETRY_MS);
    return found;
  }

  async function readNow({ proposal }: Found): Promise<ReadBack> {
    const venue = venues.get(proposal.account.venue);
    if (venue === undefined) return { kind: 'never', gone: 'venue' };
    try {
      const key = await keys.load(proposal.account);
      if (key.keyHash !== proposal.keyHash) throw new Failure({ code: 'KEY_CHANGED' });
      return await readBack({ venue, credentials: key.credentials, proposal, now });
    } catch (error) {
      const isGone = error instanceof Failure && goneKeys.has(error.data.code);
      // A bug in reading must not hold a key and its owner's rows for ever: this ends as other silence does.
      if (!(error instanceof Failure)) onError(error);
      return isGone ? { kind: 'never', gone: 'key' } : { kind: 'unread', at: await now() };
    }
  }

  async function settle(found: Found): Promise<Found> {
    const { proposal, outcome } = found;
    const read = await readNow(found);
    const doubt: Doubt = outcome?.kind === 'unsettled' ? outcome : { since: await now() };
    const passed = await passedSince(proposal.id, doubt);
    return conclude(found, afterRead(doubt, whileLate(read, passed), passed));
  }

  /** Another label may hold a key that this one lost: nothing is sent with it while the request may still land. */
  function whileLate(read: ReadBack, { now: at, age }: Passed): ReadBack {
    const isLate = read.kind === 'never' && read.gone === 'key' && age < READ_AGAIN_MS;
    return isLate ? { kind: 'unread', at } : read;
  }

  async function check(found: Found): Promise<Found> {
    if (isRunning(found.proposal.id)) return found;
    if (found.stage === 'settling' || found.stage === 'sending') return settle(found);
    const { outcome: ended, proposal } = found;
    if (ended === undefined || !mayStillBeTold(ended)) return found;
    const outcome = afterCheck(ended, await readNow(found));
    return outcome === undefined ? found : ((await recordEnd(found, outcome)) ?? proposals.require(proposal.id));
  }

  async function visit(id: string): Promise<void> {
    if (isRunning(id)) return;
    due.delete(id);
    const found = await proposals.find(id);
    if (found === undefined) return;
    switch (found.stage) {
      case 'pending':
        return visitPending(found);
      case 'claimed':
        return tell(await conclude(found, { kind: 'not-sent', at: await now() }));
      case 'sending':
        proposals.keepKey(found);
        return tell(await settle(found));
      case 'settling':
        proposals.keepKey(found);
        return visitSettling(found);
      case 'done':
        return mendNow(found);
    }
  }

  async function visitPending(found: Found): Promise<void> {
    const { id, expiresAt } = found.proposal;
    if (!isOver(found.proposal, await now())) return watch(id, expiresAt);
    const ended = await proposals.expire(found);
    if (ended.outcome?.kind !== 'expired') return;
    onOutcome(ended.proposal, ended.outcome);
    await tell(ended);
  }

  async function visitSettling(found: Found): Promise<void> {
    const settled = await settle(found);
    if (JSON.stringify(settled.outcome) !== JSON.stringify(found.outcome)) await tell(settled);
  }

  /** One proposal that cannot be read or told must not keep the others waiting. */
  async function visitSafely(id: string): Promise<void> {
    try {
      await visit(id);
    } catch (error) {
      onError(error);
      if (!(error instanceof Failure && error.data.code === 'CARD_UNREADABLE')) watch(id, (await now()) + RETRY_MS);
    }
  }

  async function tellSafely(found: Found): Promise<void> {
    await tell(found).catch(onError);
  }

  /** What cannot be read is told of when its turn comes. */
  async function holdKey(id: string): Promise<void> {
    const found = await proposals.find(id).catch(() => undefined);
    if (found?.stage === 'sending' || found?.stage === 'settling') proposals.keepKey(found);
  }

  return {
    holdKeys: async () => {
      await inSlices(await proposals.openIds(), holdKey);
    },
    recover: async () => {
      const open = await proposals.openIds();
      // Where a stale card stood there is a new one by now; that nothing was sent is news for the next command. What is
      // not settled is read again, and then shown.
      const untold = (await proposals.allUntold()).filter(
        ({ stage, outcome }) => stage === 'done' && outcome?.kind !== 'stale',
      );
      await Promise.all([inSlices(open, visitSafely), inSlices(untold, tellSafely)]);
    },
    tick: async () => {
      const time = await now();
      const ids = [...due].filter(([, at]) => at <= time).map(([id]) => id);
      await Promise.all(ids.map(visitSafely));
      await telling.settleNotes();
    },
    watch,
    check,
    mend,
    catchUp,
    conclude,
    newsFor,
  };
}
