import { uuidFrom } from './stable-id.ts';

/** A Mudrex asset with the fields a client can depend on; decimals are strings, as in the listing. */
export type MudrexMarket = {
  readonly id: string;
  readonly symbol: string;
  readonly name: string;
  readonly minLeverage: string;
  readonly maxLeverage: string;
  readonly leverageStep: string;
  readonly price: string;
  readonly quantityStep: string;
  readonly priceStep: string;
  /** 1 is the most popular; the listing's default order. */
  readonly popularity: number;
};

type Row = readonly [base: string, name: string, price: string, max: string, quantityStep: string, priceStep: string];

/** Made-up prices; more than two default pages, so that a client has to page. */
const rows: readonly Row[] = [
  ['BTC', 'Bitcoin', '60000', '100', '0.001', '0.1'],
  ['ETH', 'Ethereum', '3000', '100', '0.01', '0.01'],
  ['SOL', 'Solana', '150', '75', '0.1', '0.01'],
  ['XRP', 'XRP', '0.55', '75', '0.1', '0.0001'],
  ['DOGE', 'Dogecoin', '0.12', '75', '1', '0.00001'],
  ['BNB', 'BNB', '580', '75', '0.01', '0.1'],
  ['ADA', 'Cardano', '0.45', '75', '1', '0.0001'],
  ['AVAX', 'Avalanche', '27.5', '50', '0.1', '0.001'],
  ['LINK', 'Chainlink', '13.2', '50', '0.1', '0.001'],
  ['DOT', 'Polkadot', '5.4', '50', '0.1', '0.001'],
  ['LTC', 'Litecoin', '72', '50', '0.1', '0.01'],
  ['BCH', 'Bitcoin Cash', '380', '50', '0.01', '0.1'],
  ['TRX', 'TRON', '0.13', '50', '1', '0.00001'],
  ['NEAR', 'NEAR Protocol', '4.9', '50', '0.1', '0.001'],
  ['UNI', 'Uniswap', '7.6', '50', '0.1', '0.001'],
  ['ATOM', 'Cosmos', '6.5', '50', '0.1', '0.001'],
  ['APT', 'Aptos', '8.1', '50', '0.01', '0.001'],
  ['ARB', 'Arbitrum', '0.72', '50', '0.1', '0.0001'],
  ['OP', 'Optimism', '1.75', '50', '0.1', '0.0001'],
  ['SUI', 'Sui', '1.1', '50', '10', '0.0001'],
  ['FIL', 'Filecoin', '4.3', '50', '0.1', '0.001'],
  ['ETC', 'Ethereum Classic', '21', '50', '0.1', '0.001'],
  ['XLM', 'Stellar', '0.1', '50', '1', '0.00001'],
  ['AAVE', 'Aave', '95', '50', '0.01', '0.01'],
  ['INJ', 'Injective', '22', '25', '0.1', '0.001'],
  ['SEI', 'Sei', '0.38', '25', '1', '0.0001'],
  ['TIA', 'Celestia', '6.2', '25', '0.1', '0.001'],
  ['RENDER', 'Render', '6.9', '25', '0.1', '0.001'],
  ['SOMI', 'Somnia', '0.11', '12.5', '0.1', '0.00001'],
  ['FHE', 'Mind Network', '0.026', '5', '1', '0.00001'],
];

/** The id that the venue's own documentation shows for bitcoin. */
const bitcoinId = '01903a7b-bf65-707d-a7dc-d7b84c3c756c';

export const mudrexMarkets: readonly MudrexMarket[] = rows.map(
  ([base, name, price, maxLeverage, quantityStep, priceStep], index) => ({
    id: base === 'BTC' ? bitcoinId : uuidFrom(`mudrex ${base}`),
    symbol: `${base}USDT`,
    name,
    minLeverage: '1',
    maxLeverage,
    leverageStep: '0.01',
    price,
    quantityStep,
    priceStep,
    popularity: index + 1,
  }),
);

/** One row of the listing, as the page "Assets" shows it. */
export const listed = (market: MudrexMarket) => ({
  id: market.id,
  name: market.name,
  symbol: market.symbol,
  min_contract: market.quantityStep,
  max_contract: '1000000',
  quantity_step: market.quantityStep,
  min_price: market.priceStep,
  max_price: '1999999.8',
  price_step: market.priceStep,
  max_market_contract: '100000',
  min_notional_value: '5',
  funding_fee_perc: '0.0001',
  max_funding_rate: null,
  min_funding_rate: null,
  trading_fee_perc: '0.1',
  leverage_step: market.leverageStep,
  min_leverage: market.minLeverage,
  max_leverage: market.maxLeverage,
  funding_interval: 28_800,
  price: market.price,
  last_day_price: market.price,
  change_perc: '0',
  volume: String(1_000_000 - market.popularity * 1000),
  popularity: String(market.popularity),
});
