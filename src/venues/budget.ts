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

export type BudgetOptions = {
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

/**
 * Keeps each API key within the venue's published windows. A call counts from its start until a whole window after
 * its answer, so the windows hold wherever in between the venue counts it. Keys are remembered by a hash with a
 * random pepper of this process, and forgotten when idle for the longest window.
 */
export function createBudget({ venue, windows, elapsed, sleep = wait }: BudgetOptions): KeyBudget {
  const pepper = randomBytes(32).toString('base64');
  const states = new Map<string, KeyState>();
  const longestMs = Math.max(...windows.map((window) => window.windowMs));
  let sweptAt = elapsed();
  let allPausedUntil = Number.NEGATIVE_INFINITY;

  function stateOf(key: Secret | undefined): KeyState {
    forgetIdle();
    const id = key === undefined ? 'public' : hash('sha256', pepper + key.reveal(), 'base64');
    const known = states.get(id);
    if (known) return known;
    const state: KeyState = {
      slices: windows.map(() => []),
      writes: [],
      reads: [],
      underWay: 0,
      pausedUntil: Number.NEGATIVE_INFINITY,
      lastUsed: elapsed(),
      pumping: false,
    };
    states.set(id, state);
    return state;
  }

  function forgetIdle(): void {
    if (elapsed() - sweptAt < longestMs / 4) return;
    sweptAt = elapsed();
    for (const [id, state] of states) if (isIdle(state)) states.delete(id);
  }

  function isIdle(state: KeyState): boolean {
    if (state.underWay > 0 || state.writes.length + state.reads.length > 0) return false;
    return elapsed() - state.lastUsed > longestMs && elapsed() > state.pausedUntil;
  }

  function spend(state: KeyState, units: number): void {
    state.lastUsed = elapsed();
    if (units === 0) return;
    windows.forEach(({ windowMs }, index) => {
      const sliceMs = Math.max(1, windowMs / slicesPerWindow);
      const countsUntil = (Math.floor(elapsed() / sliceMs) + 1) * sliceMs + windowMs;
      const slices = state.slices[index];
      const newest = slices?.at(-1);
      if (newest && newest.countsUntil >= countsUntil) newest.units += units;
      else slices?.push({ countsUntil, units });
    });
  }

  /** @returns the earliest time at which `units` more fit every window. */
  function fitsAt(state: KeyState, units: number): number {
    const times = windows.map((window, index) =>
      windowFitsAt(state.slices[index] ?? [], window, state.underWay + units),
    );
    return Math.max(elapsed(), state.pausedUntil, allPausedUntil, ...times);
  }

  function windowFitsAt(slices: Slice[], window: Window, wanted: number): number {
    while (slices[0] && slices[0].countsUntil <= elapsed()) slices.shift();
    let over = slices.reduce((sum, slice) => sum + slice.units, wanted) - window.units;
    if (over <= 0) return elapsed();
    for (const slice of slices) {
      over -= slice.units;
      if (over <= 0) return slice.countsUntil;
    }
    return elapsed() + recheckMs;
  }

  async function pump(state: KeyState): Promise<void> {
    if (state.pumping) return;
    state.pumping = true;
    try {
      for (let next = nextOf(state); next; next = nextOf(state)) {
        const at = fitsAt(state, next.spending.units);
        if (at <= elapsed()) startFirst(state, next);
        else if (!refuseLate(state, at))
          await sleep(Math.max(0, Math.min(at, ...waitingOf(state).map((one) => one.giveUpAt)) - elapsed()));
      }
    } finally {
      state.pumping = false;
    }
  }

  const nextOf = (state: KeyState) => state.writes[0] ?? state.reads[0];
  const waitingOf = (state: KeyState) => [...state.writes, ...state.reads];

  function startFirst(state: KeyState, next: Waiting): void {
    (state.writes[0] ? state.writes : state.reads).shift();
    state.underWay += next.spending.units;
    next.start();
  }

  /** Turns away what cannot start in time when the first one starts at `at`. @returns whether there was any. */
  function refuseLate(state: KeyState, at: number): boolean {
    let refused = false;
    for (const queue of [state.writes, state.reads]) {
      for (const one of queue.filter(({ giveUpAt }) => giveUpAt < at || giveUpAt <= elapsed())) {
        queue.splice(queue.indexOf(one), 1);
        one.refuse(at);
        refused = true;
      }
    }
    return refused;
  }

  function busy(at: number): Failure {
    const limit = at <= allPausedUntil ? 'address' : 'key';
    return new Failure({ code: 'VENUE_BUSY', venue, limit, retryAfterMs: Math.max(1, Math.ceil(at - elapsed())) });
  }

  function turn(state: KeyState, spending: Spending): Promise<void> {
    const queue = spending.kind === 'write' ? state.writes : state.reads;
    const giveUpAt = elapsed() + spending.maxWaitMs;
    if (queue.length >= maxWaiting) return Promise.reject(busy(giveUpAt + 1));
    const at = fitsAt(state, spending.units);
    if (at > giveUpAt) return Promise.reject(busy(at));
    return new Promise((start, reject) => {
      const refuse = (later: number) => reject(busy(later));
      queue.push({ spending, giveUpAt, start, refuse });
      void pump(state);
    });
  }

  return {
    run: async (spending, task) => {
      const state = stateOf(spending.key);
      await turn(state, spending);
      try {
        return await task();
      } finally {
        state.underWay -= spending.units;
        spend(state, spending.units);
      }
    },
    pause: (key, ms) => {
      const state = stateOf(key);
      state.pausedUntil = Math.max(state.pausedUntil, elapsed() + Math.min(ms, longestPauseMs));
    },
    pauseAll: (ms) => {
      allPausedUntil = Math.max(allPausedUntil, elapsed() + Math.min(ms, longestPauseMs));
    },
    size: () => states.size,
  };
}
