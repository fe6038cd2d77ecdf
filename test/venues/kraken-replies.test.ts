import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LeverageSetting } from '../../src/leverage/setting.ts';
import { frameOf, judgeSet, judgeSubscribed, leverageTold } from '../../src/venues/kraken-replies.ts';
import fixtures from './fixtures/kraken.json' with { type: 'json' };

const five: LeverageSetting = { mode: 'isolated', leverage: '5' };
const text = ({ frame }: { readonly frame: object }, more: object = {}) => JSON.stringify({ ...frame, ...more });
const answer = (said: string) => ({ status: 200, text: said });
const judged = (said: string, setting: LeverageSetting = five) => judgeSet('PF_XBTUSD', setting)(answer(said));
const ok = { kind: 'ok', value: undefined };
const unreadable = { kind: 'silent', silence: 'unreadable' };

describe('leverage is told', () => {
  const isolated = (symbol: string, leverage: string) => ({ symbol, setting: { mode: 'isolated', leverage } });
  const notShown = (symbol: string) => ({ symbol, setting: { mode: 'unknown' } });

  test('by preferences: a number is isolated, null is cross', () => {
    expect(leverageTold(text(fixtures.preferencesWithLeverage))).toEqual([
      isolated('PF_XBTUSD', '5'),
      { symbol: 'PF_ETHUSD', setting: { mode: 'cross' } },
    ]);
  });

  test('by positions with margin, of an open position only', () => {
    expect(leverageTold(text(fixtures.positionsWithMargin))).toEqual([isolated('PF_XBTUSD', '2.5')]);
    const closed = text(fixtures.positionsWithMargin).replace('"size":0.1', '"size":0.0');
    expect(leverageTold(closed)).toEqual([notShown('PF_XBTUSD')]);
    const without = text(fixtures.positionsWithMargin).replace('"max_fixed_leverage":2.5', '"pnl":1');
    expect(leverageTold(without)).toEqual([notShown('PF_XBTUSD')]);
    expect(leverageTold(text(fixtures.positions))).toEqual([notShown('PF_XBTUSD'), notShown('PF_ETHUSD')]);
  });

  test.each(['', ',"max_leverage":0', ',"max_leverage":-5', ',"max_leverage":"cross"', ',"max_leverage":[]'])(
    'no more of a market that is named with {%s}',
    (said) => {
      const mode = `{"symbol":"PF_XBTUSD"${said}}`;
      expect(leverageTold(`{"channel":"preferences","data":{"leverage_mode":${mode}}}`)).toEqual([
        notShown('PF_XBTUSD'),
      ]);
    },
  );

  test('by the answer to a change that repeats it', () => {
    expect(leverageTold(text(fixtures.setWithEcho))).toEqual([isolated('PF_XBTUSD', '5')]);
    expect(leverageTold(text(fixtures.setWithEcho, { success: false }))).toEqual([]);
  });

  test('with every digit that stands there', () => {
    const said = (leverage: string) =>
      text(fixtures.setWithEcho).replace('"max_leverage":5', `"max_leverage":${leverage}`);
    expect(leverageTold(said('5.10'))).toEqual([isolated('PF_XBTUSD', '5.1')]);
    expect(leverageTold(said('5.000000000000000001'))).toEqual([isolated('PF_XBTUSD', '5.000000000000000001')]);
  });

  test.each([
    text(fixtures.preferences),
    text(fixtures.set),
    text(fixtures.executions),
    // A limit of the exchange is no setting.
    JSON.stringify({ channel: 'preferences', data: { limits: [{ symbol: 'PF_XBTUSD', max_leverage: 50 }] } }),
    JSON.stringify({ channel: 'preferences', data: { leverage_mode: { symbol: 'BTC/USD', max_leverage: 5 } } }),
    JSON.stringify({ channel: 'ticker', data: { leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: 5 } } }),
    '',
    '{',
    'null',
    '[]',
  ])('not by %s', (said) => {
    expect(leverageTold(said)).toEqual([]);
  });

  test('by no text that makes it throw', () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (said) => void leverageTold(said)));
  });
});

describe('an answer to a change', () => {
  test('of the documented shape is success, with or without what was asked for', () => {
    expect(judged(text(fixtures.set))).toEqual(ok);
    expect(judged(text(fixtures.setWithEcho))).toEqual(ok);
    expect(judged(text(fixtures.set, { result: undefined }))).toEqual(ok);
    const cross = { leverage_mode: { symbol: 'PF_XBTUSD', max_leverage: null } };
    expect(judged(text(fixtures.set, { result: cross }), { mode: 'cross' })).toEqual(ok);
  });

  test.each([
    ['another leverage', { symbol: 'PF_XBTUSD', max_leverage: 6 }],
    ['cross', { symbol: 'PF_XBTUSD', max_leverage: null }],
    ['another market', { symbol: 'PF_ETHUSD', max_leverage: 5 }],
    ['a leverage that cannot be read', { symbol: 'PF_XBTUSD', max_leverage: 'five' }],
    ['half of it', { symbol: 'PF_XBTUSD' }],
    ['nothing where it would stand', null],
  ])('that repeats %s proves nothing', (_what, mode) => {
    expect(judged(text(fixtures.set, { result: { leverage_mode: mode } }))).toEqual(unreadable);
  });

  test.each([
    ["Leverage exceeds the market's margin schedule", 'leverage-out-of-range'],
    ['Leverage is outside the permitted range for this market', 'leverage-out-of-range'],
    ['Leverage change would cause liquidation', 'would-liquidate'],
    ['Insufficient margin for the requested leverage', 'insufficient-margin'],
    ['Leverage change rejected', 'conflict'],
    ["Unknown 'params.leverage_mode.symbol'", 'unknown-market'],
    ['EAPI:Invalid token', 'session-ended'],
    ['ESession:Invalid session', 'session-ended'],
    ['EGeneral:Permission denied', 'key-lacks-permission'],
    ['Exceeded msg rate', 'rate-limited'],
    ['EAPI:Rate limit exceeded', 'rate-limited'],
  ])('with "%s" refuses it', (error, refusal) => {
    expect(judged(text(fixtures.refused, { error }))).toEqual({ kind: 'refused', refusal });
  });

  test('about the argument refuses it as not valid', () => {
    const error = "'params.leverage_mode.max_leverage' must be a number or null";
    const refused = { kind: 'refused', refusal: 'invalid-request', detail: 'max_leverage' };
    expect(judged(text(fixtures.refused, { error }))).toEqual(refused);
  });

  test.each([
    'EService:Unavailable',
    'EService:Busy',
    'EService:Deadline elapsed',
    'EService: Throttled: 1763726400',
    'EGeneral:Internal error',
  ])('with "%s" proves nothing: it may have been carried out', (error) => {
    expect(judged(text(fixtures.refused, { error }))).toMatchObject({ kind: 'silent' });
  });

  test.each<readonly [string, object]>([
    ['a text that is not listed', { success: false, error: 'Leverage change rejected.' }],
    ['a listed text in other letters', { success: false, error: 'leverage change rejected' }],
    ['a list where a text is documented', { success: false, error: ['Leverage change rejected'] }],
    ['no text', { success: false, error: undefined }],
    ['a listed text without a verdict', { success: undefined }],
    ['success beside an error', { success: true }],
    ['success as a text', { success: 'true', error: undefined }],
    ['success without times', { success: true, error: undefined, time_in: undefined }],
  ])('with %s proves nothing', (_what, more) => {
    expect(judged(text(fixtures.refused, more))).toEqual(unreadable);
  });

  test.each(['', '{', '[]', 'null', '"success"', `{"success":true${' '.repeat(70_000)}}`])(
    'that is %j proves nothing',
    (said) => {
      expect(judged(said)).toEqual(unreadable);
    },
  );
});

describe('an answer to a subscription', () => {
  const subscribed = (more: object) => judgeSubscribed(answer(text(fixtures.subscribed, more)));

  test('says that it is open', () => {
    expect(subscribed({})).toEqual(ok);
    expect(subscribed({ result: undefined })).toEqual(ok);
  });

  test.each([
    ['EAPI:Invalid token', 'session-ended'],
    ['ESession:Invalid session', 'session-ended'],
    ['EGeneral:Permission denied', 'key-lacks-permission'],
    ['Preferences are not available yet, try again later', 'venue-unavailable'],
    ['EService:Unavailable', 'venue-unavailable'],
    ['Exceeded msg rate', 'rate-limited'],
  ])('with "%s" refuses it', (error, refusal) => {
    expect(subscribed({ success: false, error })).toEqual({ kind: 'refused', refusal });
  });

  test.each([
    { success: false, error: 'Already subscribed to positions channel' },
    { success: false },
    { success: undefined },
    { success: 'true' },
    { success: true, error: 'EAPI:Invalid token' },
  ])('with %j proves nothing', (more) => {
    expect(subscribed(more)).toEqual(unreadable);
  });
});

describe('a message', () => {
  test('has its long lists apart, row by row', () => {
    const frame = frameOf(`{"channel":"x","data":{"futures":[{"a":1.10},x],"options":[1]}}`);
    expect(frame?.data).toEqual({ futures: [], options: [] });
    expect(frame?.futures()).toEqual([{ a: '1.10' }, undefined]);
    expect(frameOf('{"data":[{"b":2}]}')?.rows()).toEqual([{ b: '2' }]);
  });

  test('is none where more stands around its lists than any message has', () => {
    expect(frameOf(`{"channel":"${'x'.repeat(70_000)}","data":[]}`)).toBeUndefined();
    expect(frameOf(`{"data":[],"data":[]}`)).toBeUndefined();
    expect(frameOf('['.repeat(100_000))).toBeUndefined();
  });
});
