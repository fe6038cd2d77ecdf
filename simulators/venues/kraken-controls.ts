import { Big } from 'big.js';
import type { KrakenInstrument, MarginLevel } from './kraken-instruments.ts';
import type { KrakenWorld } from './kraken-routes.ts';
import type { KrakenAccount, KrakenOrder, KrakenPosition, KrakenRule } from './kraken-state.ts';
import type { WriteLogEntry } from './write-log.ts';

/** What the page and the tests may see and move behind the bot's back. */
export interface KrakenControls {
  readonly accounts: readonly { readonly id: string; readonly person: string | undefined }[];
  readonly instruments: () => readonly KrakenInstrument[];
  /** Every write that was carried out, oldest first. */
  readonly writes: readonly WriteLogEntry[];
  writeCount(account?: string): number;
  /** The markets in isolated margin; every other market is in cross margin. */
  settings(account: string): readonly { market: string; leverage: string; marginType: 'ISOLATED' }[];
  positions(account: string): readonly KrakenPosition[];
  /** Moves a setting as the venue's own app would; not counted as a write. */
  set(account: string, symbol: string, leverage: string | 'cross'): void;
  setPositions(account: string, positions: readonly KrakenPosition[]): void;
  setOrders(account: string, orders: readonly KrakenOrder[]): void;
  setRules(account: string, rules: readonly KrakenRule[]): void;
  setCollateral(account: string, collateral: string): void;
  setKeyExpired(key: string, expired: boolean): void;
  setBounds(symbol: string, bounds: { max: string }): void;
  setPrice(symbol: string, price: number): void;
  setTradeable(symbol: string, tradeable: boolean): void;
}

/** Raises the margin of every step that would allow more leverage than `max`. */
const capped = (levels: readonly MarginLevel[], max: string): readonly MarginLevel[] => {
  const initialMargin = new Big(1).div(max).round(10, Big.roundDown).toNumber();
  return levels.map((level) =>
    level.initialMargin < initialMargin || level.from === 0
      ? { ...level, initialMargin, maintenanceMargin: initialMargin / 2 }
      : level,
  );
};

export const createKrakenControls = (world: KrakenWorld, writes: readonly WriteLogEntry[]): KrakenControls => {
  const accountById = (id: string): KrakenAccount => {
    const found = world.accounts.find((account) => account.id === id);
    if (!found) throw new Error(`Kraken Futures has no account ${id}`);
    return found;
  };
  const change = (symbol: string, changes: (instrument: KrakenInstrument) => Partial<KrakenInstrument>) => {
    if (!world.instruments.some((instrument) => instrument.symbol === symbol)) {
      throw new Error(`Kraken Futures has no market ${symbol}`);
    }
    world.instruments = world.instruments.map((instrument) =>
      instrument.symbol === symbol ? { ...instrument, ...changes(instrument) } : instrument,
    );
  };

  return {
    accounts: world.accounts.map(({ id, person }) => ({ id, person })),
    instruments: () => world.instruments,
    writes,
    writeCount: (account) => writes.filter((entry) => account === undefined || entry.account === account).length,
    settings: (account) =>
      [...accountById(account).isolated].map(([market, leverage]) => ({ market, leverage, marginType: 'ISOLATED' })),
    positions: (account) => accountById(account).positions,
    set(account, symbol, leverage) {
      const { isolated } = accountById(account);
      if (leverage === 'cross') isolated.delete(symbol);
      else isolated.set(symbol, leverage);
    },
    setPositions(account, positions) {
      accountById(account).positions = positions;
    },
    setOrders(account, orders) {
      accountById(account).orders = orders;
    },
    setRules(account, rules) {
      accountById(account).rules = rules;
    },
    setCollateral(account, collateral) {
      accountById(account).collateral = collateral;
    },
    setKeyExpired(key, expired) {
      const found = world.accounts.flatMap(({ keys }) => keys).find((known) => known.key === key);
      if (!found) throw new Error('Kraken Futures has no such key');
      found.expired = expired;
    },
    setBounds: (symbol, { max }) => change(symbol, ({ marginLevels }) => ({ marginLevels: capped(marginLevels, max) })),
    setPrice: (symbol, markPrice) => change(symbol, () => ({ markPrice })),
    setTradeable: (symbol, tradeable) => change(symbol, () => ({ tradeable })),
  };
};
