import type { PlantName } from './bot-messages.ts';
import type { Pace } from './pace.ts';
import { plants } from './plants/plants.ts';
import type { RuleName, Violation } from './rules/violation.ts';
import { runShift, type ShiftResult } from './shift.ts';
import { createTrace } from './trace.ts';

/** A fresh Discord, fresh venues and an empty database each, so that a long run stays as quick as it began. */
const SHIFT_OPS = 256;
/** Most plants are caught within the first round; the unlucky get more. */
const PLANT_OPS = 768;
const PLANT_ROUND_OPS = 96;
/** A hunt is mostly waiting, so a few go on at the same time. */
const HUNTS_AT_ONCE = 3;

export type Run = {
  readonly ops: number;
  readonly seconds: number;
  readonly violations: readonly Violation[];
  /** How to do the failing part again. */
  readonly rerun: string | undefined;
  readonly trace: string | undefined;
  readonly counts: Readonly<Record<string, number>>;
  readonly results: Readonly<Record<string, number>>;
  readonly disks: readonly string[];
};

type RunOptions = {
  readonly seed: string;
  readonly ops: number;
  readonly minutes: number;
  readonly users: number;
  readonly pace: Pace;
  /** Saves the trace of every shift, not only of one that breaks a promise. */
  readonly keepsTraces?: boolean;
  readonly say: (line: string) => void;
};

/**
 * Runs shift after shift until the operations are done, the time is over, or a promise is broken.
 *
 * Shift 3 of seed 7 has the seed `7.3`; given that one, it alone is run.
 */
export async function runTorture(options: RunOptions): Promise<Run> {
  const { seed, ops, minutes, users, pace, keepsTraces = false, say } = options;
  const startedAt = Date.now();
  const endBy = startedAt + minutes * 60_000;
  const shifts: ShiftResult[] = [];
  const isOne = seed.includes('.');
  let done = 0;
  for (let number = 1; done < ops && Date.now() < endBy; number += 1) {
    const trace = createTrace();
    const shiftSeed = isOne ? seed : `${seed}.${number}`;
    const shiftOps = Math.min(SHIFT_OPS, ops - done);
    const shift = await runShift({ seed: shiftSeed, ops: shiftOps, users, pace, endBy, trace }).catch(
      (error: unknown) => {
        say(`the trace is in ${trace.save(shiftSeed)}`);
        throw error;
      },
    );
    shifts.push(shift);
    done += shift.ops;
    say(`shift ${shiftSeed}: ${shift.ops} operations, ${shift.violations.length} violations, disk: ${shift.disk}`);
    if (keepsTraces) say(`decisions and events: ${trace.save(shiftSeed)}`);
    if (shift.violations.length > 0) {
      const rerun = `npm run torture -- --seed ${shiftSeed} --ops ${shiftOps} --users ${users}`;
      return { ...summed(shifts, startedAt), rerun, trace: trace.save(shiftSeed) };
    }
    if (isOne) break;
  }
  return { ...summed(shifts, startedAt), rerun: undefined, trace: undefined };
}

export type Hunt = {
  readonly name: PlantName;
  readonly caught: RuleName | undefined;
  readonly ops: number;
  readonly seconds: number;
};

type HuntOptions = Pick<RunOptions, 'seed' | 'users' | 'pace'>;

/** Plants a bug and runs until a rule that has to notice it does. */
export async function huntPlant(name: PlantName, options: HuntOptions): Promise<Hunt> {
  const { seed, ...common } = options;
  const startedAt = Date.now();
  const { caughtBy } = plants[name];
  let ops = 0;
  for (let number = 1; ops < PLANT_OPS; number += 1) {
    const endBy = Date.now() + 5 * 60_000;
    const shiftSeed = `${seed}/${name}.${number}`;
    const extent = { ops: SHIFT_OPS, roundOps: PLANT_ROUND_OPS, endBy };
    const shift = await runShift({ ...common, ...extent, seed: shiftSeed, plant: name, trace: createTrace() });
    ops += shift.ops;
    const caught = shift.violations.find(({ rule }) => caughtBy.includes(rule))?.rule;
    if (caught !== undefined) return { name, caught, ops, seconds: secondsSince(startedAt) };
  }
  return { name, caught: undefined, ops, seconds: secondsSince(startedAt) };
}

/** Hunts several plants, a few at the same time. @param onEnd - Told of each as it ends. */
export async function huntPlants(
  names: readonly PlantName[],
  { onEnd, ...options }: HuntOptions & { readonly onEnd: (hunt: Hunt) => void },
): Promise<void> {
  const waiting = [...names];
  const hunter = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) onEnd(await huntPlant(name, options));
  };
  await Promise.all(Array.from({ length: HUNTS_AT_ONCE }, hunter));
}

function summed(shifts: readonly ShiftResult[], startedAt: number): Omit<Run, 'rerun' | 'trace'> {
  return {
    ops: shifts.reduce((sum, { ops }) => sum + ops, 0),
    seconds: secondsSince(startedAt),
    violations: shifts.flatMap(({ violations }) => violations),
    counts: total(shifts.map(({ counts }) => counts)),
    results: total(shifts.map(({ results }) => results)),
    disks: [...new Set(shifts.map(({ disk }) => disk))],
  };
}

function total(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [name, value] of all.flatMap(Object.entries<number>)) sums[name] = (sums[name] ?? 0) + value;
  return sums;
}

function secondsSince(time: number): number {
  return Math.round((Date.now() - time) / 100) / 10;
}
