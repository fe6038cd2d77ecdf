import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openBot } from '../bot.ts';
import type { Finding, Measurement, Row, Settings, Unit } from '../figures.ts';
import { type Child, openChild, usageAnswer } from '../processes.ts';
import { median } from '../statistics.ts';
import { openDiscord, openVenues } from '../world/open.ts';
import { copyStore, seedStore } from '../world/seeded-store.ts';

const FLOWS = 60;
const WARM_UP_FLOWS = 150;
/** A file system in memory, where writing through to the disk costs nothing. */
const MEMORY_DISK = '/dev/shm';

const names = ['ours', 'ourNoDisk', 'floor'] as const;
type Name = (typeof names)[number];

type Sample = {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly cardMs: number;
  readonly commits: number;
  readonly commitMs: number;
  readonly requests: number;
  readonly bytes: number;
};

const flowsAnswer = z.object({
  flows: z.array(z.object({ wallMs: z.number(), cardMs: z.number() })),
  requests: z.number(),
  bytes: z.number(),
});
const commitsAnswer = z.object({ count: z.number(), ms: z.number() });

/** A command, its card, the press and the receipt, beside a bare program that exchanges the same messages. */
export async function measureWholeFlow({ rounds, directory, progress }: Settings): Promise<Measurement> {
  const inMemory = existsSync(MEMORY_DISK) ? mkdtempSync(join(MEMORY_DISK, 'levergate-bench-')) : directory;
  const seed = await seedStore(directory, 2);
  const scenes = {
    ours: await openScene('bot', directory, copyStore(seed, mkdtempSync(join(directory, 'flow-')))),
    ourNoDisk: await openScene('bot', directory, copyStore(seed, inMemory)),
    floor: await openScene('floor', directory, ''),
  };
  const samples: Record<Name, Sample[]> = { ours: [], ourNoDisk: [], floor: [] };
  for (const name of names) await run(scenes[name], WARM_UP_FLOWS);
  for (let round = 0; round < rounds; round += 1) {
    progress(`round ${round + 1} of ${rounds}`);
    for (const name of names) samples[name].push(await run(scenes[name], FLOWS));
  }
  await Promise.all(names.map((name) => scenes[name].end()));
  if (inMemory !== directory) rmSync(inMemory, { recursive: true });
  return {
    name: 'flow',
    title: 'Whole flow: `/leverage set`, its card, Confirm, the receipt',
    findings: findingsOf(samples),
    context: { columns: ['Levergate', 'Levergate, disk in memory', 'floor'], rows: rowsOf(samples) },
  };
}

type Scene = {
  readonly bot: Child;
  readonly discord: Child;
  readonly keepsStore: boolean;
  readonly end: () => Promise<unknown>;
};

async function openScene(program: 'bot' | 'floor', directory: string, dataDir: string): Promise<Scene> {
  const [discord, venues] = await Promise.all([
    openDiscord({ people: 2, guilds: 1 }),
    openVenues({ traders: 2, limits: 'none' }),
  ]);
  const environment = { MUDREX_LIMITS: '1000000/1s', KRAKEN_LIMITS: '1000000/1s' };
  const where = { discordApi: discord.api, venuesOrigin: venues.origin };
  const settings = { ...where, dataDir, environment, traders: 2 };
  const bot = program === 'bot' ? openBot(directory, settings) : openChild('subjects/bare-bot.ts', settings);
  await bot.ask('readyMs', {}, z.number());
  const end = () => Promise.all([bot, discord, venues].map((child) => child.end()));
  return { bot, discord, keepsStore: program === 'bot', end };
}

async function run({ bot, discord, keepsStore }: Scene, count: number): Promise<Sample> {
  const spent = async () => ({
    ...(await bot.ask('usage', {}, usageAnswer)),
    commits: keepsStore ? await bot.ask('commits', {}, commitsAnswer) : { count: 0, ms: 0 },
  });
  const before = await spent();
  const { flows, requests, bytes } = await discord.ask('flows', { count }, flowsAnswer);
  const after = await spent();
  return {
    ...{ requests, bytes },
    cpuMs: (after.cpuMs - before.cpuMs) / count,
    wallMs: median(flows.map(({ wallMs }) => wallMs)),
    cardMs: median(flows.map(({ cardMs }) => cardMs)),
    commits: (after.commits.count - before.commits.count) / count,
    commitMs: (after.commits.ms - before.commits.ms) / count,
  };
}

type Samples = Readonly<Record<Name, readonly Sample[]>>;
const middle = (samples: Samples, name: Name, what: keyof Sample) => median(samples[name].map((one) => one[what]));

function findingsOf(samples: Samples): readonly Finding[] {
  const ratio = (what: 'cpuMs' | 'wallMs', name: Name) => middle(samples, name, what) / middle(samples, 'floor', what);
  const fsync = middle(samples, 'ours', 'commitMs') - middle(samples, 'ourNoDisk', 'commitMs');
  const aim = { atMost: 2 } as const;
  const times = { unit: '×' } as const;
  return [
    {
      key: 'flow.cpuToFloor',
      says: 'CPU to the floor, without fsync',
      value: ratio('cpuMs', 'ourNoDisk'),
      ...times,
      aim,
    },
    {
      key: 'flow.wallToFloor',
      says: 'time to the floor, without fsync',
      value: ratio('wallMs', 'ourNoDisk'),
      ...times,
      aim,
    },
    { key: 'flow.cpuToFloorWithFsync', says: 'CPU to the floor, with fsync', value: ratio('cpuMs', 'ours'), ...times },
    {
      key: 'flow.wallToFloorWithFsync',
      says: 'time to the floor, with fsync',
      value: ratio('wallMs', 'ours'),
      ...times,
    },
    {
      key: 'flow.fsyncShare',
      says: 'share of fsync in the time of a flow',
      value: (100 * fsync) / middle(samples, 'ours', 'wallMs'),
      unit: '%',
    },
  ];
}

function rowsOf(samples: Samples): readonly Row[] {
  const row = (says: string, what: keyof Sample, unit: Unit): Row => ({
    says,
    figures: names.map((name) => ({ key: `flow.${what}.${name}`, value: middle(samples, name, what), unit })),
  });
  return [
    row('CPU per flow', 'cpuMs', 'ms'),
    row('time per flow', 'wallMs', 'ms'),
    row('time to the card', 'cardMs', 'ms'),
    row('commits per flow', 'commits', ''),
    row('time in commits per flow', 'commitMs', 'ms'),
    row('requests to Discord per flow', 'requests', ''),
    row('bytes to Discord per flow', 'bytes', ''),
  ];
}
