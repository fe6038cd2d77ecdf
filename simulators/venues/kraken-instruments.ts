/** One step of a margin schedule; rates are fractions. */
export type MarginLevel = {
  /** Position size from which it holds: quote units for flexible futures, contracts for inverse ones. */
  readonly from: number;
  readonly initialMargin: number;
  readonly maintenanceMargin: number;
};

export type KrakenInstrument = {
  readonly symbol: string;
  readonly type: 'flexible_futures' | 'futures_inverse';
  readonly base: string;
  readonly quote: string;
  readonly tickSize: number;
  readonly contractValueTradePrecision: number;
  readonly tradeable: boolean;
  readonly maxPositionSize: number;
  readonly markPrice: number;
  readonly marginLevels: readonly MarginLevel[];
  readonly retailMarginLevels: readonly MarginLevel[];
};

const level = (from: number, initialMargin: number): MarginLevel => ({
  from,
  initialMargin,
  maintenanceMargin: initialMargin / 2,
});

const major = [
  level(0, 0.02),
  level(1_000_000, 0.04),
  level(2_000_000, 0.05),
  level(5_000_000, 0.1),
  level(30_000_000, 0.5),
];
const middle = [level(0, 0.04), level(250_000, 0.1), level(1_000_000, 0.2), level(5_000_000, 0.5)];
const minor = [level(0, 0.1), level(100_000, 0.2), level(500_000, 0.5)];
const retail = [level(0, 0.1), level(500_000, 0.2)];

type Row = readonly [base: string, price: number, tick: number, precision: number, levels: readonly MarginLevel[]];

const flexibleRows: readonly Row[] = [
  ['BTC', 60_000, 1, 4, major],
  ['ETH', 3000, 0.1, 3, major],
  ['SOL', 150, 0.01, 2, major],
  ['XRP', 0.55, 0.00001, 0, middle],
  ['DOGE', 0.12, 0.000001, 0, middle],
  ['ADA', 0.45, 0.00001, 0, middle],
  ['LTC', 72, 0.01, 2, middle],
  ['DOT', 5.4, 0.001, 1, middle],
  ['LINK', 13.2, 0.001, 1, middle],
  ['AVAX', 27.5, 0.001, 1, middle],
  ['NEAR', 4.9, 0.001, 1, minor],
  ['DEFI', 570, 0.1, 2, minor],
];

/** The venue writes XBT in its symbols and BTC in `base`. */
const ticker = (base: string) => (base === 'BTC' ? 'XBT' : base);

const flexible = ([base, markPrice, tickSize, contractValueTradePrecision, marginLevels]: Row): KrakenInstrument => ({
  symbol: `PF_${ticker(base)}USD`,
  type: 'flexible_futures',
  base,
  quote: 'USD',
  tickSize,
  contractValueTradePrecision,
  // One market is closed, so that a client meets marketUnavailable.
  tradeable: base !== 'DEFI',
  maxPositionSize: 1_000_000,
  markPrice,
  marginLevels,
  retailMarginLevels: retail,
});

const inverse = (base: string, markPrice: number, tickSize: number): KrakenInstrument => ({
  symbol: `PI_${ticker(base)}USD`,
  type: 'futures_inverse',
  base,
  quote: 'USD',
  tickSize,
  contractValueTradePrecision: 0,
  tradeable: true,
  maxPositionSize: 75_000_000,
  markPrice,
  marginLevels: major,
  retailMarginLevels: retail,
});

/** Made-up prices and schedules in the venue's form. */
export const krakenInstruments: readonly KrakenInstrument[] = [
  ...flexibleRows.map(flexible),
  inverse('BTC', 60_000, 0.5),
  inverse('ETH', 3000, 0.05),
];

/** How a decimal is written: a JSON number, or a string as some replies have it. */
export type ShowNumber = (value: number) => number | string;

const shownLevels = (instrument: KrakenInstrument, levels: readonly MarginLevel[], show: ShowNumber) =>
  levels.map(({ from, initialMargin, maintenanceMargin }) => ({
    ...(instrument.type === 'flexible_futures' ? { numNonContractUnits: show(from) } : { contracts: from }),
    initialMargin: show(initialMargin),
    maintenanceMargin: show(maintenanceMargin),
  }));

/** One entry of `GET /instruments`. */
export function shownInstrument(instrument: KrakenInstrument, show: ShowNumber) {
  const { symbol, type, base, quote, tickSize, tradeable, maxPositionSize, contractValueTradePrecision } = instrument;
  const marginLevels = shownLevels(instrument, instrument.marginLevels, show);
  const retailMarginLevels = shownLevels(instrument, instrument.retailMarginLevels, show);
  return {
    symbol,
    type,
    ...(type === 'futures_inverse' ? { underlying: `rr_${ticker(base).toLowerCase()}usd` } : {}),
    base,
    quote,
    pair: `${ticker(base)}:${quote}`,
    tickSize: show(tickSize),
    contractSize: 1,
    contractValueTradePrecision,
    impactMidSize: 1,
    maxPositionSize,
    fundingRateCoefficient: 8,
    maxRelativeFundingRate: 0.001,
    openingDate: '2022-01-01T00:00:00.000Z',
    tradeable,
    postOnly: false,
    feeScheduleUid: '5b755fea-c5b0-4307-a66e-b392cd5bd931',
    category: 'Layer 1',
    tags: [],
    marginLevels,
    retailMarginLevels,
    marginSchedules: { PRO: { retail: marginLevels }, STANDARD: { retail: retailMarginLevels } },
  };
}

/** One entry of `GET /tickers`. */
export function shownTicker(instrument: KrakenInstrument, at: number, show: ShowNumber) {
  const { symbol, base, quote, markPrice, tickSize, tradeable } = instrument;
  return {
    tag: 'perpetual',
    pair: `${ticker(base)}:${quote}`,
    symbol,
    markPrice: show(markPrice),
    indexPrice: show(markPrice),
    bid: show(markPrice - tickSize),
    bidSize: 1,
    ask: show(markPrice + tickSize),
    askSize: 1,
    last: show(markPrice),
    lastTime: new Date(at).toISOString(),
    lastSize: 1,
    open24h: show(markPrice),
    vol24h: 1000,
    volumeQuote: 1000 * markPrice,
    openInterest: 1000,
    suspended: !tradeable,
    postOnly: false,
    fundingRate: 0,
    fundingRatePrediction: 0,
  };
}
