import type { Call, VenueCore } from './call.ts';
import { limitsOf, type SimulatedVenue } from './exchange.ts';
import { createMudrexControls, type MudrexControls } from './mudrex-controls.ts';
import { mudrexDemoAccounts, mudrexDemoKeys, mudrexKey, mudrexRefusals } from './mudrex-demo.ts';
import type { MudrexShape } from './mudrex-leverage.ts';
import { type MudrexMarket, mudrexMarkets } from './mudrex-markets.ts';
import { failed, refusals } from './mudrex-replies.ts';
import { isLeveragePath, isPublic, type MudrexWorld, privateRoute, publicRoute } from './mudrex-routes.ts';
import { type MudrexAccount, type MudrexAccountSeed, openAccount } from './mudrex-state.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { createWindowsPerKey, type WindowRule } from './sliding-windows.ts';
import type { WriteLogEntry } from './write-log.ts';

const second = 1000;

/** The venue's limits per key, in calls (docs.trade.mudrex.com, the page "Authentication & Rate Limits"). */
const mudrexLimits: readonly WindowRule[] = [
  { windowMs: second, budget: 10 },
  { windowMs: 60 * second, budget: 500 },
  { windowMs: 3600 * second, budget: 30_000 },
  { windowMs: 86_400 * second, budget: 720_000 },
];

const publicLimits: readonly WindowRule[] = [{ windowMs: 60 * second, budget: 300 }];

export type MudrexSimulatorOptions = {
  /** Milliseconds since the epoch. */
  now(): number;
  readonly accounts: readonly MudrexAccountSeed[];
  readonly markets?: readonly MudrexMarket[];
  /** Names in the leverage replies; the seed's by default. */
  readonly shape?: MudrexShape;
  readonly limits?: readonly WindowRule[];
  /** Rows of a page when the client names no limit; 10 by default. */
  readonly defaultPage?: number;
  readonly ping?: boolean;
};

/** A Mudrex on this machine, with everything the page and the tests may see and move. */
type MudrexSimulator = Pipeline & MudrexControls;

function createCore(world: MudrexWorld, limits: readonly WindowRule[]): VenueCore {
  const keyed = createWindowsPerKey(limits);
  const addressed = createWindowsPerKey(publicLimits);
  const accountOf = (call: Call): MudrexAccount | undefined => {
    const secret = call.header('x-authentication');
    return world.accounts.find((account) => account.secret === secret);
  };

  return {
    facts: (call) => ({
      kind: call.method === 'GET' || call.method === 'HEAD' ? 'read' : 'write',
      readsSetting: call.method === 'GET' && isLeveragePath(call),
      account: accountOf(call)?.id,
    }),
    answer(call, execution) {
      if (isPublic(call)) {
        if (!addressed.tryTake(call.ip, call.at)) return refusals.limit();
        return publicRoute(world, call) ?? refusals.authentication();
      }
      const account = accountOf(call);
      if (!account || account.expired) return refusals.authentication();
      if (!keyed.tryTake(account.id, call.at)) return refusals.limit();
      return privateRoute(world, account, call, execution);
    },
    rateLimited: refusals.limit,
    serverError: (_call, status) => failed(status, 'something went wrong'),
    refusal: (_call, { status = 400, text = 'something went wrong', code = status }) => failed(status, text, code),
    secrets: () => world.accounts.map(({ secret }) => secret),
  };
}

/**
 * A Mudrex on this machine: it checks the key, the limits and every argument, and keeps leverage per asset and trade
 * currency. Mounted at `/mudrex` it serves `/mudrex/fapi/v1/…`.
 *
 * @see the seed "Set leverage by asset id/symbol", and docs.trade.mudrex.com
 */
export function createMudrexSimulator({ now, ...options }: MudrexSimulatorOptions): MudrexSimulator {
  const writes: WriteLogEntry[] = [];
  const world: MudrexWorld = {
    markets: options.markets ?? mudrexMarkets,
    accounts: options.accounts.map(openAccount),
    shape: options.shape ?? 'seed',
    ping: options.ping ?? true,
    defaultPage: options.defaultPage ?? 10,
    record: (entry) => writes.push(entry),
  };
  const pipeline = createPipeline(now, createCore(world, options.limits ?? mudrexLimits));

  return { ...pipeline, ...createMudrexControls(world, writes) };
}

export const mudrex: SimulatedVenue = {
  ...{ shortLabel: 'Mudrex', prefix: '/mudrex', basePath: '/fapi/v1', bitcoin: 'BTCUSDT' },
  ...{ keyOf: mudrexKey, refusals: mudrexRefusals },
  open: ({ now, limits, accounts }) =>
    createMudrexSimulator({
      ...{ now, ...limitsOf(limits) },
      accounts: accounts.map(({ id, key: { apiSecret = '' } }) => ({ id, secret: apiSecret })),
    }),
  openDemo: ({ now, limits, people }) =>
    createMudrexSimulator({ now, ...limitsOf(limits), accounts: mudrexDemoAccounts(people) }),
  demoKeys: mudrexDemoKeys,
};
