import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Finding, Measurement, Row, Settings } from '../figures.ts';
import { type Child, openChild } from '../processes.ts';
import { median } from '../statistics.ts';

const SMALL = 1_000;
const LARGE = 100_000;
const LARGEST = 1_000_000;
const MOST_PAST = 100_000;
const TIMES = 5;

const roundAnswer = z.object({ lookupMs: z.number(), claimMs: z.number(), scanMs: z.number() });
const taskAnswer = z.object({ ms: z.number(), pauseMs: z.number() });
const whats = ['lookupMs', 'claimMs', 'scanMs'] as const;
type What = (typeof whats)[number];
type Size = {
  readonly accounts: number;
  readonly child: Child;
  readonly rounds: Readonly<Record<What, number>>[];
};

/** The store's calls with few accounts and with many, on real files. */
export async function measureGrowth({ rounds, isLong, directory, progress }: Settings): Promise<Measurement> {
  const counts = [SMALL, LARGE, ...(isLong ? [LARGEST] : [])];
  const sizes = counts.map((accounts): Size => ({ accounts, child: openSize(directory, accounts), rounds: [] }));
  progress('filling the databases');
  for (const { child } of sizes) await child.ask('round', {}, roundAnswer);
  // A round takes a tenth of a second and one busy moment spoils it, so there are many.
  for (let round = 0; round < rounds * TIMES; round += 1) {
    progress(`round ${round + 1} of ${rounds * TIMES}`);
    for (const size of sizes) size.rounds.push(await size.child.ask('round', {}, roundAnswer));
  }
  const tasks = [];
  for (const { child } of sizes) {
    const check = await child.ask('checkRows', {}, taskAnswer);
    tasks.push({ check, snapshot: await child.ask('snapshot', {}, taskAnswer) });
  }
  await Promise.all(sizes.map(({ child }) => child.end()));
  const taskRow = (says: string, key: string, values: readonly number[]): Row => ({
    says,
    figures: values.map((value, index) => ({ key: `growth.${key}.${sizes[index]?.accounts}`, value, unit: 'ms' })),
  });
  return {
    name: 'growth',
    title: 'Growth: accounts and past proposals',
    findings: sizes.slice(1).flatMap((size) => findingsOf(sizes[0], size)),
    context: {
      columns: sizes.map(({ accounts }) => `${count(accounts)} accounts, ${count(pastOf(accounts))} past proposals`),
      rows: [
        ...whats.map((what) => rowOf(sizes, what)),
        taskRow(
          'start: looking for rows of older master keys',
          'checkMs',
          tasks.map(({ check }) => check.ms),
        ),
        taskRow(
          'its longest pause for everything else',
          'checkPauseMs',
          tasks.map(({ check }) => check.pauseMs),
        ),
        taskRow(
          'snapshot, a pause for everything else',
          'snapshotMs',
          tasks.map(({ snapshot }) => snapshot.ms),
        ),
      ],
    },
  };
}

const pastOf = (accounts: number) => Math.min(accounts, MOST_PAST);
const count = (value: number) => value.toLocaleString('en-US');

function openSize(directory: string, accounts: number): Child {
  const file = join(mkdtempSync(join(directory, 'growth-')), 'levergate.db');
  return openChild('subjects/growth.ts', { file, accounts, past: pastOf(accounts) });
}

const words: Readonly<Record<What, string>> = {
  lookupMs: 'looking up a key',
  claimMs: 'claiming a card',
  scanMs: 'recovery scan, 20 open cards',
};

const middle = (size: Size, what: What) => median(size.rounds.map((round) => round[what]));

function findingsOf(small: Size | undefined, large: Size): readonly Finding[] {
  return whats.map((what) => ({
    key: `growth.${what.replace('Ms', '')}.${large.accounts}To${SMALL}`,
    says: `${words[what]}, ${count(large.accounts)} accounts to ${count(SMALL)}`,
    value: small === undefined ? Number.NaN : middle(large, what) / middle(small, what),
    unit: '×',
    aim: { atMost: 1.3 },
  }));
}

function rowOf(sizes: readonly Size[], what: What): Row {
  return {
    says: words[what],
    figures: sizes.map((size) => ({ key: `growth.${what}.${size.accounts}`, value: middle(size, what), unit: 'ms' })),
  };
}
