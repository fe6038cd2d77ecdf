import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../../src/account.ts';
import { type ExecuteOptions, execute, readBack } from '../../src/confirm/execute.ts';
import type { Proposal } from '../../src/confirm/proposal.ts';
import { preview, seenIn } from '../../src/leverage/preview.ts';
import type { LeverageSetting } from '../../src/leverage/setting.ts';
import type { MarketAndCurrency } from '../../src/leverage/venue.ts';
import { createClock } from '../support/clock.ts';
import { isolated } from '../support/gate.ts';
import { createPaperVenue, type Fate, refusal, silence, unreachable } from '../support/paper-venue.ts';

const NOW = 1_000;
const five = isolated('5');

const credentials = credentialsOf('100', {});

/** A claimed proposal for 5x in BTCUSD, made from what the venue holds now. */
async function prepare(change: Partial<ExecuteOptions> = {}) {
  const paper = createPaperVenue();
  const request = { market: 'BTCUSD', setting: five, riskPercent: 10 };
  const { venue } = paper;
  const shown = await preview(venue, credentials, request);
  const proposal: Proposal = {
    id: 'id',
    by: '100',
    account: { user: '100', venue: 'paper', label: 'main' },
    keyHash: 'hash',
    market: shown.market,
    setting: five,
    seen: seenIn(shown),
    channel: '300',
    isShared: false,
    createdAt: 0,
    expiresAt: 60_000,
  };
  const now = async () => NOW;
  const clock = createClock();
  const startSending = async () => true;
  const keyNow = async () => {};
  const options = { venue, credentials, proposal, riskPercent: 10, now, clock, keyNow, startSending, ...change };
  return { ...paper, clock, options, run: () => execute(options) };
}

describe('a process that was held up after "sending"', () => {
  test.each([
    ['passed', 'advance'],
    ['passed on the wall alone, as while a machine is suspended,', 'step'],
  ] as const)(
    'for more than eight seconds that %s sends nothing and says that nothing was sent',
    async (_what, move) => {
      const { run, state, writes, clock } = await prepare();
      state.beforeWrite = async () => clock[move](8_001);
      expect(await run()).toMatchObject({ outcome: { kind: 'not-sent', at: NOW } });
      expect((await run()).outcome).not.toHaveProperty('failure');
      expect(writes).toEqual([]);
    },
  );

  test('for eight seconds still sends', async () => {
    const { run, state, writes, clock } = await prepare();
    state.beforeWrite = async () => clock.advance(8_000);
    expect((await run()).outcome).toMatchObject({ kind: 'applied' });
    expect(writes).toHaveLength(1);
  });

  test('while "sending" was committed counts that time too', async () => {
    const clock = createClock();
    const startSending = async () => {
      clock.advance(8_001);
      return true;
    };
    const { run, writes } = await prepare({ clock, startSending });
    expect((await run()).outcome).toEqual({ kind: 'not-sent', at: NOW });
    expect(writes).toEqual([]);
  });
});

describe('the write', () => {
  const accepted = { at: NOW, until: NOW, answer: 'accepted' };
  const unanswered = { at: NOW, until: NOW, answer: 'timeout' };
  const doubt = { since: NOW, lookAt: NOW + 1_000 };
  const stillCross = { firstReadAt: NOW, shown: { asOf: NOW, holds: { mode: 'cross' } } };
  const outcomes: readonly (readonly [Fate, boolean | 'hidden', object])[] = [
    ['accepted', 'hidden', { kind: 'unsettled', ...doubt, isHidden: true, sent: accepted }],
    ['refused', 'hidden', { kind: 'refused', at: NOW, failure: refusal }],
    ['not-sent', 'hidden', { kind: 'not-sent', at: NOW, failure: unreachable }],
    ['silent, applied', 'hidden', { kind: 'unsettled', ...doubt, isHidden: true, sent: unanswered }],
    ['silent, lost', 'hidden', { kind: 'unsettled', ...doubt, isHidden: true, sent: unanswered }],
    ['accepted', true, { kind: 'applied', asOf: NOW, isReadBack: true, sent: accepted }],
    ['accepted', false, { kind: 'unsettled', ...doubt, sent: accepted }],
    ['accepted, no effect', true, { kind: 'unsettled', ...doubt, ...stillCross, sent: accepted }],
    ['refused', true, { kind: 'refused', at: NOW, failure: refusal }],
    ['not-sent', true, { kind: 'not-sent', at: NOW, failure: unreachable }],
    ['silent, applied', true, { kind: 'applied', asOf: NOW, isReadBack: true, sent: unanswered }],
    ['silent, applied', false, { kind: 'unsettled', ...doubt, sent: unanswered }],
    ['silent, lost', true, { kind: 'unsettled', ...doubt, ...stillCross, sent: unanswered }],
    ['silent, lost', false, { kind: 'unsettled', ...doubt, sent: unanswered }],
  ];

  test.each(outcomes)(
    'that is "%s" (readable afterwards: %s) comes to %j, and was sent once',
    async (fate, canRead, outcome) => {
      const { run, state, writes } = await prepare();
      const readBackFailure = canRead === false ? silence : undefined;
      Object.assign(state, { fate, readBackFailure, hidesSetting: canRead === 'hidden' });
      expect((await run()).outcome).toEqual(outcome);
      expect(writes).toEqual(fate === 'not-sent' ? [] : [{ market: 'BTCUSD', setting: five }]);
    },
  );

  test('carries exactly the setting of the card, up to the market’s maximum', async () => {
    const hundredths = fc.integer({ min: 100, max: 5_000 }).map((value) => String(value / 100));
    const leverages = fc.oneof(fc.constantFrom('1', '50'), hundredths);
    await fc.assert(
      fc.asyncProperty(leverages, async (leverage) => {
        const { options, writes } = await prepare();
        const setting = isolated(leverage);
        const seen = { ...options.proposal.seen, isRisky: leverage === options.proposal.market.bounds.max };
        const { outcome } = await execute({ ...options, proposal: { ...options.proposal, setting, seen } });
        expect(writes).toEqual([{ market: 'BTCUSD', setting }]);
        expect(outcome).toEqual({ kind: 'applied', asOf: NOW, isReadBack: true, sent: accepted });
      }),
    );
  });

  test('tells when it was sent, when its answer came or was given up, and why that was none', async () => {
    const times = [10, 4_010, 4_020, 4_030];
    const { run, state } = await prepare({ now: async () => times.shift() ?? Number.NaN });
    state.fate = 'silent, lost';
    state.silence = 'server-error';
    const sent = { at: 10, until: 4_010, answer: 'server-error' };
    expect((await run()).outcome).toMatchObject({ kind: 'unsettled', since: 4_010, lookAt: 5_030, sent });
  });

  test('is sent only after "sending" was committed', async () => {
    const steps: string[] = [];
    const { run, state } = await prepare({
      startSending: async () => {
        await Promise.resolve();
        steps.push('committed');
        return true;
      },
    });
    state.duringWrite = async () => void steps.push('written');
    await run();
    expect(steps).toEqual(['committed', 'written']);
  });

  test('is not sent when the lease is over', async () => {
    const { run, writes } = await prepare({ startSending: async () => false });
    expect(await run()).toEqual({ outcome: { kind: 'not-sent', at: NOW } });
    expect(writes).toEqual([]);
  });

  test('is not sent when the store cannot say so, and that is no outcome', async () => {
    const { run, writes } = await prepare({ startSending: () => Promise.reject(new Error('disk')) });
    await expect(run()).rejects.toThrow('disk');
    expect(writes).toEqual([]);
  });

  test('that meets a bug is not turned into an outcome', async () => {
    const { run, state } = await prepare();
    state.duringWrite = () => Promise.reject(new TypeError('a bug'));
    await expect(run()).rejects.toThrow('a bug');
  });
});

describe('the re-check', () => {
  const nothingSent = { startSending: () => Promise.reject(new Error('must not be asked')) };

  test('that fails ends as not sent, never as unchanged', async () => {
    const { run, state, writes } = await prepare(nothingSent);
    state.readFailure = silence;
    expect(await run()).toEqual({ outcome: { kind: 'not-sent', at: NOW, failure: silence } });
    expect(writes).toEqual([]);
  });

  test('that meets a bug is not turned into an outcome', async () => {
    const { run, state } = await prepare(nothingSent);
    state.duringRead = () => Promise.reject(new TypeError('a bug'));
    await expect(run()).rejects.toThrow('a bug');
  });

  test('that finds the setting there already sends nothing', async () => {
    const { run, held } = await prepare(nothingSent);
    held.set('BTCUSD', isolated('5.0'));
    expect(await run()).toEqual({ outcome: { kind: 'unchanged', at: NOW } });
  });

  test.each([
    ['another setting', ({ held }) => held.set('BTCUSD', isolated('7'))],
    [
      'a position',
      ({ state }) => Object.assign(state, { position: { symbol: 'BTCUSD', side: 'long', entryPrice: '1' } }),
    ],
    ['open orders', ({ state }) => Object.assign(state, { orderCount: 2 })],
    ['other bounds', ({ state }) => Object.assign(state, { bounds: { min: '1', max: '40', step: '0.01' } })],
    ['a risk', ({ state }) => Object.assign(state, { bounds: { min: '1', max: '5', step: '0.01' } })],
  ] satisfies readonly (readonly [string, (paper: ReturnType<typeof createPaperVenue>) => unknown])[])(
    'that finds %s sends nothing and says what it saw',
    async (_what, change) => {
      const paper = await prepare(nothingSent);
      change(paper);
      const { outcome, fresh } = await paper.run();
      expect(outcome).toEqual({ kind: 'stale', at: NOW });
      expect(fresh && seenIn(fresh)).not.toEqual(paper.options.proposal.seen);
    },
  );
});

describe('where the venue does not show what is set', () => {
  const hide = ({ state }: Pick<ReturnType<typeof createPaperVenue>, 'state'>) => {
    state.hidesSetting = true;
  };

  test.each([
    ['on the card and at the press', true, true],
    ['on the card alone', true, false],
  ])('%s, a change is sent once, and its end is known at once', async (_when, onCard, atPress) => {
    const { options, state, writes } = await prepare();
    const current = onCard ? { mode: 'unknown' as const } : options.proposal.seen.current;
    if (atPress) hide({ state });
    const proposal = { ...options.proposal, seen: { ...options.proposal.seen, current } };
    expect((await execute({ ...options, proposal })).outcome).toMatchObject({ kind: 'applied', isReadBack: !atPress });
    expect(writes).toHaveLength(1);
  });

  test.each([
    ['accepted', { kind: 'applied', isReadBack: false, isHidden: true }],
    ['silent, lost', { kind: 'unsettled', isHidden: true }],
  ] as const)(
    'on the card, nothing is waited for that a read-back of a write "%s" could have shown',
    async (fate, outcome) => {
      const { options, state } = await prepare();
      Object.assign(state, { fate, hidesSetting: true, readBackFailure: silence });
      const proposal = {
        ...options.proposal,
        seen: { ...options.proposal.seen, current: { mode: 'unknown' } },
      } as const;
      expect((await execute({ ...options, proposal })).outcome).toMatchObject(outcome);
    },
  );

  test('nothing is ever "there already", and a position that was opened is still a reason for a new card', async () => {
    const { options, state, held, writes } = await prepare();
    hide({ state });
    held.set('BTCUSD', five);
    expect((await execute(options)).outcome).toMatchObject({ kind: 'unsettled', isHidden: true });
    state.position = { symbol: 'BTCUSD', side: 'long', entryPrice: '1' };
    expect((await execute(options)).outcome).toMatchObject({ kind: 'stale' });
    expect(writes).toHaveLength(1);
  });
});

describe('a read-back', () => {
  test('compares leverage by its value', async () => {
    const { options, held } = await prepare();
    held.set('BTCUSD', isolated('5.00'));
    expect(await readBack(options)).toEqual({ kind: 'agrees', asOf: NOW });
    held.set('BTCUSD', { mode: 'unset' });
    expect(await readBack(options)).toEqual({ kind: 'disagrees', asOf: NOW, holds: { mode: 'unset' } });
  });

  test('of a venue that does not show what is set is neither agreement nor another setting', async () => {
    const { options, state } = await prepare();
    state.hidesSetting = true;
    expect(await readBack(options)).toEqual({ kind: 'hidden' });
  });

  test('takes its time after the answer came, so that "as of" is not too early', async () => {
    const { options, venue } = await prepare();
    let time = 0;
    const slow = {
      ...venue,
      readSetting: async () => {
        time = 5;
        return five;
      },
    };
    expect(await readBack({ ...options, venue: slow, now: async () => time })).toEqual({ kind: 'agrees', asOf: 5 });
  });

  test('that meets a bug is not "unread"', async () => {
    const { options, venue } = await prepare();
    const broken = { ...venue, readSetting: () => Promise.reject(new TypeError('a bug')) };
    await expect(readBack({ ...options, venue: broken })).rejects.toThrow('a bug');
  });
});

test('what runs is asked of the market and the margin currency of the card', async () => {
  const { options } = await prepare();
  const { proposal } = options;
  const asked: unknown[] = [];
  const { venue } = options;
  const market = { ...proposal.market, id: 'an-id', namedBy: 'symbol' } as const;
  const watched = {
    ...venue,
    readMarket: async (_credentials: object, text: string) => {
      asked.push(text);
      return venue.readMarket(credentials, text);
    },
    readPosition: async (_credentials: object, target: object) => void asked.push(target),
    applySetting: async (_credentials: object, target: object) => {
      asked.push(target);
      return { kind: 'accepted' } as const;
    },
  };
  await execute({ ...options, venue: watched, proposal: { ...proposal, market, currency: 'INR' } });
  expect(asked).toEqual(['BTCUSD', expect.objectContaining({ currency: 'INR' }), { market, currency: 'INR' }]);
  asked.length = 0;
  await execute({ ...options, venue: watched, proposal: { ...proposal, market } });
  expect(asked.at(-1)).toStrictEqual({ market });
});

test('every call of a change is about its margin currency, the read-back as well', async () => {
  const { options } = await prepare();
  const { venue, proposal } = options;
  const held = new Map<string | undefined, LeverageSetting>();
  const byCurrency = {
    ...venue,
    readSetting: async (_credentials: object, { currency }: MarketAndCurrency) =>
      held.get(currency) ?? { mode: 'cross' as const },
    applySetting: async (_credentials: object, { currency }: MarketAndCurrency, setting: LeverageSetting) => {
      held.set(currency, setting);
      return { kind: 'accepted' as const };
    },
  };
  const run = { ...options, venue: byCurrency, proposal: { ...proposal, currency: 'INR' } };
  expect((await execute(run)).outcome).toMatchObject({ kind: 'applied', asOf: NOW, isReadBack: true });
  expect([...held]).toEqual([['INR', five]]);
  held.set(undefined, isolated('7'));
  expect(await readBack(run)).toEqual({ kind: 'agrees', asOf: NOW });
});
