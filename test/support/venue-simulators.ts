import { randomBytes } from 'node:crypto';
import Fastify, { type FastifyPluginAsync } from 'fastify';
import type { FaultInput } from '../../simulators/venues/faults.ts';
import { createKrakenFuturesSimulator } from '../../simulators/venues/kraken-futures.ts';
import { createMudrexSimulator } from '../../simulators/venues/mudrex.ts';
import type { Credentials } from '../../src/account.ts';
import type { Leverage } from '../../src/leverage/setting.ts';
import type { Deadlines, Venue } from '../../src/leverage/venue.ts';
import { Secret } from '../../src/secret.ts';
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

type Simulator = {
  readonly plugin: FastifyPluginAsync;
  readonly requests: VenueHarness['requests'] extends () => infer Entries ? Entries : never;
  readonly writes: readonly unknown[];
  readonly faults: { readonly add: (fault: FaultInput) => unknown };
};

type Mount = {
  readonly id: VenueId;
  readonly prefix: string;
  readonly path: string;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly deadlines: Deadlines | undefined;
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

async function mount(simulator: Simulator, { id, prefix, path, now, sleep, deadlines = patient }: Mount) {
  const app = Fastify({ forceCloseConnections: true });
  await app.register(simulator.plugin, { prefix });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const venues = createVenues({
    urls: { [id]: `${origin}${path}` },
    now,
    elapsed: now,
    deadlines,
    enabled: [id],
    sleep,
  });
  const venue = venues.get(id);
  if (!venue) throw new Error(`no venue ${id}`);
  return {
    venue,
    writes: () => simulator.writes.length,
    requests: () => simulator.requests,
    fault: (fault: FaultInput) => void simulator.faults.add(fault),
    pass: sleep,
    close: async () => {
      await venues.close();
      await app.close();
    },
  };
}

export async function openMudrex(deadlines?: Deadlines): Promise<VenueHarness> {
  const { now, sleep } = createSleepingClock();
  const secret = 'canary-mudrex-secret-of-the-contract';
  const simulator = createMudrexSimulator({ now, accounts: [{ id: 'alice', secret }] });
  const symbol = 'BTCUSDT';
  const at = { id: 'mudrex', prefix: '/mudrex', path: '/mudrex/fapi/v1', now, sleep, deadlines } as const;
  return {
    ...(await mount(simulator, at)),
    credentials: { apiSecret: new Secret(secret) },
    unknownKey: { apiSecret: new Secret('canary-unknown-mudrex-secret') },
    symbol,
    tooHigh: '100.01',
    secrets: [secret, 'canary-unknown-mudrex-secret'],
    set: (leverage) => simulator.set('alice', symbol, leverage),
    openPosition: () =>
      simulator.setPositions('alice', [
        { symbol, side: 'LONG', quantity: '0.01', entryPrice: '58000', leverage: '5', liquidationPrice: '46690.1' },
      ]),
    openOrder: () =>
      simulator.setOrders('alice', [{ symbol, side: 'LONG', quantity: 0.01, price: 50_000, leverage: 5 }]),
  };
}

export async function openKraken(
  id: 'kraken-futures' | 'kraken-futures-demo',
  deadlines?: Deadlines,
): Promise<VenueHarness> {
  const { now, sleep } = createSleepingClock();
  const key = 'canaryKrakenKeyOfTheContract000000000000000000000000000';
  const secret = randomBytes(64).toString('base64');
  const unknown = `canaryUnknownKey${'0'.repeat(40)}`;
  const simulator = createKrakenFuturesSimulator({ now, accounts: [{ id: 'alice', keys: [{ key, secret }] }] });
  const symbol = 'PF_XBTUSD';
  return {
    ...(await mount(simulator, { id, prefix: '/kraken', path: '/kraken', now, sleep, deadlines })),
    credentials: { apiKey: new Secret(key), apiSecret: new Secret(secret) },
    unknownKey: { apiKey: new Secret(unknown), apiSecret: new Secret(secret) },
    symbol,
    tooHigh: '50.01',
    secrets: [key, secret, unknown],
    set: (leverage) => simulator.set('alice', symbol, leverage),
    openPosition: () => simulator.setPositions('alice', [{ symbol, side: 'long', size: '0.01', price: '58000' }]),
    openOrder: () => simulator.setOrders('alice', [{ symbol, side: 'buy', size: '0.01', limitPrice: '50000' }]),
  };
}
