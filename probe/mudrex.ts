import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { credentialsOf } from '../src/account.ts';
import { mudrex, mudrexUrl } from '../src/venues/mudrex.ts';
import { credential } from '../src/venues/venue-api.ts';
import {
  againstFixture,
  asAssumed,
  askRaw,
  type Bench,
  different,
  type Finding,
  jsonOf,
  newest,
  newestBefore,
  type ProbedVenue,
  type Question,
  tell,
  told,
  untold,
} from './question.ts';

const fixtures = 'test/venues/fixtures/mudrex.json';
const replies = 'src/venues/mudrex-replies.ts';
const simulator = 'simulators/venues/mudrex-routes.ts';

const documented = (...entries: readonly string[]) => ({ file: fixtures, entries });

/** Reads with the adapter, and holds what came against the documented replies. */
async function readAs(bench: Bench, entries: readonly string[], path: string, read: () => Promise<unknown>) {
  await read();
  return againstFixture(bench, documented(...entries), newest(bench, path));
}

/** A request that the adapter does not make. */
async function ask(bench: Bench, path: string, key = credential(bench.credentials, 'apiSecret')): Promise<Finding> {
  await askRaw(bench, {
    url: `${bench.url}${path}`,
    headers: () => ({ 'X-Authentication': key.reveal() }),
    spends: { key, cost: 'read' },
  });
  return told(tellNewest(bench));
}

function tellNewest(bench: Bench): string {
  const last = newest(bench);
  return last === undefined ? 'Nothing was asked.' : `${tell(bench, last)}.`;
}

const unknownKey = credentialsOf('', { apiSecret: 'no-key-of-anybody-0123456789' });

const rows = z.object({ data: z.array(z.object({ id: z.string() })) });

function idsOf(bench: Bench): readonly string[] {
  const last = newest(bench);
  return rows.safeParse(last && jsonOf(bench, last)).data?.data.map(({ id }) => id) ?? [];
}

/** Pages of three, of which the second begins one row later. */
async function askOffset(bench: Bench): Promise<Finding> {
  await ask(bench, '/futures?limit=3&offset=0');
  const first = idsOf(bench);
  await ask(bench, '/futures?limit=3&offset=1');
  const second = idsOf(bench);
  if (first.length < 2 || second.length < 1) return untold('The list was too short, or it could not be read.');
  const says = `Asked for 3 rows, ${first.length} came.`;
  if (first.length !== 3) return different(`${says} The limit is not kept.`);
  return first[1] === second[0] ? asAssumed(says) : different(`${says} The offset does not count rows.`);
}

const mostTried = 8;

/** Markets that few people trade stand last. */
async function findUnset(bench: Bench): Promise<Finding> {
  const { venue, credentials } = bench;
  const markets = await venue.listMarkets(credentials);
  for (const market of markets.slice(-mostTried).toReversed()) {
    const setting = await venue.readSetting(credentials, { market, currency: 'USDT' });
    if (setting.mode !== 'unset') continue;
    return againstFixture(bench, { ...documented('leverageNotFound'), statuses: [400] }, newest(bench));
  }
  return untold(`A leverage is set in each of the ${mostTried} markets that were tried.`);
}

async function askPresence(bench: Bench): Promise<Finding> {
  const path = `/futures/${bench.market.symbol}`;
  await ask(bench, `${path}?is_symbol=false`);
  const last = newest(bench);
  return againstFixture(bench, documented('market'), last);
}

/** Without a key: the prices are public. */
async function askMarkPrice(bench: Bench): Promise<Finding> {
  const { base, quote } = bench.market;
  const end = Math.floor(Date.now() / 1_000);
  const query = `assets=${base}/${quote}&aggregation=1m&start_time=${end - 120}&end_time=${end}`;
  await askRaw(bench, { url: `${bench.url}/price/mark-kline?${query}` });
  return againstFixture(bench, documented('klines'), newest(bench));
}

const target = ({ market }: Bench, currency = 'USDT') => ({ market, currency });

const questions: readonly Question[] = [
  {
    title: 'What does a key see of its funds?',
    assumed: 'A balance and a locked amount, as texts; the bot takes this for "the key works".',
    correct: [fixtures, replies],
    ask: (bench) => readAs(bench, ['funds'], '/futures/funds', () => bench.venue.checkKey(bench.credentials)),
  },
  {
    title: 'Is there a call only to check a key (`GET /futures/ping`)?',
    assumed: 'Not documented; the bot asks for the funds instead.',
    correct: ['src/venues/mudrex.ts', simulator],
    ask: (bench) => ask(bench, '/futures/ping'),
  },
  {
    title: 'What is said to a key that does not exist?',
    assumed: 'HTTP 401 with the code 3100.',
    correct: [fixtures, replies],
    ask: async (bench) => {
      await ask(bench, '/futures/funds', credential(unknownKey, 'apiSecret'));
      return againstFixture(bench, documented('invalidAuthentication'), newest(bench));
    },
  },
  {
    title: 'What does one market look like?',
    assumed: 'Smallest and highest leverage and the step, each as a text.',
    correct: [fixtures, replies],
    ask: (bench) =>
      readAs(bench, ['market'], '/futures/', () => bench.venue.readMarket(bench.credentials, bench.market.symbol)),
  },
  {
    title: 'How do pages of markets go on?',
    assumed: '`limit` is kept, and `offset` counts rows.',
    correct: ['src/venues/mudrex-requests.ts', simulator],
    ask: askOffset,
  },
  {
    title: 'Does `is_symbol` count by its presence?',
    assumed: 'Even `is_symbol=false` makes the path a symbol.',
    correct: ['src/venues/mudrex-markets.ts', simulator],
    ask: askPresence,
  },
  {
    title: 'What is said of a market that does not exist?',
    assumed: 'HTTP 404 or 400 "Asset not found", or a bare HTTP 400.',
    correct: [fixtures, replies],
    ask: async (bench) => {
      await ask(bench, '/futures/NOSUCHMARKETUSDT?is_symbol');
      const last = newest(bench);
      const isBare = last?.reply.kind === 'answered' && last.reply.status === 400 && last.reply.text.trim() === '';
      if (isBare) return asAssumed('A bare HTTP 400.');
      return againstFixture(bench, { ...documented('assetNotFound'), statuses: [400] }, last);
    },
  },
  {
    title: 'What does the leverage of a market look like?',
    assumed: 'One of two documented shapes: `Leverage` and `MarginType`, or `leverage` and `margin_type`.',
    correct: [fixtures, replies],
    ask: (bench) =>
      readAs(bench, ['set2026', 'setSeed', 'leverageNotFound'], '/leverage', () =>
        bench.venue.readSetting(bench.credentials, target(bench)),
      ),
  },
  {
    title: 'What is said of a market whose leverage was never set?',
    assumed: 'HTTP 404 or 400, "leverage not found".',
    correct: [fixtures, replies],
    ask: findUnset,
  },
  {
    title: 'Is the leverage for INR margin asked for in the query?',
    assumed: '`trade_currency=INR` reads a setting of its own, in the same shape.',
    correct: ['src/venues/mudrex-requests.ts', fixtures],
    ask: (bench) =>
      readAs(bench, ['set2026', 'setSeed', 'leverageNotFound'], 'trade_currency=INR', () =>
        bench.venue.readSetting(bench.credentials, target(bench, 'INR')),
      ),
  },
  {
    title: 'What is said to a margin currency that does not exist?',
    assumed: 'HTTP 400 "invalid trade currency".',
    correct: [replies, simulator],
    ask: (bench) => ask(bench, `/futures/${bench.market.symbol}/leverage?is_symbol&trade_currency=XYZ`),
  },
  {
    title: 'What do open positions look like?',
    assumed: 'A list, or null where there is none; with a liquidation price.',
    correct: [fixtures, replies],
    ask: (bench) =>
      readAs(bench, ['positions'], '/futures/positions', () =>
        bench.venue.readPosition(bench.credentials, target(bench)),
      ),
  },
  {
    title: 'What do open orders look like?',
    assumed: 'A list, or null where there is none; each names its market.',
    correct: [replies, simulator],
    ask: async (bench) => {
      await bench.venue.readOpenOrders(bench.credentials, target(bench));
      return told(tellNewest(bench));
    },
  },
  {
    title: 'Are candles of the mark price public?',
    assumed: 'They come without a key, as rows of numbers below the pair in lower case.',
    correct: [fixtures, 'src/venues/mudrex-account.ts'],
    ask: askMarkPrice,
  },
];

const stored = z.object({ data: z.record(z.string(), z.unknown()) });

/** What an account keeps for INR margin, before and after a change for USDT. */
async function askOtherCurrency(bench: Bench): Promise<Finding> {
  const part = 'trade_currency=INR';
  await bench.venue.readSetting(bench.credentials, target(bench, 'INR'));
  const [before, after] = [newestBefore(bench, part), newest(bench, part)].map((exchange) => {
    return stored.safeParse(exchange && jsonOf(bench, exchange)).data?.data;
  });
  if (before === undefined || after === undefined) return untold('No leverage is set for INR margin.');
  return isDeepStrictEqual(before, after) ? asAssumed('It kept its own.') : different('It is another one now.');
}

export const probedMudrex: ProbedVenue = {
  definition: mudrex,
  url: mudrexUrl,
  // Ten requests in a second are taken.
  gapMs: 110,
  questions,
  afterChange: [
    {
      title: 'What does setting a leverage answer?',
      assumed: 'One of the two documented shapes, with the value that was asked for.',
      correct: [fixtures, replies],
      ask: async (bench) => againstFixture(bench, documented('set2026', 'setSeed'), newest(bench, 'POST ')),
    },
    {
      title: 'Does INR margin keep a leverage of its own?',
      assumed: 'A change for USDT margin leaves it as it was.',
      correct: ['src/venues/mudrex.ts', 'simulators/venues/mudrex-leverage.ts'],
      ask: askOtherCurrency,
    },
  ],
};
