import type { Note } from '../bot-messages.ts';
import { isSameSpot, type Journal } from '../journal.ts';
import type { Meaning } from '../said.ts';
import { type Case, nameOf } from './cases.ts';
import type { Violation } from './violation.ts';

/** For how long a change is its owner's alone, from when it says that it sends. */
const LEASE_MS = 20_000;
/** Between a process's last look at the clock and its socket; a clock that moves in between is nobody's fault. */
const BLINK_MS = 20;
/** Since the claim: itself, and "sending". */
const COMMITS_BEFORE_A_WRITE = 2;

/** After what somebody was told of a change nothing of it is sent any more. */
const verdicts: ReadonlySet<Meaning> = new Set([
  'applied',
  'accepted',
  'refused',
  'not-sent',
  'unchanged',
  'stale',
  'cancelled',
  'expired',
  'not-applied',
  'differs',
  'unknown',
]);

type Committed = Extract<Note, { kind: 'committed' }>;
type Sent = Extract<Note, { kind: 'left' | 'over' }>;
type Passed = (machine: number) => number;
/** A write as the process that sent it noted it. */
type Sending = {
  readonly one: Case;
  readonly left: Sent;
  readonly over: Sent | undefined;
  readonly commits: readonly Committed[];
};

/**
 * Who sends a write is still its owner: nobody has told or stored an end of the change by then, nobody else has advanced
 * it, and its lease is not over. Nobody else settles it before the write is through or the lease over.
 *
 * @param passedAt - The time that had passed at a moment of this machine, as everybody's right clock has it.
 */
export function* checkOwners(cases: readonly Case[], journal: Journal, passedAt: Passed): Generator<Violation> {
  for (const one of cases) {
    const sending = sendingOf(one, journal);
    // Which of two equal changes a write belongs to is not certain.
    if (sending === undefined || cases.some((other) => isLike(other, one))) continue;
    yield* checkTime(sending, passedAt);
    yield* checkAlone(sending, passedAt);
  }
}

function sendingOf(one: Case, { notes }: Journal): Sending | undefined {
  const [attempt] = one.attempts;
  if (attempt === undefined) return undefined;
  const ours = notes.filter((note) => 'line' in note).filter(({ line }) => line === attempt.line);
  const left = ours.findLast(({ kind, at }) => kind === 'left' && at <= attempt.machineAt);
  if (left === undefined) return undefined;
  const over = ours.find(({ kind, at }) => kind === 'over' && at >= left.at);
  const { id } = one.found.proposal;
  const commits = notes.filter((note) => note.kind === 'committed').filter(({ rows }) => rows.includes(id));
  return { one, left, over, commits };
}

function isLike(other: Case, one: Case): boolean {
  return other !== one && other.value === one.value && isSameSpot(other.spot, one.spot);
}

function* checkTime({ one, left, commits }: Sending, passedAt: Passed): Generator<Violation> {
  const late = (what: string): Violation => ({ rule: 'no-late-write', what: `it was sent ${what}: ${nameOf(one)}` });
  const told = one.said.find(({ meaning, machineAt }) => verdicts.has(meaning) && machineAt < left.at);
  if (told !== undefined) yield late(`after "${told.title}" was told`);
  const { id } = one.found.proposal;
  if (commits.some(({ ended, to }) => to < left.at && ended.includes(id))) yield late('after its end was stored');
  const last = commits.findLast(({ to }) => to < left.at);
  const passed = last === undefined ? 0 : passedAt(left.at - BLINK_MS) - passedAt(last.from);
  if (passed > LEASE_MS) yield late(`${Math.round(passed)} ms after "sending"`);
}

function* checkAlone({ one, left, over, commits }: Sending, passedAt: Passed): Generator<Violation> {
  const claim = commits.findLastIndex(({ isClaim, to }) => isClaim && to < left.at);
  if (claim < 0) return;
  const before = commits.slice(claim).filter(({ to }) => to < left.at);
  if (before.length !== COMMITS_BEFORE_A_WRITE)
    yield { rule: 'one-owner', what: `it was advanced ${before.length} times before it was sent: ${nameOf(one)}` };
  const next = commits.find(({ from }) => from > left.at);
  const sending = before.at(-1);
  if (next === undefined || sending === undefined || next.pid !== left.pid) return;
  const isOpen = over === undefined || next.from < over.at;
  if (isOpen && passedAt(next.to) - passedAt(sending.from) < LEASE_MS)
    yield { rule: 'one-owner', what: `it was settled while its owner's write was open: ${nameOf(one)}` };
}
