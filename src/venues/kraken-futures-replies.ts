import { z } from 'zod';
import type { Refusal } from '../errors.ts';
import { normalizeSymbol } from '../leverage/market.ts';
import { type CurrentSetting, leverageFromReply } from '../leverage/setting.ts';
import type { MarketSetting } from '../leverage/venue.ts';
import { parseJson } from '../parse-json.ts';
import { emptied, type ListReply, oursOnly, type RowAbout } from './list-reply.ts';
import type { Judge } from './venue-api.ts';
import { breakdowns, decimal, positive, type Refused, readSuccess, refused, silent, type Verdict } from './verdict.ts';

/** The seed's error strings, then two that clients have seen. */
const refusals: ReadonlyMap<string, Refusal> = new Map([
  ['accountInactive', 'account-inactive'],
  // It counts the calls of an IP address, not of a key.
  ['apiLimitExceeded', 'address-rate-limited'],
  ['authenticationError', 'key-rejected'],
  ['insufficientFunds', 'insufficient-margin'],
  ['invalidAccount', 'account-invalid'],
  ['invalidAmount', 'invalid-request'],
  ['invalidArgument', 'invalid-request'],
  ['invalidUnit', 'invalid-request'],
  ['Json Parse Error', 'invalid-request'],
  ['marketUnavailable', 'market-unavailable'],
  ['nonceBelowThreshold', 'nonce'],
  ['nonceDuplicate', 'nonce'],
  ['notFound', 'unknown-market'],
  ['requiredArgumentMissing', 'invalid-request'],
  ['Server Error', 'venue-error'],
  ['Unavailable', 'venue-unavailable'],
  ['unknownError', 'venue-error'],
  ['insufficientPrivileges', 'key-lacks-permission'],
  ['contractNotFound', 'unknown-market'],
]);

/** 41, 87 and 88 are the seed's; 92 was seen by clients. */
const refusalsByCode: ReadonlyMap<number, Refusal> = new Map([
  [41, 'would-liquidate'],
  [87, 'unknown-market'],
  [88, 'market-not-isolated-capable'],
  [92, 'insufficient-margin'],
]);

/** The only words of an error that may be shown: the names of our own arguments. */
const argumentNames = ['symbol', 'maxLeverage'];

const errorBody = z.object({
  result: z.literal('error'),
  error: z.unknown().optional(),
  errors: z.array(z.unknown()).nullish(),
});
const coded = z.object({ code: z.union([z.number(), z.string().regex(/^[0-9]{1,6}$/)]).transform(Number) });

/**
 * Reads the three error shapes, also mixed and whatever the HTTP status: a name in `error`, names in `errors`, codes in
 * `errors`.
 *
 * @returns undefined where no documented error proves that the venue refused, or where one stands beside an unlisted one.
 */
function readError(status: number, json: unknown): Verdict<never> | undefined {
  if (status === 429) return refused('address-rate-limited');
  const body = errorBody.safeParse(json);
  if (!body.success) return undefined;
  const { error, errors } = body.data;
  const entries = [...(error == null ? [] : [error]), ...(errors ?? [])];
  const known = entries.map(refusalOf).filter((refusal) => refusal !== undefined);
  if (known.length < entries.length) return undefined;
  const isBreakdown = ({ refusal }: Refused) => breakdowns.has(refusal);
  // A code says more than a name, but neither counts beside an error that says only that something broke.
  return known.find(isBreakdown) ?? known.find((_one, index) => typeof entries[index] !== 'string') ?? known[0];
}

function refusalOf(entry: unknown): Refused | undefined {
  if (typeof entry === 'string') return refusalOfName(entry);
  const refusal = refusalsByCode.get(coded.safeParse(entry).data?.code ?? Number.NaN);
  return refusal && refused(refusal);
}

/** Names may carry a suffix: "invalidArgument: symbol". */
function refusalOfName(text: string): Refused | undefined {
  const [name = '', argument = ''] = text.split(':').map((part) => part.trim());
  // The number that we send is well formed, so what Kraken does not take is its size.
  if (name === 'invalidArgument' && argument === 'maxLeverage') return refused('leverage-out-of-range', argument);
  const refusal = refusals.get(name);
  const detail = argumentNames.find((one) => one === argument);
  return refusal && refused(refusal, detail);
}

/** Judges an answer that must say `result: "success"` and have this shape. */
export function expecting<S extends z.ZodType>(schema: S): Judge<z.output<S>> {
  return (answer) => {
    const json = parseJson(answer.text);
    // Kraken answers 200 with result:"error"; the status alone proves nothing.
    return readError(answer.status, json) ?? readSuccess(schema, answer, json);
  };
}

const result = z.literal('success');

export const applied = z.object({
  result,
  serverTime: z.string(),
  error: z.never().optional(),
  errors: z.never().optional(),
});

/** `PF_XBTUSD`, `FF_XBTUSD_261225` */
export const contractSymbol = z.string().regex(/^[A-Za-z]{2}_[0-9A-Za-z_]{1,40}$/);

const preference = z
  .object({
    symbol: contractSymbol,
    maxLeverage: z.union([z.string(), z.number()]),
  })
  .transform(({ symbol, maxLeverage }, context): MarketSetting => {
    const leverage = leverageFromReply(maxLeverage);
    if (leverage !== undefined) return { symbol: symbol.toUpperCase(), setting: { mode: 'isolated', leverage } };
    context.addIssue({ code: 'custom', message: 'not a leverage' });
    return z.NEVER;
  });

const preferenceName = preference.in.pick({ symbol: true });

/** A reply of Kraken that is one list, which must be there: without it nothing is known. */
export const around = (name: string) => expecting(z.object({ result, [name]: emptied }));

type PreferenceRow = MarketSetting | { readonly unread: string | undefined };

/**
 * A row that cannot be read is named by its market in `unread`; one that does not
 * even name it could be about any.
 */
const preferenceRows = {
  name: 'leveragePreferences',
  around: around('leveragePreferences'),
  row: (row: unknown): PreferenceRow =>
    preference.safeParse(row).data ?? { unread: preferenceName.safeParse(row).data?.symbol.toUpperCase() },
};

function sortPreferences(rows: readonly PreferenceRow[]) {
  const odd = rows.flatMap((row) => ('unread' in row ? [row.unread] : []));
  const unread = odd.filter((symbol) => symbol !== undefined);
  const settings = rows.flatMap((row) => ('unread' in row ? [] : [row]));
  return { settings, unread, hasUnnamed: unread.length < odd.length };
}

export const preferences: ListReply<PreferenceRow, ReturnType<typeof sortPreferences>> = {
  ...preferenceRows,
  conclude: (rows) => ({ kind: 'ok', value: sortPreferences(rows) }),
};

/** Only isolated markets are listed. */
export const unlisted = 'cross';

/** The setting of one market; rows about others may look as they like. */
export function preferenceOf(symbol: string): ListReply<PreferenceRow, CurrentSetting> {
  return {
    ...preferenceRows,
    conclude: (rows) => {
      const { settings, unread, hasUnnamed } = sortPreferences(rows);
      if (hasUnnamed || unread.includes(symbol)) return silent('unreadable');
      const found = settings.find((one) => one.symbol === symbol);
      return { kind: 'ok', value: found?.setting ?? { mode: unlisted } };
    },
  };
}

const named = z.object({ symbol: z.string() });

/** The rows about one symbol must be readable, and so must every row's symbol. */
function rowAbout<S extends z.ZodType>(symbol: string, schema: S) {
  return (row: unknown): RowAbout<z.output<S>> => {
    const { data: head } = named.safeParse(row);
    if (head === undefined) return { kind: 'unreadable' };
    if (normalizeSymbol(head.symbol) !== normalizeSymbol(symbol)) return { kind: 'other' };
    const read = schema.safeParse(row);
    return read.success ? { kind: 'ours', value: read.data } : { kind: 'unreadable' };
  };
}

/** Rows about one symbol, each as `schema` reads it. */
function rowsAbout<S extends z.ZodType>(list: string, symbol: string, schema: S) {
  return { name: list, around: around(list), row: rowAbout(symbol, schema), conclude: oursOnly<z.output<S>> };
}

const position = z.object({ side: z.enum(['long', 'short']), price: positive, size: decimal });

export const positionsOf = (symbol: string) => rowsAbout('openPositions', symbol, position);

/** Only how many there are matters. */
export const ordersOf = (symbol: string) =>
  rowsAbout(
    'openOrders',
    symbol,
    z.unknown().transform(() => true),
  );

const ticker = z.object({ symbol: z.string(), markPrice: positive });

/** One symbol's ticker comes as `ticker`, all of them as `tickers`. */
export const markPriceOf = (symbol: string) =>
  z
    .object({ result, ticker })
    .transform((body) => (body.ticker.symbol.toUpperCase() === symbol ? body.ticker.markPrice : undefined));

export const markPricesOf = (symbol: string) =>
  rowsAbout(
    'tickers',
    symbol,
    ticker.transform((row) => row.markPrice),
  );

export const permissions = z
  .object({
    permissions: z.object({
      // Whatever else it says, what may be transferred is still to be read.
      general: z.enum(['NO_ACCESS', 'READ_ONLY', 'FULL_ACCESS']).or(z.unknown().transform(() => 'UNKNOWN' as const)),
      transfer: z.string(),
    }),
  })
  .transform((body) => body.permissions);

/** The authentication service answers 401 to a key that it does not know, in a shape of its own. */
export const judgeKey: Judge<z.output<typeof permissions>> = (answer) =>
  answer.status === 401 ? refused('key-rejected') : expecting(permissions)(answer);
