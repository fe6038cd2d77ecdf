import { Big } from 'big.js';
import { z } from 'zod';
import type { Execution } from './call.ts';
import type { KrakenInstrument } from './kraken-instruments.ts';
import { marginRefusal, maxLeverage } from './kraken-margin.ts';
import { type Frame, numeral } from './kraken-unified-frames.ts';
import type { UnifiedAccount } from './kraken-unified-state.ts';
import type { UnifiedWorld } from './kraken-unified-world.ts';

/** Decimal text, or cross margin. */
type Wanted = string | 'cross';

type Preference =
  | { readonly kind: 'set'; readonly symbol: string; readonly result: object; readonly isStored: boolean }
  | { readonly kind: 'refused'; readonly error: string };

const refuse = (error: string): Preference => ({ kind: 'refused', error });

/** The texts of the page, and those for margin by the codes of the old API. */
const outside = 'Leverage is outside the permitted range for this market';
const aboveSchedule = "Leverage exceeds the market's margin schedule";
const marginTexts: Readonly<Record<number, string>> = {
  41: 'Leverage change would cause liquidation',
  92: 'Insufficient margin for the requested leverage',
};

const form = z.object({ symbol: z.unknown().optional(), max_leverage: z.unknown().optional() });

/**
 * A JSON number is fixed leverage (isolated margin), an explicit null is cross margin, and leaving it out is refused. The
 * minimum of 1 and the step are not published; the old API showed two places.
 */
function readWanted(params: z.output<typeof form>, step: string): Wanted | { readonly error: string } {
  const field = "'params.leverage_mode.max_leverage'";
  if (!('max_leverage' in params)) return { error: `${field} is required` };
  if (params.max_leverage === null) return 'cross';
  const text = numeral.safeParse(params.max_leverage).data?.numeral;
  if (text === undefined) return { error: `${field} must be a number or null` };
  // Digits and a point: whatever else JSON knows would be a number that no market allows.
  if (!/^\d{1,9}(\.\d{1,40})?$/.test(text)) return { error: outside };
  const leverage = new Big(text);
  return leverage.gte(1) && leverage.mod(step).eq(0) ? leverage.toFixed() : { error: outside };
}

function engineRefusal(
  world: UnifiedWorld,
  account: UnifiedAccount,
  instrument: KrakenInstrument,
  wanted: Wanted,
): string | undefined {
  const isClosed = world.switches.rejectsWhenDisabled && account.futures === 'disabled';
  const isOpen = instrument.type === 'flexible_futures' && instrument.tradeable && !isClosed;
  const isSame = (account.isolated.get(instrument.symbol) ?? 'cross') === wanted;
  if (!isOpen || (isSame && world.switches.rejectsSameValue)) return 'Leverage change rejected';
  if (wanted !== 'cross' && maxLeverage(instrument, account).lt(wanted)) return aboveSchedule;
  const findInstrument = (symbol: string) => world.instruments.find((known) => known.symbol === symbol);
  const code = marginRefusal({ account, findInstrument }, instrument, wanted);
  return code === undefined ? undefined : marginTexts[code];
}

/**
 * Carries out `set_preference` for the account of the token; every text that the page names is used as it stands there,
 * those about missing or quoted values are made up, since the page does not show them.
 *
 * @see docs.kraken.com, Unified WebSocket, Set Preference
 */
export function setPreference(
  world: UnifiedWorld,
  account: UnifiedAccount,
  { params, at }: Frame,
  execution: Execution,
): Preference {
  if (params.asset_class !== 'derivatives') return refuse("'params.asset_class' must be derivatives");
  const mode = form.safeParse(params.leverage_mode);
  if (!mode.success) return refuse("'params.leverage_mode' is required");
  const instrument = world.instruments.find(({ symbol }) => symbol === mode.data.symbol);
  if (instrument === undefined) return refuse("Unknown 'params.leverage_mode.symbol'");
  const wanted = readWanted(mode.data, world.switches.leverageStep);
  if (typeof wanted === 'object') return refuse(wanted.error);
  const refusal = engineRefusal(world, account, instrument, wanted);
  if (refusal !== undefined) return refuse(refusal);
  const { symbol } = instrument;
  const leverage = wanted === 'cross' ? undefined : wanted;
  const isStored = execution !== 'no-effect';
  if (isStored) store(account, symbol, leverage);
  const entry = { at, account: account.id, market: symbol, currency: undefined, leverage };
  if (isStored) world.record({ ...entry, mode: leverage === undefined ? 'cross' : 'isolated' });
  return { kind: 'set', symbol, result: resultOf(world, symbol, leverage), isStored };
}

function store(account: UnifiedAccount, symbol: string, leverage: string | undefined): void {
  account.lastChange = { symbol, before: account.isolated.get(symbol) };
  if (leverage === undefined) account.isolated.delete(symbol);
  else account.isolated.set(symbol, leverage);
}

/** What stands in `result` is not documented. */
function resultOf({ switches }: UnifiedWorld, symbol: string, leverage: string | undefined): object {
  const common = { asset_class: 'derivatives' };
  if (switches.echo === 'none') return common;
  const stored = leverage === undefined ? null : Number(leverage);
  const echoed = switches.echo === 'equal' ? stored : (stored ?? 1) + 1;
  return { ...common, leverage_mode: { symbol, max_leverage: echoed } };
}
