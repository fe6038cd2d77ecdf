import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** What is used of a ccxt exchange; its answers are read with zod, like any other outside data. */
export type CcxtExchange = {
  loadMarkets(): Promise<unknown>;
  fetchLeverage(symbol: string, params?: object): Promise<unknown>;
  fetchLeverages(): Promise<unknown>;
  fetchPositions(): Promise<unknown>;
  fetchOpenOrders(): Promise<unknown>;
  fetchBalance(): Promise<unknown>;
  fetchTicker(symbol: string): Promise<unknown>;
  fetchTickers(): Promise<unknown>;
  fetchMarkOHLCV(symbol: string, timeframe: string, since: undefined, limit: number): Promise<unknown>;
  setLeverage(leverage: number | undefined, symbol: string, params?: object): Promise<unknown>;
};

/** What is used of ccxt's client of Kraken's own REST, which is the door to the Unified WebSocket. */
export type CcxtKraken = {
  privatePostGetWebSocketsToken(): Promise<unknown>;
  privatePostGetApiKeyInfo(): Promise<unknown>;
};

type CcxtOptions = {
  readonly apiKey?: string;
  readonly secret: string;
  /** Off, since the simulators keep their own limits and the tests their own pace. */
  readonly enableRateLimit: false;
  readonly urls: { readonly api: Readonly<Record<string, string>> };
};

type ExchangeConstructor = new (options: CcxtOptions) => CcxtExchange;
type ErrorConstructorOfCcxt = abstract new () => Error;

const isFunction = (value: unknown) => typeof value === 'function';
const exchange = z.custom<ExchangeConstructor>(isFunction);
const krakenRest = z.custom<new (options: CcxtOptions) => CcxtKraken>(isFunction);
const errorClass = z.custom<ErrorConstructorOfCcxt>(isFunction);

const ccxtSchema = z.object({
  kraken: krakenRest,
  krakenfutures: exchange,
  mudrex: exchange,
  AuthenticationError: errorClass,
  BadRequest: errorClass,
  ExchangeError: errorClass,
  ExchangeNotAvailable: errorClass,
  NetworkError: errorClass,
  OrderNotFound: errorClass,
  RateLimitExceeded: errorClass,
});

export type Ccxt = z.output<typeof ccxtSchema>;

/** Loads ccxt from this folder's own packages; undefined when they are not installed. */
export const loadCcxt = async (): Promise<Ccxt | undefined> => {
  const entry = new URL('./node_modules/ccxt/js/ccxt.js', import.meta.url);
  if (!existsSync(entry)) return undefined;
  const { default: ccxt } = z.object({ default: z.unknown() }).parse(await import(entry.href));
  return ccxtSchema.parse(ccxt);
};

/** The installed package's version; ccxt's own `version` lags one release behind it. */
export const installedVersion = (): string => {
  const manifest = readFileSync(new URL('./node_modules/ccxt/package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
};

export type PeerOptions = {
  /** Where the venue is mounted, without a trailing slash. */
  readonly url: string;
  readonly apiKey?: string;
  readonly secret: string;
};

/** ccxt's own Kraken Futures client, pointed at another host. */
export const openKrakenPeer = ({ krakenfutures }: Ccxt, { url, ...credential }: PeerOptions): CcxtExchange => {
  const derivatives = `${url}/derivatives/api/`;
  const api = { public: derivatives, private: derivatives };
  return new krakenfutures({ ...credential, enableRateLimit: false, urls: { api } });
};

/** ccxt's own Kraken client, pointed at another host. */
export const openKrakenRestPeer = ({ kraken }: Ccxt, { url, ...credential }: PeerOptions): CcxtKraken =>
  new kraken({ ...credential, enableRateLimit: false, urls: { api: { public: url, private: url } } });

/** ccxt's own Mudrex client, pointed at another host. */
export const openMudrexPeer = ({ mudrex }: Ccxt, { url, secret }: PeerOptions): CcxtExchange => {
  const base = `${url}/fapi/v1`;
  const api = { public: base, private: base, market: base };
  return new mudrex({ secret, enableRateLimit: false, urls: { api } });
};
