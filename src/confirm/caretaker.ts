import { atMost } from '../at-most.ts';
import { Failure } from '../errors.ts';
import type { Keys } from '../keys.ts';
import { closureOf } from '../leverage/retirement.ts';
import type { Venues } from '../leverage/venue.ts';
import { breathe, chunksOf, inSlices } from '../store/pages.ts';
import { kindOf } from '../store/sealed-rows.ts';
import { type Entry, MOST_KEYS, type Store } from '../store/store.ts';
import { type Ages, createAges } from './ages.ts';
import type { Announcing } from './announcing.ts';
import { isKeyGone, keyOf, readBack } from './execute.ts';
import type { Outcome, Unsettled } from './outcome.ts';
import { idIn, rowKeys, type StoredProposal } from './proposal-rows.ts';
import { isOver, type Proposals } from './proposals.ts';
import {
  afterCheck,
  afterRead,
  type Doubt,
  doubtOf,
  mayStillBeTold,
  type Passed,
  READ_AGAIN_MS,
  type ReadBack,
  SETTLE_MS,
} from './settling.ts';
import type { Telling } from './telling.ts';

/** So long a row that was taken is nobody else's, and after that it is looked at again when this failed. */
const VISIT_MS = 10_000;
/** So many rows are visited at once, and the next ones when these are through, or after so long. */
const VISITS_AT_ONCE = 50;
const NEXT_VISITS_MS = 500;
const MOST_TRIES = 3;
/** How often a press looks whether a change that runs elsewhere has its result. */
const LOOK_MS = 250;

type CaretakerOptions = {
  readonly store: Pick<Store, 'takeDue'>;
  readonly proposals: Proposals;
  readonly telling: Telling;
  readonly announcing: Announcing;
  readonly venues: Venues;
  readonly keys: Keys;
  readonly now: () => Promise<number>;
  /** Milliseconds that have passed, whatever the host's clock was set to. */
  readonly elapsed: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Whether a press in this process is executing the proposal just now. */
  readonly isRunning: (id: string) => boolean;
  /** Told of what went wrong with one row; the others are not affected. */
  readonly onError: (error: unknown) => void;
};

/** `visiting`: keys of rows that were taken and are not through yet; `backlog`: those of them to be visited next. */
type Context = CaretakerOptions & {
  readonly doubtAges: Ages;
  readonly readAges: Ages;
  readonly visiting: Set<string>;
  readonly backlog: Entry[];
};

export type Caretaker = ReturnType<typeof createCaretaker>;

/**
 * Looks after proposals that nobody is pressing: expiry, taking over from owners that died or were held up, settling by
 * read-back, and what has still to be told. Everything of it is a row with a due time; whoever takes the row does it.
 */
export function createCaretaker(options: CaretakerOptions) {
  const context: Context = {
    ...options,
    doubtAges: createAges(options.elapsed),
    readAges: createAges(options.elapsed),
    visiting: new Set(),
    backlog: [],
  };
  return {
    /** Before anything can be pressed: what was sent keeps its key until it is read back, though its lease be over. */
    holdKeys: () => holdKeys(context),
    /** Does what is due; nothing claimed is run late, and nothing is ever sent. */
    tick: () => tick(context),
    /** Waits while somebody else runs a change, or until it runs in this process. @returns how it stands then */
    afterOwner: (found: StoredProposal) => afterOwner(context, found),
    /** Reads back now, unless a press is executing it. @returns the proposal with what is known after it. */
    check: (found: StoredProposal) => check(context, found),
    /** Records an outcome; one that may still change keeps the key's lease and is read again. */
    conclude: (found: StoredProposal, outcome: Outcome) => conclude(context, found, outcome),
    /** Takes the notes off the store of what was told and made known. */
    settleNotes: () => settleNotes(context),
    /** Resolves once every outcome was made known; what Discord does not take may keep it for ever. */
    whenAnnounced: () => options.announcing.whenIdle(),
  };
}

/** What was taken before the store failed is visited with the next tick. */
async function takeAll({ store, visiting, backlog }: Context): Promise<void> {
  for (let more = true; more; ) {
    const some = await store.takeDue({ limit: MOST_KEYS, forMs: VISIT_MS });
    backlog.push(...some.filter(({ key }) => !visiting.has(key)));
    for (const { key } of some) visiting.add(key);
    more = some.length === MOST_KEYS;
    if (more) await breathe();
  }
}

/** All that has not ended, due or not: a process that died a moment ago may have taken a row and done nothing with it. */
async function holdKeys({ proposals }: Context): Promise<void> {
  await inSlices(await proposals.openIds(), async (id) => {
    // What cannot be read is told of when it is visited.
    const found = await proposals.findReadable(id);
    if (found?.stage === 'sending' || found?.stage === 'settling') proposals.keepKey(found);
  });
}

async function findTaken({ proposals }: Context, entry: Entry): Promise<StoredProposal | undefined> {
  return entry.key.startsWith(rowKeys.row('')) ? proposals.find(idIn(entry)) : undefined;
}

async function tick(context: Context): Promise<void> {
  await takeAll(context);
  await visitAll(context, context.backlog.splice(0));
  await settleNotes(context);
}

/** An exchange, or Discord, that does not answer keeps what it is not asked for waiting no longer than this allows. */
async function visitAll(context: Context, taken: readonly Entry[]): Promise<void> {
  const visits: Promise<unknown>[] = [];
  for (const some of chunksOf(taken, VISITS_AT_ONCE)) {
    const begun = Promise.all(some.map((entry) => visitSafely(context, entry)));
    visits.push(begun);
    await atMost(NEXT_VISITS_MS, begun);
    await breathe();
  }
  await Promise.all(visits);
}

async function settleNotes({ telling, announcing }: Context): Promise<void> {
  await telling.settleNotes();
  await announcing.settleNotes();
}

/** One row that cannot be read or told must not keep the others waiting. It is due again, unless that is of no use. */
async function visitSafely(context: Context, entry: Entry): Promise<void> {
  try {
    await visit(context, entry);
  } catch (error) {
    context.onError(error);
    if (isOfNoUse(entry, error)) await context.proposals.letBe(entry).catch(context.onError);
  } finally {
    context.visiting.delete(entry.key);
  }
}

/** Whether a row would fail the same way the next time: one that cannot be read, a note that cannot be put into words. */
function isOfNoUse({ key }: Entry, error: unknown): boolean {
  return error instanceof Failure ? error.data.code === 'CARD_UNREADABLE' : !key.startsWith(rowKeys.row(''));
}

const visits = [
  { prefix: rowKeys.row(''), visit: visitProposal },
  { prefix: rowKeys.untold(), visit: ({ telling }: Context, entry: Entry) => telling.tellNoted(entry) },
  { prefix: rowKeys.mend(), visit: ({ telling }: Context, entry: Entry) => telling.mendNoted(entry) },
  { prefix: rowKeys.audit(), visit: ({ announcing }: Context, entry: Entry) => announcing.announceNoted(entry) },
] as const;

async function visit(context: Context, entry: Entry): Promise<void> {
  const kind = kindOf(visits, entry.key);
  await (kind === undefined ? context.proposals.letBe(entry) : kind.visit(context, entry));
}

async function visitProposal(context: Context, entry: Entry): Promise<void> {
  const { proposals, isRunning, telling } = context;
  if (isRunning(idIn(entry))) return;
  const found = await findTaken(context, entry);
  switch (found?.stage) {
    case undefined:
      return;
    case 'pending':
      return visitPending(context, found);
    case 'claimed':
    case 'sending': {
      const settled = await settleForOwner(context, found);
      return settled && telling.tell(settled);
    }
    case 'settling':
      proposals.keepKey(found);
      return visitSettling(context, found);
    case 'done':
      return proposals.letBe(entry);
  }
}

async function visitPending(context: Context, found: StoredProposal): Promise<void> {
  const { proposals, announcing, telling, venues, now } = context;
  if (!isOver(found.proposal, await now())) return void (await proposals.postpone(found));
  const closure = closureOf(venues, found.proposal.account.venue);
  if (closure !== undefined) {
    return telling.tell(await conclude(context, found, { kind: 'not-sent', at: await now(), failure: closure }));
  }
  const ended = await proposals.expire(found);
  if (ended.outcome?.kind !== 'expired') return;
  announcing.announce(ended);
  await telling.tell(ended);
}

/** @returns undefined while its owner lives, and when somebody else came first */
async function settleForOwner(context: Context, found: StoredProposal): Promise<StoredProposal | undefined> {
  const taken = await unlessMoved(context, found, () => context.proposals.takeOver(found));
  if (taken === undefined) return undefined;
  if (taken.stage === 'claimed') return conclude(context, taken, { kind: 'not-sent', at: await context.now() });
  context.proposals.keepKey(taken);
  return settle(context, taken);
}

async function visitSettling(context: Context, found: StoredProposal): Promise<void> {
  const settled = await settle(context, found);
  if (JSON.stringify(settled.outcome) !== JSON.stringify(found.outcome)) await context.telling.tell(settled);
}

async function afterOwner(context: Context, found: StoredProposal): Promise<StoredProposal> {
  const { proposals, pause, isRunning } = context;
  const { id } = found.proposal;
  for (let current = found; ; ) {
    if (!isOwners(current) || isRunning(id)) return current;
    const isOwned = await proposals.isOwned(current);
    if (isOwned) await pause(LOOK_MS);
    // Its owner may have ended it while it was read.
    const next = await proposals.require(id);
    if (!isOwned && next.version === current.version) return next;
    current = next;
  }
}

function isOwners({ stage }: StoredProposal): boolean {
  return stage === 'claimed' || stage === 'sending';
}

async function check(context: Context, found: StoredProposal): Promise<StoredProposal> {
  const { proposals, isRunning } = context;
  const { id } = found.proposal;
  if (isRunning(id)) return found;
  const current = await afterOwner(context, found);
  if (isOwners(current)) return (await settleForOwner(context, current)) ?? proposals.require(id);
  if (current.stage === 'settling') return settle(context, current);
  const { outcome: ended } = current;
  if (ended === undefined || !mayStillBeTold(ended)) return current;
  const outcome = afterCheck(ended, await readNow(context, current));
  return outcome === undefined ? current : ((await recordEnd(context, current, outcome)) ?? proposals.require(id));
}

async function conclude(context: Context, found: StoredProposal, outcome: Outcome): Promise<StoredProposal> {
  if (outcome.kind === 'unsettled') return keepLooking(context, found, outcome);
  const ended = await unlessMoved(context, found, () => recordEnd(context, found, outcome));
  forgetAges(context, found);
  return ended ?? context.proposals.require(found.proposal.id);
}

/** Of what has ended, or is somebody else's by now: whoever looks at it again counts anew from its own times. */
function forgetAges({ doubtAges, readAges }: Context, { proposal: { id } }: StoredProposal): void {
  doubtAges.forget(id);
  readAges.forget(id);
}

/** @returns undefined when it had been ended otherwise. */
async function recordEnd({ proposals, announcing }: Context, found: StoredProposal, outcome: Outcome) {
  const ended = await proposals.finish(found, outcome);
  if (ended !== undefined && outcome.kind !== found.outcome?.kind) announcing.announce(ended);
  return ended;
}

async function keepLooking(context: Context, found: StoredProposal, outcome: Unsettled): Promise<StoredProposal> {
  const { proposals, announcing } = context;
  const { id } = found.proposal;
  const { now: at, age } = await passedSince(context, id, outcome);
  const leaseMs = Math.max(SETTLE_MS - age, outcome.lookAt - at + VISIT_MS);
  const settling = await unlessMoved(context, found, () => proposals.settleLater(found, outcome, leaseMs));
  if (settling === undefined) {
    forgetAges(context, found);
    return proposals.require(id);
  }
  if (found.outcome?.kind !== 'unsettled') announcing.announce(settling);
  return settling;
}

/** Tries again while the row stands as it was found: then only the lease of its key has changed hands. */
async function unlessMoved<T>(
  { proposals }: Context,
  { proposal: { id }, version }: StoredProposal,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let tries = 1; ; tries += 1) {
    const result = await attempt();
    if (result !== undefined || tries === MOST_TRIES) return result;
    if ((await proposals.find(id))?.version !== version) return undefined;
  }
}

async function passedSince(context: Context, id: string, { since, firstReadAt }: Doubt): Promise<Passed> {
  const at = await context.now();
  const readAge = firstReadAt === undefined ? 0 : context.readAges.of(id, firstReadAt, at);
  return { now: at, age: context.doubtAges.of(id, since, at), readAge };
}

async function readNow(context: Context, { proposal }: StoredProposal): Promise<ReadBack> {
  const { venues, keys, now, onError } = context;
  const venue = venues.get(proposal.account.venue);
  if (venue === undefined) return { kind: 'never', gone: 'venue' };
  try {
    const { credentials } = await keyOf(keys, proposal);
    return await readBack({ venue, credentials, proposal, now });
  } catch (error) {
    // A bug in reading must not hold a key and its owner's rows for ever: this ends as other silence does.
    if (!(error instanceof Failure)) onError(error);
    return isKeyGone(error) ? { kind: 'never', gone: 'key' } : { kind: 'unread', at: await now() };
  }
}

async function settle(context: Context, found: StoredProposal): Promise<StoredProposal> {
  const { proposal, outcome } = found;
  const read = await readNow(context, found);
  const doubt: Doubt = outcome?.kind === 'unsettled' ? outcome : doubtOf(proposal, await context.now());
  const passed = await passedSince(context, proposal.id, doubt);
  return conclude(context, found, afterRead(doubt, whileLate(read, passed), passed));
}

/** Another label may hold a key that this one lost: nothing is sent with it while the request may still land. */
function whileLate(read: ReadBack, { now: at, age }: Passed): ReadBack {
  const isLate = read.kind === 'never' && read.gone === 'key' && age < READ_AGAIN_MS;
  return isLate ? { kind: 'unread', at } : read;
}
