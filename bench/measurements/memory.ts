import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { openBot } from '../bot.ts';
import type { Finding, Measurement, Row, Settings, Unit } from '../figures.ts';
import { memoryAnswer, openChild } from '../processes.ts';
import { median } from '../statistics.ts';
import { openDiscord, openPlainVenues } from '../world/open.ts';
import { copyStore, seedStore } from '../world/seeded-store.ts';
import { PEOPLE } from './ack.ts';

const GUILDS = 2_500;
const SETTLE_MS = 1_500;
const CONCURRENCY = 64;
const MEBIBYTE = 1024 * 1024;

const names = ['ours', 'client'] as const;
type Name = (typeof names)[number];
type Sample = { readonly readyMs: number; readonly rss: number; readonly heap: number };
/** Idle in one server, idle in 2,500, and there after 10,000 people have used it. */
const states = ['idle', 'guilds', 'people'] as const;
type State = (typeof states)[number];
type Samples = Readonly<Record<Name, Readonly<Record<State, Sample[]>>>>;

/** Start and memory, beside discord.js's full Client on the same Discord. */
export async function measureMemory({ rounds, directory, progress }: Settings): Promise<Measurement> {
  const seed = await seedStore(directory, PEOPLE);
  const empty = (): Record<State, Sample[]> => ({ idle: [], guilds: [], people: [] });
  const samples = { ours: empty(), client: empty() };
  // The first start keeps the compiled sources for all that follow.
  await visit('ours', seed, directory, { guilds: 1, people: 2, areMet: false });
  for (let round = 0; round < Math.min(rounds, 3); round += 1) {
    for (const name of names) {
      progress(`${name}, round ${round + 1} of ${Math.min(rounds, 3)}`);
      const [idle] = await visit(name, seed, directory, { guilds: 1, people: 2, areMet: false });
      // Ten thousand people take the longest, and vary the least.
      const large = { guilds: GUILDS, people: PEOPLE, areMet: round === 0 };
      const [guilds, people] = await visit(name, seed, directory, large);
      if (idle) samples[name].idle.push(idle);
      if (guilds) samples[name].guilds.push(guilds);
      if (people) samples[name].people.push(people);
    }
  }
  return {
    name: 'memory',
    title: 'Memory and start',
    findings: findingsOf(samples),
    context: { columns: ['Levergate', 'discord.js Client'], rows: rowsOf(samples) },
  };
}

type Size = { readonly guilds: number; readonly people: number; readonly areMet: boolean };

async function visit(name: Name, seed: string, directory: string, size: Size): Promise<readonly Sample[]> {
  const [discord, venues] = await Promise.all([openDiscord(size), openPlainVenues()]);
  const where = { discordApi: discord.api, venuesOrigin: venues.origin };
  const dataDir = copyStore(seed, mkdtempSync(join(directory, 'memory-')));
  const settings = { ...where, dataDir };
  const bot = name === 'ours' ? openBot(directory, settings) : openChild('subjects/discord-client.ts', settings);
  const readyMs = await bot.ask('readyMs', {}, z.number());
  const look = async (): Promise<Sample> => {
    await wait(SETTLE_MS);
    return { readyMs, ...(await bot.ask('memory', {}, memoryAnswer)) };
  };
  const samples = [await look()];
  if (size.areMet) {
    const met = await discord.ask('meetAll', { concurrency: CONCURRENCY }, z.number());
    if (met !== size.people) throw new Error(`${name} answered ${met} of ${size.people} people`);
    samples.push(await look());
  }
  await Promise.all([bot, discord, venues].map((child) => child.end()));
  return samples;
}

function middle(samples: Samples, name: Name, state: State, what: keyof Sample): number {
  const value = median(samples[name][state].map((sample) => sample[what]));
  return what === 'readyMs' ? value : value / MEBIBYTE;
}

function findingsOf(samples: Samples): readonly Finding[] {
  const ours = (state: State, what: keyof Sample) => middle(samples, 'ours', state, what);
  const ratio = (state: State, what: keyof Sample) => ours(state, what) / middle(samples, 'client', state, what);
  const aim = { atMost: 0.45 } as const;
  const times = { unit: '×' } as const;
  return [
    {
      key: 'memory.guilds.rssToClient',
      says: 'RSS to the Client, 2,500 servers',
      value: ratio('guilds', 'rss'),
      ...times,
      aim,
    },
    {
      key: 'memory.people.rssToClient',
      says: 'RSS to the Client, and 10,000 people',
      value: ratio('people', 'rss'),
      ...times,
    },
    {
      key: 'memory.guilds.heapToClient',
      says: 'heap to the Client, 2,500 servers',
      value: ratio('guilds', 'heap'),
      ...times,
    },
    {
      key: 'memory.guilds.rssMiB',
      says: 'RSS, 2,500 servers',
      value: ours('guilds', 'rss'),
      unit: 'MiB',
      aim: { atMost: 160 },
    },
    {
      key: 'memory.people.rssMiB',
      says: 'RSS, and 10,000 people',
      value: ours('people', 'rss'),
      unit: 'MiB',
    },
    {
      key: 'memory.readyMs',
      says: 'time to ready, 2,500 servers',
      value: ours('guilds', 'readyMs'),
      unit: 'ms',
      aim: { atMost: 1_000 },
    },
  ];
}

const words: Readonly<Record<State, string>> = {
  idle: 'one server',
  guilds: '2,500 servers',
  people: '2,500 servers, 10,000 people',
};

function rowsOf(samples: Samples): readonly Row[] {
  const row = (state: State, what: keyof Sample, says: string, unit: Unit): Row => ({
    says: `${says}, ${words[state]}`,
    figures: names.map((name) => ({
      key: `memory.${state}.${what}.${name}`,
      value: middle(samples, name, state, what),
      unit,
    })),
  });
  return [
    row('idle', 'readyMs', 'time to ready', 'ms'),
    row('guilds', 'readyMs', 'time to ready', 'ms'),
    ...states.flatMap((state) => [row(state, 'rss', 'RSS', 'MiB'), row(state, 'heap', 'heap', 'MiB')]),
  ];
}
