import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createKrakenUnifiedSimulator } from '../simulators/venues/kraken-unified.ts';
import type { TorturedVenue } from './tortured-venue.ts';

const markets = ['PF_XBTUSD', 'PF_ETHUSD', 'PF_SOLUSD'] as const;

/** Of both halves: that nothing was changed, and that something broke. */
const errors = [
  'Insufficient margin for the requested leverage',
  'Leverage change would cause liquidation',
  "Leverage exceeds the market's margin schedule",
  'Leverage change rejected',
  'EAPI:Invalid token',
  'EService:Busy',
  'EService:Deadline elapsed',
  'EGeneral:Internal error',
  'a text that nobody has documented',
] as const;

const METHOD = 'set_preference';
const mode = z.object({ symbol: z.string(), max_leverage: z.number().nullable() });
const change = z.object({ method: z.literal(METHOD), req_id: z.unknown(), params: z.unknown() });
const wanted = z.object({ leverage_mode: mode });
const answer = z.object({ method: z.literal(METHOD), req_id: z.unknown(), success: z.boolean() });
const tokenAnswer = z.object({ result: z.object({ token: z.string() }) });
const tokenFrame = z.object({ params: z.object({ token: z.string() }) });
const preferences = z.object({ channel: z.literal('preferences'), data: z.object({ leverage_mode: z.array(mode) }) });

const echo = z.object({ method: z.literal(METHOD), result: z.object({ leverage_mode: mode }) });

const settingIn = ({ max_leverage: leverage }: z.infer<typeof mode>) =>
  leverage === null ? 'cross' : String(leverage);

/** Kraken as it is after the Derivatives API: a request for a token, everything else over a socket. */
export const kraken: TorturedVenue = {
  markets,
  highest: { PF_XBTUSD: '50', PF_ETHUSD: '50', PF_SOLUSD: '50' },
  ...{ hasCross: true, unlisted: 'cross', currencies: [], twin: 'twin' },
  keyOf: ({ unique }) => ({
    apiKey: `canaryUnifiedKey${unique}`.padEnd(56, '0'),
    apiSecret: createHash('sha512').update(`unified canary ${unique}`).digest('base64'),
  }),
  keyIn: { header: 'api-key', field: 'apiKey' },
  open: ({ now, traders, random }) =>
    createKrakenUnifiedSimulator({
      ...{ now, limits: 'none' },
      // What nobody outside knows is one way in some runs, and another way in others.
      switches: { preferencesTellLeverage: random.chance(0.4), echo: random.pick(['none', 'equal'] as const) },
      accounts: traders.map((trader) => {
        const { apiKey: key = '', apiSecret: secret = '' } = kraken.keyOf(trader);
        return {
          ...{ id: trader.id, keys: [{ key, secret }] },
          settings: random.chance(0.5) ? { PF_XBTUSD: '49.99' } : {},
          positions: random.chance(0.3) ? [{ symbol: 'PF_XBTUSD', side: 'long', size: '0.01', price: '58000' }] : [],
          collateral: random.chance(0.5) ? '10000' : '150',
        };
      }),
    }),
  refusal: (random) => ({ name: 'refused', error: random.pick(errors) }),
  moreWriteFaults: [
    [
      8,
      (random) => ({ name: 'close', code: random.pick([1000, 1001, 1008, 1011, 1012]), applied: random.chance(0.5) }),
    ],
    [3, () => ({ name: 'maintenance' })],
    [5, () => ({ name: 'stale-token' })],
    [4, () => ({ name: 'doubled' })],
    [
      6,
      (random) => ({ name: 'foreign-id', id: random.pick(['another', 'none', 'text']), applied: random.chance(0.6) }),
    ],
  ],
  readsOf: () => undefined,
  asked: () => undefined,
  shown: () => [],
  frames: {
    tokenIn: (body) => tokenAnswer.safeParse(body).data?.result.token,
    tokenOf: (frame) => tokenFrame.safeParse(frame).data?.params.token,
    asked: (frame) => {
      const read = change.safeParse(frame).data;
      if (read === undefined) return undefined;
      const { req_id: id, params } = read;
      const asked = wanted.safeParse(params).data?.leverage_mode;
      // A write that cannot be read belongs to no card, and so it is noticed.
      if (asked === undefined) return { id, market: '', currency: undefined, value: JSON.stringify(params) };
      return { id, market: asked.symbol, currency: undefined, value: settingIn(asked) };
    },
    answered: (frame) => {
      const read = answer.safeParse(frame).data;
      return read && { id: read.req_id, isAccepted: read.success };
    },
    shown: (frame) => {
      const listed = preferences.safeParse(frame).data?.data.leverage_mode ?? [];
      const echoed = echo.safeParse(frame).data?.result.leverage_mode;
      const modes = echoed === undefined ? listed : [echoed];
      return modes.map((one) => ({ market: one.symbol, currency: undefined, value: settingIn(one) }));
    },
  },
};
