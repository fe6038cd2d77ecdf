import type { KrakenOrder } from './kraken-state.ts';
import {
  changedRows,
  instrumentUpdate,
  leverageUpdate,
  marginState,
  orderRow,
  tickerRow,
} from './kraken-unified-data.ts';
import { stamp } from './kraken-unified-frames.ts';
import type { Token } from './kraken-unified-tokens.ts';
import type { UnifiedWorld } from './kraken-unified-world.ts';

export type Subscription = {
  readonly channel: string;
  /** Whose it is; public ones belong to nobody. */
  readonly token: Token | undefined;
  readonly withMargin: boolean;
};

/** What a request can know of the connection that it came over. */
export type Party = {
  readonly isPrivate: boolean;
  /** By channel, and by market where there is one for each. */
  readonly subscriptions: Map<string, Subscription>;
};

/** What the subscriptions of one connection say after a setting of this account has changed; often nothing. */
export function leverageTold(world: UnifiedWorld, party: Party, id: string, symbol: string): readonly object[] {
  return [...party.subscriptions.values()].flatMap(({ channel, token, withMargin }): readonly object[] => {
    if (token?.account.id !== id) return [];
    const { account } = token;
    if (channel === 'preferences' && world.switches.preferencesTellLeverage) {
      return [{ channel, type: 'update', data: leverageUpdate(account, symbol) }];
    }
    const isHeld = account.positions.some((one) => one.symbol === symbol);
    if (channel !== 'positions' || !withMargin || !isHeld) return [];
    const futures = changedRows(world, account, [symbol], { withMargin, isOld: false });
    return [{ channel, type: 'update', data: { futures, options: [] } }];
  });
}

/** What they say after the price or the margin schedule of a market has changed. */
export function marketTold(
  world: UnifiedWorld,
  { subscriptions }: Party,
  symbol: string,
  at: number,
): readonly object[] {
  const instrument = world.instruments.find((one) => one.symbol === symbol);
  if (instrument === undefined) return [];
  const type = 'update';
  return [
    ...(subscriptions.has('instrument')
      ? [{ channel: 'instrument', type, data: instrumentUpdate(world, instrument) }]
      : []),
    ...(subscriptions.has(`ticker ${symbol}`)
      ? [{ channel: 'ticker', type, data: [tickerRow(world, instrument, at)] }]
      : []),
  ];
}

/** What they say after the permission to trade futures has changed. */
export function futuresTold({ subscriptions }: Party, id: string): readonly object[] {
  const account = subscriptions.get('preferences')?.token?.account;
  if (account?.id !== id) return [];
  return [{ channel: 'preferences', type: 'update', data: { futures_permission: account.futures } }];
}

/** What they say after positions have changed. */
export function positionsTold(
  world: UnifiedWorld,
  party: Party,
  { id, symbols, at }: { readonly id: string; readonly symbols: readonly string[]; readonly at: number },
): readonly object[] {
  return [...party.subscriptions.values()].flatMap(({ channel, token, withMargin }): readonly object[] => {
    if (token?.account.id !== id) return [];
    const { account } = token;
    if (channel === 'margin') return [{ channel, type: 'multi_collateral', data: marginState(world, account) }];
    if (channel !== 'positions') return [];
    const futures = changedRows(world, account, symbols, { withMargin, isOld: false });
    return [{ channel, type: 'update', data: { futures, options: [], time: stamp(at) } }];
  });
}

/** What they say after orders have changed: those that are gone were cancelled. */
export function ordersTold(
  { subscriptions }: Party,
  { id, gone, at }: { readonly id: string; readonly gone: readonly KrakenOrder[]; readonly at: number },
): readonly object[] {
  const account = subscriptions.get('executions')?.token?.account;
  if (account?.id !== id) return [];
  const cancelled = gone.map((order) => ({ ...orderRow(order, at), order_status: 'canceled', exec_type: 'canceled' }));
  const data = [...cancelled, ...account.orders.map((order) => orderRow(order, at))];
  return [{ channel: 'executions', type: 'update', data, sequence: 2 }];
}
