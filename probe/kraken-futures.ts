import { z } from 'zod';
import type { Credentials } from '../src/account.ts';
import { isSameSetting, type LeverageSetting } from '../src/leverage/setting.ts';
import { authent, krakenFutures, krakenFuturesUrl } from '../src/venues/kraken-futures.ts';
import { credential } from '../src/venues/venue-api.ts';
import { noKey } from './kraken-refusals.ts';
import {
  againstFixture,
  asAssumed,
  askRaw,
  type Bench,
  different,
  type Finding,
  jsonOf,
  newest,
  type ProbedVenue,
  type Question,
  tell,
  told,
  untold,
} from './question.ts';
import { shapeOf } from './shape.ts';

const fixtures = 'test/venues/fixtures/kraken-futures.json';
const replies = 'src/venues/kraken-futures-replies.ts';
const instruments = 'src/venues/kraken-futures-instruments.ts';
const adapter = 'src/venues/kraken-futures.ts';
const simulator = 'simulators/venues/kraken-routes.ts';

const documented = (...entries: readonly string[]) => ({ file: fixtures, entries });

type Path = { readonly path: string; readonly query?: string; readonly credentials?: Credentials };

/** A signed request that the adapter does not make. */
async function askSigned(bench: Bench, { path, query = '', credentials = bench.credentials }: Path) {
  const key = credential(credentials, 'apiKey');
  const secret = credential(credentials, 'apiSecret');
  const prefix = path.startsWith('/api/v3/') ? '/derivatives' : '';
  await askRaw(bench, {
    url: `${bench.url}${prefix}${path}${query && `?${query}`}`,
    headers: () => ({ APIKey: key.reveal(), Authent: authent(secret.reveal(), path, query) }),
    spends: { key, cost: 'read' },
  });
  return newest(bench);
}

async function askPublic(bench: Bench, path: string) {
  await askRaw(bench, { url: `${bench.url}/derivatives/api/v3${path}` });
  return newest(bench);
}

const listed = z.object({ leveragePreferences: z.array(z.object({ symbol: z.string() })) });

function symbolsOf(bench: Bench): readonly string[] | undefined {
  const last = newest(bench);
  return listed.safeParse(last && jsonOf(bench, last)).data?.leveragePreferences.map(({ symbol }) => symbol);
}

async function askFilter(bench: Bench): Promise<Finding> {
  await askSigned(bench, { path: '/api/v3/leveragepreferences' });
  const all = symbolsOf(bench);
  await askSigned(bench, { path: '/api/v3/leveragepreferences', query: `symbol=${bench.market.symbol}` });
  const some = symbolsOf(bench);
  if (all === undefined || some === undefined) return different('One of the two replies is no list of preferences.');
  if (all.every((symbol) => symbol === bench.market.symbol)) return untold('There is no other market in the list.');
  return some.length < all.length ? told('The filter works.') : asAssumed('The filter is ignored.');
}

/** Names of fields that speak of leverage, which nothing documents. */
async function askBounds(bench: Bench): Promise<Finding> {
  await bench.venue.listMarkets(bench.credentials);
  const list = newest(bench, '/instruments');
  const compared = againstFixture(bench, documented('instruments'), list);
  const fields = list === undefined ? [] : [...shapeOf(jsonOf(bench, list)).keys()];
  const named = fields.filter((path) => /leverage|step/i.test(path));
  const bytes = list?.reply.kind === 'answered' ? Math.round(list.reply.text.length / 1_000) : 0;
  const says = named.length > 0 ? `Fields that speak of it: ${named.join(', ')}.` : 'No field speaks of it.';
  const verdict = named.length > 0 ? 'different' : compared.verdict;
  return { ...compared, verdict, says: `${compared.says} ${says} The list has ${bytes} kB.` };
}

const questions: readonly Question[] = [
  {
    title: 'What does the key check tell?',
    assumed: 'The two permissions, general and transfer.',
    correct: [fixtures, replies],
    ask: async (bench) => {
      await bench.venue.checkKey(bench.credentials);
      return againstFixture(bench, documented('key'), newest(bench, '/api-keys/'));
    },
  },
  {
    title: 'What does the key check say of a key that does not exist?',
    assumed: 'HTTP 401 in a shape of its own.',
    correct: [fixtures, replies],
    ask: async (bench) => {
      const exchange = await askSigned(bench, { path: '/api/auth/v1/api-keys/v3/check', credentials: noKey });
      return againstFixture(bench, { ...documented('keyUnknown'), isWordless: true }, exchange);
    },
  },
  {
    title: 'What is said to a wrong signature?',
    assumed: 'HTTP 200 with `result: "error"` and "authenticationError".',
    correct: [fixtures, replies],
    ask: async (bench) => {
      const { fields } = bench.credentials;
      const credentials = { user: '', fields: { ...fields, apiSecret: credential(noKey, 'apiSecret') } };
      const exchange = await askSigned(bench, { path: '/api/v3/leveragepreferences', credentials });
      return againstFixture(bench, documented('errorString'), exchange);
    },
  },
  {
    title: 'What do the leverage preferences look like?',
    assumed:
      'A list of the isolated markets; the leverage is a number or a text. A market that is not listed is in cross.',
    correct: [fixtures, replies],
    ask: async (bench) => {
      await bench.venue.listSettings(bench.credentials, { symbols: [] });
      return againstFixture(bench, documented('preferences'), newest(bench, '/leveragepreferences'));
    },
  },
  {
    title: 'Does the list of preferences filter by symbol?',
    assumed: 'Not documented; the bot reads the whole list.',
    correct: [adapter, simulator],
    ask: askFilter,
  },
  {
    title: 'Where do smallest leverage, highest leverage and step stand in the list of contracts?',
    assumed: 'Nowhere: the highest one follows from the first margin level; 1 and 0.01 are taken for the others.',
    correct: [fixtures, instruments],
    ask: askBounds,
  },
  {
    title: 'What does a ticker look like?',
    assumed: 'One ticker with a mark price.',
    correct: [fixtures, replies],
    ask: async (bench) =>
      againstFixture(bench, documented('ticker'), await askPublic(bench, `/tickers/${bench.market.symbol}`)),
  },
  {
    title: 'Is a symbol in lower case understood?',
    assumed: 'Not relied on: lower case has answered HTTP 500 with the code 87.',
    correct: [adapter, simulator],
    ask: async (bench) => tellOne(bench, await askPublic(bench, `/tickers/${bench.market.symbol.toLowerCase()}`)),
  },
  {
    title: 'What is said of a contract that does not exist?',
    assumed: 'One of the three error shapes.',
    correct: [fixtures, replies],
    ask: async (bench) => againstErrors(bench, await askPublic(bench, '/tickers/PF_NOSUCHCONTRACTUSD')),
  },
  {
    title: 'What do open positions look like?',
    assumed: 'A list; `maxFixedLeverage` stands on isolated ones only, and there is no liquidation price.',
    correct: [fixtures, replies],
    ask: async (bench) => {
      await bench.venue.readPosition(bench.credentials, { market: bench.market });
      return againstFixture(bench, documented('positions'), newest(bench, '/openpositions'));
    },
  },
  {
    title: 'What do open orders look like?',
    assumed: 'A list; each names its contract. Orders that wait for a price are in it.',
    correct: [fixtures, replies],
    ask: async (bench) => {
      await bench.venue.readOpenOrders(bench.credentials, { market: bench.market });
      return againstFixture(bench, documented('orders'), newest(bench, '/openorders'));
    },
  },
];

type Seen = ReturnType<typeof newest>;

function tellOne(bench: Bench, exchange: Seen): Finding {
  return exchange === undefined ? untold('Nothing was asked.') : told(`${tell(bench, exchange)}.`);
}

/** Any of the error shapes will do; which one it was is told. */
function againstErrors(bench: Bench, exchange: Seen): Finding {
  const { fields = [] } = againstFixture(bench, documented('errorString', 'errorCode'), exchange);
  const isOff = fields.some(({ kind }) => kind === 'missing' || kind === 'other');
  return { ...tellOne(bench, exchange), verdict: isOff ? 'different' : 'as assumed', fields };
}

const positionRows = z.object({
  openPositions: z.array(
    z.object({ symbol: z.string(), maxFixedLeverage: z.union([z.number(), z.string()]).optional() }),
  ),
});

/** An isolated position names the leverage that it is on. */
async function askPosition(bench: Bench): Promise<Finding> {
  const { venue, credentials, market, sent } = bench;
  await venue.readPosition(credentials, { market });
  const last = newest(bench, '/openpositions');
  const rows = positionRows.safeParse(last && jsonOf(bench, last)).data?.openPositions ?? [];
  const row = rows.find(({ symbol }) => symbol.toUpperCase() === market.symbol);
  if (row === undefined) return untold('No position is open in this market.');
  const { maxFixedLeverage: leverage } = row;
  const shown: LeverageSetting =
    leverage === undefined ? { mode: 'cross' } : { mode: 'isolated', leverage: `${leverage}` };
  const isTaken = sent !== undefined && isSameSetting(shown, sent.setting);
  return isTaken ? asAssumed('It is on what was set.') : different('It is not on what was set.');
}

export const probedKrakenFutures: ProbedVenue = {
  definition: krakenFutures,
  url: krakenFuturesUrl,
  // 250 requests in ten seconds are taken.
  gapMs: 40,
  questions,
  afterChange: [
    {
      title: 'What does setting a leverage answer?',
      assumed: '`result: "success"` and a time, without the value.',
      correct: [fixtures, replies],
      ask: async (bench) => againstFixture(bench, documented('applied'), newest(bench, 'PUT ')),
    },
    {
      title: 'Is an open position put on the new leverage at once?',
      assumed: 'It is, which the bot warns of.',
      correct: [adapter, simulator],
      ask: askPosition,
    },
  ],
};
