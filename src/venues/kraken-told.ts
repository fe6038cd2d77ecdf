import { z } from 'zod';
import type { Silence } from '../errors.ts';
import type { Memory } from './kraken-connection.ts';
import type { PrivateReading } from './kraken-connections.ts';
import { type Frame, frameOf, symbolText } from './kraken-replies.ts';
import { emptied } from './list-reply.ts';
import { decimal, positive, silent, type Verdict } from './verdict.ts';

/** What an account's verification allows it to do with futures. */
export type FuturesPermission = 'enabled' | 'reduce_only' | 'disabled';

/** What the exchange says of itself. */
export type SystemStatus = { readonly system: string; readonly upcoming: readonly Upcoming[] };

/** A maintenance that is announced: how near it is, and what of the exchange it stops. */
export type Upcoming = z.output<typeof upcoming>;

export type OpenPosition = z.output<typeof position>;

/** Rows by name; `broken` once something came that could be about any market. */
type Rows<Row> =
  | { readonly kind: 'told'; readonly rows: Map<string, Row> }
  | { readonly kind: 'broken'; silence: Silence };

/** What one private connection has told so far. */
export type Told = {
  hasPreferences: boolean;
  permission: FuturesPermission | undefined;
  status: SystemStatus | undefined;
  /** By symbol, from a snapshot on. */
  positions: Rows<OpenPosition | 'unreadable' | 'closed'> | undefined;
  /** Markets of open orders by order, from a snapshot on. */
  orders: Rows<string> | undefined;
};

export type KrakenMemory = Memory & { readonly told: Told };

export function createMemory(): KrakenMemory {
  const told: Told = {
    hasPreferences: false,
    permission: undefined,
    status: undefined,
    positions: undefined,
    orders: undefined,
  };
  return { told, take: (text) => take(told, text) };
}

/** @throws Error for what is no message: of such a connection nothing can be relied on. */
function take(told: Told, text: string): void {
  const frame = frameOf(text);
  if (frame === undefined) throw new Error('a message that cannot be read');
  switch (frame.channel) {
    case 'preferences':
      told.hasPreferences = true;
      told.permission = permissionIn([frame.data, ...frame.rows()]) ?? told.permission;
      return;
    case 'status':
      told.status = statusOf(frame) ?? told.status;
      return;
    case 'positions':
      told.positions = positionsAfter(told.positions, frame);
      return;
    case 'executions':
      told.orders = ordersAfter(told.orders, frame);
      return;
  }
}

const permission = z.enum(['enabled', 'reduce_only', 'disabled']);

/** The name of the field is not known (?): the one that speaks of futures, or the only one with such a value. */
function permissionIn(holders: readonly unknown[]): FuturesPermission | undefined {
  const fields = holders.flatMap((holder) =>
    Object.entries(z.record(z.string(), z.unknown()).safeParse(holder).data ?? {}),
  );
  const found = fields.flatMap(([name, value]) => {
    const { data } = permission.safeParse(value);
    return data === undefined ? [] : [{ name, data }];
  });
  const named = found.filter(({ name }) => /future|perp|deriv/i.test(name));
  const [only, ...others] = named.length > 0 ? named : found;
  return others.length === 0 ? only?.data : undefined;
}

const upcoming = z.object({
  proximity: z.string(),
  services: z.array(z.string()).optional().catch(undefined),
});
const status = z.object({ system: z.string(), upcoming_maintenance: z.array(z.unknown()).optional().catch(undefined) });

/** @see docs.kraken.com/exchange/api-reference/unified-ws/status */
export function statusOf(frame: Frame): SystemStatus | undefined {
  const row = frame.rows().at(-1) ?? frame.data;
  const { data } = status.safeParse(row);
  if (data === undefined) return undefined;
  const announced = (data.upcoming_maintenance ?? []).flatMap((one) => upcoming.safeParse(one).data ?? []);
  return { system: data.system, upcoming: announced };
}

const named = z.object({ symbol: symbolText });
const sized = z.object({ size: decimal });
const position = z.object({
  symbol: symbolText,
  /** Below zero for a short one. */
  size: decimal,
  entry_price: positive,
  mark_price: positive.optional().catch(undefined),
  maintenance_margin: positive.optional().catch(undefined),
});

/** At most so many positions, and so many orders, are kept of one connection. */
const mostRows = 10_000;

const broken = (silence: Silence) => ({ kind: 'broken', silence }) as const;

/** `snapshot_too_large` comes with empty lists, which are then not "no positions". */
function positionsAfter(before: Told['positions'], frame: Frame): Told['positions'] {
  if (frame.error !== undefined) return broken(frame.error === 'snapshot_too_large' ? 'too-large' : 'unreadable');
  if (!z.object({ futures: emptied }).safeParse(frame.data).success) return broken('unreadable');
  const start = frame.type === 'snapshot' ? { kind: 'told' as const, rows: new Map() } : before;
  if (start?.kind !== 'told') return start;
  for (const row of frame.futures()) {
    const symbol = named.safeParse(row).data?.symbol;
    // It could be about any market.
    if (symbol === undefined) return broken('unreadable');
    if (start.rows.size >= mostRows && !start.rows.has(symbol)) return broken('unreadable');
    start.rows.set(symbol, readPosition(row));
  }
  return start;
}

function readPosition(row: unknown): OpenPosition | 'unreadable' | 'closed' {
  if (sized.safeParse(row).data?.size === '0') return 'closed';
  return position.safeParse(row).data ?? 'unreadable';
}

const order = z.object({
  order_id: z.string().min(1).max(100),
  symbol: symbolText.optional(),
  order_status: z.string().optional().catch(undefined),
});

/** @see docs.kraken.com/exchange/api-reference/unified-ws/executions: as at Spot */
const overStatuses: ReadonlySet<string> = new Set(['filled', 'canceled', 'cancelled', 'expired', 'rejected']);

function ordersAfter(before: Told['orders'], frame: Frame): Told['orders'] {
  if (frame.error !== undefined || !emptied.safeParse(frame.data).success) return broken('unreadable');
  const start = frame.type === 'snapshot' ? { kind: 'told' as const, rows: new Map<string, string>() } : before;
  if (start?.kind !== 'told') return start;
  for (const row of frame.rows()) {
    const { data } = order.safeParse(row);
    const symbol = data?.symbol ?? start.rows.get(data?.order_id ?? '');
    if (data === undefined) return broken('unreadable');
    if (overStatuses.has(data.order_status ?? '')) start.rows.delete(data.order_id);
    else if (symbol === undefined || start.rows.size >= mostRows) return broken('unreadable');
    else start.rows.set(data.order_id, symbol);
  }
  return start;
}

/**
 * Waits for `preferences`, with the permission to trade futures where they name it. The first subscription of every
 * connection is documented to begin with a snapshot; where none comes there is nothing to wait for.
 */
export const preferencesRead: PrivateReading<KrakenMemory, FuturesPermission | undefined> = {
  from: ({ told }) => (told.hasPreferences ? { kind: 'ok', value: told.permission } : undefined),
  patience: { ms: 1_000, otherwise: undefined },
};

/** The position in one market; undefined until Kraken has told of all of them. */
export function positionIn({ positions }: Told, symbol: string): Verdict<OpenPosition | undefined> | undefined {
  if (positions?.kind !== 'told') return positions && silent(positions.silence);
  const row = positions.rows.get(symbol);
  if (row === 'unreadable') return silent('unreadable');
  return { kind: 'ok', value: row === 'closed' ? undefined : row };
}

/** How many orders are open in one market; undefined until Kraken has told of all of them. */
export function orderCountIn({ orders }: Told, symbol: string): Verdict<number> | undefined {
  if (orders?.kind !== 'told') return orders && silent(orders.silence);
  return { kind: 'ok', value: [...orders.rows.values()].filter((market) => market === symbol).length };
}

/** Markets with an open position, also one that cannot be read. */
export function marketsOfPositions({ positions }: Told): Verdict<readonly string[]> | undefined {
  if (positions?.kind !== 'told') return positions && silent(positions.silence);
  return { kind: 'ok', value: [...positions.rows].filter(([, row]) => row !== 'closed').map(([symbol]) => symbol) };
}

export function marketsOfOrders({ orders }: Told): Verdict<readonly string[]> | undefined {
  if (orders?.kind !== 'told') return orders && silent(orders.silence);
  return { kind: 'ok', value: [...new Set(orders.rows.values())] };
}
