import { parseArgs } from 'node:util';
import { measureAck } from './measurements/ack.ts';
import { measureBudget } from './measurements/budget.ts';
import { measureGrowth } from './measurements/growth.ts';
import { measureMemory } from './measurements/memory.ts';
import { measureVenueWrite } from './measurements/venue-write.ts';
import { measureWholeFlow } from './measurements/whole-flow.ts';

/** Every measurement by the name that `--only` takes, in the order in which they run. */
export const measurements = {
  write: measureVenueWrite,
  flow: measureWholeFlow,
  ack: measureAck,
  memory: measureMemory,
  growth: measureGrowth,
  budget: measureBudget,
} as const;

export type Options = {
  readonly output: 'text' | 'json' | 'markdown';
  readonly isLong: boolean;
  readonly rounds: number;
  /** All of them when empty. */
  readonly only: readonly string[];
};

const usage = `npm run bench -- [--json | --markdown] [--long] [--rounds N] [--only NAME]

  --json       one JSON object, one key for each figure
  --markdown   writes the tables into docs/performance.md
  --long       growth also with 1,000,000 accounts
  --rounds N   how often each thing is measured; the median counts (5)
  --only NAME  one of ${Object.keys(measurements).join(', ')}; may be repeated`;

/** @returns what was asked for, or the text that says what can be asked for */
export function readOptions(words: readonly string[]): Options | string {
  const read = parse(words);
  if (read === undefined) return usage;
  const { json, markdown, long, rounds, only } = read;
  const count = Number(rounds);
  const isKnown = only.every((name) => Object.hasOwn(measurements, name));
  if (!Number.isInteger(count) || count < 1 || !isKnown || (json && markdown)) return usage;
  return { output: json ? 'json' : markdown ? 'markdown' : 'text', isLong: long, rounds: count, only };
}

function parse(words: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...words],
      options: {
        ...{ json: flag, markdown: flag, long: flag },
        rounds: { type: 'string', default: '5' },
        only: { type: 'string', multiple: true, default: [] },
      },
    }).values;
  } catch {
    return undefined;
  }
}
