import type { MudrexMarket } from './mudrex-markets.ts';
import { uuidFrom } from './stable-id.ts';

export type MudrexCurrency = 'USDT' | 'INR';

export type MudrexPosition = {
  readonly symbol: string;
  readonly side: 'LONG' | 'SHORT';
  readonly quantity: string;
  readonly entryPrice: string;
  /** Its own: setting leverage does not touch open positions. */
  readonly leverage: string;
  readonly liquidationPrice: string;
  readonly initialMargin?: string;
  readonly maintenanceMargin?: string;
  readonly currency?: MudrexCurrency;
};

export type MudrexOrder = {
  readonly symbol: string;
  readonly side: 'LONG' | 'SHORT';
  readonly quantity: number;
  readonly price: number;
  readonly leverage: number;
  readonly currency?: MudrexCurrency;
};

export type MudrexSetting = {
  readonly symbol: string;
  readonly leverage: string;
  readonly currency?: MudrexCurrency;
};

/** How an account starts out. The secret alone opens it: Mudrex has no key id and no signature. */
export type MudrexAccountSeed = {
  readonly id: string;
  readonly secret: string;
  readonly settings?: readonly MudrexSetting[];
  readonly positions?: readonly MudrexPosition[];
  readonly orders?: readonly MudrexOrder[];
  readonly funds?: Readonly<Partial<Record<MudrexCurrency, { readonly balance: string; readonly locked: string }>>>;
  /** Writes answer 403. */
  readonly readOnly?: boolean;
  /** Every call answers 401, as after the 90 days of a key. */
  readonly expired?: boolean;
};

export type MudrexAccount = {
  readonly id: string;
  secret: string;
  expired: boolean;
  readOnly: boolean;
  positions: readonly MudrexPosition[];
  orders: readonly MudrexOrder[];
  readonly funds: NonNullable<MudrexAccountSeed['funds']>;
  readonly leverages: Map<string, string>;
  /** The last change and what stood there before; undefined means it had never been set. */
  lastChange: { readonly key: string; readonly before: string | undefined } | undefined;
};

export const settingKey = (symbol: string, currency: string) => `${symbol} ${currency}`;

export const openAccount = (seed: MudrexAccountSeed): MudrexAccount => ({
  id: seed.id,
  secret: seed.secret,
  expired: seed.expired ?? false,
  readOnly: seed.readOnly ?? false,
  positions: seed.positions ?? [],
  orders: seed.orders ?? [],
  funds: seed.funds ?? {},
  leverages: new Map(
    (seed.settings ?? []).map(({ symbol, currency = 'USDT', leverage }) => [settingKey(symbol, currency), leverage]),
  ),
  lastChange: undefined,
});

const iso = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

/** Decimals as strings, as the page "Open Positions" shows them. */
export const shownPosition = (position: MudrexPosition, market: MudrexMarket | undefined, at: number) => ({
  created_at: iso(at - 3_600_000),
  updated_at: iso(at - 3_600_000),
  stoploss: null,
  takeprofit: null,
  entry_price: position.entryPrice,
  quantity: position.quantity,
  leverage: position.leverage,
  liquidation_price: position.liquidationPrice,
  initial_margin: position.initialMargin ?? '0',
  maintenance_margin: position.maintenanceMargin ?? '0',
  pnl: '0',
  order_type: position.side,
  status: 'OPEN',
  id: uuidFrom(`position ${position.symbol} ${position.side} ${position.entryPrice}`),
  asset_uuid: market?.id ?? uuidFrom(position.symbol),
  symbol: position.symbol,
  trade_currency: position.currency ?? 'USDT',
});

/** Decimals as JSON numbers, as the page "Open orders" shows them. */
export const shownOrder = (order: MudrexOrder, market: MudrexMarket | undefined, at: number) => ({
  created_at: iso(at - 3_600_000),
  updated_at: iso(at - 3_600_000),
  reason: null,
  actual_amount: 0,
  desired_amount: 0,
  quantity: order.quantity,
  filled_quantity: 0,
  price: order.price,
  filled_price: 0,
  leverage: order.leverage,
  liquidation_price: 0,
  order_type: order.side,
  trigger_type: 'LIMIT',
  status: 'CREATED',
  id: uuidFrom(`order ${order.symbol} ${order.side} ${order.price}`),
  asset_uuid: market?.id ?? uuidFrom(order.symbol),
  symbol: order.symbol,
  trade_currency: order.currency ?? 'USDT',
});
