import { Failure, type FailureData, type Silence } from '../../src/errors.ts';
import { aliasesOf, type Bounds, type Market, normalizeSymbol } from '../../src/leverage/market.ts';
import type { CurrentSetting, LeverageSetting } from '../../src/leverage/setting.ts';
import type { ApplyResult, Position, Venue, VenueFacts, VenueWarning } from '../../src/leverage/venue.ts';

/** What a write meets: whether the venue carries it out, and what it says. */
export type Fate = 'accepted' | 'accepted, no effect' | 'refused' | 'not-sent' | 'silent, applied' | 'silent, lost';

/** What tests turn on a paper venue. */
export type PaperState = {
  fate: Fate;
  /** Why a write that is silent has no usable answer. */
  silence: Silence;
  /** What every read of a setting, a position or orders throws. */
  readFailure: FailureData | undefined;
  /** Whether it does not show what it holds, as some exchanges do not. */
  hidesSetting: boolean;
  /** What a setting is read as from the next write on, whatever is held. */
  readBackFailure: FailureData | undefined;
  position: Position | undefined;
  orderCount: number;
  warnings: readonly VenueWarning[];
  bounds: Bounds;
  isTradeable: boolean;
  /** Awaited before a write goes out, as for a connection. */
  beforeWrite: () => Promise<unknown>;
  /** Awaited in the middle of a write, before anything is decided. */
  duringWrite: () => Promise<unknown>;
  /** Awaited in the middle of reading a market. */
  duringRead: () => Promise<unknown>;
};

export const refusal: FailureData = { code: 'VENUE_REFUSED', venue: 'Paper', refusal: 'would-liquidate' };
export const silence = { code: 'VENUE_SILENT', venue: 'Paper', silence: 'timeout' } as const satisfies FailureData;
export const unreachable: FailureData = { code: 'VENUE_UNREACHABLE', venue: 'Paper' };

/** A small venue in memory: it keeps one setting per market, and a log of every write that reached it. */
export function createPaperVenue(facts: Partial<VenueFacts> = {}) {
  const held = new Map<string, CurrentSetting>();
  const writes: { readonly market: string; readonly setting: LeverageSetting }[] = [];
  const state: PaperState = {
    fate: 'accepted',
    silence: 'timeout',
    readFailure: undefined,
    hidesSetting: false,
    readBackFailure: undefined,
    position: undefined,
    orderCount: 0,
    warnings: [],
    bounds: { min: '1', max: '50', step: '0.01' },
    isTradeable: true,
    beforeWrite: async () => {},
    duringWrite: async () => {},
    duringRead: async () => {},
  };

  function marketOf(text: string): Market {
    const symbol = normalizeSymbol(text);
    if (symbol === 'NOPE') {
      throw new Failure({ code: 'UNKNOWN_MARKET', venue: 'Paper', text, suggestions: ['BTCUSD'] });
    }
    const [base, quote] = [symbol.slice(0, 3), symbol.slice(3)];
    const { bounds, isTradeable } = state;
    const aliases = aliasesOf(symbol, base, quote, symbol);
    return { venue: 'paper', id: symbol, symbol, aliases, base, quote, bounds, tradeable: isTradeable };
  }

  function assertReadable(): void {
    if (state.readFailure !== undefined) throw new Failure(state.readFailure);
  }

  const current = (symbol: string): CurrentSetting => held.get(symbol) ?? { mode: 'cross' };

  async function applySetting(symbol: string, setting: LeverageSetting, isInTime: () => boolean): Promise<ApplyResult> {
    await state.beforeWrite();
    if (!isInTime()) return { kind: 'not-sent', failure: unreachable };
    await state.duringWrite();
    const { fate } = state;
    if (fate === 'not-sent') return { kind: 'not-sent', failure: unreachable };
    writes.push({ market: symbol, setting });
    if (fate === 'refused') return { kind: 'refused', failure: refusal };
    if (fate === 'accepted' || fate === 'silent, applied') held.set(symbol, setting);
    if (state.readBackFailure !== undefined) state.readFailure = state.readBackFailure;
    return fate.startsWith('accepted')
      ? { kind: 'accepted' }
      : { kind: 'silent', failure: { ...silence, silence: state.silence } };
  }

  const venue: Venue = {
    id: 'paper',
    label: 'Paper',
    modes: ['isolated', 'cross'],
    tradeCurrencies: [],
    marketsNeedKey: false,
    credentialFields: [{ name: 'secret', label: 'Secret', hint: 'Any.', masked: true, pattern: /./ }],
    keyWarning: 'A warning.',
    keyAdvice: 'Some advice.',
    exampleSymbol: 'BTCUSD',
    limits: { windows: [{ units: 10, windowMs: 1_000 }], costs: { read: 1, account: 1, write: 1 } },
    unlisted: 'cross',
    openPositions: 're-margined',
    openOrders: 'cancelled-when-short',
    refusalWords: {},
    effect: ({ market }, setting) => `This sets ${market.symbol} to ${setting.mode}.`,
    ...facts,
    listMarkets: async () => [marketOf('BTCUSD'), marketOf('ETHUSD')],
    readMarket: async (_credentials, text) => {
      await state.duringRead();
      return marketOf(text);
    },
    readSetting: async (_credentials, { market }) => {
      assertReadable();
      return state.hidesSetting ? { mode: 'unknown' } : current(market.symbol);
    },
    listSettings: async (_credentials, { symbols }) => ({
      settings: state.hidesSetting ? [] : symbols.map((symbol) => ({ symbol, setting: current(symbol) })),
      unread: [],
      gaps: state.hidesSetting ? ['not-shown'] : [],
    }),
    applySetting: (_credentials, { market }, setting, isInTime) => applySetting(market.symbol, setting, isInTime),
    readPosition: async () => {
      assertReadable();
      return state.position;
    },
    readOpenOrders: async () => {
      assertReadable();
      return { count: state.orderCount };
    },
    readWarnings: async () => state.warnings,
    checkKey: async () => ({ kind: 'usable', notes: [] }),
  };
  return { venue, held, writes, state };
}
