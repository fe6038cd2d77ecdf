import { Big } from 'big.js';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import type { Leverage } from './setting.ts';

/**
 * Leverage limits of one market; all are multiples (`max: '50'` means 50x). Where the venue publishes no maximum there is
 * none: what is too high is then for the venue to refuse.
 */
export const boundsSchema = z.object({ min: z.string(), max: z.string().exactOptional(), step: z.string() });
export type Bounds = Readonly<z.infer<typeof boundsSchema>>;

/** "1x to 50x" */
export function rangeText({ min, max }: Bounds): string {
  return max === undefined ? `${min}x or more, as far as the exchange takes it` : `${min}x to ${max}x`;
}

/** A margin tier: from `fromSize` on, these margin fractions hold. */
const tierSchema = z.object({
  fromSize: z.string(),
  /** What `fromSize` counts: contracts, or the position's value in the quote currency. Contracts unless told. */
  measuredIn: z.enum(['contracts', 'quote']).exactOptional(),
  initialMargin: z.string(),
  maintenanceMargin: z.string(),
});
export type Tier = Readonly<z.infer<typeof tierSchema>>;

/** One futures contract at one venue. */
export const marketSchema = z.object({
  venue: z.string(),
  /** What the venue's paths and queries take: a Mudrex asset id, a Kraken symbol. */
  id: z.string(),
  /** What a trader reads: `BTCUSDT`, `PF_XBTUSD`. */
  symbol: z.string(),
  /** Other spellings, as {@link normalizeSymbol} gives them. */
  aliases: z.array(z.string()).readonly(),
  base: z.string(),
  quote: z.string(),
  bounds: boundsSchema.readonly(),
  tiers: z.array(tierSchema.readonly()).readonly().exactOptional(),
  tradeable: z.boolean(),
  /** How the trader named it, where the venue takes both: requests then use the same name. The id when absent. */
  namedBy: z.enum(['id', 'symbol']).exactOptional(),
});
export type Market = Readonly<z.infer<typeof marketSchema>>;

/** The name by which requests address this market. */
export function nameOf({ id, symbol, namedBy }: Market): string {
  return namedBy === 'symbol' ? symbol : id;
}

/** What people read for a market, with its margin currency where the venue keeps one leverage for each. */
export function marketLabel({ market, currency }: { readonly market: Market; readonly currency?: string }): string {
  return currency === undefined ? market.symbol : `${market.symbol} (${currency})`;
}

/** `btc/usd`, `BTC-USD` and `btc_usd` are one text: letters and digits only, upper case. */
export function normalizeSymbol(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, '');
}

/** Bitcoin is XBT at Kraken and BTC to most traders; doge likewise is XDG. */
const assetNames: Readonly<Record<string, readonly string[]>> = {
  XBT: ['BTC'],
  BTC: ['XBT'],
  XDG: ['DOGE'],
  DOGE: ['XDG'],
};

/** @returns every spelling by which a trader may mean this contract, most specific first. */
export function aliasesOf(symbol: string, base: string, quote: string, id: string): readonly string[] {
  const bases = [base, ...(assetNames[base.toUpperCase()] ?? [])];
  const pairs = bases.flatMap((name) => [`${name}${quote}`, name]);
  return [...new Set([symbol, id, ...pairs].map(normalizeSymbol))];
}

/**
 * @returns the market that a text means, by symbol, id or alias. An exact symbol or id wins over an alias;
 *   among aliases the first in the list wins, so venues list their main contracts first.
 */
export function findMarket(markets: readonly Market[], text: string): Market | undefined {
  const wanted = normalizeSymbol(text);
  if (wanted === '') return undefined;
  const exact = markets.find(
    (market) => normalizeSymbol(market.symbol) === wanted || normalizeSymbol(market.id) === wanted,
  );
  return exact ?? markets.find((market) => market.aliases.includes(wanted));
}

/** @throws Failure LEVERAGE_OUTSIDE_BOUNDS or LEVERAGE_OFF_STEP when the market cannot take this leverage. */
export function assertWithinBounds(market: Market, leverage: Leverage): void {
  const { min, max, step } = market.bounds;
  const value = new Big(leverage);
  const isTooHigh = (multiple: Big) => max !== undefined && multiple.gt(max);
  if (value.lt(min) || isTooHigh(value)) {
    const range = { min, ...(max !== undefined && { max }) };
    throw new Failure({ code: 'LEVERAGE_OUTSIDE_BOUNDS', leverage, market: market.symbol, ...range });
  }
  const lower = value.div(step).round(0, Big.roundDown).times(step);
  if (lower.eq(value)) return;
  const nearest = [lower, lower.plus(step)]
    .filter((near) => near.gte(min) && !isTooHigh(near))
    .map((near) => near.toFixed());
  throw new Failure({ code: 'LEVERAGE_OFF_STEP', leverage, market: market.symbol, step, nearest });
}
