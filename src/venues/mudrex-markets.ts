import type { Credentials } from '../account.ts';
import { Failure } from '../errors.ts';
import { findMarket, type Market, normalizeSymbol } from '../leverage/market.ts';
import { searchMarkets } from '../leverage/market-search.ts';
import * as replies from './mudrex-replies.ts';
import { keyed, type Mudrex, queryOf, readPages, unreadable } from './mudrex-requests.ts';
import { isRefusal, unlessFailing } from './venue-api.ts';

/** A market as Mudrex's paths name it: by its id where there is one, else by its symbol. */
export type Asset = { readonly id?: string; readonly symbol?: string; readonly namedBy?: Market['namedBy'] };

/** `is_symbol` counts by its presence, even as `is_symbol=false`: only where the path holds a symbol, and bare. */
export function assetPath(asset: Asset, tail = '', ...query: readonly (string | undefined)[]): string {
  const { id: assetId, symbol = '' } = asset;
  const isSymbol = assetId === undefined || asset.namedBy === 'symbol';
  const path = `/futures/${encodeURIComponent(isSymbol ? symbol : assetId)}${tail}`;
  return `${path}${queryOf(isSymbol ? 'is_symbol' : undefined, ...query)}`;
}

export async function listMarkets(mudrex: Mudrex, credentials: Credentials): Promise<readonly Market[]> {
  const rows = await readPages(mudrex, credentials, '/futures', (row) => replies.market.safeParse(row).data);
  const markets = rows.filter((market) => market !== undefined);
  if (rows.length > 0 && markets.length === 0) throw unreadable(mudrex);
  mudrex.known = mainFirst([...new Map(markets.map((market) => [market.id, market])).values()]);
  return mudrex.known;
}

const mainSymbols = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT'];

function mainFirst(markets: readonly Market[]): readonly Market[] {
  const isMain = ({ symbol }: Market) => mainSymbols.includes(symbol);
  const main = mainSymbols.flatMap((symbol) => markets.filter((market) => market.symbol === symbol));
  return [...main, ...markets.filter((market) => !isMain(market))];
}

export async function readMarket(mudrex: Mudrex, credentials: Credentials, text: string): Promise<Market> {
  const asset = assetMeant(text);
  const direct = await readAsset(mudrex, credentials, asset);
  if (direct) return asset?.id === undefined ? { ...direct, namedBy: 'symbol' } : direct;
  const { known } = mudrex;
  const markets = known.length > 0 ? known : ((await unlessFailing(listMarkets(mudrex, credentials))) ?? []);
  const other = findMarket(markets, text);
  const found = other && (await readAsset(mudrex, credentials, other));
  if (found) return found;
  const suggestions = searchMarkets(markets, text, 5).map(({ symbol }) => symbol);
  throw new Failure({ code: 'UNKNOWN_MARKET', venue: mudrex.facts.label, text: text.slice(0, 100), suggestions });
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `btc`, `xbt/usd` and `BTC-USDT` are one contract. */
function assetMeant(text: string): Asset | undefined {
  if (uuid.test(text.trim())) return { id: text.trim().toLowerCase() };
  const base = normalizeSymbol(text)
    .replace(/USDT?$/, '')
    .replace(/^XBT$/, 'BTC');
  return base === '' || base.length > 36 ? undefined : { symbol: `${base}USDT` };
}

async function readAsset(
  mudrex: Mudrex,
  credentials: Credentials,
  asset: Asset | undefined,
): Promise<Market | undefined> {
  if (!asset) return undefined;
  try {
    return await mudrex.api.read(keyed(mudrex, credentials, assetPath(asset)), replies.judgeMarket);
  } catch (error) {
    if (isRefusal(error, 'unknown-market')) return undefined;
    throw error;
  }
}

/** Whether the venue says that it has no such asset; not when it says nothing. */
export async function isMissing(mudrex: Mudrex, credentials: Credentials, asset: Asset): Promise<boolean> {
  const found = await unlessFailing(readAsset(mudrex, credentials, asset).then((market) => ({ market })));
  return found !== undefined && found.market === undefined;
}
