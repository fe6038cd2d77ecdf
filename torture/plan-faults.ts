import type { FaultInput } from '../simulators/venues/faults.ts';
import type { VenueName } from './bot-messages.ts';
import type { Pace } from './pace.ts';
import type { Random } from './random.ts';
import type { AnyCallFault } from './tortured-venue.ts';
import { torturedVenues } from './venues.ts';

type Make = (random: Random, pace: Pace) => AnyCallFault;

const spoilers = ['cut-body', 'broken-json', 'wrong-shape', 'empty', 'no-content'] as const;
const anyWrite: readonly (readonly [number, Make])[] = [
  [16, () => ({ name: 'apply-then-reset' })],
  [9, () => ({ name: 'apply-then-hang' })],
  [6, () => ({ name: 'hang' })],
  [12, () => ({ name: 'reset' })],
  [9, (random, { deadlines }) => ({ name: 'delay', ms: part(deadlines.writeMs, random.int(6, 50)) })],
  [12, (random, { deadlines }) => ({ name: 'delay', ms: part(deadlines.writeMs, random.int(106, 175)) })],
  [14, (random) => ({ name: random.pick(spoilers), applied: random.chance(0.6) })],
  [2, (random) => ({ name: 'huge-body', bytes: 1_500_000, applied: random.chance(0.6) })],
  [
    3,
    (random, pace) => ({
      name: 'slow-headers',
      ms: 4 * pace.deadlines.writeMs,
      everyMs: 50,
      applied: random.chance(0.6),
    }),
  ],
  [3, (random) => ({ name: 'slow-body', everyMs: 60, applied: random.chance(0.6) })],
  [5, () => ({ name: 'rate-limited' })],
  [3, (random) => ({ name: 'rate-limited', retryAfterSeconds: random.int(0, 2) })],
  [10, planServerError],
];

/** A write that is delayed by a fault has landed by then. */
export const landedMs = ({ deadlines }: Pace): number => part(deadlines.writeMs, 190);

/** So slow that something else can happen meanwhile, and not too slow. */
export function slowReadBack({ deadlines }: Pace): FaultInput {
  return { name: 'delay', ms: part(deadlines.readMs, 75), on: 'read', afterWrite: true };
}

/** What goes wrong with a write, and sometimes with its read-back as well. */
export function planWriteFaults(
  random: Random,
  { venue, strayUrl, pace }: { readonly venue: VenueName; readonly strayUrl: string; readonly pace: Pace },
): readonly FaultInput[] {
  const make = random.weighted<Make>([
    ...anyWrite,
    ...(torturedVenues[venue].moreWriteFaults ?? []),
    [6, () => torturedVenues[venue].refusal(random)],
    [3, () => ({ name: 'redirect', to: `${strayUrl}/elsewhere`, status: random.pick([302, 307] as const) })],
    // The write itself goes well.
    [8, () => ({ name: 'delay', ms: 0 })],
  ]);
  const write: FaultInput = random.chance(0.04) ? { name: 'no-effect' } : { ...make(random, pace), on: 'write' };
  return random.chance(0.4) ? [write, planReadBack(random)] : [write];
}

function planServerError(random: Random): AnyCallFault {
  const status = random.pick([500, 502, 503, 504] as const);
  return { name: 'server-error', status, page: random.pick(['json', 'html'] as const), applied: random.chance(0.4) };
}

function planReadBack(random: Random): FaultInput {
  // Short enough that the bot has to find out what is true.
  if (random.chance(0.4)) return { name: 'lagging-read-back', ms: random.int(100, 20_000) };
  if (random.chance(0.2)) return { name: 'flaky-read-back', shows: 'old value', times: random.int(1, 2) };
  return { name: 'flaky-read-back', shows: 'error', times: random.chance(0.4) ? 'forever' : random.int(1, 4) };
}

/** What goes wrong with the reads before a card. */
export function planReadFaults(random: Random, pace: Pace): readonly FaultInput[] {
  const make = random.weighted<Make>([
    [3, () => ({ name: 'reset' })],
    [2, () => ({ name: 'rate-limited' })],
    [2, planServerError],
    [2, () => ({ name: 'hang' })],
    [3, () => ({ name: random.pick(spoilers) })],
    [2, () => ({ name: 'delay', ms: part(pace.deadlines.readMs, random.int(2, 63)) })],
  ]);
  return [{ ...make(random, pace), on: 'read', times: random.int(1, 3) }];
}

function part(ms: number, percent: number): number {
  return Math.round((ms * percent) / 100);
}
