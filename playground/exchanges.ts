import type { FaultInput } from '../simulators/venues/faults.ts';
import { createKrakenFuturesSimulator, type KrakenFuturesSimulator } from '../simulators/venues/kraken-futures.ts';
import { createMudrexSimulator, type MudrexSimulator } from '../simulators/venues/mudrex.ts';
import type { DemoCredential, DemoScenario } from '../simulators/venues/scenario.ts';

export type ExchangeId = DemoCredential['venue'];
type Simulator = MudrexSimulator | KrakenFuturesSimulator;

export type Setting = {
  readonly market: string;
  readonly mode: 'isolated';
  readonly leverage: string;
  /** Only where the exchange keeps one setting for each currency. */
  readonly currency?: string;
};

export type Position = {
  readonly market: string;
  readonly side: string;
  readonly size: string;
  readonly entryPrice: string;
  /** Only where a position keeps its own. */
  readonly leverage?: string;
};

export type Market = { readonly symbol: string; readonly max: string };

/** What somebody does at the exchange itself, behind the bot's back. */
export type Move = {
  readonly userId: string;
  readonly market: string;
  readonly leverage: string;
  readonly currency?: 'USDT' | 'INR' | undefined;
};

/** One simulated exchange, in the words that the page and `/api/state` share. */
export type Exchange = {
  readonly id: ExchangeId;
  readonly label: string;
  /** Where it is mounted. */
  readonly prefix: string;
  /** Below the prefix: what a client takes as its base URL. */
  readonly basePath: string;
  readonly plugin: Simulator['plugin'];
  readonly requests: Simulator['requests'];
  readonly faults: Simulator['faults'];
  readonly addFault: (fault: FaultInput) => number;
  readonly writeCount: (userId?: string) => number;
  readonly settings: (userId: string) => readonly Setting[];
  readonly positions: (userId: string) => readonly Position[];
  readonly markets: () => readonly Market[];
  readonly move: (move: Move) => void;
  readonly lowerMaximum: (market: string, max: string) => void;
  readonly close: () => void;
};

/** The three exchanges, each with an account for everybody. */
export function createExchanges(now: () => number, scenario: DemoScenario): readonly Exchange[] {
  const kraken = createKrakenFuturesSimulator({ now, accounts: scenario.kraken });
  const demo = createKrakenFuturesSimulator({ now, accounts: scenario.krakenDemo });
  return [
    mudrexExchange(createMudrexSimulator({ now, accounts: scenario.mudrex })),
    krakenExchange(kraken, { id: 'kraken-futures', label: 'Kraken Futures', prefix: '/kraken' }),
    krakenExchange(demo, { id: 'kraken-futures-demo', label: 'Kraken Futures DEMO', prefix: '/kraken-demo' }),
  ];
}

function common(simulator: Simulator) {
  const { plugin, requests, faults, writeCount } = simulator;
  return { plugin, requests, faults, writeCount, addFault: faults.add, close: simulator.releaseHangs };
}

function mudrexExchange(simulator: MudrexSimulator): Exchange {
  return {
    ...common(simulator),
    ...{ id: 'mudrex', label: 'Mudrex', prefix: '/mudrex', basePath: '/fapi/v1' },
    settings: (userId) =>
      simulator
        .settings(userId)
        .map(({ market, currency, leverage }) => ({ market, mode: 'isolated', leverage, currency })),
    positions: (userId) =>
      simulator.positions(userId).map(({ symbol, side, quantity, entryPrice, leverage }) => ({
        ...{ market: symbol, side: side.toLowerCase(), size: quantity, entryPrice, leverage },
      })),
    markets: () => simulator.markets().map(({ symbol, maxLeverage }) => ({ symbol, max: maxLeverage })),
    move: ({ userId, market, leverage, currency }) => simulator.set(userId, market, leverage, currency),
    lowerMaximum: (market, max) => simulator.setBounds(market, { max }),
  };
}

function krakenExchange(simulator: KrakenFuturesSimulator, about: Pick<Exchange, 'id' | 'label' | 'prefix'>): Exchange {
  return {
    ...common(simulator),
    ...about,
    basePath: '',
    settings: (userId) =>
      simulator.settings(userId).map(({ market, leverage }) => ({ market, mode: 'isolated', leverage })),
    positions: (userId) =>
      simulator
        .positions(userId)
        .map(({ symbol, side, size, price }) => ({ market: symbol, side, size, entryPrice: price })),
    markets: () =>
      simulator
        .instruments()
        .filter(({ type }) => type === 'flexible_futures')
        .map(({ symbol, marginLevels }) => ({ symbol, max: maximum(marginLevels[0]?.initialMargin) })),
    move: ({ userId, market, leverage }) => simulator.set(userId, market, leverage === 'cross' ? 'cross' : leverage),
    lowerMaximum: (market, max) => simulator.setBounds(market, { max }),
  };
}

// Kraken publishes no maximum: it follows from the first margin step.
function maximum(initialMargin: number | undefined): string {
  return initialMargin === undefined ? '' : String(Math.round(100 / initialMargin) / 100);
}
