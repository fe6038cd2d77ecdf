import type { MudrexShape } from './mudrex-leverage.ts';
import type { MudrexMarket } from './mudrex-markets.ts';
import type { MudrexWorld } from './mudrex-routes.ts';
import {
  type MudrexAccount,
  type MudrexCurrency,
  type MudrexOrder,
  type MudrexPosition,
  settingKey,
} from './mudrex-state.ts';
import type { WriteLogEntry } from './write-log.ts';

/** What the page and the tests may see and move behind the bot's back. */
export interface MudrexControls {
  readonly accounts: readonly { readonly id: string; readonly person: string | undefined }[];
  readonly markets: () => readonly MudrexMarket[];
  /** Every write that was carried out, oldest first. */
  readonly writes: readonly WriteLogEntry[];
  writeCount(account?: string): number;
  /** What is stored for an account, one entry per market and trade currency. */
  settings(account: string): readonly { market: string; currency: string; leverage: string; marginType: 'ISOLATED' }[];
  positions(account: string): readonly MudrexPosition[];
  /** Moves a setting as the venue's own app would; not counted as a write. `undefined` means never set. */
  set(account: string, symbol: string, leverage: string | undefined, currency?: MudrexCurrency): void;
  setPositions(account: string, positions: readonly MudrexPosition[]): void;
  setOrders(account: string, orders: readonly MudrexOrder[]): void;
  setExpired(account: string, expired: boolean): void;
  setBounds(symbol: string, bounds: { min?: string; max?: string; step?: string }): void;
  setPrice(symbol: string, price: string): void;
  setShape(shape: MudrexShape): void;
}

export const createMudrexControls = (world: MudrexWorld, writes: readonly WriteLogEntry[]): MudrexControls => {
  const accountById = (id: string): MudrexAccount => {
    const found = world.accounts.find((account) => account.id === id);
    if (!found) throw new Error(`Mudrex has no account ${id}`);
    return found;
  };
  const changeMarket = (symbol: string, change: (market: MudrexMarket) => Partial<MudrexMarket>) => {
    if (!world.markets.some((market) => market.symbol === symbol)) throw new Error(`Mudrex has no market ${symbol}`);
    world.markets = world.markets.map((market) =>
      market.symbol === symbol ? { ...market, ...change(market) } : market,
    );
  };

  return {
    accounts: world.accounts.map(({ id, person }) => ({ id, person })),
    markets: () => world.markets,
    writes,
    writeCount: (account) => writes.filter((entry) => account === undefined || entry.account === account).length,
    settings: (account) =>
      [...accountById(account).leverages].map(([key, leverage]) => {
        const [market = '', currency = ''] = key.split(' ');
        return { market, currency, leverage, marginType: 'ISOLATED' };
      }),
    positions: (account) => accountById(account).positions,
    set(account, symbol, leverage, currency = 'USDT') {
      const { leverages } = accountById(account);
      const key = settingKey(symbol, currency);
      if (leverage === undefined) leverages.delete(key);
      else leverages.set(key, leverage);
    },
    setPositions(account, positions) {
      accountById(account).positions = positions;
    },
    setOrders(account, orders) {
      accountById(account).orders = orders;
    },
    setExpired(account, expired) {
      accountById(account).expired = expired;
    },
    setBounds: (symbol, { min, max, step }) =>
      changeMarket(symbol, (market) => ({
        minLeverage: min ?? market.minLeverage,
        maxLeverage: max ?? market.maxLeverage,
        leverageStep: step ?? market.leverageStep,
      })),
    setPrice: (symbol, price) => changeMarket(symbol, () => ({ price })),
    setShape(shape) {
      world.shape = shape;
    },
  };
};
