import { cpus, loadavg, release, totalmem, type } from 'node:os';

export type Machine = {
  readonly cpus: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Of the last minute, before and after the run: how busy the machine was with other things. */
  readonly load: readonly number[];
};

export const loadNow = (): number => loadavg()[0] ?? Number.NaN;

export function describeMachine(loadBefore: number): Machine {
  const cores = cpus();
  return {
    cpus: cores.length,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split('-')[0]}`,
    node: process.version.slice(1),
    load: [loadBefore, loadNow()],
  };
}
