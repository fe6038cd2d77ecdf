import { Big } from 'big.js';
import type { Call, Execution } from './call.ts';
import { type KrakenInstrument, type ShowNumber, shownInstrument, shownTicker } from './kraken-instruments.ts';
import { initialMargin, type MarginView, maintenanceMargin, marginRefusal, maxLeverage } from './kraken-margin.ts';
import { type KrakenRefusals, serverTime, succeeded } from './kraken-replies.ts';
import { isolatedMarkets, type KrakenAccount, type KrakenKey } from './kraken-state.ts';
import type { Answer } from './raw-replies.ts';
import { uuidFrom } from './stable-id.ts';
import type { WriteLogEntry } from './write-log.ts';

/** The venue's state; the simulator changes it, the routes read it. */
export type KrakenWorld = {
  instruments: readonly KrakenInstrument[];
  readonly accounts: readonly KrakenAccount[];
  readonly refusals: KrakenRefusals;
  readonly show: ShowNumber;
  /** Whether `GET /leveragepreferences?symbol=` filters; it was seen not to. */
  readonly filtersPreferences: boolean;
  record(entry: WriteLogEntry): void;
};

type PrivateCall = {
  readonly world: KrakenWorld;
  readonly account: KrakenAccount;
  readonly key: KrakenKey;
  readonly call: Call;
  readonly execution: Execution;
};

export const base = '/derivatives/api/v3';

/** Market data, free of charge and without a key. */
export function publicRoute({ instruments, refusals, show }: KrakenWorld, call: Call): Answer | undefined {
  if (call.method !== 'GET') return undefined;
  const { at } = call;
  if (call.path === `${base}/instruments`) {
    return succeeded(at, { instruments: instruments.map((instrument) => shownInstrument(instrument, show)) });
  }
  if (call.path === `${base}/tickers`) {
    return succeeded(at, { tickers: instruments.map((instrument) => shownTicker(instrument, at, show)) });
  }
  const [, symbol] = /^\/derivatives\/api\/v3\/tickers\/([^/]+)$/.exec(call.path) ?? [];
  if (symbol === undefined) return undefined;
  const found = instruments.find((instrument) => instrument.symbol === symbol.toUpperCase());
  return found ? succeeded(at, { ticker: shownTicker(found, at, show) }) : refusals.error(at, 'contractNotFound');
}

const viewOf = ({ world, account }: PrivateCall): MarginView => ({
  account,
  findInstrument: (symbol) => world.instruments.find((instrument) => instrument.symbol === symbol),
});

function readPreferences({ world, account, call, execution }: PrivateCall): Answer {
  const only = world.filtersPreferences ? call.params.get('symbol') : null;
  const listed = [...isolatedMarkets(account, execution === 'old value')]
    .filter(([symbol]) => only === null || only === symbol)
    .map(([symbol, leverage]) => ({ symbol, maxLeverage: world.show(Number(leverage)) }));
  return succeeded(call.at, { leveragePreferences: listed });
}

/** Plain decimals of at least 1 with at most two places; the venue publishes neither minimum nor step. */
function readLeverage(text: string, max: Big): string | undefined {
  if (!/^\d{1,6}(\.\d{1,10})?$/.test(text)) return undefined;
  const leverage = new Big(text);
  const fits = leverage.gte(1) && leverage.lte(max) && leverage.mod('0.01').eq(0);
  return fits ? leverage.toFixed() : undefined;
}

/**
 * `maxLeverage` present sets isolated margin, absent sets cross.
 *
 * @see the seed "Set the leverage setting for a market" (PUT /leveragepreferences)
 */
function setPreference(request: PrivateCall): Answer {
  const { world, account, call, execution } = request;
  const { error, code } = world.refusals;
  const params = new URLSearchParams([...call.params, ...new URLSearchParams(call.body)]);
  const symbol = params.get('symbol') ?? '';
  if (symbol === '') return error(call.at, 'requiredArgumentMissing');
  const instrument = world.instruments.find((known) => known.symbol === symbol);
  if (!instrument) return code(call.at, 87);
  if (instrument.type !== 'flexible_futures') return code(call.at, 88);
  if (!instrument.tradeable) return error(call.at, 'marketUnavailable');

  const asked = params.get('maxLeverage');
  const wanted = asked === null ? 'cross' : readLeverage(asked, maxLeverage(instrument, account));
  if (wanted === undefined) return error(call.at, 'invalidArgument: maxLeverage');
  const refusal = marginRefusal(viewOf(request), instrument, wanted);
  if (refusal !== undefined) return code(call.at, refusal);
  if (execution !== 'no-effect') store(request, symbol, wanted === 'cross' ? undefined : wanted);
  return succeeded(call.at);
}

function store({ world, account, call }: PrivateCall, symbol: string, leverage: string | undefined): void {
  account.lastChange = { symbol, before: account.isolated.get(symbol) };
  if (leverage === undefined) account.isolated.delete(symbol);
  else account.isolated.set(symbol, leverage);
  const mode = leverage === undefined ? 'cross' : 'isolated';
  world.record({ at: call.at, account: account.id, market: symbol, currency: undefined, mode, leverage });
}

/** `maxFixedLeverage` stands only on isolated positions; there is no liquidation price. */
function openPositions({ world, account, call }: PrivateCall): Answer {
  const openPositions = account.positions.map(({ symbol, side, size, price }) => {
    const leverage = account.isolated.get(symbol);
    return {
      side,
      symbol,
      price: world.show(Number(price)),
      fillTime: serverTime(call.at - 3_600_000),
      size: world.show(Number(size)),
      unrealizedFunding: world.show(0),
      pnlCurrency: 'USD',
      ...(leverage === undefined ? {} : { maxFixedLeverage: world.show(Number(leverage)) }),
    };
  });
  return succeeded(call.at, { openPositions });
}

function openOrders({ world, account, call }: PrivateCall): Answer {
  const openOrders = account.orders.map(({ symbol, side, size, limitPrice, reduceOnly = false }) => ({
    order_id: uuidFrom(`kraken order ${symbol} ${side} ${limitPrice}`),
    symbol,
    side,
    orderType: 'lmt',
    limitPrice: world.show(Number(limitPrice)),
    filledSize: world.show(0),
    unfilledSize: world.show(Number(size)),
    reduceOnly,
    status: 'untouched',
    receivedTime: serverTime(call.at - 3_600_000),
    lastUpdateTime: serverTime(call.at - 3_600_000),
  }));
  return succeeded(call.at, { openOrders });
}

function accounts(request: PrivateCall): Answer {
  const { world, account, call } = request;
  const collateral = new Big(account.collateral);
  const required = initialMargin(viewOf(request));
  const show = (amount: Big) => world.show(amount.toNumber());
  const flex = {
    type: 'multiCollateralMarginAccount',
    currencies: { USD: { quantity: show(collateral), value: show(collateral), collateral: show(collateral) } },
    initialMargin: show(required),
    initialMarginWithOrders: show(required),
    maintenanceMargin: show(maintenanceMargin(viewOf(request))),
    balanceValue: show(collateral),
    portfolioValue: show(collateral),
    collateralValue: show(collateral),
    pnl: show(new Big(0)),
    unrealizedFunding: show(new Big(0)),
    totalUnrealized: show(new Big(0)),
    totalUnrealizedAsMargin: show(new Big(0)),
    availableMargin: show(collateral.minus(required)),
    marginEquity: show(collateral),
  };
  return succeeded(call.at, { accounts: { cash: { type: 'cashAccount', balances: {} }, flex } });
}

type PrivateRoute = {
  readonly cost: number;
  readonly needs: 'READ_ONLY' | 'FULL_ACCESS';
  answer(request: PrivateCall): Answer;
};

/** The cost of leveragepreferences is unpublished; 2 and 10 are assumptions. */
const routes: Readonly<Record<string, PrivateRoute>> = {
  'GET /leveragepreferences': { cost: 2, needs: 'READ_ONLY', answer: readPreferences },
  'PUT /leveragepreferences': { cost: 10, needs: 'FULL_ACCESS', answer: setPreference },
  'GET /openpositions': { cost: 2, needs: 'READ_ONLY', answer: openPositions },
  'GET /openorders': { cost: 2, needs: 'READ_ONLY', answer: openOrders },
  'GET /accounts': { cost: 2, needs: 'READ_ONLY', answer: accounts },
};

export const findPrivateRoute = (call: Call): PrivateRoute | undefined =>
  call.path.startsWith(base) ? routes[`${call.method} ${call.path.slice(base.length)}`] : undefined;

export const permits = ({ general }: KrakenKey, needs: PrivateRoute['needs']): boolean =>
  general === 'FULL_ACCESS' || general === needs;
