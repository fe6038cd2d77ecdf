import { Big } from 'big.js';
import { z } from 'zod';
import type { Call, Execution, VenueCore } from './call.ts';
import { type Account, type Exchange, limitsOf, type Position, type SimulatedVenue } from './exchange.ts';
import { createPipeline } from './pipeline.ts';
import { type Answer, jsonAnswer } from './raw-replies.ts';
import { createWindowsPerKey, type WindowRule } from './sliding-windows.ts';
import { countWrites, type WriteLogEntry } from './write-log.ts';

/** 20 units a second for each key; a write costs 2. */
const publishedLimits: readonly WindowRule[] = [{ windowMs: 1_000, budget: 20 }];
const maximums = { BTCUSD: '50', ETHUSD: '50', SOLUSD: '20', XRPUSD: '20', ADAUSD: '10', DOTUSD: '10', LTCUSD: '10' };

type PaperAccount = {
  readonly id: string;
  readonly key: string;
  readonly mayWithdraw: boolean;
  isExpired: boolean;
  readonly leverages: Map<string, string>;
  /** What stood before the last write. */
  before: ReadonlyMap<string, string>;
  positions: readonly Position[];
  orders: readonly { readonly symbol: string }[];
};

type World = {
  readonly accounts: readonly PaperAccount[];
  readonly markets: Map<string, string>;
  readonly writes: WriteLogEntry[];
};

const done = (data: object) => jsonAnswer(200, { done: true, ...data });
const refuse = (status: number, reason: string) => jsonAnswer(status, { refused: reason });
const written = z.object({ leverage: z.string().regex(/^\d{1,3}(\.\d{1,2})?$/) });

function createCore(world: World, limits: readonly WindowRule[]): VenueCore {
  const windows = createWindowsPerKey(limits);
  const accountOf = (call: Call) => world.accounts.find(({ key }) => key === call.header('x-paper-key'));
  return {
    facts: (call) => ({
      kind: call.method === 'GET' ? 'read' : 'write',
      readsSetting: call.method === 'GET' && call.path === '/settings',
      account: accountOf(call)?.id,
    }),
    answer(call, execution) {
      if (call.method === 'GET' && call.path === '/markets') return done({ markets: listed(world) });
      const account = accountOf(call);
      if (account === undefined || account.isExpired) return refuse(401, 'no-such-key');
      if (!windows.tryTake(account.key, call.at, call.method === 'PUT' ? 2 : 1))
        return refuse(429, 'too-many-requests');
      return call.method === 'PUT' ? write(world, account, call, execution) : read(account, call, execution);
    },
    rateLimited: () => refuse(429, 'too-many-requests'),
    serverError: (_call, status) => refuse(status, 'paper-jam'),
    refusal: (_call, { status = 400, error, text }) => refuse(status, error ?? text ?? 'paper-jam'),
    secrets: () => world.accounts.map(({ key }) => key),
  };
}

function listed({ markets }: World) {
  return [...markets].map(([symbol, max]) => ({ symbol, max, isOpen: true }));
}

function read(account: PaperAccount, { path }: Call, execution: Execution): Answer {
  const leverages = execution === 'old value' ? account.before : account.leverages;
  switch (path) {
    case '/settings':
      return done({ settings: [...leverages].map(([symbol, leverage]) => ({ symbol, leverage })) });
    case '/positions':
      return done({
        positions: account.positions.map(({ market, side, entryPrice }) => ({
          ...{ symbol: market, side, entry: entryPrice, mark: '60000', liquidation: '47000' },
        })),
      });
    case '/orders':
      return done({ orders: account.orders });
    case '/key':
      return done({ mayTrade: true, mayWithdraw: account.mayWithdraw });
    default:
      return refuse(404, 'no-such-page');
  }
}

function write({ markets, writes }: World, account: PaperAccount, call: Call, execution: Execution): Answer {
  const market = call.path.replace('/settings/', '');
  const max = markets.get(market);
  if (max === undefined) return refuse(404, 'no-such-market');
  const leverage = written.safeParse(JSON.parse(call.body)).data?.leverage;
  if (leverage === undefined || new Big(leverage).gt(max) || new Big(leverage).lt(1)) {
    return refuse(400, 'leverage-out-of-range');
  }
  if (execution !== 'no-effect') {
    account.before = new Map(account.leverages);
    account.leverages.set(market, leverage);
    writes.push({ at: call.at, account: account.id, market, currency: undefined, mode: 'isolated', leverage });
  }
  return done({ symbol: market, leverage });
}

function createPaperSimulator(options: {
  readonly now: () => number;
  readonly accounts: readonly (Account & { readonly mayWithdraw?: boolean })[];
  readonly limits?: readonly WindowRule[];
}): Exchange {
  const { now, limits = publishedLimits } = options;
  const accounts = options.accounts.map(({ id, key: { key = '' }, mayWithdraw = false }): PaperAccount => {
    return {
      id,
      key,
      mayWithdraw,
      isExpired: false,
      leverages: new Map(),
      before: new Map(),
      positions: [],
      orders: [],
    };
  });
  const world: World = { accounts, markets: new Map(Object.entries(maximums)), writes: [] };
  return { ...createPipeline(now, createCore(world, limits)), ...createControls(world) };
}

function createControls(world: World): Omit<Exchange, keyof ReturnType<typeof createPipeline>> {
  const { writes, markets, accounts } = world;
  const all = (id: string) => accounts.filter((account) => account.id === id);
  const one = (id: string): PaperAccount => {
    const [account] = all(id);
    if (account === undefined) throw new Error(`Paper has no account ${id}`);
    return account;
  };
  return {
    writes,
    writeCount: (account) => countWrites(writes, account),
    settings: (id) => [...one(id).leverages].map(([market, leverage]) => ({ market, mode: 'isolated', leverage })),
    positions: (id) => one(id).positions,
    markets: () => [...markets].map(([symbol, max]) => ({ symbol, max })),
    set(id, market, leverage) {
      if (leverage === undefined) one(id).leverages.delete(market);
      else one(id).leverages.set(market, leverage);
    },
    setBounds: (market, { max }) => void markets.set(market, max),
    setExpired(id, isExpired) {
      for (const account of all(id)) account.isExpired = isExpired;
    },
    openPosition(id, market) {
      one(id).positions = [{ market, side: 'long', size: '0.01', entryPrice: '58000' }];
    },
    openOrder(id, market) {
      one(id).orders = [{ symbol: market }];
    },
  };
}

const keyOf = (name: string) => ({ key: `demo-paper-key-of-${name}-not-real` });
const people = ['alice', 'bob', 'carol'] as const;

export const paper: SimulatedVenue = {
  ...{ shortLabel: 'Paper', prefix: '/paper', basePath: '', bitcoin: 'BTCUSD', keyOf },
  refusals: ['leverage-out-of-range', 'no-such-market', 'market-closed', 'no-such-key'].map((error) => ({
    title: error,
    fault: { name: 'refused', error },
  })),
  open: ({ now, limits, accounts }) => createPaperSimulator({ now, accounts, ...limitsOf(limits) }),
  openDemo: ({ now, limits, people: ids }) =>
    createPaperSimulator({
      ...{ now, ...limitsOf(limits) },
      accounts: people.flatMap((person) => [
        { id: ids[person], key: keyOf(person) },
        { id: `${ids[person]} who may withdraw`, key: keyOf(`${person}-who-may-withdraw`), mayWithdraw: true },
      ]),
    }),
  demoKeys: people.flatMap((person) => [
    { person, label: 'good', expect: 'works', secret: keyOf(person).key },
    { person, label: 'may withdraw', expect: 'is refused', secret: keyOf(`${person}-who-may-withdraw`).key },
  ]),
};
