import type { MudrexMarket } from './mudrex-markets.ts';
import { failed, succeeded } from './mudrex-replies.ts';
import type { Answer } from './raw-replies.ts';

const minute = 60;
const intervals: ReadonlyMap<string, number> = new Map([
  ['1m', minute],
  ['3t', 3 * minute],
  ['5t', 5 * minute],
  ['10t', 10 * minute],
  ['15t', 15 * minute],
  ['30t', 30 * minute],
  ['1h', 60 * minute],
  ['4h', 240 * minute],
  ['6h', 360 * minute],
  ['12h', 720 * minute],
  ['1d', 1440 * minute],
  ['1w', 10_080 * minute],
  ['1mth', 43_200 * minute],
]);

const mostCandles = 1500;

type Span = {
  readonly start: number;
  readonly end: number;
  readonly interval: number;
};

/** Flat candles at the present price: `[epoch seconds, open, high, low, close]`, with volume when asked for. */
function candles(price: number, { start, end, interval }: Span, volume: readonly number[]) {
  const first = Math.ceil(start / interval) * interval;
  const count = Math.min(mostCandles, Math.max(0, Math.floor((end - first) / interval) + 1));
  return Array.from({ length: count }, (_, index) => [first + index * interval, price, price, price, price, ...volume]);
}

const findPair = (markets: readonly MudrexMarket[], pair: string) =>
  markets.find(({ symbol }) => symbol === pair.replace('/', '').toUpperCase());

/** The public pages "Mark Price Kline" and "Historical Kline". Unknown symbols are silently left out. */
export function klines(markets: readonly MudrexMarket[], params: URLSearchParams, withVolume: boolean): Answer {
  const pairs = (params.get('assets') ?? '').split(',').filter((pair) => pair !== '');
  const interval = intervals.get(params.get('aggregation') ?? '1m');
  const start = Number(params.get('start_time'));
  const end = Number(params.get('end_time'));
  if (pairs.length === 0) return failed(400, 'assets are required');
  if (pairs.length > 25) return failed(400, 'allowed assets size is 25');
  if (interval === undefined) return failed(400, 'aggregation not supported');
  if (!(start > 0 && end > 0)) return failed(400, 'start and end time should be greater than 0');
  if (end < start) return failed(400, 'end time should be greater than start time');

  const ticks = pairs.flatMap((pair) => {
    const market = findPair(markets, pair);
    if (!market) return [];
    return [
      [pair.toLowerCase(), candles(Number(market.price), { start, end, interval }, withVolume ? [1] : [])],
    ] as const;
  });
  return succeeded({ asset_ticks: Object.fromEntries(ticks) });
}
