import type { Credentials } from '../account.ts';
import type { Market } from '../leverage/market.ts';
import type { MarketAndCurrency, OpenOrders, Position } from '../leverage/venue.ts';
import { oursOnly } from './list-reply.ts';
import { assetPath } from './mudrex-markets.ts';
import * as replies from './mudrex-replies.ts';
import { currencyQuery, keyed, type Mudrex, queryOf, readPages, unreadable } from './mudrex-requests.ts';
import type { NamedMarkets } from './settings-list.ts';
import { unlessFailing } from './venue-api.ts';

/** A preview does without a mark price rather than be later than this. */
const patienceMs = 1_000;

export async function readPosition(
  mudrex: Mudrex,
  credentials: Credentials,
  target: MarketAndCurrency,
): Promise<Position | undefined> {
  const request = positionsRequest(mudrex, credentials, target.currency);
  const [position] = await mudrex.api.readList(request, replies.positionsOf(target));
  if (!position) return undefined;
  const markPrice = await readMarkPrice(mudrex, credentials, target.market);
  return {
    symbol: target.market.symbol,
    side: position.order_type === 'LONG' ? 'long' : 'short',
    entryPrice: position.entry_price,
    ...(markPrice !== undefined && { markPrice }),
    ...(position.liquidation_price !== undefined && { liquidationPrice: position.liquidation_price }),
  };
}

function positionsRequest(mudrex: Mudrex, credentials: Credentials, currency: string | undefined) {
  return keyed(mudrex, credentials, `/futures/positions${queryOf(currencyQuery(mudrex, currency))}`, 'account');
}

/** Public candles of the mark price, else the contract's last price. */
async function readMarkPrice(mudrex: Mudrex, credentials: Credentials, market: Market): Promise<string | undefined> {
  const { api, now, elapsed, url } = mudrex;
  const pair = `${market.base}/${market.quote}`;
  const startedAt = elapsed();
  const end = Math.floor(now() / 1_000);
  const query = `assets=${pair}&aggregation=1m&start_time=${end - 120}&end_time=${end}`;
  const candles = { url: `${url}/price/mark-kline?${query}` };
  const mark = await unlessFailing(api.read(candles, replies.expecting(replies.markPriceOf(pair))));
  if (mark !== undefined || elapsed() - startedAt > patienceMs) return mark;
  return unlessFailing(api.read(keyed(mudrex, credentials, assetPath(market)), replies.expecting(replies.price)));
}

export async function readOpenOrders(
  mudrex: Mudrex,
  credentials: Credentials,
  target: MarketAndCurrency,
): Promise<OpenOrders> {
  const rows = await readOrders(mudrex, credentials, target.currency, replies.rowAbout(target, replies.order));
  const orders = oursOnly(rows);
  if (orders.kind !== 'ok') throw unreadable(mudrex);
  return { count: orders.value.length };
}

function readOrders<T>(
  mudrex: Mudrex,
  credentials: Credentials,
  currency: string | undefined,
  read: (row: unknown) => T,
): Promise<readonly T[]> {
  return readPages(mudrex, credentials, `/futures/orders${queryOf(currencyQuery(mudrex, currency))}`, read);
}

/** The markets with an open position. */
export async function namesOfPositions(
  mudrex: Mudrex,
  credentials: Credentials,
  currency: string | undefined,
): Promise<NamedMarkets> {
  const request = positionsRequest(mudrex, credentials, currency);
  const rows = await mudrex.api.readList(request, replies.page(replies.nameIn(currency)));
  return namedMarkets(
    mudrex,
    rows.map(({ value }) => value),
  );
}

/** The markets with an open order. */
export async function namesOfOrders(
  mudrex: Mudrex,
  credentials: Credentials,
  currency: string | undefined,
): Promise<NamedMarkets> {
  return namedMarkets(mudrex, await readOrders(mudrex, credentials, currency, replies.nameIn(currency)));
}

function namedMarkets({ known }: Mudrex, rows: readonly replies.NamedRow[]): NamedMarkets {
  const symbolsById = new Map(known.map(({ id, symbol }) => [id.toLowerCase(), symbol]));
  const symbols = rows.map((row) => {
    if (row.kind === 'symbol') return row.name;
    return row.kind === 'id' ? symbolsById.get(row.name) : undefined;
  });
  const isUnnamed = ({ kind }: replies.NamedRow, index: number) => kind !== 'over' && symbols[index] === undefined;
  return { symbols: symbols.filter((symbol) => symbol !== undefined), hasUnnamed: rows.some(isUnnamed) };
}
