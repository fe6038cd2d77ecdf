import { Big } from 'big.js';
import type { Controls } from './exchange.ts';
import type { KrakenInstrument, MarginLevel } from './kraken-instruments.ts';
import type { KrakenHoldings, KrakenRule } from './kraken-state.ts';
import { countWrites, type WriteLogEntry } from './write-log.ts';

/** What the page and the tests may see and move behind the bot's back; a market without a setting is in cross margin. */
export type KrakenControls = Controls & {
  readonly setRules: (account: string, rules: readonly KrakenRule[]) => void;
  readonly setCollateral: (account: string, collateral: string) => void;
  readonly setPrice: (symbol: string, price: number) => void;
};

/** What the old and the new API have in common. */
type Account = KrakenHoldings & { readonly keys: readonly { expired: boolean }[] };
type World = { instruments: readonly KrakenInstrument[]; readonly accounts: readonly Account[] };

export function createKrakenControls(world: World, writes: readonly WriteLogEntry[]): KrakenControls {
  return {
    writes,
    writeCount: (account) => countWrites(writes, account),
    settings: (account) =>
      [...accountById(world, account).isolated].map(([market, leverage]) => ({ market, mode: 'isolated', leverage })),
    positions: (account) =>
      accountById(world, account).positions.map(({ symbol, side, size, price }) => ({
        ...{ market: symbol, side, size, entryPrice: price },
      })),
    markets: () =>
      world.instruments
        .filter(({ type }) => type === 'flexible_futures')
        .map(({ symbol, marginLevels }) => ({ symbol, max: maximumOf(marginLevels) })),
    set(account, symbol, leverage) {
      const { isolated } = accountById(world, account);
      if (leverage === undefined) isolated.delete(symbol);
      else isolated.set(symbol, leverage);
    },
    openPosition(account, symbol) {
      accountById(world, account).positions = [{ symbol, side: 'long', size: '0.01', price: '58000' }];
    },
    openOrder(account, symbol) {
      accountById(world, account).orders = [{ symbol, side: 'buy', size: '0.01', limitPrice: '50000' }];
    },
    setRules(account, rules) {
      accountById(world, account).rules = rules;
    },
    setCollateral(account, collateral) {
      accountById(world, account).collateral = collateral;
    },
    setExpired(account, isExpired) {
      for (const key of accountById(world, account).keys) key.expired = isExpired;
    },
    setBounds: (symbol, { max }) =>
      change(world, symbol, ({ marginLevels }) => ({ marginLevels: capped(marginLevels, max) })),
    setPrice: (symbol, markPrice) => change(world, symbol, () => ({ markPrice })),
  };
}

function accountById({ accounts }: World, id: string): Account {
  const found = accounts.find((account) => account.id === id);
  if (!found) throw new Error(`Kraken has no account ${id}`);
  return found;
}

function change(
  world: World,
  symbol: string,
  changes: (instrument: KrakenInstrument) => Partial<KrakenInstrument>,
): void {
  const isKnown = world.instruments.some((instrument) => instrument.symbol === symbol);
  if (!isKnown) throw new Error(`Kraken has no market ${symbol}`);
  world.instruments = world.instruments.map((instrument) =>
    instrument.symbol === symbol ? { ...instrument, ...changes(instrument) } : instrument,
  );
}

/** Raises the margin of every step that would allow more leverage than `max`. */
function capped(levels: readonly MarginLevel[], max: string): readonly MarginLevel[] {
  const initialMargin = new Big(1).div(max).round(10, Big.roundDown).toNumber();
  return levels.map((level) =>
    level.initialMargin < initialMargin || level.from === 0
      ? { ...level, initialMargin, maintenanceMargin: initialMargin / 2 }
      : level,
  );
}

// Kraken publishes no maximum: it follows from the first margin step.
function maximumOf([first]: readonly MarginLevel[]): string {
  return first === undefined ? '' : String(Math.round(100 / first.initialMargin) / 100);
}
