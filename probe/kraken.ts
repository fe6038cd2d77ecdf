import { z } from 'zod';
import { Failure } from '../src/errors.ts';
import { kraken, krakenUrl } from '../src/venues/kraken.ts';
import { reasonOf } from './change.ts';
import { afterChange, oldApi } from './kraken-change.ts';
import { derivatives, fieldsLike, positions, readChannel, withDesk, withFields } from './kraken-desk.ts';
import { waitForEnds } from './kraken-ends.ts';
import { askRest, askWrongly, askWrongThings, keyInfoPath, noKey, nonceOf } from './kraken-refusals.ts';
import {
  againstFixture,
  asAssumed,
  type Bench,
  different,
  type Finding,
  jsonOf,
  newest,
  type ProbedVenue,
  type Question,
  told,
  untold,
} from './question.ts';
import type { Exchange } from './recorder.ts';

const restFixtures = 'test/venues/fixtures/kraken-rest.json';
const rest = 'src/venues/kraken-rest.ts';
const adapter = 'src/venues/kraken.ts';
const replies = 'src/venues/kraken-replies.ts';
const fixtures = 'test/venues/fixtures/kraken.json';
const memory = 'src/venues/kraken-told.ts';
const markets = 'src/venues/kraken-markets.ts';
const connections = 'src/venues/kraken-connections.ts';
const requests = 'simulators/venues/kraken-unified-requests.ts';
const data = 'simulators/venues/kraken-unified-data.ts';
const switches = 'simulators/venues/kraken-unified-switches.ts';
const sockets = 'simulators/venues/kraken-unified-sockets.ts';

const stopWords = /trigger|stop|limit_price_type/;

/** What the adapter makes of this account: each read as a card would make it. */
async function readWithBot({ venue, credentials, market }: Bench): Promise<Finding> {
  const reads = {
    setting: () => venue.readSetting(credentials, { market }),
    position: () => venue.readPosition(credentials, { market }),
    'open orders': () => venue.readOpenOrders(credentials, { market }),
    markets: () => venue.listMarkets(credentials),
  };
  const said: string[] = [];
  for (const [what, read] of Object.entries(reads)) said.push(`${what}: ${await outcomeOf(read)}`);
  const says = `${said.join('; ')}.`;
  return said.every((one) => one.endsWith('read')) ? asAssumed(says) : different(says);
}

async function outcomeOf(read: () => Promise<unknown>): Promise<string> {
  try {
    await read();
    return 'read';
  } catch (error) {
    if (error instanceof Failure) return `not read (${reasonOf(error.data)})`;
    throw error;
  }
}

const permissionsOf = (bench: Bench, exchange: Exchange | undefined): readonly string[] =>
  z
    .object({
      result: z.object({
        permissions: z.array(
          z
            .string()
            .regex(/^[a-z]+(-[a-z]+){0,4}$/)
            .max(40),
        ),
      }),
    })
    .safeParse(exchange && jsonOf(bench, exchange)).data?.result.permissions ?? [];

const questions: readonly Question[] = [
  {
    title: 'What does Kraken tell of the key, and in which words?',
    assumed: 'The documented fields; permissions such as `create-ws-token`.',
    correct: [restFixtures, rest],
    ask: async (bench) => {
      await bench.venue.checkKey(bench.credentials);
      const info = newest(bench, 'GetApiKeyInfo');
      const finding = againstFixture(bench, { file: restFixtures, entries: ['keyInfo'] }, info);
      const permissions = permissionsOf(bench, info).map((one) => `\`${one}\``);
      return {
        ...finding,
        says: `${finding.says} Permissions: ${permissions.join(', ') || 'none that could be read'}.`,
      };
    },
  },
  {
    title: 'What is said to a key that does not exist?',
    assumed: '`EAPI:Invalid key` in a list, with HTTP 200.',
    correct: [rest, 'simulators/venues/kraken-unified-rest.ts'],
    isOnce: true,
    ask: (bench) => askRest(bench, { path: keyInfoPath, nonce: nonceOf(bench), credentials: noKey }),
  },
  {
    title: 'What is said to a nonce that is too low?',
    assumed: '`EAPI:Invalid nonce` in a list, with HTTP 200.',
    correct: [rest, 'simulators/venues/kraken-unified-rest.ts'],
    isOnce: true,
    ask: (bench) => askRest(bench, { path: keyInfoPath, nonce: '1' }),
  },
  {
    title: 'Does `preferences` show the leverage of markets?',
    assumed: 'One value is documented, the permission to trade futures; no leverage.',
    correct: [replies, fixtures, data],
    ask: (bench) =>
      withDesk(bench, 'private', async (desk) =>
        withFields(await readChannel(bench, desk, { channel: 'preferences' }), /leverage/i, {
          some: 'It shows leverage in',
          none: asAssumed('It shows no leverage.'),
        }),
      ),
  },
  {
    title: 'Does the private address say its status when somebody connects?',
    assumed: 'Not relied on: the public address does.',
    correct: [switches, connections],
    ask: (bench) =>
      withDesk(bench, 'private', async (desk) => told(desk.heard('status').length > 0 ? 'It does.' : 'It does not.')),
  },
  {
    title: 'How are wrong private subscriptions refused?',
    assumed: 'With one text in `error`; the connection stays open.',
    correct: [replies, rest, requests],
    isOnce: true,
    ask: (bench) => withDesk(bench, 'private', (desk) => askWrongThings(bench, desk)),
  },
  {
    title: 'What do positions look like?',
    assumed: 'Rows with a symbol, a size and an entry price.',
    correct: [memory, fixtures, data],
    ask: (bench) =>
      withDesk(bench, 'private', async (desk) =>
        withFields(await readChannel(bench, desk, { ...positions, snapshot: true }), /futures\[\]\./, {
          some: 'Fields of a row',
          none: untold('No position is open.'),
        }),
      ),
  },
  {
    title: 'Do positions with margin show the leverage of a market?',
    assumed: 'Not known; the old feed had `max_fixed_leverage` on isolated positions.',
    correct: [replies, fixtures, data],
    ask: (bench) =>
      withDesk(bench, 'margin', async (desk) => {
        const finding = await readChannel(bench, desk, { ...positions, with_margin: true });
        const isEmpty = fieldsLike(finding, /futures\[\]\./).length === 0;
        return withFields(finding, /fixed|leverage_mode|max_leverage/i, {
          some: 'Fields that speak of it',
          none: isEmpty ? untold('No position is open.') : told('No field shows a leverage that was set.'),
        });
      }),
  },
  {
    title: 'Do executions show orders that wait for a price?',
    assumed: 'Open orders come in a snapshot; whether stop orders are among them is not known.',
    correct: [memory, fixtures, data],
    ask: (bench) =>
      withDesk(bench, 'private', async (desk) => {
        const params = { ...derivatives, channel: 'executions', snap_orders: true, snap_trades: false };
        const finding = await readChannel(bench, desk, params);
        const isEmpty = fieldsLike(finding, /data\[\]\./).length === 0;
        return withFields(finding, stopWords, {
          some: 'There are, with',
          none: untold(
            isEmpty ? 'No order is open: place a stop order far away, and ask again.' : 'No such order came.',
          ),
        });
      }),
  },
  {
    title: 'What does `margin` tell?',
    assumed: 'Figures of the whole account; the bot does not read them.',
    correct: [data],
    ask: (bench) =>
      withDesk(bench, 'private', (desk) => readChannel(bench, desk, { ...derivatives, channel: 'margin' })),
  },
  {
    title: 'Does `instrument` tell a margin schedule or the highest leverage?',
    assumed: 'Not known; without it the bot takes any leverage from 1 on, and the engine decides.',
    correct: [markets, fixtures, data],
    ask: (bench) =>
      withDesk(bench, 'public', async (desk) => {
        const finding = await readChannel(bench, desk, { ...derivatives, channel: 'instrument', snapshot: true });
        const frame = newest(bench, 'WS told instrument');
        const kB = frame?.reply.kind === 'answered' ? Math.round(frame.reply.text.length / 1_000) : 0;
        const sized = { ...finding, says: `${finding.says} The frame has ${kB} kB.` };
        return withFields(sized, /margin_|leverage|schedule|risk/i, {
          some: 'Fields that speak of it',
          none: told('No field speaks of it.'),
        });
      }),
  },
  {
    title: 'Does `ticker` tell a mark price?',
    assumed: 'A field of a mark price for derivatives, under the symbol of the contract.',
    correct: [markets, fixtures, data],
    ask: (bench) =>
      withDesk(bench, 'public', async (desk) =>
        withFields(
          await readChannel(bench, desk, { ...derivatives, channel: 'ticker', symbol: [bench.market.symbol] }),
          /mark/i,
          { some: 'In', none: different('No field speaks of it.') },
        ),
      ),
  },
  {
    title: 'How is an unknown contract refused?',
    assumed: 'With one text in `error`.',
    correct: [replies, rest, requests],
    isOnce: true,
    ask: (bench) =>
      withDesk(bench, 'public', (desk) => {
        const params = { ...derivatives, channel: 'ticker', symbol: ['PF_NOSUCHCONTRACTUSD'] };
        return askWrongly(bench, desk, { method: 'subscribe', params });
      }),
  },
  {
    title: 'Is a ping answered on both addresses?',
    assumed: 'With `pong`.',
    correct: [connections, requests],
    ask: async (bench) => {
      const said: string[] = [];
      for (const name of ['public', 'private'] as const) {
        await withDesk(bench, name, async (desk) => {
          const reply = await desk.ask({ method: 'ping', token: 'none' });
          const isPong = z.object({ method: z.literal('pong') }).safeParse(jsonOf(bench, reply)).success;
          said.push(`${name}: ${isPong ? 'pong' : 'no pong'}`);
          return told('');
        });
      }
      return said.every((one) => one.endsWith(': pong'))
        ? asAssumed(`${said.join(', ')}.`)
        : different(`${said.join(', ')}.`);
    },
  },
  {
    title: 'When are connections closed that say nothing?',
    assumed: 'After about a minute; a private one without a subscription sooner.',
    correct: [sockets, connections],
    isOnce: true,
    ask: waitForEnds,
  },
  {
    title: 'Can the bot read this account?',
    assumed: 'Setting, position, open orders and markets can all be read.',
    correct: [adapter, memory],
    ask: readWithBot,
  },
];

export const probedKraken: ProbedVenue = {
  definition: kraken,
  old: 'kraken-futures',
  url: krakenUrl,
  // The counter of a key takes 15 calls, and one more in each three seconds.
  gapMs: 250,
  questions: [...questions, oldApi],
  afterChange,
};
