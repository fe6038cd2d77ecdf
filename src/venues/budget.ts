import { hash, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Window } from './venue.ts';

/** A call's claim on its key's budget. */
export type Spending = {
  readonly key: Secret;
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
  readonly pause: (key: Secret, ms: number) => void;
  /** How many keys are remembered. */
  readonly size: () => number;
};

export type BudgetOptions = {
  readonly venue: string;
  readonly windows: readonly Window[];
  /** Milliseconds; only differences matter. */
  readonly now: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
};

/** Units spent in one slice of a window; they count until the whole slice has left the window. */
type Slice = { countsUntil: number; units: number };

type Waiting = {
  readonly spending: Spending;
  readonly giveUpAt: number;
  readonly start: () => void;
  readonly refuse: (retryAfterMs: number) => void;
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
const longestPauseMs = 60_000;
const maxWaiting = 200;

/**
 * Keeps each API key within the venue's published windows. A call counts from its start until a whole window after
 * its answer, so the windows hold wherever in between the venue counts it. Keys are remembered by a hash with a
 * random pepper of this process, and forgotten when idle for the longest window.
 */
export function createBudget({ venue, windows, now, sleep = wait }: BudgetOptions): KeyBudget {
  const pepper = randomBytes(32).toString('base64');
  const states = new Map<string, KeyState>();
  const longestMs = Math.max(...windows.map((window) => window.windowMs));
  let sweptAt = now();

  function stateOf(key: Secret): KeyState {
    forgetIdle();
    const id = hash('sha256', pepper + key.reveal(), 'base64');
    const known = states.get(id);
    if (known) return known;
    const state: KeyState = {
      slices: windows.map(() => []),
      writes: [],
      reads: [],
      underWay: 0,
      pausedUntil: Number.NEGATIVE_INFINITY,
      lastUsed: now(),
      pumping: false,
    };
    states.set(id, state);
    return state;
  }

  function forgetIdle(): void {
    if (Math.abs(now() - sweptAt) < longestMs / 4) return;
    sweptAt = now();
    for (const [id, state] of states) if (isIdle(state)) states.delete(id);
  }

  function isIdle(state: KeyState): boolean {
    if (state.underWay > 0 || state.writes.length + state.reads.length > 0) return false;
    return now() - state.lastUsed > longestMs && now() > state.pausedUntil;
  }

  function spend(state: KeyState, units: number): void {
    state.lastUsed = now();
    windows.forEach(({ windowMs }, index) => {
      const sliceMs = Math.max(1, windowMs / slicesPerWindow);
      const countsUntil = (Math.floor(now() / sliceMs) + 1) * sliceMs + windowMs;
      const slices = state.slices[index];
      const newest = slices?.at(-1);
      if (newest && newest.countsUntil >= countsUntil) newest.units += units;
      else slices?.push({ countsUntil, units });
    });
  }

  /** @returns the earliest time at which `units` more fit every window. */
  function fitsAt(state: KeyState, units: number): number {
    state.pausedUntil = Math.min(state.pausedUntil, now() + longestPauseMs);
    const times = windows.map((window, index) =>
      windowFitsAt(state.slices[index] ?? [], window, state.underWay + units),
    );
    return Math.max(now(), state.pausedUntil, ...times);
  }

  function windowFitsAt(slices: Slice[], window: Window, wanted: number): number {
    while (slices[0] && slices[0].countsUntil <= now()) slices.shift();
    let over = slices.reduce((sum, slice) => sum + slice.units, wanted) - window.units;
    if (over <= 0) return now();
    for (const slice of slices) {
      // A clock that was set back must not lock a key for longer than a window and its slice.
      slice.countsUntil = Math.min(slice.countsUntil, now() + 2 * window.windowMs);
      over -= slice.units;
      if (over <= 0) return slice.countsUntil;
    }
    return now() + recheckMs;
  }

  async function pump(state: KeyState): Promise<void> {
    if (state.pumping) return;
    state.pumping = true;
    try {
      for (let next = nextOf(state); next; next = nextOf(state)) {
        const at = fitsAt(state, next.spending.units);
        if (at <= now()) startFirst(state, next);
        else if (!refuseLate(state, at))
          await sleep(Math.max(0, Math.min(at, ...waitingOf(state).map((one) => one.giveUpAt)) - now()));
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
      for (const one of queue.filter(({ giveUpAt }) => giveUpAt < at || giveUpAt <= now())) {
        queue.splice(queue.indexOf(one), 1);
        one.refuse(Math.max(1, Math.ceil(at - now())));
        refused = true;
      }
    }
    return refused;
  }

  const busy = (retryAfterMs: number) => new Failure({ code: 'VENUE_BUSY', venue, retryAfterMs });

  function turn(state: KeyState, spending: Spending): Promise<void> {
    const queue = spending.kind === 'write' ? state.writes : state.reads;
    if (queue.length >= maxWaiting) return Promise.reject(busy(spending.maxWaitMs + 1));
    const at = fitsAt(state, spending.units);
    const giveUpAt = now() + spending.maxWaitMs;
    if (at > giveUpAt) return Promise.reject(busy(Math.ceil(at - now())));
    return new Promise((start, reject) => {
      const refuse = (retryAfterMs: number) => reject(busy(retryAfterMs));
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
      state.pausedUntil = Math.max(state.pausedUntil, now() + ms);
    },
    size: () => states.size,
  };
}
