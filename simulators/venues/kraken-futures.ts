import type { Call, Execution, VenueCore } from './call.ts';
import { limitsOf, type SimulatedVenue } from './exchange.ts';
import { createKrakenControls, type KrakenControls } from './kraken-controls.ts';
import { krakenDemoAccounts, krakenDemoKeys, krakenKey, krakenRefusals } from './kraken-demo.ts';
import { type KrakenInstrument, krakenInstruments } from './kraken-instruments.ts';
import {
  createRefusals,
  type KrakenErrorStyle,
  refusedByCode,
  refusedInList,
  refusedWith,
  serverTime,
} from './kraken-replies.ts';
import { base, findPrivateRoute, type KrakenWorld, permits, publicRoute } from './kraken-routes.ts';
import { checkSignature, findKey } from './kraken-signature.ts';
import { type KrakenAccountSeed, openAccount } from './kraken-state.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { type Answer, jsonAnswer } from './raw-replies.ts';
import { createWindowsPerKey, type WindowRule } from './sliding-windows.ts';
import { uuidFrom } from './stable-id.ts';
import type { WriteLogEntry } from './write-log.ts';

/** 500 cost units per 10 s for private calls (docs.kraken.com, Rate limits). */
const krakenLimits: readonly WindowRule[] = [{ windowMs: 10_000, budget: 500 }];

export type KrakenSimulatorOptions = {
  /** Milliseconds since the epoch. */
  now(): number;
  readonly accounts: readonly KrakenAccountSeed[];
  readonly instruments?: readonly KrakenInstrument[];
  readonly limits?: readonly WindowRule[];
  readonly errors?: Partial<KrakenErrorStyle>;
  /** How decimals are written: JSON numbers, or strings such as "5.00". */
  readonly numbers?: 'number' | 'string';
  /** Whether the undocumented filter on GET /leveragepreferences works; it was seen not to. */
  readonly filtersPreferences?: boolean;
  /** Whether the key check exists; without it that path answers 404. */
  readonly keyCheck?: boolean;
};

/** A Kraken Futures on this machine, with everything the page and the tests may see and move. */
type KrakenFuturesSimulator = Pipeline & KrakenControls;

const checkPath = '/api/auth/v1/api-keys/v3/check';

/** The page "Check v3 API key": its own error shape, and 401 for a key or a signature that is wrong. */
function checkKey({ accounts }: KrakenWorld, call: Call): Answer {
  const signed = checkSignature(accounts, call);
  if (signed.kind === 'refused') {
    return jsonAnswer(401, { error: 'UNAUTHORIZED', message: 'API key or signature is invalid', suberror: null });
  }
  const { key, account } = signed;
  return jsonAnswer(200, {
    apiKey: key.key,
    accountUid: uuidFrom(`kraken account ${account.id}`),
    iiban: null,
    createdAt: serverTime(call.at - 86_400_000),
    permissions: { general: key.general, transfer: key.transfer },
    allowedCidrBlock: key.allowedCidrBlocks[0] ?? null,
    allowedCidrBlocks: key.allowedCidrBlocks,
  });
}

const isPreferences = (call: Call) => call.path === `${base}/leveragepreferences`;

function createCore(world: KrakenWorld, { limits = krakenLimits, keyCheck = true }: KrakenSimulatorOptions): VenueCore {
  const windows = createWindowsPerKey(limits);
  const { error, code } = world.refusals;

  const answerPrivately = (call: Call, execution: Execution): Answer => {
    const route = findPrivateRoute(call);
    if (!route) return refusedWith(call.at, 'notFound', 404);
    const signed = checkSignature(world.accounts, call);
    if (signed.kind === 'refused') return error(call.at, signed.error);
    const { account, key } = signed;
    if (!windows.tryTake(key.key, call.at, route.cost)) return error(call.at, 'apiLimitExceeded');
    if (!permits(key, route.needs)) return error(call.at, 'insufficientPrivileges');
    return route.answer({ world, account, key, call, execution });
  };

  return {
    facts: (call) => ({
      kind: call.method === 'GET' || call.method === 'HEAD' ? 'read' : 'write',
      readsSetting: call.method === 'GET' && isPreferences(call),
      account: findKey(world.accounts, call)?.account.id,
    }),
    answer(call, execution) {
      if (keyCheck && call.method === 'GET' && call.path === checkPath) return checkKey(world, call);
      return publicRoute(world, call) ?? answerPrivately(call, execution);
    },
    rateLimited: ({ at }) => refusedWith(at, 'apiLimitExceeded', 429),
    serverError: ({ at }, status) => refusedWith(at, 'Server Error', status),
    refusal: ({ at }, fault) => {
      const { error: name = 'unknownError' } = fault;
      if (fault.inList) return refusedInList(at, name, fault.status ?? 200);
      if (fault.code === undefined) {
        return fault.status === undefined ? error(at, name) : refusedWith(at, name, fault.status);
      }
      if (fault.status === undefined && fault.message === undefined) return code(at, fault.code);
      const message = fault.message === undefined ? {} : { message: fault.message };
      return refusedByCode(at, fault.code, { status: fault.status ?? 500, ...message });
    },
    secrets: () => world.accounts.flatMap(({ keys }) => keys.flatMap(({ key, secret }) => [key, secret])),
  };
}

const createWorld = (options: KrakenSimulatorOptions, record: KrakenWorld['record']): KrakenWorld => ({
  instruments: options.instruments ?? krakenInstruments,
  accounts: options.accounts.map(openAccount),
  refusals: createRefusals({ strings: 200, codes: 500, messages: true, ...options.errors }),
  // As the venue writes decimals in strings: at least two places ("5.00", "0.0001").
  show:
    options.numbers === 'string'
      ? (value) => (/\.\d{2}/.test(`${value}`) ? `${value}` : value.toFixed(2))
      : (value) => value,
  filtersPreferences: options.filtersPreferences ?? false,
  record,
});

/**
 * A Kraken Futures on this machine: it checks signatures, nonces, permissions, the budget and every argument, and keeps
 * margin modes per account. Mounted at `/kraken` it serves `/kraken/derivatives/api/v3/…` and the key check below
 * `/kraken/api/auth/v1/…`.
 *
 * @see the seed "Set the leverage setting for a market", and docs.kraken.com
 */
export function createKrakenFuturesSimulator(options: KrakenSimulatorOptions): KrakenFuturesSimulator {
  const writes: WriteLogEntry[] = [];
  const world = createWorld(options, (entry) => writes.push(entry));
  const pipeline = createPipeline(options.now, createCore(world, options));

  return { ...pipeline, ...createKrakenControls(world, writes) };
}

export const krakenFutures: SimulatedVenue = {
  ...{ shortLabel: 'Kraken, old', prefix: '/kraken', basePath: '', bitcoin: 'PF_XBTUSD' },
  ...{ keyOf: krakenKey, refusals: krakenRefusals },
  open: ({ now, limits, accounts }) =>
    createKrakenFuturesSimulator({
      ...{ now, ...limitsOf(limits) },
      accounts: accounts.map(({ id, key: { apiKey: key = '', apiSecret: secret = '' } }) => ({
        id,
        keys: [{ key, secret }],
      })),
    }),
  openDemo: ({ now, limits, people }) =>
    createKrakenFuturesSimulator({ now, ...limitsOf(limits), accounts: krakenDemoAccounts(people) }),
  demoKeys: krakenDemoKeys,
};
