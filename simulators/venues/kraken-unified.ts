import type { Exchange, OpenOptions, SimulatedVenue } from './exchange.ts';
import { createKrakenControls, type KrakenControls } from './kraken-controls.ts';
import type { KrakenInstrument } from './kraken-instruments.ts';
import { unifiedDemoAccounts, unifiedDemoKeys, unifiedKey, unifiedRefusals } from './kraken-unified-demo.ts';
import { createKrakenLevers, krakenLevers } from './kraken-unified-levers.ts';
import { unifiedInstruments } from './kraken-unified-markets.ts';
import { createUnifiedRest } from './kraken-unified-rest.ts';
import {
  createSockets,
  publishedPaces,
  type SocketPaces,
  type Sockets,
  socketPrefix,
} from './kraken-unified-sockets.ts';
import { openUnifiedAccount, type UnifiedAccountSeed } from './kraken-unified-state.ts';
import { createSwitches, type UnifiedSwitches } from './kraken-unified-switches.ts';
import { createTokens } from './kraken-unified-tokens.ts';
import type { UnifiedControls, UnifiedWorld } from './kraken-unified-world.ts';
import { createPipeline, createTraffic, type Pipeline } from './pipeline.ts';
import type { WriteLogEntry } from './write-log.ts';

export type UnifiedSimulatorOptions = OpenOptions & {
  readonly accounts: readonly UnifiedAccountSeed[];
  readonly instruments?: readonly KrakenInstrument[];
  readonly switches?: Partial<UnifiedSwitches>;
  readonly paces?: Partial<SocketPaces>;
};

/** Kraken's Unified WebSocket with its two REST calls on this machine, with everything that may be seen and moved. */
export type UnifiedSimulator = Pipeline & KrakenControls & UnifiedControls;

/**
 * Kraken as it is after the Derivatives API: `POST /0/private/GetWebSocketsToken` and `GetApiKeyInfo` below the prefix it
 * is mounted at, and on the same server the sockets `/kraken-uws/v2/public` and `/kraken-uws/v2/private`.
 *
 * It checks signatures, nonces, permissions, counters, tokens and every argument of `set_preference`. Frames that ask for
 * a change (`writesReceived`) are counted apart from changes that were carried out (`writeCount`).
 *
 * @see docs.kraken.com, Unified WebSocket; what its pages leave open is a switch
 */
export function createKrakenUnifiedSimulator(options: UnifiedSimulatorOptions): UnifiedSimulator {
  const { now, paces, changed = () => {} } = options;
  const writes: WriteLogEntry[] = [];
  const world = openWorld(options, (entry) => void writes.push(entry));
  const secrets = () => [
    ...world.accounts.flatMap(({ keys }) => keys.flatMap(({ key, secret }) => [key, secret])),
    ...world.tokens.texts(),
  ];
  const traffic = createTraffic(secrets);
  const sockets = createSockets({ world, now, traffic, changed, paces: { ...publishedPaces, ...paces } });
  const pipeline = createPipeline(now, createUnifiedRest(world, secrets), traffic);

  return {
    ...pipeline,
    ...overheard(world, createKrakenControls(world, writes), sockets),
    ...unifiedControls(world, sockets),
    plugin: async (app) => {
      sockets.attach(app);
      await app.register(pipeline.plugin);
    },
    releaseHangs() {
      pipeline.releaseHangs();
      sockets.releaseHangs();
    },
  };
}

const openWorld = (options: UnifiedSimulatorOptions, record: UnifiedWorld['record']): UnifiedWorld => ({
  instruments: options.instruments ?? unifiedInstruments,
  accounts: options.accounts.map(openUnifiedAccount),
  switches: createSwitches(options.switches),
  tokens: createTokens(),
  status: { system: 'online', upcoming: [] },
  isLimited: options.limits !== 'none',
  bannedUntil: new Map(),
  record,
});

/** What is moved behind the bot's back is told to those who listen. */
const overheard = (world: UnifiedWorld, controls: KrakenControls, sockets: Sockets): KrakenControls => ({
  ...controls,
  set(account, symbol, leverage) {
    controls.set(account, symbol, leverage);
    sockets.tellLeverage(account, symbol);
  },
  openPosition(account, symbol) {
    const before = controls.positions(account).map(({ market }) => market);
    controls.openPosition(account, symbol);
    sockets.tellPositions(account, [...new Set([...before, symbol])]);
  },
  openOrder(account, symbol) {
    const before = world.accounts.find(({ id }) => id === account)?.orders ?? [];
    controls.openOrder(account, symbol);
    sockets.tellOrders(account, before);
  },
  setBounds(symbol, bounds) {
    controls.setBounds(symbol, bounds);
    sockets.tellMarket(symbol);
  },
  setPrice(symbol, price) {
    controls.setPrice(symbol, price);
    sockets.tellMarket(symbol);
  },
});

const unifiedControls = (world: UnifiedWorld, sockets: Sockets): UnifiedControls => ({
  switches: world.switches,
  setStatus(status) {
    world.status = { ...world.status, ...status };
    sockets.tellStatus();
    if (world.status.system === 'maintenance') sockets.drop(1012, 'maintenance');
  },
  setFutures(id, permission) {
    for (const account of world.accounts) if (account.id === id) account.futures = permission;
    sockets.tellFutures(id);
  },
  revokeTokens: world.tokens.revoke,
  dropConnections: sockets.drop,
  openConnections: sockets.count,
  connectAttempts: sockets.attempts,
});

function withLevers(options: UnifiedSimulatorOptions): Exchange {
  const simulator = createKrakenUnifiedSimulator(options);
  return { ...simulator, levers: createKrakenLevers(simulator) };
}

export const krakenUnified: SimulatedVenue = {
  ...{ shortLabel: 'Kraken', prefix: '/kraken-api', basePath: '', socketPrefix, bitcoin: 'PF_XBTUSD' },
  ...{ keyOf: unifiedKey, refusals: unifiedRefusals, demoKeys: unifiedDemoKeys, leverList: krakenLevers },
  open: ({ accounts, ...options }) =>
    withLevers({
      ...options,
      accounts: accounts.map(({ id, key: { apiKey: key = '', apiSecret: secret = '' } }) => ({
        ...{ id, keys: [{ key, secret }] },
      })),
    }),
  openDemo: ({ people, ...options }) => withLevers({ ...options, accounts: unifiedDemoAccounts(people) }),
};
