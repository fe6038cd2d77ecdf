import { z } from 'zod';
import type { Finding, Measurement, Row, Settings } from '../figures.ts';
import { openChild } from '../processes.ts';
import { median, sum } from '../statistics.ts';
import { openVenues } from '../world/open.ts';

const WRITES = 100;
const spent = z.object({ ms: z.number(), rateLimited: z.number(), askedToWait: z.number() });
type Spent = z.output<typeof spent>;

const venues = [
  {
    id: 'mudrex',
    windows: [
      { units: 10, windowMs: 1_000 },
      { units: 500, windowMs: 60_000 },
    ],
    cost: 1,
  },
  { id: 'kraken-futures', windows: [{ units: 500, windowMs: 10_000 }], cost: 10 },
] as const;

/** The shortest time in which so many writes can begin: every window full, and begun anew the moment it is over. */
export function shortestMs(
  writes: number,
  {
    windows,
    cost,
  }: { readonly windows: readonly { readonly units: number; readonly windowMs: number }[]; readonly cost: number },
): number {
  return Math.max(...windows.map(({ units, windowMs }) => (Math.ceil((writes * cost) / units) - 1) * windowMs));
}

/** A hundred writes on one key against simulators that enforce the published limits. */
export async function measureBudget({ rounds, progress }: Settings): Promise<Measurement> {
  const turns = Math.min(rounds, 3);
  // Each round on keys whose windows are empty; the first two traders only read.
  const world = await openVenues({ traders: 2 * (turns + 1), limits: 'published' });
  const bot = openChild('subjects/budget.ts', { origin: world.origin });
  const samples = venues.map((venue) => ({ ...venue, rounds: [] as Spent[] }));
  for (let round = 1; round <= turns; round += 1) {
    progress(`round ${round} of ${turns}`);
    await Promise.all(
      samples.map(async ({ rounds: taken }, index) => {
        taken.push(await bot.ask('spend', { trader: 2 * round + index, writes: WRITES }, spent));
      }),
    );
  }
  await Promise.all([bot.end(), world.end()]);
  const results = samples.map((one) => ({
    ...{ id: one.id, least: shortestMs(WRITES, one), ms: median(one.rounds.map(({ ms }) => ms)) },
    rateLimited: sum(one.rounds.map(({ rateLimited }) => rateLimited)),
    askedToWait: sum(one.rounds.map(({ askedToWait }) => askedToWait)) / turns,
  }));
  return {
    name: 'budget',
    title: 'Budget: 100 writes on one key',
    findings: results.flatMap(findingsOf),
    context: { columns: venues.map(({ id }) => id), rows: rowsOf(results) },
  };
}

type Result = {
  readonly id: string;
  readonly least: number;
  readonly ms: number;
  readonly rateLimited: number;
  readonly askedToWait: number;
};

function findingsOf({ id, least, ms, rateLimited }: Result): readonly Finding[] {
  return [
    {
      key: `budget.${id}.used`,
      says: `budget used, ${id}`,
      value: (100 * least) / ms,
      unit: '%',
      aim: { atLeast: 95 },
    },
    { key: `budget.${id}.timeToLeast`, says: `time to the shortest possible, ${id}`, value: ms / least, unit: '×' },
    {
      key: `budget.${id}.rateLimited`,
      says: `answers "too many" in all rounds, ${id}`,
      value: rateLimited,
      unit: '',
      aim: { atMost: 0 },
    },
  ];
}

function rowsOf(results: readonly Result[]): readonly Row[] {
  const row = (says: string, what: 'ms' | 'least' | 'askedToWait'): Row => ({
    says,
    figures: results.map((result) => ({
      key: `budget.${result.id}.${what}`,
      value: result[what],
      unit: what === 'askedToWait' ? '' : 'ms',
    })),
  });
  return [
    row('time for 100 writes', 'ms'),
    row('the shortest possible', 'least'),
    row('writes that were asked to come back later', 'askedToWait'),
  ];
}
