import { Big } from 'big.js';
import type { Call, Execution } from './call.ts';
import { klines } from './mudrex-klines.ts';
import { type MudrexShape, readCurrency, readLeverage, setLeverage } from './mudrex-leverage.ts';
import { listed, type MudrexMarket } from './mudrex-markets.ts';
import { refusals, succeeded } from './mudrex-replies.ts';
import { type MudrexAccount, shownOrder, shownPosition } from './mudrex-state.ts';
import type { Answer } from './raw-replies.ts';
import type { WriteLogEntry } from './write-log.ts';

/** The venue's state; the simulator changes it, the routes read it. */
export type MudrexWorld = {
  markets: readonly MudrexMarket[];
  readonly accounts: readonly MudrexAccount[];
  shape: MudrexShape;
  /** Whether the undocumented `/futures/ping` exists; without it that path answers 401, as every unknown one. */
  readonly ping: boolean;
  readonly defaultPage: number;
  record(entry: WriteLogEntry): void;
};

const base = '/fapi/v1';

/** Public market data: served without a key, with a limit per address. */
export function publicRoute(world: MudrexWorld, call: Call): Answer | undefined {
  if (call.method !== 'GET') return undefined;
  if (call.path === `${base}/price/mark-kline`) return klines(world.markets, call.params, false);
  if (call.path === `${base}/price/kline`) return klines(world.markets, call.params, true);
  return undefined;
}

export const isPublic = (call: Call): boolean => call.path.startsWith(`${base}/price/`);
export const isLeveragePath = (call: Call): boolean => /^\/fapi\/v1\/futures\/[^/]+\/leverage$/.test(call.path);

type SortKey = (market: MudrexMarket) => Big;

const sortKeys: ReadonlyMap<string, SortKey> = new Map<string, SortKey>([
  ['price', ({ price }) => new Big(price)],
  ['volume', ({ popularity }) => new Big(-popularity)],
  ['change_perc', () => new Big(0)],
  ['popularity', ({ popularity }) => new Big(popularity)],
]);

function readCount(text: string | null, fallback: number): number | undefined {
  if (text === null) return fallback;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** `offset` counts rows, as the page "Assets" says. */
function listMarkets({ markets, defaultPage }: MudrexWorld, { params }: Call): Answer {
  const offset = readCount(params.get('offset'), 0);
  const limit = readCount(params.get('limit'), defaultPage);
  const sortBy = sortKeys.get(params.get('sort') ?? 'popularity');
  const order = params.get('order') ?? 'asc';
  if (offset === undefined || limit === undefined || !sortBy || !['asc', 'desc'].includes(order))
    return refusals.params();
  const sorted = markets.toSorted((left, right) => sortBy(left).cmp(sortBy(right)));
  const ordered = order === 'desc' ? sorted.toReversed() : sorted;
  return succeeded(ordered.slice(offset, offset + Math.min(limit, 100)).map(listed));
}

/** Symbols count only when `is_symbol` is present, whatever its value (the seed says so). */
function findMarket({ markets }: MudrexWorld, reference: string, call: Call): MudrexMarket | Answer {
  const bySymbol = call.params.has('is_symbol');
  const found = markets.find(({ id, symbol }) => (bySymbol ? symbol : id) === decodeURIComponent(reference));
  return found ?? (bySymbol ? refusals.asset() : refusals.assetId());
}

/** Go's empty slice: a list without entries is `null`, as the page "Open Positions" shows. */
const listOrNull = (rows: readonly unknown[]) => (rows.length === 0 ? null : rows);

const accountRoutes: Readonly<Record<string, (world: MudrexWorld, account: MudrexAccount, call: Call) => Answer>> = {
  '/futures/funds': (_world, account, call) => {
    const currency = readCurrency(call.params.get('trade_currency'));
    if (!currency) return refusals.currency();
    const { balance, locked } = account.funds[currency] ?? { balance: '0', locked: '0' };
    return succeeded({ balance, locked_amount: locked, first_time_user: false });
  },
  '/futures/positions': (world, account, call) => {
    const currency = readCurrency(call.params.get('trade_currency'));
    if (!currency) return refusals.currency();
    const open = account.positions.filter((position) => (position.currency ?? 'USDT') === currency);
    return succeeded(listOrNull(open.map((entry) => shownPosition(entry, marketOf(world, entry.symbol), call.at))));
  },
  '/futures/orders': (world, account, call) => {
    const currency = readCurrency(call.params.get('trade_currency'));
    if (!currency) return refusals.currency();
    const offset = readCount(call.params.get('offset'), 0);
    const limit = readCount(call.params.get('limit'), 20);
    if (offset === undefined || limit === undefined) return refusals.params();
    const open = account.orders.filter((order) => (order.currency ?? 'USDT') === currency);
    const page = open.slice(offset, offset + Math.min(limit, 100));
    return succeeded(listOrNull(page.map((entry) => shownOrder(entry, marketOf(world, entry.symbol), call.at))));
  },
};

const marketOf = ({ markets }: MudrexWorld, symbol: string) => markets.find((market) => market.symbol === symbol);

const isAnswer = (found: MudrexMarket | Answer): found is Answer => 'status' in found;

function leverageRoute(world: MudrexWorld, account: MudrexAccount, call: Call, execution: Execution): Answer {
  if (call.method !== 'GET' && call.method !== 'POST') return refusals.authentication();
  const reference = call.path.split('/')[4] ?? '';
  const market = findMarket(world, reference, call);
  if (isAnswer(market)) return market;
  const route = { account, market, shape: world.shape, call, execution };
  if (call.method === 'GET') return readLeverage(route);
  return account.readOnly ? refusals.scope() : setLeverage(route, world.record);
}

/** Everything behind a key. Unknown private paths answer 401, like a wrong key. */
export function privateRoute(world: MudrexWorld, account: MudrexAccount, call: Call, execution: Execution): Answer {
  if (isLeveragePath(call)) return leverageRoute(world, account, call, execution);
  if (call.method !== 'GET' || !call.path.startsWith(base)) return refusals.authentication();
  const path = call.path.slice(base.length);
  if (path === '/futures') return listMarkets(world, call);
  if (path === '/futures/ping' && world.ping) return succeeded({ message: 'pong' });
  const accountRoute = accountRoutes[path];
  if (accountRoute) return accountRoute(world, account, call);
  const [, reference] = /^\/futures\/([^/]+)$/.exec(path) ?? [];
  if (reference === undefined || reference === 'ping') return refusals.authentication();
  const market = findMarket(world, reference, call);
  return isAnswer(market) ? market : succeeded(listed(market));
}
