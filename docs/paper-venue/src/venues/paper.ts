import { z } from 'zod';
import type { Credentials } from '../account.ts';
import { Failure, type Refusal } from '../errors.ts';
import { aliasesOf, findMarket, type Market } from '../leverage/market.ts';
import { searchMarkets } from '../leverage/market-search.ts';
import { isSameSetting, type LeverageSetting, leverageFromReply } from '../leverage/setting.ts';
import type { ApplyResult, Budget, KeyCheck, MarketSetting, Position, Venue, VenueFacts } from '../leverage/venue.ts';
import { parseJson } from '../parse-json.ts';
import { emptied, type ListReply, oursOnly, type RowAbout } from './list-reply.ts';
import {
  createVenueApi,
  credential,
  isRefusal,
  type Judge,
  oneUrl,
  type ReadRequest,
  type VenueApi,
  type VenueDefinition,
  type VenueOptions,
} from './venue-api.ts';
import { type Answer, decimal, positive, readSuccess, refused, silent, type Verdict } from './verdict.ts';

const facts: VenueFacts = {
  id: 'paper',
  label: 'Paper',
  modes: ['isolated'],
  tradeCurrencies: [],
  marketsNeedKey: false,
  credentialFields: [
    {
      name: 'key',
      label: 'Key',
      hint: 'The key that Paper shows once: 16 to 64 letters, digits and hyphens.',
      masked: true,
      pattern: /^[\w-]{16,64}$/,
    },
  ],
  keyWarning: 'Whoever holds this key can trade with the account. It cannot withdraw if you leave that off.',
  keyAdvice: 'Make a key for this bot alone, which may trade and may not withdraw.',
  exampleSymbol: 'BTCUSD',
  limits: {
    windows: [{ units: 20, windowMs: 1_000 }],
    costs: { read: 1, account: 1, write: 2 },
    variables: { prefix: 'PAPER_', costs: ['write'] },
  },
  unlisted: 'unset',
  openPositions: 'unchanged',
  openOrders: 'unchanged',
  refusalWords: {
    'market-unavailable': { what: 'has put this sheet of paper away', next: 'Try again when the desk is open.' },
  },
  effect: ({ market }) => `Applies to new orders on ${market.symbol}.`,
};

export const paper: VenueDefinition = { facts, create: createPaper };

/** What every call below needs. */
type Paper = { readonly api: VenueApi; readonly url: string };

function createPaper(options: VenueOptions): Venue {
  const paper: Paper = { api: createVenueApi(facts, options), url: oneUrl(options.url ?? 'https://paper.example') };
  return {
    ...facts,
    listMarkets: () => listMarkets(paper),
    readMarket: (_credentials, text) => readMarket(paper, text),
    readSetting: async (credentials, { market }) => {
      const settings = await readSettings(paper, credentials);
      return settings.find(({ symbol }) => symbol === market.symbol)?.setting ?? { mode: facts.unlisted };
    },
    listSettings: async (credentials, { symbols }) => {
      const settings = await readSettings(paper, credentials);
      const unlisted = symbols.filter((symbol) => !settings.some((one) => one.symbol === symbol));
      return {
        settings: [...settings, ...unlisted.map((symbol) => ({ symbol, setting: { mode: facts.unlisted } }))],
        unread: [],
        gaps: [],
      };
    },
    applySetting: (credentials, { market }, setting, isInTime) =>
      applySetting(paper, credentials, { symbol: market.symbol, setting, isInTime }),
    readPosition: (credentials, { market }) => readPosition(paper, credentials, market.symbol),
    readOpenOrders: async (credentials, { market }) => {
      const reply = rowsAbout('orders', market.symbol, z.unknown());
      return { count: (await paper.api.readList(keyed(paper, credentials, '/orders', 'account'), reply)).length };
    },
    checkKey: (credentials) => checkKey(paper, credentials),
  };
}

function keyed({ url }: Paper, credentials: Credentials, path: string, cost: keyof Budget['costs']): ReadRequest {
  const key = credential(credentials, 'key');
  return { url: `${url}${path}`, headers: () => ({ 'X-Paper-Key': key.reveal() }), spends: { key, cost } };
}

const marketRow = z
  .object({ symbol: z.string().regex(/^[A-Z]{6,12}$/), max: positive, isOpen: z.boolean() })
  .transform(({ symbol, max, isOpen }): Market => {
    const [base, quote] = [symbol.slice(0, -3), symbol.slice(-3)];
    const aliases = aliasesOf(symbol, base, quote, symbol);
    const bounds = { min: '1', max, step: '0.01' };
    return { venue: facts.id, id: symbol, symbol, aliases, base, quote, bounds, tradeable: isOpen };
  });

/** Listed by their age, bitcoin first. */
function listMarkets({ api, url }: Paper): Promise<readonly Market[]> {
  return api.readList({ url: `${url}/markets`, size: 'markets' }, rowsOf('markets', marketRow));
}

async function readMarket(paper: Paper, text: string): Promise<Market> {
  const markets = await listMarkets(paper);
  const market = findMarket(markets, text);
  if (market !== undefined) return market;
  const suggestions = searchMarkets(markets, text, 5).map(({ symbol }) => symbol);
  throw new Failure({ code: 'UNKNOWN_MARKET', venue: facts.label, text: text.slice(0, 100), suggestions });
}

const settingRow = z
  .object({ symbol: z.string(), leverage: z.union([z.string(), z.number()]) })
  .transform(({ symbol, leverage }, context): MarketSetting => {
    const known = leverageFromReply(leverage);
    if (known !== undefined) return { symbol, setting: { mode: 'isolated', leverage: known } };
    context.addIssue({ code: 'custom', message: 'not a leverage' });
    return z.NEVER;
  });

function readSettings(paper: Paper, credentials: Credentials): Promise<readonly MarketSetting[]> {
  return paper.api.readList(keyed(paper, credentials, '/settings', 'read'), rowsOf('settings', settingRow));
}

type Change = {
  readonly symbol: string;
  readonly setting: LeverageSetting;
  readonly isInTime: () => boolean;
};

async function applySetting(paper: Paper, credentials: Credentials, change: Change): Promise<ApplyResult> {
  const { symbol, setting, isInTime } = change;
  if (setting.mode === 'cross') return { kind: 'not-sent', failure: { code: 'NO_CROSS', venue: facts.label } };
  const request = keyed(paper, credentials, `/settings/${encodeURIComponent(symbol)}`, 'write');
  const body = JSON.stringify({ leverage: setting.leverage });
  return paper.api.write({ ...request, method: 'PUT', body, isInTime }, (answer) => {
    const verdict = expecting(settingRow)(answer);
    // Success counts only when the venue echoes what was asked for; otherwise reading back has to tell.
    const isEcho = verdict.kind === 'ok' && isSameSetting(verdict.value.setting, setting);
    return verdict.kind !== 'ok' || isEcho ? verdict : silent('unreadable');
  });
}

const positionRow = z.object({
  side: z.enum(['long', 'short']),
  entry: positive,
  mark: positive,
  liquidation: decimal,
});

async function readPosition(paper: Paper, credentials: Credentials, symbol: string): Promise<Position | undefined> {
  const request = keyed(paper, credentials, '/positions', 'account');
  const [position] = await paper.api.readList(request, rowsAbout('positions', symbol, positionRow));
  if (position === undefined) return undefined;
  const { side, entry, mark, liquidation } = position;
  return { symbol, side, entryPrice: entry, markPrice: mark, liquidationPrice: liquidation };
}

const permissions = z.object({ mayTrade: z.boolean(), mayWithdraw: z.boolean() });

async function checkKey(paper: Paper, credentials: Credentials): Promise<KeyCheck> {
  try {
    const { mayTrade, mayWithdraw } = await paper.api.read(
      keyed(paper, credentials, '/key', 'account'),
      expecting(permissions),
    );
    if (mayWithdraw) return { kind: 'refused', reason: 'can-withdraw' };
    return mayTrade ? { kind: 'usable', notes: [] } : { kind: 'refused', reason: 'read-only' };
  } catch (error) {
    if (isRefusal(error, 'key-rejected')) return { kind: 'refused', reason: 'rejected' };
    throw error;
  }
}

/** Whole words, as documented. */
const refusals: ReadonlyMap<string, Refusal> = new Map([
  ['leverage-out-of-range', 'leverage-out-of-range'],
  ['no-such-market', 'unknown-market'],
  ['market-closed', 'market-unavailable'],
  ['no-such-key', 'key-rejected'],
  ['too-many-requests', 'rate-limited'],
]);

const errorBody = z.object({ refused: z.string() });
const success = z.object({ done: z.literal(true) });

function readError({ status, text }: Answer): Verdict<never> | undefined {
  if (status === 429) return refused('rate-limited');
  const refusal = refusals.get(errorBody.safeParse(parseJson(text)).data?.refused ?? '');
  return refusal && refused(refusal);
}

/** Judges an answer that must say `done: true` and have this shape. */
function expecting<S extends z.ZodType>(schema: S): Judge<z.output<S>> {
  return (answer) => {
    const json = parseJson(answer.text);
    return readError(answer) ?? readSuccess(schema, answer, success.safeParse(json).success ? json : undefined);
  };
}

const around = (name: string) => expecting(z.object({ [name]: emptied }));

/** A list in which every row must be readable. */
function rowsOf<S extends z.ZodType>(
  name: string,
  schema: S,
): ListReply<RowAbout<z.output<S>>, readonly z.output<S>[]> {
  return { name, around: around(name), row: (row) => readRow(schema, row), conclude: oursOnly<z.output<S>> };
}

/** The rows about one market; those about others may look as they like. */
function rowsAbout<S extends z.ZodType>(name: string, symbol: string, schema: S): ReturnType<typeof rowsOf<S>> {
  const named = z.object({ symbol: z.string() });
  return {
    ...rowsOf(name, schema),
    row: (row) => {
      const about = named.safeParse(row).data?.symbol;
      return about === undefined || about === symbol ? readRow(schema, row) : { kind: 'other' };
    },
  };
}

function readRow<S extends z.ZodType>(schema: S, row: unknown): RowAbout<z.output<S>> {
  const { success, data } = schema.safeParse(row);
  return success ? { kind: 'ours', value: data } : { kind: 'unreadable' };
}
