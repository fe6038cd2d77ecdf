import type { Market } from '../leverage/market.ts';
import type { ListReply } from './list-reply.ts';

/** The contracts of either of Kraken's APIs, main ones first. */
export type Listed = {
  readonly markets: readonly Market[];
  /** Symbols that are listed but have no leverage setting (single-collateral contracts, indices). */
  readonly others: readonly string[];
  /** Multi-collateral contracts whose row could not be read. */
  readonly unreadable: readonly string[];
};

/** What one row of a list is. */
export type ListedRow =
  | { readonly kind: 'market'; readonly market: Market }
  | { readonly kind: 'other' | 'unreadable'; readonly symbol: string }
  | { readonly kind: 'nameless' };

/** Puts the rows of a list together. */
export const concludeList: ListReply<ListedRow, Listed>['conclude'] = (rows) => {
  const symbols = (wanted: 'other' | 'unreadable') => rows.flatMap((row) => (row.kind === wanted ? [row.symbol] : []));
  const markets = mainFirst(rows.flatMap((row) => (row.kind === 'market' ? [row.market] : [])));
  return { kind: 'ok', value: { markets, others: symbols('other'), unreadable: symbols('unreadable') } };
};

const mainBases = ['XBT', 'BTC', 'ETH', 'SOL', 'XRP'];

/** Perpetuals before dated contracts, and the main coins first. */
function mainFirst(markets: readonly Market[]): readonly Market[] {
  const rank = ({ symbol, base }: Market) => {
    const main = mainBases.indexOf(base.toUpperCase());
    return (symbol.startsWith('PF_') ? 0 : 100) + (main < 0 ? mainBases.length : main);
  };
  return markets.toSorted((a, b) => rank(a) - rank(b));
}
