import type { AnswerFault } from '../simulators/discord/rest/faults.ts';
import type { FaultInput } from '../simulators/venues/faults.ts';
import { type InnerMoment, innerMoments, type VenueName } from './bot-messages.ts';
import type { Breakage } from './disk.ts';
import type { Pace } from './pace.ts';
import { planReadFaults, planWriteFaults, slowReadBack } from './plan-faults.ts';
import type { Random } from './random.ts';
import { torturedVenues } from './venues.ts';

/** What a trader does with one card. */
export type OpKind =
  /** Presses once, or several times at once. */
  | 'confirm'
  | 'repeat'
  /** Others press a shared card before its owner does, or instead, and forge every other button. */
  | 'strangers'
  | 'cancel'
  /** Confirms and cancels at the same time. */
  | 'race'
  /** Presses around the moment of expiry. */
  | 'late'
  /** Never presses. */
  | 'ignore'
  /** The setting changes behind the card. */
  | 'moved'
  /** Confirms two cards of one key at the same time. */
  | 'twins'
  /** Goes back from the receipt. */
  | 'back'
  /** Confirms a second card of the key while the first one is read back. */
  | 'overtake';

export type GatewayTrouble = 'drop' | 'cut' | 'reconnect' | 'invalid' | 'resumable' | 'duplicate';

/** What Discord and the venues see: `token` and `frame` are on the way to a write over a socket. */
export type OuterMoment = 'ack' | 'read' | 'write' | 'read-back' | 'token' | 'frame';

/** Ends the process at a moment of this operation: when the venue or Discord sees something, or some time later. */
export type Crash = {
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly at: OuterMoment | 'press';
  readonly delayMs: number;
  readonly downMs: number;
};

/** Stops the process (SIGSTOP) at a moment of this operation and lets it go on later. */
export type Pause = {
  readonly at: OuterMoment | InnerMoment;
  /** How often it has to come to an inner moment. */
  readonly nth: number;
  /** For how long, by every clock. */
  readonly ms: number;
  /** Whether it gets SIGKILL instead of going on. */
  readonly isKilled: boolean;
  /** What the clock of its host is set wrong by meanwhile. */
  readonly skewMs: number | undefined;
};

export function isInner(at: Pause['at']): at is InnerMoment {
  return innerMoments.some((moment) => moment === at);
}

export type DiscordTrouble = {
  readonly route: 'callback' | 'edit' | 'followUp';
  readonly mode: AnswerFault;
  readonly times: number;
  readonly when: 'command' | 'press';
};

/** All decisions about one operation, made before it begins. */
export type OpPlan = {
  readonly kind: OpKind;
  readonly market: string;
  /** Leverage as decimal text, or `cross`; for twins the second card has `other`. */
  readonly value: string;
  readonly other: string;
  /** Where the second card of an overtaking belongs. */
  readonly elsewhere: string;
  readonly currency: 'INR' | undefined;
  readonly isShared: boolean;
  readonly presses: number;
  readonly isPressedByOwner: boolean;
  /** From the expiry of the card to the press. */
  readonly lateMs: number;
  /** From the first press of a race to the second. */
  readonly raceMs: number;
  readonly checks: boolean;
  /** Does not wait until the change before it is settled. */
  readonly isImpatient: boolean;
  readonly cardFaults: readonly FaultInput[];
  readonly writeFaults: readonly FaultInput[];
  readonly discord: DiscordTrouble | undefined;
  readonly gateway: GatewayTrouble | undefined;
  readonly crash: Crash | undefined;
  readonly pause: Pause | undefined;
  readonly disk: { readonly breakage: Breakage; readonly ms: number } | undefined;
  /** For how long the venue takes no connections. */
  readonly outageMs: number;
  /** By how much the clock jumps in the middle of everything. */
  readonly jumpMs: number;
  /** What the clock of the bot's host is set wrong by, in the middle of everything. */
  readonly skewMs: number | undefined;
};

export type Planner = { readonly next: () => OpPlan };

/** What a hunt for a bug that shows only in rare moments asks for more often. */
export type Focus = {
  /** Whether the clock of the bot's host is set; `back`: often, and each time further back. */
  readonly wanders?: 'anywhere' | 'back';
  readonly kind?: OpKind;
  readonly crash?: Crash;
  readonly pause?: Pick<Pause, 'at'> & Partial<Pick<Pause, 'isKilled' | 'ms'>>;
  /** Everybody trades there only. */
  readonly venue?: VenueName;
  readonly currency?: 'INR';
  readonly value?: 'highest';
};

const kinds: readonly (readonly [number, OpKind])[] = [
  [28, 'confirm'],
  [18, 'repeat'],
  [12, 'strangers'],
  [5, 'cancel'],
  [7, 'race'],
  [9, 'late'],
  [3, 'ignore'],
  [5, 'moved'],
  [8, 'twins'],
  [5, 'back'],
  [6, 'overtake'],
];

/**
 * Plans the operations of one trader at one venue.
 *
 * @param options.strayUrl - Where a venue's redirect may point to.
 */
export function createPlanner(options: {
  readonly random: Random;
  readonly venue: VenueName;
  readonly strayUrl: string;
  readonly breakages: readonly Breakage[];
  readonly pace: Pace;
  readonly focus?: Focus;
  /** Whether the clock of the bot's host can be set. */
  readonly wanders?: boolean;
}): Planner {
  const { venue, focus = {}, wanders = false } = options;
  const { markets, highest, hasCross, currencies, frames } = torturedVenues[venue];
  const hasSocket = frames !== undefined;
  const used = new Set<string>();
  let count = 0;

  /** Below the highest, and never twice in one market, so that a write tells which card it belongs to. */
  function freshValue(random: Random, market: string): string {
    for (;;) {
      const value = String(random.int(101, 4_800) / 100);
      if (used.has(`${market} ${value}`)) continue;
      used.add(`${market} ${value}`);
      return value;
    }
  }

  /** What stands at an end of the scale, where the name of a setting and its number part. */
  function extreme(random: Random, market: string): string | undefined {
    const isHighest = random.chance(0.06) || focused(random, focus.value) !== undefined;
    if (isHighest) return highest[market];
    return hasCross && random.chance(0.07) ? 'cross' : undefined;
  }

  function next(): OpPlan {
    count += 1;
    const random = options.random.fork(count);
    const kind = focused(random, focus.kind) ?? random.weighted(kinds);
    const market = random.pick(markets);
    const elsewhere = random.pick(markets);
    const breakage = options.breakages[0];
    return {
      kind,
      market,
      value: extreme(random, market) ?? freshValue(random, market),
      other: freshValue(random, kind === 'overtake' ? elsewhere : market),
      elsewhere,
      currency:
        currencies.includes('INR') && (random.chance(0.15) || focused(random, focus.currency)) ? 'INR' : undefined,
      isShared: kind === 'strangers' || random.chance(0.2),
      presses: kind === 'repeat' ? random.int(2, 6) : 1,
      isPressedByOwner: kind !== 'strangers' || random.chance(0.6),
      lateMs: random.int(-1_200, 7_000),
      raceMs: random.int(0, 4),
      checks: random.chance(0.3),
      isImpatient: random.chance(0.15),
      cardFaults: random.chance(0.1) ? planReadFaults(random, options.pace) : [],
      writeFaults:
        kind === 'overtake'
          ? [slowReadBack(options.pace)]
          : random.chance(0.55)
            ? planWriteFaults(random, options)
            : [],
      discord: random.chance(0.14) ? planDiscord(random) : undefined,
      gateway: random.chance(0.1) ? planGateway(random) : undefined,
      crash: focused(random, focus.crash) ?? (random.chance(0.055) ? planCrash(random, hasSocket) : undefined),
      pause: planPause(random, focused(random, focus.pause), { wanders, hasSocket }),
      disk: breakage !== undefined && random.chance(0.012) ? { breakage, ms: random.int(100, 700) } : undefined,
      outageMs: random.chance(0.02) ? random.int(50, 500) : 0,
      jumpMs: random.chance(0.01) ? random.int(1_000, 60_000) : 0,
      skewMs: !wanders
        ? undefined
        : focus.wanders === 'back'
          ? -3_600_000 * count
          : random.chance(0.1)
            ? planSkew(random)
            : undefined,
    };
  }

  return { next };
}

function focused<T>(random: Random, wanted: T | undefined): T | undefined {
  return wanted !== undefined && random.chance(0.6) ? wanted : undefined;
}

function planDiscord(random: Random): DiscordTrouble {
  const route = random.pick(['callback', 'callback', 'edit', 'followUp'] as const);
  const refusals = route === 'callback' ? (['10062', '40060'] as const) : (['429'] as const);
  const mode = random.pick(['500', '500', 'reset', 'lost', 'cut body', 'hang', ...refusals] as const);
  // A request that hangs takes seconds of real time; one of them says as much as three.
  const times = mode === 'hang' ? 1 : random.int(1, 3);
  return { route, mode, times, when: random.chance(0.7) ? 'press' : 'command' };
}

const skews: readonly (readonly [least: number, most: number])[] = [
  [0, 0],
  [500, 2_000],
  [5_000, 90_000],
  [300_000, 3_600_000],
];

function planSkew(random: Random): number {
  const [least, most] = skews[random.int(0, skews.length - 1)] ?? [0, 0];
  return random.pick([-1, 1] as const) * random.int(least, most);
}

function planGateway(random: Random): GatewayTrouble {
  return random.weighted([
    [60, 'duplicate'],
    [10, 'drop'],
    [10, 'cut'],
    [10, 'reconnect'],
    [8, 'resumable'],
    // A new IDENTIFY waits for five seconds.
    [2, 'invalid'],
  ] as const);
}

function planCrash(random: Random, hasSocket: boolean): Crash {
  const points = ['ack', 'read', 'write', 'write', 'read-back', 'press'] as const;
  const onSockets = ['ack', 'token', 'frame', 'frame', 'write', 'write', 'press'] as const;
  const at = random.pick(hasSocket ? onSockets : points);
  const signal = random.chance(0.75) ? 'SIGKILL' : 'SIGTERM';
  const delayMs = random.chance(0.6) ? 0 : random.int(1, at === 'press' ? 150 : 20);
  return { signal, at, delayMs, downMs: random.chance(0.7) ? 0 : random.int(50, 600) };
}

export const LONGEST_STOP_MS = 60_000;

/** Within what a write may be late by, up to the end of a lease, and past it. */
const stops: readonly (readonly [weight: number, [least: number, most: number]])[] = [
  [10, [1_000, 8_000]],
  [8, [8_000, 20_000]],
  [5, [20_000, 32_000]],
  [1, [32_000, LONGEST_STOP_MS]],
];
const stopPoints = ['ack', 'read', 'write', 'read-back', 'commit', 'commit', 'request', 'connected'] as const;
const stopsOnSockets = [
  ...(['ack', 'token', 'frame', 'write', 'commit', 'sending'] as const),
  ...(['connected', 'subscribed', 'sent', 'answered'] as const),
] as const;

function planPause(
  random: Random,
  wanted: Focus['pause'],
  { wanders, hasSocket }: { readonly wanders: boolean; readonly hasSocket: boolean },
): Pause | undefined {
  if (wanted === undefined && !random.chance(0.04)) return undefined;
  const point = wanted?.at ?? random.pick(hasSocket ? stopsOnSockets : stopPoints);
  return {
    at: point,
    nth: point === 'commit' ? random.int(1, 6) : 1,
    ms: wanted?.ms ?? random.int(...random.weighted(stops)),
    isKilled: random.chance(wanted?.isKilled ? 0.7 : 0.15),
    skewMs: wanders && random.chance(0.5) ? planSkew(random) : undefined,
  };
}
