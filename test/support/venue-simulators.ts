import Fastify from 'fastify';
import type { FaultInput } from '../../simulators/venues/faults.ts';
import { simulatedVenues, urlAt } from '../../simulators/venues/index.ts';
import { type Credentials, credentialsOf } from '../../src/account.ts';
import type { Leverage } from '../../src/leverage/setting.ts';
import type { Deadlines, Venue } from '../../src/leverage/venue.ts';
import { createVenues, type VenueId } from '../../src/venues/index.ts';

/** A venue and a simulator of it with one account, for the contract suite. */
export type VenueHarness = {
  readonly venue: Venue;
  readonly credentials: Credentials;
  /** A key in the right form that the venue does not know. */
  readonly unknownKey: Credentials;
  /** The symbol of bitcoin's main contract. */
  readonly symbol: string;
  readonly tooHigh: Leverage;
  readonly secrets: readonly string[];
  /** Whether the venue tells of a market that was never set, or set elsewhere, what it is at. */
  readonly tells: boolean;
  /** Whether changes go over a socket. */
  readonly isSocket: boolean;
  /** Writes that were carried out. */
  readonly writes: () => number;
  /** Requests that arrived. */
  readonly requests: () => readonly { readonly kind: 'read' | 'write'; readonly status: number | 'none' }[];
  /** Moves bitcoin's setting as the venue's own app would. */
  readonly set: (leverage: Leverage) => void;
  readonly openPosition: () => void;
  readonly openOrder: () => void;
  readonly fault: (fault: FaultInput) => void;
  /** Lets milliseconds pass for the venue and its simulator. */
  readonly pass: (ms: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

/** Waiting moves the clock, so that no test sleeps and no window is passed by for free. */
export function createSleepingClock(start = Date.UTC(2026, 10, 21, 12)) {
  let time = start;
  const sleep = async (ms: number) => {
    time += ms;
  };
  return { now: () => time, sleep };
}

/** Generous, so that a busy machine fails no test; those about timeouts bring their own. */
const patient: Deadlines = { connectMs: 5_000, readMs: 8_000, writeMs: 8_000 };

/**
 * A venue of the bot and its simulator, in which only Alice has an account.
 *
 * @param turned - Levers of the simulator.
 */
export async function openVenueHarness(
  id: VenueId,
  deadlines = patient,
  turned: readonly string[] = [],
): Promise<VenueHarness> {
  const { now, sleep } = createSleepingClock();
  const simulated = simulatedVenues[id];
  const { bitcoin: symbol, keyOf } = simulated;
  const [key, unknown] = [keyOf('canaryAlice'), keyOf('canaryStranger')];
  const exchange = simulated.open({ now, accounts: [{ id: 'alice', key }] });
  for (const lever of turned) exchange.levers?.turn(lever, 'alice', true);
  const app = Fastify({ forceCloseConnections: true });
  await app.register(exchange.plugin, { prefix: simulated.prefix });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const urls = { [id]: urlAt(origin, simulated) };
  const venues = createVenues({ urls, now, elapsed: now, deadlines, enabled: [id], sleep });
  const venue = venues.get(id);
  const max = exchange.markets().find((market) => market.symbol === symbol)?.max;
  if (venue === undefined || max === undefined) throw new Error(`no venue ${id}`);
  return {
    venue,
    credentials: credentialsOf('alice', key),
    unknownKey: credentialsOf('alice', unknown),
    symbol,
    tooHigh: (Number(max) + 0.01).toFixed(2),
    tells: venue.unlisted !== 'unknown' || turned.includes('tell-in-preferences'),
    isSocket: simulated.socketPrefix !== undefined,
    secrets: [key, unknown].flatMap((one) => Object.values(one)),
    writes: () => exchange.writes.length,
    requests: () => exchange.requests,
    set: (leverage) => exchange.set('alice', symbol, leverage),
    openPosition: () => exchange.openPosition('alice', symbol),
    openOrder: () => exchange.openOrder('alice', symbol),
    fault: (fault) => void exchange.faults.add(fault),
    pass: sleep,
    close: async () => {
      await venues.close();
      await app.close();
    },
  };
}
