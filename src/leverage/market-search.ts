import { type Market, normalizeSymbol } from './market.ts';

/** The names by which people call the coins that are asked for most; every other coin is found by its letters. */
const coinNames: readonly (readonly [name: string, asset: string])[] = [
  ['BITCOIN', 'BTC'],
  ['ETHEREUM', 'ETH'],
  ['ETHER', 'ETH'],
  ['SOLANA', 'SOL'],
  ['RIPPLE', 'XRP'],
  ['DOGECOIN', 'DOGE'],
  ['CARDANO', 'ADA'],
  ['LITECOIN', 'LTC'],
  ['POLKADOT', 'DOT'],
  ['CHAINLINK', 'LINK'],
  ['AVALANCHE', 'AVAX'],
  ['BITCOINCASH', 'BCH'],
  ['BINANCECOIN', 'BNB'],
  ['POLYGON', 'POL'],
  ['TRON', 'TRX'],
  ['STELLAR', 'XLM'],
];

/** What may follow a coin elsewhere: `BTCUSDT` means bitcoin where only dollars are listed, too. */
const endings = /(USDT|USDC|USD|EUR|INR|PERPETUAL|PERP)+$/;

const shortestName = 3;
const shortestTypo = 5;
const longestTypo = 24;

/**
 * @returns up to `limit` markets for what was typed so far: those that start with it, those that contain it, those of
 *   the coin that it means, and where there are none of these, those whose name is a letter or two away.
 */
export function searchMarkets(markets: readonly Market[], text: string, limit: number): readonly Market[] {
  const wanted = normalizeSymbol(text);
  const assets = assetsMeant(wanted);
  const tests: readonly ((alias: string) => boolean)[] = [
    (alias) => alias.startsWith(wanted),
    (alias) => alias.includes(wanted),
    (alias) => assets.has(alias),
  ];
  const found: Market[][] = tests.map(() => []);
  for (const market of markets) found[tests.findIndex((test) => market.aliases.some(test))]?.push(market);
  const matches = found.flat().slice(0, limit);
  return matches.length > 0 ? matches : nearest(markets, wanted).slice(0, limit);
}

/** The coins whose name starts like this, and the one that a pair of another exchange is about. */
function assetsMeant(wanted: string): ReadonlySet<string> {
  const named = wanted.length < shortestName ? [] : coinNames.filter(([name]) => name.startsWith(wanted));
  const base = wanted.replace(endings, '');
  return new Set([...named.map(([, asset]) => asset), ...(base === '' || base === wanted ? [] : [base])]);
}

/** Two letters swapped, one missing, one too many, one wrong: twice in a long name. The first letter is right. */
function nearest(markets: readonly Market[], wanted: string): readonly Market[] {
  if (wanted.length < shortestTypo || wanted.length > longestTypo) return [];
  const most = wanted.length < 8 ? 1 : 2;
  const far = (name: string) =>
    name[0] === wanted[0] && Math.abs(name.length - wanted.length) <= most
      ? distance(name, wanted, most)
      : wanted.length;
  const assets = new Set(coinNames.filter(([name]) => far(name) <= most).map(([, asset]) => asset));
  const ranked = markets.map((market) => {
    const { aliases } = market;
    return { market, far: Math.min(...aliases.map((alias) => (assets.has(alias) ? 1 : far(alias)))) };
  });
  const near = ranked.filter((one) => one.far <= most).toSorted((a, b) => a.far - b.far);
  return near.map(({ market }) => market);
}

/** How many letters must be put in, taken out, changed or swapped with their neighbour; counted no further than `most`. */
function distance(from: string, to: string, most: number): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= to.length; column += 1) {
      if (Math.abs(row - column) > most) {
        line.push(most + 1);
        continue;
      }
      const changed = (last[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwap ? (before[column - 2] ?? 0) + 1 : changed;
      line.push(Math.min(changed, swapped, (last[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    [before, last] = [last, line];
    // Nothing gets nearer from one line to the next, and a swap spans two.
    if (Math.min(...before) >= most && Math.min(...last) > most) return most + 1;
  }
  return last[to.length] ?? 0;
}
