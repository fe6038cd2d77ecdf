import { Big } from 'big.js';
import type { Span } from '../view.ts';
import type { Market } from './market.ts';
import type { CurrentSetting, Leverage, LeverageSetting } from './setting.ts';
import type { Position } from './venue.ts';

/**
 * How far the mark price is from liquidation, in percent of the mark price; negative when it is past it.
 *
 * - `venue`: from the venue's own liquidation price, which this setting does not change.
 * - `estimate`: isolated linear estimate, before and after; without `before` where the venue does not show what is set.
 * - `whole-account`: to or from cross it depends on everything else in the account.
 * - `unavailable`: the venue gave no price to compare with, or no margin tier.
 */
export type Distance =
  | { readonly kind: 'venue'; readonly percent: string }
  | { readonly kind: 'estimate'; readonly before?: string; readonly after: string }
  | { readonly kind: 'whole-account' }
  | { readonly kind: 'unavailable' };

/** @param setting - What is to be set; the same as `current` where nothing is. */
export function distanceToLiquidation(position: Position, current: CurrentSetting, setting: CurrentSetting): Distance {
  const { markPrice, liquidationPrice, maintenanceMargin } = position;
  if (markPrice === undefined || !new Big(markPrice).gt(0)) return { kind: 'unavailable' };
  if (liquidationPrice !== undefined) {
    return { kind: 'venue', percent: percentBetween(position.side, markPrice, new Big(liquidationPrice)) };
  }
  if (setting.mode === 'unknown') return { kind: 'unavailable' };
  const mayBeIsolated = current.mode === 'isolated' || current.mode === 'unknown';
  if (!mayBeIsolated || setting.mode !== 'isolated') return { kind: 'whole-account' };
  if (maintenanceMargin === undefined) return { kind: 'unavailable' };
  const percentAt = (leverage: Leverage) =>
    percentBetween(
      position.side,
      markPrice,
      estimateLiquidation(position.side, position.entryPrice, leverage, maintenanceMargin),
    );
  const before = current.mode === 'isolated' ? { before: percentAt(current.leverage) } : {};
  return { kind: 'estimate', ...before, after: percentAt(setting.leverage) };
}

/**
 * Isolated linear estimate of the liquidation price: long `entry × (1 − 1/L + mmr)`, short `entry × (1 + 1/L − mmr)`.
 * It leaves out fees, funding and added margin.
 */
export function estimateLiquidation(
  side: Position['side'],
  entryPrice: string,
  leverage: Leverage,
  maintenanceMargin: string,
): Big {
  const gap = new Big(1).div(leverage).minus(maintenanceMargin);
  return new Big(entryPrice).times(side === 'long' ? new Big(1).minus(gap) : gap.plus(1));
}

/** A price as its distance from the mark price, in percent of it: `-21.7` is below. */
export type Rung = {
  readonly name: 'entry' | 'mark' | 'liquidation' | 'liquidation now' | 'liquidation new';
  readonly percent: string;
};

/** The prices that matter to a position, highest first; empty where liquidation cannot be told. */
export function priceLadder({ side, entryPrice, markPrice }: Position, distance: Distance): readonly Rung[] {
  if (markPrice === undefined) return [];
  const liquidations = liquidationsOf(distance).map(([name, away]) => ({ name, percent: signed(side, away) }));
  if (liquidations.length === 0) return [];
  const entry = new Big(entryPrice).minus(markPrice).div(markPrice).times(100);
  const rungs: readonly Rung[] = [
    { name: 'entry', percent: oneDecimal(entry) },
    { name: 'mark', percent: '0.0' },
    ...liquidations,
  ];
  return rungs.toSorted((a, b) => new Big(b.percent).cmp(a.percent));
}

function liquidationsOf(distance: Distance): readonly (readonly [Rung['name'], string])[] {
  switch (distance.kind) {
    case 'venue':
      return [['liquidation', distance.percent]];
    case 'estimate':
      if (distance.before === distance.after) return [['liquidation', distance.after]];
      if (distance.before === undefined) return [['liquidation new', distance.after]];
      return [
        ['liquidation now', distance.before],
        ['liquidation new', distance.after],
      ];
    case 'whole-account':
    case 'unavailable':
      return [];
  }
}

/** A long is liquidated below the mark price, a short above it. */
function signed(side: Position['side'], away: string): string {
  return oneDecimal(side === 'long' ? new Big(away).neg() : new Big(away));
}

/** Without the `-0.0` that a small negative number would become. */
function oneDecimal(percent: Big): string {
  const rounded = percent.round(1);
  return rounded.eq(0) ? '0.0' : rounded.toFixed(1);
}

/**
 * Below how many percent liquidation of a new isolated position lies at a leverage, where the venue publishes no
 * maintenance margin: `100 / L`, rounded up.
 */
export function newOrderDistance(leverage: Leverage): string {
  return new Big(100).div(leverage).round(1, Big.roundUp).toString();
}

function percentBetween(side: Position['side'], markPrice: string, liquidationPrice: Big): string {
  const gap = side === 'long' ? new Big(markPrice).minus(liquidationPrice) : liquidationPrice.minus(markPrice);
  return gap.div(markPrice).times(100).toFixed(1);
}

/** How far liquidation is once the setting is made; undefined where nobody can tell. */
export function percentAfter(distance: Distance | undefined): string | undefined {
  if (distance?.kind === 'estimate') return distance.after;
  return distance?.kind === 'venue' ? distance.percent : undefined;
}

/** Why a change looks risky: liquidation would be nearer than the threshold, or the leverage is the market's maximum. */
export type Risk = 'near-liquidation' | 'at-maximum';

export function risksOf(
  market: Market,
  setting: LeverageSetting,
  distance: Distance | undefined,
  thresholdPercent: number,
): readonly Risk[] {
  const risks: Risk[] = [];
  const after = percentAfter(distance);
  if (after !== undefined && new Big(after).lt(thresholdPercent)) risks.push('near-liquidation');
  const { max } = market.bounds;
  const isAtMaximum = setting.mode === 'isolated' && max !== undefined && new Big(setting.leverage).gte(max);
  if (isAtMaximum) risks.push('at-maximum');
  return risks;
}

/** How far liquidation is, in words; without a change before and after are the same. */
export function distanceText(distance: Distance): readonly Span[] {
  switch (distance.kind) {
    case 'estimate': {
      const { before, after } = distance;
      if (before === undefined) return [{ strong: percentText(after) }, ' away afterwards (estimate)'];
      const change = before === after ? percentText(after) : `${percentText(before)} → ${percentText(after)}`;
      return [{ strong: change }, ' away (estimate)'];
    }
    case 'venue':
      return [{ strong: percentText(distance.percent) }, ' away'];
    case 'whole-account':
      return ['depends on your whole account (cross margin)'];
    case 'unavailable':
      return ['not known: the exchange does not say enough'];
  }
}

/** A phone must not break the line before the sign. */
export function percentText(percent: string): string {
  return `${percent}\u00a0%`;
}
