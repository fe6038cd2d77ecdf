import { z } from 'zod';
import type { Credentials } from '../account.ts';
import { Failure } from '../errors.ts';
import { assertWithinBounds, boundsSchema, type Market } from './market.ts';
import { type Distance, distanceToLiquidation, type Risk, risksOf } from './risk.ts';
import { type CurrentSetting, currentSchema, isSameSetting, type LeverageSetting } from './setting.ts';
import type { MarketAndCurrency, OpenOrders, Position, Venue, VenueWarning } from './venue.ts';

/** What the card was based on; a difference at the click makes it stale. */
export const seenSchema = z.object({
  current: currentSchema,
  position: z.enum(['none', 'long', 'short']),
  hasOpenOrders: z.boolean(),
  bounds: boundsSchema,
  isRisky: z.boolean(),
});
export type Seen = Readonly<z.infer<typeof seenSchema>>;

/** What a venue holds for one market just now, and what a new setting would mean. No sizes, balances or PnL. */
export type Preview = {
  readonly market: Market;
  readonly currency?: string;
  readonly setting: LeverageSetting;
  readonly current: CurrentSetting;
  readonly position?: Position;
  readonly openOrders: OpenOrders;
  readonly distance?: Distance;
  readonly risks: readonly Risk[];
  /** None where the venue tells of no such things. */
  readonly warnings: readonly VenueWarning[];
};

/**
 * Reads everything that a card shows, in parallel, and checks the leverage against the market's bounds.
 *
 * @param request.market - What the trader typed, or the symbol of a card that is checked again.
 * @param request.riskPercent - A liquidation nearer than this (percent of the mark price) is risky.
 * @throws Failure of the venue's reads, LEVERAGE_OUTSIDE_BOUNDS, LEVERAGE_OFF_STEP, MARKET_NOT_TRADEABLE
 */
export async function preview(
  venue: Venue,
  credentials: Credentials,
  request: {
    readonly market: string;
    readonly currency?: string;
    readonly setting: LeverageSetting;
    readonly riskPercent: number;
  },
): Promise<Preview> {
  const { setting, riskPercent } = request;
  const market = await venue.readMarket(credentials, request.market);
  if (!market.tradeable) throw new Failure({ code: 'MARKET_NOT_TRADEABLE', venue: venue.label, market: market.symbol });
  if (setting.mode === 'isolated') assertWithinBounds(market, setting.leverage);
  const target: MarketAndCurrency =
    request.currency === undefined ? { market } : { market, currency: request.currency };
  const [current, position, openOrders, warnings] = await Promise.all([
    venue.readSetting(credentials, target),
    venue.readPosition(credentials, target),
    venue.readOpenOrders(credentials, target),
    venue.readWarnings?.(credentials, target) ?? [],
  ]);
  const risk = riskOf(market, current, position, setting, riskPercent);
  return { ...target, setting, current, openOrders, warnings, ...(position && { position }), ...risk };
}

function riskOf(
  market: Market,
  current: CurrentSetting,
  position: Position | undefined,
  setting: LeverageSetting,
  riskPercent: number,
): Pick<Preview, 'distance' | 'risks'> {
  if (position === undefined) return { risks: risksOf(market, setting, undefined, riskPercent) };
  const distance = distanceToLiquidation(position, current, setting);
  return { distance, risks: risksOf(market, setting, distance, riskPercent) };
}

/** The part of a preview that must still hold at the click. */
export function seenIn(preview: Preview): Seen {
  return {
    current: preview.current,
    position: preview.position?.side ?? 'none',
    hasOpenOrders: preview.openOrders.count > 0,
    bounds: preview.market.bounds,
    isRisky: preview.risks.length > 0,
  };
}

export function isStale(seen: Seen, fresh: Seen): boolean {
  const sameBounds = (['min', 'max', 'step'] as const).every((name) => seen.bounds[name] === fresh.bounds[name]);
  return !(
    sameBounds &&
    !isMoved(seen.current, fresh.current) &&
    seen.position === fresh.position &&
    seen.hasOpenOrders === fresh.hasOpenOrders &&
    seen.isRisky === fresh.isRisky
  );
}

/** What one of two reads did not tell is no difference. */
function isMoved(before: CurrentSetting, after: CurrentSetting): boolean {
  if (before.mode === 'unknown' || after.mode === 'unknown') return false;
  return !isSameSetting(before, after);
}
