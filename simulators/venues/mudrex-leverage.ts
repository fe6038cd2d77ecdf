import { Big } from 'big.js';
import { z } from 'zod';
import type { Call, Execution } from './call.ts';
import type { MudrexMarket } from './mudrex-markets.ts';
import { refusals, succeeded } from './mudrex-replies.ts';
import { type MudrexAccount, type MudrexCurrency, settingKey } from './mudrex-state.ts';
import type { Answer } from './raw-replies.ts';
import type { WriteLogEntry } from './write-log.ts';

/**
 * How a setting is shown: the seed's `Leverage` and `MarginType`, or the names used since mid-2026.
 *
 * @see the seed "Set leverage by asset id/symbol", and the page "Leverage by asset id/symbol"
 */
export type MudrexShape = 'seed' | '2026';

/** Everything a route needs to answer. */
type LeverageRoute = {
  readonly account: MudrexAccount;
  readonly market: MudrexMarket;
  readonly shape: MudrexShape;
  readonly call: Call;
  readonly execution: Execution;
};

const shown = (leverage: string, currency: MudrexCurrency, shape: MudrexShape) =>
  shape === 'seed'
    ? { Leverage: leverage, MarginType: 'ISOLATED' }
    : { leverage, margin_type: 'ISOLATED', collateral_currency_id: currency === 'USDT' ? 0 : 1 };

const currencySchema = z.enum(['USDT', 'INR']);

/** Left out means USDT; anything unknown is refused rather than guessed. */
export const readCurrency = (value: unknown): MudrexCurrency | undefined =>
  value === undefined || value === null ? 'USDT' : currencySchema.safeParse(value).data;

export function readLeverage({ account, market, shape, call, execution }: LeverageRoute): Answer {
  const currency = readCurrency(call.params.get('trade_currency'));
  if (!currency) return refusals.currency();
  const key = settingKey(market.symbol, currency);
  const old = execution === 'old value' && account.lastChange?.key === key ? account.lastChange : undefined;
  const leverage = old ? old.before : account.leverages.get(key);
  return leverage === undefined ? refusals.notSet() : succeeded(shown(leverage, currency, shape));
}

const bodySchema = z.object({
  leverage: z.number(),
  margin_type: z.literal('ISOLATED').optional(),
  trade_currency: z.unknown().optional(),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readBody(call: Call) {
  const isJson = /^application\/json\b/i.test(call.header('content-type') ?? '');
  return isJson ? bodySchema.safeParse(parseJson(call.body)).data : undefined;
}

const permits = (market: MudrexMarket, leverage: Big): boolean =>
  leverage.gte(market.minLeverage) && leverage.lte(market.maxLeverage) && leverage.mod(market.leverageStep).eq(0);

/** The currency counts in the body only; in the query it is ignored, so that USDT is what gets set. */
export function setLeverage(
  { account, market, shape, call, execution }: LeverageRoute,
  record: (entry: WriteLogEntry) => void,
): Answer {
  const body = readBody(call);
  if (!body) return refusals.params();
  const currency = readCurrency(body.trade_currency);
  if (!currency) return refusals.currency();
  const wanted = new Big(String(body.leverage));
  if (!permits(market, wanted)) return refusals.outOfRange();

  const leverage = wanted.toFixed();
  if (execution !== 'no-effect') {
    const key = settingKey(market.symbol, currency);
    account.lastChange = { key, before: account.leverages.get(key) };
    account.leverages.set(key, leverage);
    record({ at: call.at, account: account.id, market: market.symbol, currency, mode: 'isolated', leverage });
  }
  return succeeded(shown(leverage, currency, shape));
}
