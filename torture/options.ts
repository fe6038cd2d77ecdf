import { parseArgs } from 'node:util';
import { type PlantName, plantNames } from './bot-messages.ts';
import { type Pace, quick, real } from './pace.ts';
import { createRandom } from './random.ts';

export type Options = {
  readonly ops: number;
  readonly seed: string;
  readonly minutes: number;
  readonly users: number;
  readonly pace: Pace;
  readonly keepsTraces: boolean;
  /** Runs these planted bugs instead, and fails unless each is caught. */
  readonly planted: readonly PlantName[];
  /** Planted bugs after the run, which the seed picks. */
  readonly picked: readonly PlantName[];
};

export const usage = `npm run torture -- [--ops N] [--seed S] [--minutes M] [--users N] [--trace] [--real-times]
npm run torture -- --plants N           as well as N planted bugs, which the seed picks
npm run torture -- --planted            each planted bug must be caught
npm run torture -- --plant NAME         one of ${plantNames.join(', ')}`;

const DEFAULT_OPS = 300;

/** @returns the options, or what is wrong with them. */
export function readOptions(parameters: readonly string[]): Options | string {
  const read = parse(parameters);
  if (typeof read === 'string') return read;
  const { ops, minutes, users, plants, trace, planted, plant } = read;
  // An empty one is what a shell makes of a commit that it could not ask for.
  const seed = read.seed || String(Date.now() % 1_000_000);
  const numbers = {
    ops: whole(ops, DEFAULT_OPS),
    minutes: whole(minutes, 30),
    users: whole(users, 16),
    plants: whole(plants, 0),
  };
  const [wrong] = Object.entries(numbers).filter(([, value]) => value === undefined);
  if (wrong !== undefined) return `--${wrong[0]} must be a whole number above zero`;
  const named = plantNames.find((name) => name === plant);
  if (plant !== undefined && named === undefined) return `there is no planted bug "${plant}"`;
  return {
    ops: numbers.ops ?? 0,
    minutes: numbers.minutes ?? 0,
    users: numbers.users ?? 0,
    pace: read['real-times'] ? real : quick,
    seed,
    keepsTraces: trace ?? false,
    planted: named !== undefined ? [named] : planted ? plantNames : [],
    picked: pickPlants(seed, numbers.plants ?? 0),
  };
}

/** Other seeds pick others, so that runs with the seed of their commit come to each in time. */
export function pickPlants(seed: string, count: number): readonly PlantName[] {
  const order = new Map(plantNames.map((name) => [name, createRandom(`${seed}/${name}`).int(0, 1e9)]));
  return plantNames.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)).slice(0, count);
}

function parse(parameters: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    ops: text,
    seed: text,
    minutes: text,
    users: text,
    plants: text,
    plant: text,
    planted: flag,
    trace: flag,
    'real-times': flag,
  } as const;
  try {
    return parseArgs({ args: [...parameters], options }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function whole(text: string | undefined, fallback: number): number | undefined {
  if (text === undefined) return fallback;
  return /^[1-9][0-9]{0,6}$/.test(text) ? Number(text) : undefined;
}
