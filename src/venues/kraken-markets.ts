import { Big } from 'big.js';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import { aliasesOf, type Bounds, type Market, type Tier } from '../leverage/market.ts';
import type { Deadlines } from '../leverage/venue.ts';
import type { ConnectBudget } from './kraken-connect-budget.ts';
import { concludeList, type Listed, type ListedRow } from './kraken-list.ts';
import { createPublic, type Public } from './kraken-public.ts';
import { frameOf, judgeSubscribed, symbolText } from './kraken-replies.ts';
import type { SystemStatus } from './kraken-told.ts';
import { emptied, judgeList, type ListReply, mostCharacters } from './list-reply.ts';
import { type ApiFacts, type CallReport, countdown, failureOf, type Outcome } from './venue-api.ts';
import { type Answer, decimal, positive, silent, type Verdict } from './verdict.ts';

/** Public data over one connection that all share. */
export type KrakenMarkets = {
  /** Not older than a few minutes. @throws Failure of the venue's reads */
  readonly list: () => Promise<Listed>;
  /** Undefined where it cannot be had in time. */
  readonly markPrice: (symbol: string) => Promise<string | undefined>;
  /** What the exchange last said of itself on this connection. */
  readonly status: () => SystemStatus | undefined;
  readonly close: () => void;
};

type MarketsOptions = {
  /** The whole address, ending in `/v2/public`. */
  readonly url: string;
  readonly facts: ApiFacts;
  readonly budget: ConnectBudget;
  readonly deadlines: Deadlines;
  /** Milliseconds that have passed, whatever a clock was set to. */
  readonly elapsed: () => number;
  readonly onCall?: (call: CallReport) => void;
};

type Markets = MarketsOptions & {
  readonly connection: Public;
  known: { readonly listed: Listed; readonly at: number } | undefined;
  underWay: Promise<Listed> | undefined;
};

const freshMs = 3 * 60_000;
const patienceMs = 1_000;

export function createKrakenMarkets(options: MarketsOptions): KrakenMarkets {
  const markets: Markets = { ...options, connection: createPublic(options), known: undefined, underWay: undefined };
  return {
    list: () => list(markets),
    markPrice: (symbol) => markPrice(markets, symbol),
    status: markets.connection.status,
    close: markets.connection.close,
  };
}

async function list(markets: Markets): Promise<Listed> {
  const { known, elapsed } = markets;
  if (known !== undefined && elapsed() - known.at < freshMs) return known.listed;
  markets.underWay ??= refresh(markets).finally(() => {
    markets.underWay = undefined;
  });
  return markets.underWay;
}

async function refresh(markets: Markets): Promise<Listed> {
  const { facts, elapsed, deadlines } = markets;
  const leftMs = countdown(markets, deadlines.readMs);
  const once = () => reported(markets, readList(markets, leftMs));
  const first = await once();
  const isBroken = first.kind === 'silent' && first.silence === 'reset';
  const outcome = isBroken && leftMs() > 0 ? await once() : first;
  if (outcome.kind !== 'ok') throw new Failure(failureOf(facts, outcome));
  markets.known = { listed: outcome.value, at: elapsed() };
  return outcome.value;
}

async function reported<T>({ facts, elapsed, onCall }: Markets, call: Promise<Outcome<T>>): Promise<Outcome<T>> {
  const startedAt = elapsed();
  const outcome = await call;
  onCall?.({ venue: facts.id, kind: 'read', result: outcome.kind, durationMs: elapsed() - startedAt });
  return outcome;
}

async function readList({ connection, facts }: Markets, leftMs: () => number): Promise<Outcome<Listed>> {
  const reply = await connection.snapshot({ channel: 'instrument' }, isListOrRefusal, leftMs);
  return reply.kind === 'answered' ? judgeList(reply, instrumentsOf(facts.id)) : reply;
}

/** The answer to wait for: a refusal is in the reply to the subscription, a list in the snapshot after it. */
const isListOrRefusal = (text: string): boolean => {
  // Nothing else is so long, and only its rows are parsed.
  const frame = text.length > mostCharacters ? undefined : frameOf(text);
  return frame === undefined || (frame.channel === 'instrument' && frame.type === 'snapshot') || isRefusal(frame);
};

const isRefusal = ({ method, success }: { readonly method?: unknown; readonly success?: unknown }) =>
  method === 'subscribe' && success !== true;

/** A preview does without a mark price rather than fail or be late. */
async function markPrice(markets: Markets, symbol: string): Promise<string | undefined> {
  const leftMs = countdown(markets, Math.min(patienceMs, markets.deadlines.readMs));
  const told = (text: string): boolean => {
    const frame = frameOf(text);
    return frame === undefined || markPriceIn(text, symbol) !== undefined || isRefusal(frame);
  };
  const reading = markets.connection.snapshot({ channel: 'ticker', symbol: [symbol] }, told, leftMs);
  const outcome = await reported(
    markets,
    reading.then((reply) => priceOf(reply, symbol)),
  );
  return outcome.kind === 'ok' ? outcome.value : undefined;
}

const priceOf = (reply: Awaited<ReturnType<Public['snapshot']>>, symbol: string): Outcome<string> => {
  if (reply.kind !== 'answered') return reply;
  const value = markPriceIn(reply.text, symbol);
  return value === undefined ? silent('unreadable') : { kind: 'ok', value };
};

const ticker = z.object({ symbol: symbolText, mark_price: positive });

function markPriceIn(text: string, symbol: string): string | undefined {
  const frame = frameOf(text);
  if (frame?.channel !== 'ticker') return undefined;
  const rows = frame.rows().flatMap((row) => ticker.safeParse(row).data ?? []);
  return rows.findLast((row) => row.symbol === symbol)?.mark_price;
}

const around = (answer: Answer): Verdict<unknown> => {
  const frame = frameOf(answer.text);
  if (frame === undefined) return silent('unreadable');
  if (frame.channel !== 'instrument') return refusalIn(answer);
  const isList = z.object({ pairs: emptied }).safeParse(frame.data).success;
  return isList ? { kind: 'ok', value: undefined } : silent('unreadable');
};

/** Success without a list says nothing. */
function refusalIn(answer: Answer): Verdict<unknown> {
  const verdict = judgeSubscribed(answer);
  return verdict.kind === 'ok' ? silent('unreadable') : verdict;
}

const fraction = positive.refine((value) => new Big(value).lte(1));

/** As in the old API's list of instruments, in either spelling: whether this list has it is not known (?). */
const level = z
  .object({
    ...{
      contracts: decimal.nullish(),
      numNonContractUnits: decimal.nullish(),
      num_non_contract_units: decimal.nullish(),
    },
    ...{ initialMargin: fraction.optional(), initial_margin: fraction.optional() },
    ...{ maintenanceMargin: fraction.optional(), maintenance_margin: fraction.optional() },
  })
  .transform((row, context): Tier => {
    const value = row.numNonContractUnits ?? row.num_non_contract_units;
    const initialMargin = row.initialMargin ?? row.initial_margin;
    const maintenanceMargin = row.maintenanceMargin ?? row.maintenance_margin;
    if (initialMargin !== undefined && maintenanceMargin !== undefined) {
      const measuredIn = value == null ? 'contracts' : 'quote';
      return { fromSize: value ?? row.contracts ?? '0', measuredIn, initialMargin, maintenanceMargin };
    }
    context.addIssue({ code: 'custom', message: 'no margin' });
    return z.NEVER;
  });

const name = z.string().regex(/^[0-9A-Za-z]{1,20}$/);
const pair = z.object({
  symbol: symbolText,
  base: name.optional().catch(undefined),
  quote: name.optional().catch(undefined),
  status: z.string().optional(),
  tradeable: z.boolean().optional(),
  marginLevels: z.array(level).min(1).optional().catch(undefined),
  margin_levels: z.array(level).min(1).optional().catch(undefined),
});
const nameOnly = z.object({ symbol: z.string().max(64) });

/** @see docs.kraken.com/exchange/api-reference/unified-ws/instrument: its shape at Spot */
export function instrumentsOf(venue: string): ListReply<ListedRow, Listed> {
  return {
    name: 'data.pairs',
    besides: ['data.assets'],
    around,
    row: (row) => {
      const symbol = nameOnly.safeParse(row).data?.symbol.toUpperCase();
      if (symbol === undefined) return { kind: 'nameless' };
      if (!/^(PF|FF)_/.test(symbol)) return { kind: 'other', symbol };
      const { data } = pair.safeParse(row);
      return data === undefined ? { kind: 'unreadable', symbol } : { kind: 'market', market: marketOf(venue, data) };
    },
    conclude: concludeList,
  };
}

/** Of Spot's states, those in which nothing is traded. */
const closedStates: ReadonlySet<string> = new Set(['delisted', 'maintenance', 'work_in_progress', 'cancel_only']);

function marketOf(venue: string, row: z.output<typeof pair>): Market {
  const { symbol, status = '', tradeable = !closedStates.has(status) } = row;
  const plain = symbol.split('_')[1] ?? symbol;
  const [base, quote] = [row.base ?? plain.slice(0, -3), row.quote ?? plain.slice(-3)];
  const levels = row.marginLevels ?? row.margin_levels;
  const tiers = levels?.toSorted((a, b) => new Big(a.fromSize).cmp(b.fromSize));
  return {
    ...{ venue, id: symbol, symbol, base, quote, tradeable },
    aliases: aliasesOf(symbol, base, quote, symbol),
    bounds: boundsOf(tiers),
    ...(tiers && { tiers }),
  };
}

/**
 * Minimum and step are not published (?): Kraken's older API showed two decimals. The maximum is the inverse of the
 * first margin where the list has one; else the engine is the only one to know.
 */
function boundsOf(tiers: readonly Tier[] | undefined): Bounds {
  const first = tiers?.[0]?.initialMargin;
  const max = first === undefined ? undefined : new Big(1).div(first).round(2, Big.roundDown).toFixed();
  return { min: '1', step: '0.01', ...(max !== undefined && { max }) };
}
