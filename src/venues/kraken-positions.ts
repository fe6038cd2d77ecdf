import { Big } from 'big.js';
import type { Credentials } from '../account.ts';
import type { Market, Tier } from '../leverage/market.ts';
import type { Position } from '../leverage/venue.ts';
import type { KrakenConnections } from './kraken-connections.ts';
import type { KrakenMarkets } from './kraken-markets.ts';
import { type KrakenMemory, type OpenPosition, positionIn, type Told } from './kraken-told.ts';
import type { Verdict } from './verdict.ts';

export type KrakenPositions = {
  /** What all open positions together come to. @throws Failure of the venue's reads */
  readonly read: <T>(credentials: Credentials, find: (told: Told) => Verdict<T> | undefined) => Promise<T>;
  readonly readOf: (credentials: Credentials, market: Market) => Promise<Position | undefined>;
};

type Options = {
  readonly connections: KrakenConnections<KrakenMemory>;
  readonly markets: KrakenMarkets;
  readonly elapsed: () => number;
};

type State = Options & {
  /** Until when the plain channel is asked at once. */
  plainUntil: number;
};

const common = { asset_class: 'derivatives' };
/**
 * Positions with figures of margin and risk. The page does not say that these begin with a snapshot of all positions (?),
 * and only a snapshot proves that there is no position. Where none comes, the plain channel is subscribed instead: that
 * one is documented to begin with it.
 */
const withMargin = { channel: 'positions', params: { ...common, with_margin: true } };
const plain = { channel: 'positions', params: { ...common, snapshot: true }, replaces: true };
const patienceMs = 800;
/** After a wait in vain, the plain channel is subscribed at once for so long. */
const plainMs = 60 * 60_000;

export function createPositions(options: Options): KrakenPositions {
  const state: State = { ...options, plainUntil: Number.NEGATIVE_INFINITY };
  return {
    read: (credentials, find) => read(state, credentials, find),
    readOf: (credentials, market) => readOf(state, credentials, market),
  };
}

async function read<T>(
  state: State,
  credentials: Credentials,
  find: (told: Told) => Verdict<T> | undefined,
): Promise<T> {
  const { connections, elapsed } = state;
  const isTold = ({ told }: KrakenMemory) => told.positions?.kind === 'told';
  if (elapsed() >= state.plainUntil) {
    const first = await connections.read<First<T>>(credentials, {
      ...{ subscription: withMargin, isTold },
      from: ({ told }) => firstOf(told, find),
      patience: { ms: patienceMs, otherwise: 'untold' },
    });
    if (typeof first === 'object') return first.value;
    if (first === 'untold') state.plainUntil = elapsed() + plainMs;
  }
  return connections.read(credentials, {
    ...{ subscription: plain, isTold },
    from: ({ told }) => find(told),
  });
}

/** What came over the channel with margin. For `too-large` and `untold` the plain one is asked. */
type First<T> = { readonly value: T } | 'too-large' | 'untold';

function firstOf<T>(told: Told, find: (told: Told) => Verdict<T> | undefined): Verdict<First<T>> | undefined {
  const { positions } = told;
  if (positions?.kind === 'broken' && positions.silence === 'too-large') {
    // Rows without margin are shorter: what comes next may be short enough.
    told.positions = undefined;
    return { kind: 'ok', value: 'too-large' };
  }
  const verdict = find(told);
  return verdict?.kind === 'ok' ? { kind: 'ok', value: { value: verdict.value } } : verdict;
}

async function readOf(state: State, credentials: Credentials, market: Market): Promise<Position | undefined> {
  const row = await read(state, credentials, (told) => positionIn(told, market.symbol));
  if (row === undefined) return undefined;
  const markPrice = row.mark_price ?? (await state.markets.markPrice(market.symbol));
  const maintenanceMargin = maintenanceMarginOf(market, row, markPrice);
  return {
    symbol: market.symbol,
    side: new Big(row.size).gt(0) ? 'long' : 'short',
    entryPrice: row.entry_price,
    ...(markPrice !== undefined && { markPrice }),
    // Kraken's own liquidation price is left out: it holds for the present setting, and what counts is the next one.
    ...(maintenanceMargin !== undefined && { maintenanceMargin }),
  };
}

/** The fraction of the position's value that must be kept: from its own figures, else from the market's tier. */
function maintenanceMarginOf({ tiers }: Market, row: OpenPosition, markPrice = row.entry_price): string | undefined {
  const contracts = new Big(row.size).abs();
  const value = contracts.times(markPrice);
  if (row.maintenance_margin !== undefined) {
    const fraction = new Big(row.maintenance_margin).div(value);
    return fraction.lt(1) ? fraction.round(6, Big.roundUp).toFixed() : undefined;
  }
  const isReached = ({ fromSize, measuredIn }: Tier) => (measuredIn === 'quote' ? value : contracts).gte(fromSize);
  return tiers?.findLast(isReached)?.maintenanceMargin;
}
