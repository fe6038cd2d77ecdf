import { rmSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { rowKinds } from '../../src/row-kinds.ts';
import { rotate } from '../../src/vault/rotation.ts';
import { readSettings, serveParent } from '../processes.ts';
import { median } from '../statistics.ts';
import { accountOf } from '../world/accounts.ts';
import { delivery, growStore } from './growth-store.ts';

// A program: the store with what stands on it, filled once and then asked.
const settings = readSettings(z.object({ file: z.string(), accounts: z.number(), past: z.number() }));
const { store, keyring, vault, proposals, people, open } = await growStore(settings);
const CLAIMS = 40;
const SCANS = 10;

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

async function timeLookups(): Promise<readonly number[]> {
  const times: number[] = [];
  for (const person of people) times.push(await timed(() => vault.load(accountOf(person))));
  return times;
}

async function timeClaims(): Promise<readonly number[]> {
  const times: number[] = [];
  for (const person of people.slice(-CLAIMS)) {
    const { id } = await open(person);
    times.push(await timed(() => proposals.claim(id, delivery)));
    await proposals.finish(await proposals.require(id), { kind: 'cancelled', at: Date.now() });
  }
  return times;
}

/** What is looked at after a crash: everything that has not ended. */
async function scan(): Promise<void> {
  for (const id of await proposals.openIds()) await proposals.require(id);
}

async function timeScans(): Promise<readonly number[]> {
  const times: number[] = [];
  for (let done = 0; done < SCANS; done += 1) times.push(await timed(scan));
  return times;
}

/** A task of the bot's housekeeping: how long it takes, and the longest time in which nothing else could run. */
async function timeTask(run: () => Promise<unknown>): Promise<{ ms: number; pauseMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  // It counts from its second tick on, and the last one must come too.
  await wait(50);
  const ms = await timed(run);
  await wait(50);
  delay.disable();
  return { ms, pauseMs: delay.max / 1e6 };
}

serveParent({
  round: async () => ({
    lookupMs: median(await timeLookups()),
    claimMs: median(await timeClaims()),
    scanMs: median(await timeScans()),
  }),
  /** With one master key there is nothing to walk through: what a start pays. */
  checkRows: () => {
    return timeTask(() => rotate(keyring, rowKinds));
  },
  snapshot: async () => {
    const copy = `${settings.file}.snapshot`;
    const task = await timeTask(() => store.snapshot(copy));
    rmSync(copy);
    return task;
  },
});
