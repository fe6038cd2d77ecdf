import { Big } from 'big.js';
import type { KrakenInstrument, MarginLevel } from './kraken-instruments.ts';
import type { KrakenHoldings, KrakenPosition, KrakenRule } from './kraken-state.ts';

/** An isolated leverage as decimal text, or cross. */
type Wanted = string | 'cross';

const sum = (amounts: readonly Big[]): Big => amounts.reduce((total, amount) => total.plus(amount), new Big(0));

const notional = ({ size, price }: KrakenPosition): Big => new Big(size).abs().times(price);

const levelsFor = (instrument: KrakenInstrument, retail: boolean): readonly MarginLevel[] =>
  retail ? instrument.retailMarginLevels : instrument.marginLevels;

const levelAt = (levels: readonly MarginLevel[], amount: Big): MarginLevel | undefined =>
  levels.findLast(({ from }) => amount.gte(from)) ?? levels[0];

/** The maximum is no field: it follows from the first tier, and falls with the position's size. */
export function maxLeverage(instrument: KrakenInstrument, account: KrakenHoldings): Big {
  const held = account.positions.filter(({ symbol }) => symbol === instrument.symbol).map(notional);
  const level = levelAt(levelsFor(instrument, account.retail), sum(held));
  return level ? new Big(1).div(level.initialMargin).round(2, Big.roundDown) : new Big(1);
}

export type MarginView = {
  readonly account: KrakenHoldings;
  findInstrument(symbol: string): KrakenInstrument | undefined;
};

function marginRate(position: KrakenPosition, wanted: Wanted, { account, findInstrument }: MarginView): Big {
  if (wanted !== 'cross') return new Big(1).div(wanted);
  const instrument = findInstrument(position.symbol);
  const level = instrument && levelAt(levelsFor(instrument, account.retail), notional(position));
  return new Big(level?.initialMargin ?? 1);
}

const settingOf = ({ isolated }: KrakenHoldings, symbol: string): Wanted => isolated.get(symbol) ?? 'cross';

/** Initial margin of all positions, with one market's setting replaced if asked for. */
export const initialMargin = (view: MarginView, changed?: { symbol: string; wanted: Wanted }): Big =>
  sum(
    view.account.positions.map((position) => {
      const present = settingOf(view.account, position.symbol);
      const wanted = changed?.symbol === position.symbol ? changed.wanted : present;
      return notional(position).times(marginRate(position, wanted, view));
    }),
  );

export const maintenanceMargin = ({ account, findInstrument }: MarginView): Big =>
  sum(
    account.positions.map((position) => {
      const instrument = findInstrument(position.symbol);
      const level = instrument && levelAt(levelsFor(instrument, account.retail), notional(position));
      return notional(position).times(level?.maintenanceMargin ?? 0);
    }),
  );

type Market = {
  readonly instrument: KrakenInstrument;
  readonly retail: boolean;
};

/** Isolated at this leverage the position would already be past its liquidation price. */
function isPastLiquidation(position: KrakenPosition, leverage: string, { instrument, retail }: Market): boolean {
  const rate = new Big(levelAt(levelsFor(instrument, retail), notional(position))?.maintenanceMargin ?? 0);
  const cushion = new Big(1).div(leverage).minus(rate);
  const entry = new Big(position.price);
  if (position.side === 'long') return entry.times(new Big(1).minus(cushion)).gte(instrument.markPrice);
  return entry.times(cushion.plus(1)).lte(instrument.markPrice);
}

function holds(rule: KrakenRule, symbol: string, wanted: Wanted): boolean {
  if (rule.symbol !== symbol) return false;
  if (wanted === 'cross') return rule.cross === true;
  if (rule.cross === true) return false;
  if (rule.below !== undefined && new Big(wanted).gte(rule.below)) return false;
  return rule.above === undefined || new Big(wanted).gt(rule.above);
}

/**
 * Why the venue would refuse this setting for the sake of margin: a seeded rule; a position whose margin would exceed
 * the collateral (lowering leverage needs more); or one that would be liquidated at once.
 */
export function marginRefusal(view: MarginView, instrument: KrakenInstrument, wanted: Wanted): number | undefined {
  const { account } = view;
  const { symbol } = instrument;
  const rule = account.rules.find((known) => holds(known, symbol, wanted));
  if (rule) return rule.code;
  const open = account.positions.filter((position) => position.symbol === symbol);
  if (open.length === 0) return undefined;
  if (initialMargin(view, { symbol, wanted }).gt(account.collateral)) return 41;
  if (wanted === 'cross') return undefined;
  return open.some((position) => isPastLiquidation(position, wanted, { instrument, retail: account.retail }))
    ? 41
    : undefined;
}
