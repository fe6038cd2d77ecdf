import type { Finding, Measurement, Row, Settings } from '../figures.ts';
import { type Child, openChild } from '../processes.ts';
import { median } from '../statistics.ts';
import { runAnswer } from '../subjects/write-runs.ts';
import { openVenues } from '../world/open.ts';

const venues = ['mudrex', 'kraken-futures'] as const;
const concurrencies = [1, 16] as const;
const CALLS = 500;
const WARM_UP_CALLS = 2_000;

type Cell = { readonly cpuUs: number; readonly perSecond: number };
type Cells = Readonly<Record<'ours' | 'bare' | 'bareApart' | 'ccxt', Cell>>;

/** One write through the bot's adapter, beside the same request with undici alone and ccxt's `setLeverage`. */
export async function measureVenueWrite({ rounds, progress }: Settings): Promise<Measurement> {
  const world = await openVenues({ traders: 2, limits: 'none' });
  const { origin } = world;
  const subjects = {
    ours: openChild('subjects/write-levergate.ts', { origin }),
    bare: openChild('subjects/write-bare.ts', { origin, keepsConnections: true }),
    bareApart: openChild('subjects/write-bare.ts', { origin, keepsConnections: false }),
    ccxt: openChild('subjects/write-ccxt.ts', { origin }),
  };
  const findings: Finding[] = [];
  const rows: Row[] = [];
  for (const venue of venues) {
    for (const subject of Object.values(subjects)) await run(subject, venue, 4, WARM_UP_CALLS);
    for (const concurrency of concurrencies) {
      progress(`${venue}, ${concurrency} at a time`);
      const cells = await compare(subjects, venue, concurrency, rounds);
      findings.push(...ratios(venue, concurrency, cells));
      rows.push(...contextRows(venue, concurrency, cells));
    }
  }
  await Promise.all([...Object.values(subjects), world].map((child) => child.end()));
  return {
    name: 'write',
    title: 'Venue write: one `applySetting`',
    findings,
    context: { columns: ['Levergate', 'bare undici', 'bare, new connection', 'ccxt'], rows },
  };
}

type Subjects = Readonly<Record<keyof Cells, Child>>;

/** The programs take turns within each round, so that a busy moment of the machine meets all of them. */
async function compare(subjects: Subjects, venue: string, concurrency: number, rounds: number): Promise<Cells> {
  const names = ['ours', 'bare', 'bareApart', 'ccxt'] as const;
  const cells = new Map<keyof Cells, Cell[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) cells.get(name)?.push(await run(subjects[name], venue, concurrency, CALLS));
  }
  const middle = (name: keyof Cells): Cell => ({
    cpuUs: median((cells.get(name) ?? []).map(({ cpuUs }) => cpuUs)),
    perSecond: median((cells.get(name) ?? []).map(({ perSecond }) => perSecond)),
  });
  return { ours: middle('ours'), bare: middle('bare'), bareApart: middle('bareApart'), ccxt: middle('ccxt') };
}

async function run(subject: Child, venue: string, concurrency: number, calls: number): Promise<Cell> {
  const { cpuMs, wallMs } = await subject.ask('run', { venue, concurrency, calls }, runAnswer);
  return { cpuUs: (cpuMs * 1_000) / calls, perSecond: calls / (wallMs / 1_000) };
}

function ratios(venue: string, concurrency: number, { ours, bare, bareApart, ccxt }: Cells): readonly Finding[] {
  const key = `write.${venue}.at${concurrency}`;
  const where = `${venue}, ${concurrency} at a time`;
  return [
    {
      key: `${key}.cpuToBare`,
      says: `CPU to the bare call, ${where}`,
      value: ours.cpuUs / bare.cpuUs,
      unit: '×',
      aim: { atMost: 1.5 },
    },
    {
      key: `${key}.cpuToBareNewConnection`,
      says: `CPU to the bare call on a new connection, ${where}`,
      value: ours.cpuUs / bareApart.cpuUs,
      unit: '×',
    },
    {
      key: `${key}.cpuToCcxt`,
      says: `CPU to ccxt, ${where}`,
      value: ours.cpuUs / ccxt.cpuUs,
      unit: '×',
      aim: { atMost: 0.6 },
    },
  ];
}

function contextRows(venue: string, concurrency: number, cells: Cells): readonly Row[] {
  const key = `write.${venue}.at${concurrency}`;
  const names = ['ours', 'bare', 'bareApart', 'ccxt'] as const;
  return [
    {
      says: `CPU per call, ${venue}, ${concurrency} at a time`,
      figures: names.map((name) => ({ key: `${key}.cpuUs.${name}`, value: cells[name].cpuUs, unit: 'µs' })),
    },
    {
      says: `calls per second, ${venue}, ${concurrency} at a time`,
      figures: names.map((name) => ({ key: `${key}.perSecond.${name}`, value: cells[name].perSecond, unit: '/s' })),
    },
  ];
}
