import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Refusal } from '../errors.ts';
import { aliasesOf, type Market, normalizeSymbol } from '../leverage/market.ts';
import { type CurrentSetting, isSameSetting, type LeverageSetting, leverageFromReply } from '../leverage/setting.ts';
import type { MarketAndCurrency } from '../leverage/venue.ts';
import { parseJson } from '../parse-json.ts';
import { emptied, type ListReply, oursOnly, type RowAbout } from './list-reply.ts';
import type { Judge } from './venue-api.ts';
import { type Answer, decimal, positive, readSuccess, refused, silent, type Verdict } from './verdict.ts';

/** Never set, which is not 1x. */
const notSet = 'leverage not found';

/** Whole lower-cased texts. Never a part of one: "gene-rate-d" is not a rate limit. */
const refusals: ReadonlyMap<string, Refusal> = new Map([
  ['leverage out of permissible range', 'leverage-out-of-range'],
  ['invalid asset id', 'unknown-market'],
  ['asset not found', 'unknown-market'],
  // Never set, which only a reading can meet; what it means there is read by its text.
  [notSet, 'invalid-request'],
  ['params error', 'invalid-request'],
  ['invalid trade currency', 'invalid-currency'],
  ['insufficient balance', 'insufficient-margin'],
  ['insufficient funds', 'insufficient-margin'],
  ['invalid authentication', 'key-rejected'],
  ['rate limit exceeded', 'rate-limited'],
]);

/** Statuses that are documented with the error shape; their texts vary. */
const refusalsByStatus: ReadonlyMap<number, Refusal> = new Map([
  [403, 'key-forbidden'],
  [404, 'unknown-market'],
  [409, 'conflict'],
]);

/** `code` mirrors the HTTP status, but for this one. */
const invalidAuthentication = 3100;

const errorBody = z.object({
  success: z.literal(false),
  errors: z
    .array(z.object({ code: z.number(), text: z.string().transform((text) => text.trim().toLowerCase()) }))
    .min(1),
});

/** @returns undefined where no documented error proves that the venue refused, or where one stands beside another. */
function readError(status: number, json: unknown): Verdict<never> | undefined {
  if (status === 429) return refused('rate-limited');
  const found = errorBody.safeParse(json).data?.errors.map(({ code, text }) => {
    if (code === invalidAuthentication) return 'key-rejected';
    return refusals.get(text) ?? (code === status ? refusalsByStatus.get(status) : undefined);
  });
  const [first] = found ?? [];
  return first === undefined || found?.includes(undefined) ? undefined : refused(first);
}

/** The seed documents a bad asset id as 400 without a body; whether it was that, looking the market up tells. */
export function isBareRefusal({ status, text }: Answer): boolean {
  return status === 400 && text.trim() === '';
}

const successBody = z.object({ success: z.literal(true), data: z.unknown() });

/** Judges an answer whose `data` must have this shape. */
export function expecting<S extends z.ZodType>(data: S): Judge<z.output<S>> {
  return (answer) => {
    const json = parseJson(answer.text);
    const success = successBody.safeParse(json);
    return readError(answer.status, json) ?? readSuccess(data, answer, success.success ? success.data.data : undefined);
  };
}

/** A reply that is one list; it is `null` when it is empty. */
const around = expecting(emptied.nullable());

type PageRow<T> = { readonly id: string; readonly value: T };

/** One page of a list, each row with what tells it from another. */
export function page<T>(read: (row: unknown) => T): ListReply<PageRow<T>, readonly PageRow<T>[]> {
  return {
    name: 'data',
    around,
    row: (row) => ({ id: idOf(row), value: read(row) }),
    conclude: (value) => ({ kind: 'ok', value }),
  };
}

const withId = z.object({ id: z.string().max(64) });

/** @returns what tells one row of a list from another, so that a page that comes twice is noticed. */
export function idOf(row: unknown): string {
  return withId.safeParse(row).data?.id ?? hash('sha256', JSON.stringify(row) ?? '', 'base64');
}

/** What the funds of an account look like; only their shape matters. */
export const funds = z.object({ balance: decimal, locked_amount: decimal });

const numeric = z.union([z.string(), z.number()]);

/** Two shapes: the seed's, and the one since mid-2026. */
const leverage = z
  .union([
    z.object({ Leverage: numeric, MarginType: z.string() }).transform((it) => [it.Leverage, it.MarginType] as const),
    z.object({ leverage: numeric, margin_type: z.string() }).transform((it) => [it.leverage, it.margin_type] as const),
  ])
  .transform(([value, marginType], context): LeverageSetting => {
    const known = leverageFromReply(value);
    if (known !== undefined && marginType.toUpperCase() === 'ISOLATED') return { mode: 'isolated', leverage: known };
    context.addIssue({ code: 'custom', message: 'not an isolated leverage' });
    return z.NEVER;
  });

/** A market whose leverage was never set answers "leverage not found", with 400 or 404, which is not 1x. */
export const judgeSetting: Judge<CurrentSetting> = (answer) => {
  const error = errorBody.safeParse(parseJson(answer.text));
  const isUnset = error.data?.errors.every(({ text }) => text === notSet);
  return isUnset ? { kind: 'ok', value: { mode: 'unset' } } : expecting(leverage)(answer);
};

/** One market; a bare refusal means that the venue does not know it. */
export const judgeMarket: Judge<Market> = (answer) =>
  isBareRefusal(answer) ? refused('unknown-market') : expecting(market)(answer);

/** Success counts only when the venue echoes what was asked for; otherwise reading back has to tell. */
export function judgeEcho(asked: LeverageSetting): Judge<LeverageSetting> {
  return (answer) => {
    const verdict = expecting(leverage)(answer);
    return verdict.kind === 'ok' && !isSameSetting(verdict.value, asked) ? silent('unreadable') : verdict;
  };
}

const asset = z.object({
  id: z.string().regex(/^[0-9A-Za-z_-]{1,64}$/),
  symbol: z.string().regex(/^[0-9A-Za-z]{2,40}$/),
  min_leverage: positive,
  max_leverage: positive,
  leverage_step: positive,
});

export const market = asset.transform((row): Market => {
  const symbol = row.symbol.toUpperCase();
  const quote = symbol.endsWith('USDT') ? 'USDT' : '';
  const base = symbol.slice(0, symbol.length - quote.length);
  // Not the id: what is typed would match the hex digits of many.
  const aliases = aliasesOf(symbol, base, quote, symbol);
  return {
    venue: 'mudrex',
    id: row.id,
    symbol,
    // A trader's BTC/USD is Mudrex's BTCUSDT: it has no other dollar.
    aliases: [...aliases, ...aliases.filter((name) => name.endsWith('USDT')).map((name) => name.slice(0, -1))],
    base,
    quote,
    bounds: { min: row.min_leverage, max: row.max_leverage, step: row.leverage_step },
    tradeable: true,
  };
});

export const price = z.object({ price: positive }).transform((it) => it.price);

/** Keys are lower-case pairs such as `btc/usdt`; rows are `[epoch seconds, open, high, low, close]`. */
const marks = z.object({ asset_ticks: z.record(z.string(), z.array(z.array(z.unknown()))) });

/** @returns the close of the newest candle; unknown pairs are left out of the reply. */
export const markPriceOf = (pair: string) =>
  marks.transform(({ asset_ticks }) => positive.safeParse(asset_ticks[pair.toLowerCase()]?.at(-1)?.[4]).data);

export const position = z.object({
  order_type: z.enum(['LONG', 'SHORT']),
  entry_price: positive,
  liquidation_price: positive.optional().catch(undefined),
});

/** What names a position or an order; a field of another type is taken for absent. */
const text = z.string().max(64).optional().catch(undefined);
const rowSchema = z.object({ symbol: text, asset_uuid: text, trade_currency: text, status: text });

type Row = z.output<typeof rowSchema>;

/** In doubt a row counts: without a readable status it is open, and without a readable currency it is in any. */
const readRow = (row: unknown): Row => rowSchema.safeParse(row).data ?? {};

const symbolOf = ({ symbol = '' }: Row) => normalizeSymbol(symbol);
const idOfAsset = ({ asset_uuid = '' }: Row) => asset_uuid.toLowerCase();
const isNamed = (row: Row) => symbolOf(row) !== '' || idOfAsset(row) !== '';

const over = new Set(['CLOSED', 'LIQUIDATED', 'FILLED', 'CANCELLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'FAILED']);

function isOpenIn(currency: string, { trade_currency = currency, status = '' }: Row): boolean {
  return trade_currency.toUpperCase() === currency && !over.has(status.toUpperCase());
}

/**
 * Reads a row of positions or orders in which one market is wanted. Rows about other markets may look as they like, but
 * an open one that does not say what it is about could be about this one.
 */
export function rowAbout<S extends z.ZodType>({ market, currency = 'USDT' }: MarketAndCurrency, schema: S) {
  return (raw: unknown): RowAbout<z.output<S>> => {
    const row = readRow(raw);
    if (!isOpenIn(currency, row)) return { kind: 'other' };
    if (!isNamed(row)) return { kind: 'unreadable' };
    if (idOfAsset(row) !== market.id.toLowerCase() && symbolOf(row) !== market.symbol) return { kind: 'other' };
    const read = schema.safeParse(raw);
    return read.success ? { kind: 'ours', value: read.data } : { kind: 'unreadable' };
  };
}

/** Only that it is there matters. */
export const order = z.unknown().transform(() => true);

/** The open positions of one market. */
export const positionsOf = (target: MarketAndCurrency) => ({
  name: 'data',
  around,
  row: rowAbout(target, position),
  conclude: oursOnly<z.output<typeof position>>,
});

/** Which market an open position or order names. */
export type NamedRow =
  | { readonly kind: 'symbol' | 'id'; readonly name: string }
  | { readonly kind: 'unnamed' | 'over' };

export const nameIn =
  (currency = 'USDT') =>
  (raw: unknown): NamedRow => {
    const row = readRow(raw);
    if (!isOpenIn(currency, row)) return { kind: 'over' };
    if (symbolOf(row) !== '') return { kind: 'symbol', name: symbolOf(row) };
    return isNamed(row) ? { kind: 'id', name: idOfAsset(row) } : { kind: 'unnamed' };
  };
