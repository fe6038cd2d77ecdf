import type { Desk } from './desk.ts';
import { withDesk } from './kraken-desk.ts';
import { type Bench, type Finding, told, untold } from './question.ts';

const longestWaitMs = 200_000;

/** Leaves connections alone until they are closed: one with a subscription, one without, one for public data. */
export async function waitForEnds(bench: Bench): Promise<Finding> {
  if (!bench.waits) return untold('Not asked, since it takes minutes: ask again with --wait.');
  const said: string[] = [];
  const leave = (name: 'public' | 'private', what: string, channel?: string) =>
    withDesk(
      bench,
      name,
      async (desk) => {
        if (channel !== undefined) await desk.ask({ method: 'subscribe', params: { channel } });
        said.push(`${what}: ${await untilEnd(desk)}`);
        return told('');
      },
      true,
    );
  await Promise.all([
    leave('private', 'private, one subscription', 'preferences'),
    leave('private', 'private, no subscription'),
    leave('public', 'public, no subscription'),
  ]);
  return told(`${said.toSorted().join('; ')}.`);
}

async function untilEnd(desk: Desk): Promise<string> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), longestWaitMs);
  const end = await Promise.race([desk.ended, late.promise]);
  clearTimeout(timer);
  const beats = desk.heard('heartbeat').length > 0 ? ', with heartbeats' : '';
  if (end === undefined) return `still open after ${longestWaitMs / 1_000} s${beats}`;
  return `closed with ${end.code} after ${Math.round(end.afterMs / 1_000)} s${beats}`;
}
