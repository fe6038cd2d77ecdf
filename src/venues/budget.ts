import { hash, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../errors.ts';
import type { Window } from '../leverage/venue.ts';
import type { Secret } from '../secret.ts';

/** A call's claim on its key's budget. */
export type Spending = {
  /** None for public calls, which only the venue's pauses hold back. */
  readonly key: Secret | undefined;
  readonly units: number;
  /** A waiting write goes before every waiting read of the same key. */
  readonly kind: 'read' | 'write';
  readonly maxWaitMs: number;
};

export type KeyBudget = {
  /**
   * Runs `task` as soon as every window allows it.
   *
   * @throws Failure VENUE_BUSY when that would be later than `maxWaitMs`; `task` was not run then.
   */
  readonly run: <T>(spending: Spending, task: () => Promise<T>) => Promise<T>;
  /** Holds back all calls of a key: the venue itself said that there were too many. */
  readonly pause: (key: Secret | undefined, ms: number) => void;
  /** Holds back all calls: the venue counts those of this address, whatever their key. */
  readonly pauseAll: (ms: number) => void;
  /** How many keys are remembered. */
  readonly size: () => number;
};

type BudgetOptions = {
  readonly venue: string;
  readonly windows: readonly Window[];
  /** Milliseconds that have passed, whatever a clock was set to. */
  readonly elapsed: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
};

/** Units spent in one slice of a window; they count until the whole slice has left the window. */
type Slice = { countsUntil: number; units: number };

type Waiting = {
  readonly spending: Spending;
  readonly giveUpAt: number;
  readonly start: () => void;
  /** Turns it away: it could start at `at`, which is too late. */
  readonly refuse: (at: number) => void;
};

type KeyState = {
  /** One list per window, oldest slice first. */
  readonly slices: readonly Slice[][];
  readonly writes: Waiting[];
  readonly reads: Waiting[];
  /** Units of calls under way: when they arrive is unknown, so they count in every window until answered. */
  underWay: number;
  pausedUntil: number;
  lastUsed: number;
  pumping: boolean;
};

/** Many, because on average half a slice of every window is waited for in vain. */
const slicesPerWindow = 512;
const recheckMs = 25;
/** However long a venue says. */
export const longestPauseMs = 60_000;
const maxWaiting = 200;

type State = Required<BudgetOptions> & {
  readonly pepper: string;
  readonly keys: Map<string, KeyState>;
  readonly longestMs: number;
  sweptAt: number;
  allPausedUntil: number;
};

/**
 * Keeps each API key within the venue's published windows. A call counts from its start until a whole window after
 * its answer, so the windows hold wherever in between the venue counts it. Keys are remembered by a hash with a
 * random pepper of this process, and forgotten when idle for the longest window.
 */
export function createBudget({ sleep = wait, ...options }: BudgetOptions): KeyBudget {
  const { windows, elapsed } = options;
  const state: State = {
    ...options,
    sleep,
    pepper: randomBytes(32).toString('base64'),
    keys: new Map(),
    longestMs: Math.max(...windows.map((window) => window.windowMs)),
    sweptAt: elapsed(),
    allPausedUntil: Number.NEGATIVE_INFINITY,
  };
  const untilAfter = (ms: number) => elapsed() + Math.min(ms, longestPauseMs);
  return {
    run: (spending, task) => run(state, spending, task),
    pause: (key, ms) => {
      const one = keyStateOf(state, key);
      one.pausedUntil = Math.max(one.pausedUntil, untilAfter(ms));
    },
    pauseAll: (ms) => {
      state.allPausedUntil = Math.max(state.allPausedUntil, untilAfter(ms));
    },
    size: () => state.keys.size,
  };
}

async function run<T>(state: State, spending: Spending, task: () => Promise<T>): Promise<T> {
  const key = keyStateOf(state, spending.key);
  await turn(state, key, spending);
  try {
    return await task();
  } finally {
    key.underWay -= spending.units;
    spend(state, key, spending.units);
  }
}

function keyStateOf(state: State, key: Secret | undefined): KeyState {
  forgetIdle(state);
  const id = key === undefined ? 'public' : hash('sha256', state.pepper + key.reveal(), 'base64');
  const known = state.keys.get(id);
  if (known) return known;
  const fresh: KeyState = {
    slices: state.windows.map(() => []),
    writes: [],
    reads: [],
    underWay: 0,
    pausedUntil: Number.NEGATIVE_INFINITY,
    lastUsed: state.elapsed(),
    pumping: false,
  };
  state.keys.set(id, fresh);
  return fresh;
}

function forgetIdle(state: State): void {
  const now = state.elapsed();
  if (now - state.sweptAt < state.longestMs / 4) return;
  state.sweptAt = now;
  for (const [id, key] of state.keys) if (isIdle(state, key)) state.keys.delete(id);
}

function isIdle({ elapsed, longestMs }: State, key: KeyState): boolean {
  if (key.underWay > 0 || waitingOf(key).length > 0) return false;
  return elapsed() - key.lastUsed > longestMs && elapsed() > key.pausedUntil;
}

function spend({ windows, elapsed }: State, key: KeyState, units: number): void {
  key.lastUsed = elapsed();
  if (units === 0) return;
  windows.forEach(({ windowMs }, index) => {
    const sliceMs = Math.max(1, windowMs / slicesPerWindow);
    const countsUntil = (Math.floor(elapsed() / sliceMs) + 1) * sliceMs + windowMs;
    const slices = key.slices[index];
    const newest = slices?.at(-1);
    if (newest && newest.countsUntil >= countsUntil) newest.units += units;
    else slices?.push({ countsUntil, units });
  });
}

/** @returns the earliest time at which `units` more fit every window. */
function fitsAt({ windows, elapsed, allPausedUntil }: State, key: KeyState, units: number): number {
  const now = elapsed();
  const times = windows.map((window, index) =>
    windowFitsAt(key.slices[index] ?? [], window, key.underWay + units, now),
  );
  return Math.max(now, key.pausedUntil, allPausedUntil, ...times);
}

function windowFitsAt(slices: Slice[], window: Window, wanted: number, now: number): number {
  while (slices[0] && slices[0].countsUntil <= now) slices.shift();
  let over = slices.reduce((sum, slice) => sum + slice.units, wanted) - window.units;
  if (over <= 0) return now;
  for (const slice of slices) {
    over -= slice.units;
    if (over <= 0) return slice.countsUntil;
  }
  return now + recheckMs;
}

/** Waits for the call's turn, which counts it as under way. */
function turn(state: State, key: KeyState, spending: Spending): Promise<void> {
  const queue = spending.kind === 'write' ? key.writes : key.reads;
  const giveUpAt = state.elapsed() + spending.maxWaitMs;
  if (queue.length >= maxWaiting) return Promise.reject(busy(state, giveUpAt + 1));
  const at = fitsAt(state, key, spending.units);
  if (at > giveUpAt) return Promise.reject(busy(state, at));
  return new Promise((start, reject) => {
    const refuse = (later: number) => reject(busy(state, later));
    queue.push({ spending, giveUpAt, start, refuse });
    void pump(state, key);
  });
}

/** Starts what waits, one after the other, as the windows allow. */
async function pump(state: State, key: KeyState): Promise<void> {
  if (key.pumping) return;
  key.pumping = true;
  const { elapsed, sleep } = state;
  try {
    for (let next = nextOf(key); next; next = nextOf(key)) {
      const at = fitsAt(state, key, next.spending.units);
      if (at <= elapsed()) startFirst(key, next);
      else if (!refuseLate(state, key, at)) {
        const wakeAt = Math.min(at, ...waitingOf(key).map((one) => one.giveUpAt));
        await sleep(Math.max(0, wakeAt - elapsed()));
      }
    }
  } finally {
    key.pumping = false;
  }
}

const nextOf = (key: KeyState) => key.writes[0] ?? key.reads[0];
const waitingOf = (key: KeyState) => [...key.writes, ...key.reads];

function startFirst(key: KeyState, next: Waiting): void {
  (key.writes[0] ? key.writes : key.reads).shift();
  key.underWay += next.spending.units;
  next.start();
}

/** Turns away what cannot start in time when the first one starts at `at`. @returns whether there was any. */
function refuseLate({ elapsed }: State, key: KeyState, at: number): boolean {
  let refused = false;
  for (const queue of [key.writes, key.reads]) {
    for (const one of queue.filter(({ giveUpAt }) => giveUpAt < at || giveUpAt <= elapsed())) {
      queue.splice(queue.indexOf(one), 1);
      one.refuse(at);
      refused = true;
    }
  }
  return refused;
}

function busy({ venue, elapsed, allPausedUntil }: State, at: number): Failure {
  const limit = at <= allPausedUntil ? 'address' : 'key';
  return new Failure({ code: 'VENUE_BUSY', venue, limit, retryAfterMs: Math.max(1, Math.ceil(at - elapsed())) });
}
