import { z } from 'zod';
import { serveParent } from '../processes.ts';
import { repeat } from '../statistics.ts';
import { type Trader, trader, type VenueName } from '../world/people.ts';

/** Sets this trader's leverage once; rejects unless the venue said that it was done. */
export type Write = (leverage: number) => Promise<void>;

const run = z.object({
  venue: z.enum(['mudrex', 'kraken-futures']),
  concurrency: z.number(),
  calls: z.number(),
});
export const runAnswer = z.object({ cpuMs: z.number(), wallMs: z.number() });

/** Serves the parent's runs of one program that can write to both venues. */
export function serveWriteRuns(writers: Readonly<Record<VenueName, Write>>): void {
  serveParent({
    run: async (data) => {
      const { venue, concurrency, calls } = run.parse(data);
      const write = writers[venue];
      const before = process.cpuUsage();
      const startedAt = performance.now();
      await repeat(calls, concurrency, (index) => write(2 + (index % 2)));
      const wallMs = performance.now() - startedAt;
      const { user, system } = process.cpuUsage(before);
      return { cpuMs: (user + system) / 1_000, wallMs };
    },
  });
}

/** The traders on whose keys all programs write: one at each venue. */
export const writers: Readonly<Record<VenueName, Trader>> = { mudrex: trader(0), 'kraken-futures': trader(1) };
