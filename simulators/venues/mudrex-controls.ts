import type { Controls } from './exchange.ts';
import type { MudrexShape } from './mudrex-leverage.ts';
import type { MudrexMarket } from './mudrex-markets.ts';
import type { MudrexWorld } from './mudrex-routes.ts';
import { type MudrexAccount, settingKey } from './mudrex-state.ts';
import { countWrites, type WriteLogEntry } from './write-log.ts';

/** What the page and the tests may see and move behind the bot's back; settings are per market and trade currency. */
export type MudrexControls = Omit<Controls, 'setBounds'> & {
  readonly setBounds: (symbol: string, bounds: { min?: string; max?: string; step?: string }) => void;
  readonly setPrice: (symbol: string, price: string) => void;
  readonly setShape: (shape: MudrexShape) => void;
};

export function createMudrexControls(world: MudrexWorld, writes: readonly WriteLogEntry[]): MudrexControls {
  return {
    writes,
    writeCount: (account) => countWrites(writes, account),
    settings: (account) =>
      [...accountById(world, account).leverages].map(([key, leverage]) => {
        const [market = '', currency = ''] = key.split(' ');
        return { market, mode: 'isolated', leverage, currency };
      }),
    positions: (account) =>
      accountById(world, account).positions.map(({ symbol, side, quantity, entryPrice, leverage }) => ({
        ...{ market: symbol, side: side === 'LONG' ? 'long' : 'short', size: quantity, entryPrice, leverage },
      })),
    markets: () => world.markets.map(({ symbol, maxLeverage }) => ({ symbol, max: maxLeverage })),
    set(account, symbol, leverage, currency = 'USDT') {
      const { leverages } = accountById(world, account);
      const key = settingKey(symbol, currency);
      if (leverage === undefined) leverages.delete(key);
      else leverages.set(key, leverage);
    },
    openPosition(account, symbol) {
      const long = { symbol, side: 'LONG', quantity: '0.01', entryPrice: '58000', leverage: '5' } as const;
      accountById(world, account).positions = [{ ...long, liquidationPrice: '46690.1' }];
    },
    openOrder(account, symbol) {
      accountById(world, account).orders = [{ symbol, side: 'LONG', quantity: 0.01, price: 50_000, leverage: 5 }];
    },
    setExpired(account, isExpired) {
      accountById(world, account).expired = isExpired;
    },
    setBounds: (symbol, { min, max, step }) =>
      changeMarket(world, symbol, (market) => ({
        minLeverage: min ?? market.minLeverage,
        maxLeverage: max ?? market.maxLeverage,
        leverageStep: step ?? market.leverageStep,
      })),
    setPrice: (symbol, price) => changeMarket(world, symbol, () => ({ price })),
    setShape(shape) {
      world.shape = shape;
    },
  };
}

function accountById({ accounts }: MudrexWorld, id: string): MudrexAccount {
  const found = accounts.find((account) => account.id === id);
  if (!found) throw new Error(`Mudrex has no account ${id}`);
  return found;
}

function changeMarket(
  world: MudrexWorld,
  symbol: string,
  change: (market: MudrexMarket) => Partial<MudrexMarket>,
): void {
  if (!world.markets.some((market) => market.symbol === symbol)) throw new Error(`Mudrex has no market ${symbol}`);
  world.markets = world.markets.map((market) => (market.symbol === symbol ? { ...market, ...change(market) } : market));
}
