import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** Something that a machine may lack. */
export type Need = { readonly isMet: boolean; readonly missing: string };

/** Where Chromium is expected. */
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** This machine as others reach it. */
export const outsideAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

export const chromium: Need = {
  isMet: existsSync(chromiumPath),
  missing: `no Chromium at ${chromiumPath}; install it, or set CHROMIUM to its path`,
};
export const ccxt: Need = {
  isMet: existsSync(new URL('../../bench/node_modules/ccxt', import.meta.url)),
  missing: 'ccxt is not installed; run npm ci --prefix bench',
};
export const network: Need = {
  isMet: outsideAddress !== undefined,
  missing: 'this machine has no network address but its own',
};

const reason = /\[skipped: ([^\]]+)\]/;

/** Whether tests are left out for want of something. Never where CI is set: there they run, and fail. */
export const isLacking = ({ isMet }: Need): boolean => !isMet && process.env.CI === undefined;

/** A title that says why its tests were skipped, for the list at the end of the run. */
export const titled = (need: Need, title: string): string =>
  isLacking(need) ? `${title} [skipped: ${need.missing}]` : title;

/** What a run says at its end about the tests that it skipped. @param names - Their full names. */
export function describeSkipped(names: readonly string[]): readonly string[] {
  const reasons = Map.groupBy(
    names,
    (name) => reason.exec(name)?.[1] ?? 'left out by a filter, or because what comes before them failed',
  );
  return [...reasons].map(
    ([why, skipped]) => `Skipped ${skipped.length} ${skipped.length === 1 ? 'test' : 'tests'}: ${why}`,
  );
}
