import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { credentialsOf } from '../src/account.ts';
import { Failure } from '../src/errors.ts';
import { isSameSetting } from '../src/leverage/setting.ts';
import { Secret } from '../src/secret.ts';
import { kraken, krakenUrl } from '../src/venues/kraken.ts';
import { apiSign, refusalOfText } from '../src/venues/kraken-rest.ts';
import { credential } from '../src/venues/venue-api.ts';
import { reasonOf } from './change.ts';
import type { Desk, DeskRequest } from './desk.ts';
import { errorTexts } from './harmless.ts';
import type { ProbedVenue } from './probed-venue.ts';
import {
  againstFixture,
  asAssumed,
  askRaw,
  type Bench,
  different,
  type Finding,
  jsonOf,
  newest,
  type Question,
  tell,
  told,
  untold,
} from './question.ts';
import type { Exchange } from './recorder.ts';
import { describeShape, shapeOf } from './shape.ts';

const restFixtures = 'test/venues/fixtures/kraken-rest.json';
const rest = 'src/venues/kraken-rest.ts';
const adapter = 'src/venues/kraken.ts';
const memory = 'src/venues/kraken-told.ts';
const markets = 'src/venues/kraken-markets.ts';
const connections = 'src/venues/kraken-connections.ts';
const requests = 'simulators/venues/kraken-unified-requests.ts';
const data = 'simulators/venues/kraken-unified-data.ts';
const replies = 'src/venues/kraken-replies.ts';
const switches = 'simulators/venues/kraken-unified-switches.ts';
const sockets = 'simulators/venues/kraken-unified-sockets.ts';

const derivatives = { asset_class: 'derivatives' } as const;

/** @param isOwn - Whether it must be a connection that no other question uses. */
async function withDesk(
  { desks }: Bench,
  name: 'public' | 'private' | 'margin',
  use: (desk: Desk) => Promise<Finding>,
  isOwn = false,
): Promise<Finding> {
  const desk = await (isOwn ? desks?.open(name) : desks?.take(name));
  if (desk === undefined) return different('The connection was not made.');
  try {
    return await use(desk);
  } finally {
    if (isOwn) desk.close();
  }
}

const isSuccess = (exchange: Exchange, bench: Bench) =>
  z.object({ success: z.literal(true) }).safeParse(jsonOf(bench, exchange)).success;

/** What a refusal says; without words, what else came. */
function sayError(bench: Bench, reply: Exchange): string {
  return errorTexts(jsonOf(bench, reply), bench.telling).join(', ') || tell(bench, reply);
}

/** Subscribes, and shows the first frame of the channel. */
async function readChannel(
  bench: Bench,
  desk: Desk,
  params: Readonly<Record<string, unknown>> & { readonly channel: string },
): Promise<Finding> {
  const reply = await desk.ask({ method: 'subscribe', params });
  if (!isSuccess(reply, bench)) return different(`The subscription was refused: ${sayError(bench, reply)}.`);
  const frame = await desk.hear(params.channel);
  if (frame === undefined) return different('The subscription was taken, but no frame came.');
  const fields = describeShape(shapeOf(jsonOf(bench, frame)));
  const texts = errorTexts(jsonOf(bench, frame), bench.telling);
  return { ...told(texts.length > 0 ? `A frame came, with ${texts.join(', ')}.` : 'A frame came.'), fields };
}

/** Names of fields that match, of the newest frame of a channel. */
function fieldsLike({ fields = [] }: Finding, pattern: RegExp): readonly string[] {
  return fields.map(({ path }) => path).filter((path) => pattern.test(path));
}

function withFields(finding: Finding, pattern: RegExp, { some, none }: { some: string; none: Finding }): Finding {
  if (finding.verdict === 'different') return finding;
  const found = fieldsLike(finding, pattern);
  if (found.length === 0) return { ...finding, verdict: none.verdict, says: `${finding.says} ${none.says}` };
  return {
    ...finding,
    verdict: 'told',
    says: `${finding.says} ${some}: ${found.map((one) => `\`${one}\``).join(', ')}.`,
  };
}

/** Asks for something wrong, and shows how it is refused. */
async function askWrongly(bench: Bench, desk: Desk, request: DeskRequest): Promise<Finding> {
  const reply = await desk.ask(request);
  return isSuccess(reply, bench) ? different('It was not refused.') : told(`${sayError(bench, reply)}.`);
}

type RestCall = { readonly path: string; readonly nonce: string; readonly credentials?: Bench['credentials'] };

/** A signed request that the adapter would not make. */
async function askRest(bench: Bench, { path, nonce, credentials = bench.credentials }: RestCall): Promise<Finding> {
  const key = credential(credentials, 'apiKey');
  const secret = credential(credentials, 'apiSecret');
  const body = `nonce=${nonce}`;
  await askRaw(bench, {
    url: `${bench.url}${path}`,
    post: () => ({
      headers: {
        'API-Key': key.reveal(),
        'API-Sign': apiSign(secret.reveal(), path, nonce, body),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body,
    }),
  });
  const last = newest(bench);
  const texts = last === undefined ? [] : errorsOf(bench, last);
  const says = last === undefined ? 'Nothing was asked.' : `${tell(bench, last)}.`;
  return texts.every((text) => refusalOfText(text) !== undefined) && texts.length > 0
    ? asAssumed(says)
    : different(says);
}

function errorsOf(bench: Bench, exchange: Exchange): readonly string[] {
  return z.object({ error: z.array(z.string()) }).safeParse(jsonOf(bench, exchange)).data?.error ?? [];
}

const noKey = credentialsOf('', {
  apiKey: Buffer.alloc(42, 1).toString('base64'),
  apiSecret: Buffer.alloc(64, 1).toString('base64'),
});

const keyInfoPath = '/0/private/GetApiKeyInfo';

const stopWords = /trigger|stop|limit_price_type/;

const longestWaitMs = 200_000;

/** Leaves connections alone until they are closed: one with a subscription, one without, one for public data. */
async function waitForEnds(bench: Bench): Promise<Finding> {
  if (!bench.waits) return untold('Not asked, since it takes minutes: ask again with --wait.');
  const said: string[] = [];
  const leave = (name: 'public' | 'private', what: string, channel?: string) =>
    withDesk(
      bench,
      name,
      async (desk) => {
        if (channel !== undefined) await desk.ask({ method: 'subscribe', params: { channel } });
        said.push(`${what}: ${await untilEnd(desk)}`);
        return told('');
      },
      true,
    );
  await Promise.all([
    leave('private', 'private, one subscription', 'preferences'),
    leave('private', 'private, no subscription'),
    leave('public', 'public, no subscription'),
  ]);
  return told(`${said.toSorted().join('; ')}.`);
}

async function untilEnd(desk: Desk): Promise<string> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), longestWaitMs);
  const end = await Promise.race([desk.ended, late.promise]);
  clearTimeout(timer);
  const beats = desk.heard('heartbeat').length > 0 ? ', with heartbeats' : '';
  if (end === undefined) return `still open after ${longestWaitMs / 1_000} s${beats}`;
  return `closed with ${end.code} after ${Math.round(end.afterMs / 1_000)} s${beats}`;
}

const unknownToken = new Secret('no-token-of-anybody-0123456789');

const positions = { ...derivatives, channel: 'positions' };

/** Each is documented, or in the form of what is. */
const wrongSubscriptions = (token: Secret): Readonly<Record<string, DeskRequest>> => ({
  'a made-up token': { method: 'subscribe', params: { channel: 'preferences' }, token },
  'no token': { method: 'subscribe', params: { channel: 'preferences' }, token: 'none' },
  'no asset_class': { method: 'subscribe', params: { channel: 'positions' } },
  'snapshot with with_margin': { method: 'subscribe', params: { ...positions, snapshot: true, with_margin: true } },
  'snapshot at margin': { method: 'subscribe', params: { ...derivatives, channel: 'margin', snapshot: true } },
  'an unknown channel': { method: 'subscribe', params: { channel: 'no_such_channel' } },
  'public data here': { method: 'subscribe', params: { ...derivatives, channel: 'instrument' } },
  'a second subscription': { method: 'subscribe', params: { channel: 'preferences' } },
});

async function askWrongThings(bench: Bench, desk: Desk): Promise<Finding> {
  const said: string[] = [];
  let isTaken = false;
  for (const [what, request] of Object.entries(wrongSubscriptions(unknownToken))) {
    const reply = await desk.ask(request);
    isTaken ||= isSuccess(reply, bench);
    said.push(`${what}: ${sayError(bench, reply)}`);
  }
  const says = `${said.join('; ')}. ${desk.isOpen() ? 'The connection stayed open.' : 'The connection was closed.'}`;
  return isTaken || !desk.isOpen() ? different(says) : told(says);
}

/** As the adapter makes it, in microseconds. */
const nonceOf = ({ options }: Bench) => String(options.now() * 1_000);

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
    correct: [memory, data],
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
    correct: [rest, requests],
    isOnce: true,
    ask: (bench) => withDesk(bench, 'private', (desk) => askWrongThings(bench, desk)),
  },
  {
    title: 'What do positions look like?',
    assumed: 'Rows with a symbol, a size and an entry price.',
    correct: [memory, data],
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
    correct: [memory, data],
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
    correct: [memory, data],
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
    correct: [markets, data],
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
    correct: [markets, data],
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
    correct: [rest, requests],
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

/** What comes after a change comes soon. */
const pushMs = 2_000;

function toldSince({ recorder, sent }: Bench, what: string): readonly Exchange[] {
  return recorder.seen.slice(sent?.seenBefore ?? 0).filter((exchange) => exchange.what.startsWith(what));
}

const afterChange: readonly Question[] = [
  {
    title: 'What does `set_preference` answer, and does its result show the setting?',
    assumed: 'Success; whether the result repeats the setting is not known.',
    correct: [replies, 'simulators/venues/kraken-unified-preference.ts'],
    ask: async (bench) => {
      const [reply] = toldSince(bench, 'WS told set_preference');
      if (reply === undefined) return untold('No answer came.');
      const fields = describeShape(shapeOf(jsonOf(bench, reply)));
      return withFields({ ...told(`It said ${sayError(bench, reply)}.`), fields }, /max_leverage/, {
        some: 'It shows the setting in',
        none: told('It does not show the setting.'),
      });
    },
  },
  {
    title: 'Is a change told to who is subscribed?',
    assumed: 'Not known; `preferences` and `positions` are watched.',
    correct: [memory, data],
    ask: async (bench) => {
      await wait(pushMs);
      const frames = ['preferences update', 'positions update'].flatMap((one) => toldSince(bench, `WS told ${one}`));
      if (frames.length === 0) return told(`Nothing came within ${pushMs / 1_000} s.`);
      const said = frames.map((frame) => {
        const fields = [...shapeOf(jsonOf(bench, frame)).keys()].filter((path) => /leverage/.test(path));
        return `${frame.what} with ${fields.map((one) => `\`${one}\``).join(', ') || 'no leverage'}`;
      });
      return told(`${said.join('; ')}.`);
    },
  },
  {
    title: 'What becomes of an open position?',
    assumed: 'Not documented; the bot says so. A change of its margin would show here.',
    correct: [adapter, data],
    ask: (bench) => askPosition(bench),
  },
];

const rowSchema = z.record(z.string(), z.unknown());
const withRows = z.object({ data: z.object({ futures: z.array(rowSchema) }) });

/** The row of the market in a frame of positions. */
function rowIn(bench: Bench, exchange: Exchange | undefined) {
  const rows = withRows.safeParse(exchange && jsonOf(bench, exchange)).data?.data.futures ?? [];
  return rows.find(({ symbol }) => symbol === bench.market.symbol);
}

/** Which figures of an open position are others than before; prices move by themselves. */
async function askPosition(bench: Bench): Promise<Finding> {
  const snapshots = bench.recorder.seen
    .slice(0, bench.sent?.seenBefore ?? 0)
    .filter(({ what }) => what === 'WS told positions snapshot')
    .map((exchange) => rowIn(bench, exchange) ?? {});
  const [before = {}] = snapshots.toSorted((a, b) => Object.keys(b).length - Object.keys(a).length);
  return withDesk(
    bench,
    'margin',
    async (desk) => {
      const read = await readChannel(bench, desk, { ...positions, with_margin: true });
      const after = rowIn(bench, desk.heard('positions').at(-1));
      if (read.verdict === 'different' || after === undefined) return untold('No position is open in this market.');
      const changed = Object.keys(after).filter(
        (name) => name in before && !isDeepStrictEqual(after[name], before[name]),
      );
      const names = [...shapeOf(Object.fromEntries(changed.map((name) => [name, null]))).keys()].filter(Boolean);
      return told(
        names.length === 0
          ? 'No figure of it has changed.'
          : `Changed: ${names.map((one) => `\`${one}\``).join(', ')}.`,
      );
    },
    true,
  );
}

const oldApi: Question = {
  title: 'Does the old API show what is set through the new one?',
  assumed: 'Not known; the same preference behind both is likely.',
  correct: [adapter, 'src/venues/kraken-futures.ts'],
  ask: async ({ old, market, sent }) => {
    if (old === undefined) return untold('Not asked: with --compare the account’s old key is asked for as well.');
    const shown = await old.venue.readSetting(old.credentials, { market });
    if (sent === undefined)
      return told(`The old API shows ${shown.mode === 'cross' ? 'cross' : 'a fixed leverage'} there.`);
    return told(isSameSetting(shown, sent.setting) ? 'It shows what was set just now.' : 'It shows something else.');
  },
};

export const probedKraken: ProbedVenue = {
  definition: kraken,
  old: 'kraken-futures',
  url: krakenUrl,
  // The counter of a key takes 15 calls, and one more in each three seconds.
  gapMs: 250,
  questions: [...questions, oldApi],
  afterChange,
};
