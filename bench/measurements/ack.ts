import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openBot } from '../bot.ts';
import type { Aim, Finding, Measurement, Row, Settings } from '../figures.ts';
import type { Child } from '../processes.ts';
import { median, percentile } from '../statistics.ts';
import { openDiscord, openPlainVenues } from '../world/open.ts';
import { copyStore, seedStore } from '../world/seeded-store.ts';

export const PEOPLE = 10_000;
const RATES = [50, 200, 500] as const;
const SECONDS = 4;
const BURST = 1_000;
const DEADLINE_MS = 3_000;

const loadAnswer = z.object({ sent: z.number(), acks: z.array(z.number()), cards: z.array(z.number()) });

type Sample = {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly missed: number;
  readonly cardP50: number;
  readonly cardP99: number;
};

/** From an interaction leaving Discord until its acknowledgement is back there, under load. */
export async function measureAck({ rounds, directory, progress }: Settings): Promise<Measurement> {
  const seed = await seedStore(directory, PEOPLE);
  const [discord, venues] = await Promise.all([openDiscord({ people: PEOPLE, guilds: 1 }), openPlainVenues()]);
  const dataDir = copyStore(seed, mkdtempSync(join(directory, 'ack-')));
  const where = { discordApi: discord.api, venuesOrigin: venues.origin };
  const bot = openBot(directory, { ...where, dataDir });
  await bot.ask('readyMs', {}, z.number());
  await load(discord, 'load', { perSecond: 100, seconds: SECONDS });

  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < Math.min(rounds, 3); round += 1) {
    progress(`round ${round + 1} of ${Math.min(rounds, 3)}`);
    for (const perSecond of RATES) {
      add(samples, `at${perSecond}`, await load(discord, 'load', { perSecond, seconds: SECONDS }));
    }
    add(samples, 'burst', await load(discord, 'burst', { count: BURST }));
  }
  await Promise.all([bot, discord, venues].map((child) => child.end()));
  return {
    name: 'ack',
    title: 'Acknowledgement under load',
    findings: findingsOf(samples),
    context: contextOf(samples),
  };
}

type Samples = ReadonlyMap<string, readonly Sample[]>;

function add(samples: Map<string, Sample[]>, name: string, sample: Sample): void {
  samples.set(name, [...(samples.get(name) ?? []), sample]);
}

async function load(discord: Child, what: 'load' | 'burst', data: unknown): Promise<Sample> {
  const { sent, acks, cards } = await discord.ask(what, data, loadAnswer);
  return {
    p50: percentile(acks, 50),
    p99: percentile(acks, 99),
    max: percentile(acks, 100),
    missed: sent - acks.filter((ms) => ms <= DEADLINE_MS).length,
    cardP50: percentile(cards, 50),
    // A card that never came counts as the longest of all.
    cardP99: cards.length < sent * 0.99 ? Number.POSITIVE_INFINITY : percentile(cards, 99),
  };
}

const middle = (samples: Samples, name: string, what: keyof Sample) =>
  median((samples.get(name) ?? []).map((sample) => sample[what]));

const loads = [
  ...RATES.map((rate) => ({ name: `at${rate}`, says: `${rate}/s` })),
  { name: 'burst', says: 'burst of 1,000' },
];

function findingsOf(samples: Samples): readonly Finding[] {
  const aims: Readonly<Record<string, Aim>> = { at200: { atMost: 100 } };
  return loads.flatMap(({ name, says }): readonly Finding[] => {
    const aim = aims[name];
    const missed = Math.max(...(samples.get(name) ?? []).map((sample) => sample.missed));
    return [
      {
        ...{ key: `ack.${name}.p99Ms`, says: `99 of 100 acknowledged within, ${says}` },
        ...{ value: middle(samples, name, 'p99'), unit: 'ms' },
        ...(aim && { aim }),
      },
      {
        ...{ key: `ack.${name}.missed`, says: `missed 3 s deadlines in the worst round, ${says}` },
        ...{ value: missed, unit: '', aim: { atMost: 0 } },
      },
    ];
  });
}

function contextOf(samples: Samples): Measurement['context'] {
  const row = (what: keyof Sample, says: string): Row => ({
    says,
    figures: loads.map(({ name }) => ({
      key: `ack.${name}.${what}Ms`,
      value: middle(samples, name, what),
      unit: 'ms',
    })),
  });
  return {
    columns: loads.map(({ says }) => says),
    rows: [
      row('p50', 'acknowledged, half of them within'),
      row('max', 'acknowledged, the slowest'),
      row('cardP50', 'card shown, half of them within'),
      row('cardP99', 'card shown, 99 of 100 within'),
    ],
  };
}
