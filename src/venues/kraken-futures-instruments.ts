import { Big } from 'big.js';
import { z } from 'zod';
import { aliasesOf, type Market, type Tier } from '../leverage/market.ts';
import { around, contractSymbol } from './kraken-futures-replies.ts';
import { concludeList, type Listed, type ListedRow } from './kraken-list.ts';
import type { ListReply } from './list-reply.ts';
import { decimal, positive } from './verdict.ts';

const level = z.object({
  contracts: decimal.nullish(),
  numNonContractUnits: decimal.nullish(),
  initialMargin: positive,
  maintenanceMargin: positive,
});

const instrument = z.object({
  symbol: contractSymbol,
  type: z.literal('flexible_futures'),
  base: z.string().optional(),
  quote: z.string().optional(),
  pair: z.string().optional(),
  tradeable: z.boolean(),
  marginLevels: z.array(level).min(1),
});

const name = z.string().max(64);
const head = z.object({ symbol: name, type: name });

export function instrumentsOf(venue: string): ListReply<ListedRow, Listed> {
  return {
    name: 'instruments',
    around: around('instruments'),
    row: (row) => {
      const read = head.safeParse(row).data;
      if (read === undefined) return { kind: 'nameless' };
      const { symbol, type } = read;
      if (type !== 'flexible_futures') return { kind: 'other', symbol };
      const { data } = instrument.safeParse(row);
      return data === undefined ? { kind: 'unreadable', symbol } : { kind: 'market', market: marketOf(venue, data) };
    },
    conclude: concludeList,
  };
}

function marketOf(venue: string, row: z.output<typeof instrument>): Market {
  const symbol = row.symbol.toUpperCase();
  const [base, quote] = namesOf(symbol, row);
  const tiers = row.marginLevels.map(tierOf).sort((a, b) => new Big(a.fromSize).cmp(b.fromSize));
  return {
    venue,
    id: symbol,
    symbol,
    aliases: aliasesOf(symbol, base, quote, symbol),
    base,
    quote,
    bounds: { min: '1', max: maxLeverage(tiers), step: '0.01' },
    tiers,
    tradeable: row.tradeable,
  };
}

/** `base` and `quote` are newer than `pair`, and both are newer than the symbol. */
function namesOf(symbol: string, { base, quote, pair }: z.output<typeof instrument>): readonly [string, string] {
  const [pairBase, pairQuote] = pair?.split(':') ?? [];
  const plain = symbol.split('_')[1] ?? symbol;
  const name = (text: string | undefined, otherwise: string) =>
    (/^[0-9A-Za-z]+$/.test(text ?? '') ? text : undefined) ?? otherwise;
  return [name(base ?? pairBase, plain.slice(0, -3)), name(quote ?? pairQuote, plain.slice(-3))];
}

/** Linear contracts have tiers by value in the quote currency (`numNonContractUnits`), others by contracts. */
const tierOf = ({
  contracts,
  numNonContractUnits,
  initialMargin,
  maintenanceMargin,
}: z.output<typeof level>): Tier => ({
  fromSize: numNonContractUnits ?? contracts ?? '0',
  measuredIn: numNonContractUnits ? 'quote' : 'contracts',
  initialMargin,
  maintenanceMargin,
});

/** The venue publishes no maximum: it is the inverse of the first tier's initial margin, rounded down to the step. */
function maxLeverage(tiers: readonly Tier[]): string {
  const inverse = new Big(1).div(tiers[0]?.initialMargin ?? 1).round(2, Big.roundDown);
  return inverse.lt(1) ? '1' : inverse.toFixed();
}
