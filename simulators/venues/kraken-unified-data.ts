import { Big } from 'big.js';
import type { KrakenInstrument } from './kraken-instruments.ts';
import { initialMargin, maintenanceMargin } from './kraken-margin.ts';
import { isolatedMarkets, type KrakenOrder, type KrakenPosition } from './kraken-state.ts';
import { stamp } from './kraken-unified-frames.ts';
import type { UnifiedAccount } from './kraken-unified-state.ts';
import type { UnifiedWorld } from './kraken-unified-world.ts';
import { uuidFrom } from './stable-id.ts';

const leverageMode = (symbol: string, leverage: string | undefined) => ({
  ...{ symbol, max_leverage: leverage === undefined ? null : Number(leverage) },
});

/**
 * `preferences`: of its values one is documented, the permission to trade futures. The names of the fields are not, nor
 * whether leverage stands there too; here it is called as in `set_preference`.
 *
 * @param isOld - As it stood before the last change.
 */
export function preferencesSnapshot({ switches }: UnifiedWorld, account: UnifiedAccount, isOld: boolean): object {
  const listed = [...isolatedMarkets(account, isOld)].map(([symbol, leverage]) => leverageMode(symbol, leverage));
  return {
    futures_permission: account.futures,
    ...(switches.preferencesTellLeverage ? { leverage_mode: listed } : {}),
  };
}

/** An update holds what has changed. */
export function leverageUpdate({ isolated }: UnifiedAccount, symbol: string): object {
  return { leverage_mode: [leverageMode(symbol, isolated.get(symbol))] };
}

const signed = ({ side, size }: KrakenPosition): number => (side === 'long' ? Number(size) : -Number(size));

type RowOptions = { readonly withMargin: boolean; readonly isOld: boolean };

/** A row of `positions`; what it has with margin is called as in the old feed, since the page's table was cut off. */
function positionRow(
  world: UnifiedWorld,
  account: UnifiedAccount,
  position: KrakenPosition,
  { withMargin, isOld }: RowOptions,
): object {
  const { symbol, price } = position;
  const { positionsTellLeverage, positionsTellRisk } = world.switches;
  const leverage = isolatedMarkets(account, isOld).get(symbol);
  return {
    ...{ symbol, size: signed(position), entry_price: Number(price) },
    ...(withMargin && positionsTellRisk ? riskOf(world, position, leverage) : {}),
    // Of isolated positions only, as the old feed had it.
    ...(withMargin && positionsTellLeverage && leverage !== undefined ? { max_fixed_leverage: Number(leverage) } : {}),
  };
}

function riskOf({ instruments }: UnifiedWorld, position: KrakenPosition, leverage: string | undefined): object {
  const { symbol, size, price, side } = position;
  const instrument = instruments.find((known) => known.symbol === symbol);
  const [first] = instrument?.marginLevels ?? [];
  const notional = new Big(size).times(price);
  const rate = leverage === undefined ? new Big(first?.initialMargin ?? 1) : new Big(1).div(leverage);
  const kept = new Big(first?.maintenanceMargin ?? 0);
  const distance = rate.minus(kept).times(side === 'long' ? -1 : 1);
  const mark = instrument?.markPrice ?? Number(price);
  return {
    mark_price: mark,
    pnl: new Big(mark).minus(price).times(signed(position)).toNumber(),
    liquidation_threshold: new Big(price).times(distance.plus(1)).round(8).toNumber(),
    effective_leverage: new Big(1).div(rate).round(2).toNumber(),
    initial_margin: notional.times(rate).round(8).toNumber(),
    maintenance_margin: notional.times(kept).round(8).toNumber(),
    unrealized_funding: 0,
  };
}

export function positionRows(world: UnifiedWorld, account: UnifiedAccount, options: RowOptions): readonly object[] {
  return account.positions.map((position) => positionRow(world, account, position, options));
}

/** The rows that an event concerns; a position that was closed has size 0. */
export function changedRows(
  world: UnifiedWorld,
  account: UnifiedAccount,
  symbols: readonly string[],
  options: RowOptions,
): readonly object[] {
  return symbols.map((symbol) => {
    const position = account.positions.find((one) => one.symbol === symbol);
    if (position !== undefined) return positionRow(world, account, position, options);
    return { symbol, size: 0, entry_price: 0 };
  });
}

export function orderRow({ symbol, side, size, limitPrice, reduceOnly = false }: KrakenOrder, at: number): object {
  return {
    order_id: uuidFrom(`kraken order ${symbol} ${side} ${limitPrice}`),
    ...{ symbol, side, order_type: 'limit', order_status: 'new', exec_type: 'new', time_in_force: 'gtc' },
    ...{ order_qty: Number(size), cum_qty: 0, limit_price: Number(limitPrice), reduce_only: reduceOnly },
    timestamp: stamp(at - 3_600_000),
  };
}

export function marginState(world: UnifiedWorld, account: UnifiedAccount): object {
  const findInstrument = (symbol: string) => world.instruments.find((known) => known.symbol === symbol);
  const view = { account, findInstrument };
  const required = initialMargin(view);
  const equity = new Big(account.collateral);
  return {
    margin_equity: equity.toNumber(),
    initial_margin: required.toNumber(),
    maintenance_margin: maintenanceMargin(view).toNumber(),
    available_margin: equity.minus(required).toNumber(),
  };
}

const decimalsOf = (value: number): number => new Big(value).toFixed().split('.')[1]?.length ?? 0;

function pairRow(instrument: KrakenInstrument, withSchedule: boolean): object {
  const { symbol, type, base, quote, tickSize, contractValueTradePrecision: precision, tradeable } = instrument;
  const increment = Number(`1e-${precision}`);
  return {
    ...{ symbol, base, quote, asset_class: 'derivatives', type, status: tradeable ? 'online' : 'work_in_progress' },
    ...{ qty_precision: precision, qty_increment: increment, qty_min: increment },
    ...{ price_precision: decimalsOf(tickSize), price_increment: tickSize, tick_size: tickSize },
    ...{ cost_precision: 5, cost_min: 0.5, marginable: true, has_index: true, contract_size: 1 },
    ...(withSchedule ? { margin_levels: scheduleOf(instrument) } : {}),
  };
}

/** Called as in the old API's list of instruments: whether this one has it is not known. */
const scheduleOf = ({ type, marginLevels }: KrakenInstrument) =>
  marginLevels.map(({ from, initialMargin: initial, maintenanceMargin: maintenance }) => ({
    ...(type === 'flexible_futures' ? { num_non_contract_units: from } : { contracts: from }),
    ...{ initial_margin: initial, maintenance_margin: maintenance },
  }));

const asset = (id: string) => ({
  ...{ id, status: 'enabled', precision: 10, precision_display: 5, borrowable: false, collateral_value: 1 },
});

/** All contracts in one frame, in the shape that the channel has for Spot. */
export function instrumentSnapshot({ instruments, switches }: UnifiedWorld): object {
  const assets = [...new Set(instruments.flatMap(({ base, quote }) => [base, quote]))].map(asset);
  return { assets, pairs: instruments.map((one) => pairRow(one, switches.marginScheduleInInstrument)) };
}

export function instrumentUpdate({ switches }: UnifiedWorld, instrument: KrakenInstrument): object {
  return { assets: [], pairs: [pairRow(instrument, switches.marginScheduleInInstrument)] };
}

export function tickerRow({ switches }: UnifiedWorld, instrument: KrakenInstrument, at: number): object {
  const { symbol, markPrice: price, tickSize } = instrument;
  return {
    ...{ symbol, bid: price - tickSize, bid_qty: 1, ask: price + tickSize, ask_qty: 1, last: price },
    ...{ volume: 1000, vwap: price, low: price, high: price, change: 0, change_pct: 0 },
    ...(switches.markPriceInTicker ? { mark_price: price, index_price: price } : {}),
    ...{ open_interest: 1000, funding_rate: 0, timestamp: stamp(at) },
  };
}
