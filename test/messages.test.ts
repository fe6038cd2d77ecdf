import { describe, expect, test } from 'vitest';
import type { FailureCode, FailureData, KeyRefusal, Refusal, Silence } from '../src/errors.ts';
import type { Explanation } from '../src/explanation.ts';
import { explain, failureView, tryAgainView, unexpectedView } from '../src/messages.ts';

type Sample = { readonly [Code in FailureCode]: readonly Extract<FailureData, { readonly code: Code }>[] };

const [venue, account, market] = ['Paper', 'main', 'BTCUSD'];

// Records, so that the compiler names what is missing here.
const refusals: Readonly<Record<Refusal, true>> = {
  'leverage-out-of-range': true,
  'unknown-market': true,
  'market-not-isolated-capable': true,
  'market-unavailable': true,
  'would-liquidate': true,
  'insufficient-margin': true,
  'key-rejected': true,
  'key-lacks-permission': true,
  'key-forbidden': true,
  'session-ended': true,
  'account-inactive': true,
  'account-invalid': true,
  'rate-limited': true,
  'address-rate-limited': true,
  nonce: true,
  'invalid-currency': true,
  'invalid-request': true,
  conflict: true,
  'venue-error': true,
  'venue-unavailable': true,
};
const silences: Readonly<Record<Silence, true>> = {
  timeout: true,
  reset: true,
  'too-large': true,
  unreadable: true,
  redirect: true,
  'server-error': true,
};
const keyRefusals: Readonly<Record<KeyRefusal, true>> = {
  'can-withdraw': true,
  'read-only': true,
  rejected: true,
  'no-access': true,
  'unknown-right': true,
  'second-factor': true,
  'other-program': true,
};

function namesOf<Name extends string>(record: Readonly<Record<Name, true>>): readonly Name[] {
  const names: Name[] = [];
  for (const name in record) names.push(name);
  return names;
}

const samples: Sample = {
  VENUE_REFUSED: namesOf(refusals).map((refusal) => ({ code: 'VENUE_REFUSED', venue, refusal })),
  VENUE_UNREACHABLE: [{ code: 'VENUE_UNREACHABLE', venue }],
  VENUE_SILENT: namesOf(silences).map((silence) => ({ code: 'VENUE_SILENT', venue, silence })),
  VENUE_BUSY: [
    { code: 'VENUE_BUSY', venue, retryAfterMs: 1_500 },
    { code: 'VENUE_BUSY', venue, limit: 'address', retryAfterMs: 1_500 },
    { code: 'VENUE_BUSY', venue, limit: 'connections', retryAfterMs: 1_500 },
    { code: 'VENUE_BUSY', venue, limit: 'connects', retryAfterMs: 1_500 },
    { code: 'VENUE_BUSY', venue, limit: 'connects-of-person', retryAfterMs: 600_000 },
  ],
  VENUE_ENDED: [
    { code: 'VENUE_ENDED', venue, endsAt: Date.UTC(2027, 2, 1) },
    { code: 'VENUE_ENDED', venue, endsAt: Date.UTC(2027, 2, 1), successor: 'Kraken' },
  ],
  BAD_OPTION: [{ code: 'BAD_OPTION', option: 'account', hint: 'Use small letters.' }],
  BAD_LEVERAGE: [{ code: 'BAD_LEVERAGE', text: 'ten' }],
  LEVERAGE_OUTSIDE_BOUNDS: [{ code: 'LEVERAGE_OUTSIDE_BOUNDS', leverage: '60', market, min: '1', max: '50' }],
  LEVERAGE_OFF_STEP: [{ code: 'LEVERAGE_OFF_STEP', leverage: '2.7', market, step: '0.5', nearest: ['2.5', '3'] }],
  UNKNOWN_MARKET: [
    { code: 'UNKNOWN_MARKET', venue, text: 'btx', suggestions: ['BTCUSD', 'BTCEUR'] },
    { code: 'UNKNOWN_MARKET', venue, text: 'btx', suggestions: [] },
  ],
  MARKET_NOT_TRADEABLE: [{ code: 'MARKET_NOT_TRADEABLE', venue, market }],
  UNKNOWN_VENUE: [{ code: 'UNKNOWN_VENUE', id: 'elsewhere' }],
  NO_CROSS: [{ code: 'NO_CROSS', venue }],
  CURRENCY_UNSUPPORTED: [
    { code: 'CURRENCY_UNSUPPORTED', venue, currencies: ['USDT', 'INR'] },
    { code: 'CURRENCY_UNSUPPORTED', venue, currencies: [] },
  ],
  HALTED: [{ code: 'HALTED' }],
  SERVER_NOT_ALLOWED: [{ code: 'SERVER_NOT_ALLOWED' }],
  USER_NOT_ALLOWED: [{ code: 'USER_NOT_ALLOWED' }],
  ABOVE_OPERATOR_MAXIMUM: [{ code: 'ABOVE_OPERATOR_MAXIMUM', venue, leverage: '20', max: '10' }],
  KEY_MISSING: [
    { code: 'KEY_MISSING', venue, account, others: [] },
    { code: 'KEY_MISSING', venue, account, others: ['second', 'third'] },
  ],
  KEY_INACTIVE: [{ code: 'KEY_INACTIVE', venue, account }],
  KEY_UNREADABLE: [{ code: 'KEY_UNREADABLE', venue, account }],
  KEY_UNDECIDED: [{ code: 'KEY_UNDECIDED', venue }],
  KEY_REFUSED: namesOf(keyRefusals).map((reason) => ({ code: 'KEY_REFUSED', venue, reason })),
  NO_NEW_KEYS: [
    { code: 'NO_NEW_KEYS', venue, endsAt: Date.UTC(2027, 2, 1) },
    { code: 'NO_NEW_KEYS', venue, endsAt: Date.UTC(2027, 2, 1), successor: 'Kraken' },
  ],
  KEY_SHARED: [{ code: 'KEY_SHARED', venue }],
  KEY_CHANGED: [{ code: 'KEY_CHANGED' }],
  KEY_BUSY: [{ code: 'KEY_BUSY', venue, account, market }],
  TOO_MANY_KEYS: [{ code: 'TOO_MANY_KEYS', max: 10 }],
  LINKS_OFF: [{ code: 'LINKS_OFF' }],
  CARD_GONE: [{ code: 'CARD_GONE' }],
  CARD_UNREADABLE: [{ code: 'CARD_UNREADABLE' }],
  BUTTON_ENDED: [{ code: 'BUTTON_ENDED' }],
  NOT_YOURS: [{ code: 'NOT_YOURS' }],
  SEAL_BROKEN: [{ code: 'SEAL_BROKEN' }],
  STORE_UNAVAILABLE: [{ code: 'STORE_UNAVAILABLE' }],
  STORE_IN_USE: [{ code: 'STORE_IN_USE', file: 'data/levergate.db' }],
  STORE_DAMAGED: [{ code: 'STORE_DAMAGED', file: 'levergate.db' }],
  STORE_EMPTY: [{ code: 'STORE_EMPTY', file: 'levergate.db' }],
  ADDRESS_IN_USE: [{ code: 'ADDRESS_IN_USE', address: '127.0.0.1:8080' }],
  STORE_TOO_NEW: [{ code: 'STORE_TOO_NEW', found: 9, supported: 1 }],
  MASTER_KEY_MISSING: [{ code: 'MASTER_KEY_MISSING', keyId: 'k1' }],
  MASTER_KEY_WRONG: [{ code: 'MASTER_KEY_WRONG', keyId: 'k1' }],
  TOO_MANY_CARDS: [{ code: 'TOO_MANY_CARDS', max: 500 }],
  TOO_MANY_LINKS: [{ code: 'TOO_MANY_LINKS', max: 5 }],
  TOO_MANY_BUTTONS: [{ code: 'TOO_MANY_BUTTONS', max: 20, waitMs: 60_000 }],
  TOO_MANY_OPEN_CARDS: [
    { code: 'TOO_MANY_OPEN_CARDS', max: 10 },
    { code: 'TOO_MANY_OPEN_CARDS', max: 10, waitMs: 12_300 },
  ],
  TOO_FAST: [
    { code: 'TOO_FAST', what: 'commands', retryAfterMs: 4_000 },
    { code: 'TOO_FAST', what: 'button presses', retryAfterMs: 1 },
  ],
  SHUTTING_DOWN: [{ code: 'SHUTTING_DOWN' }],
};

const everyFailure: readonly FailureData[] = Object.values(samples).flat();
const codes = Object.keys(samples);

const wordsOf = ({ what, next }: Explanation) => `${what}. ${next}`;

describe.each(everyFailure.map((failure) => [JSON.stringify(failure), failure] as const))('%s', (_title, failure) => {
  const { what, next } = explain(failure);

  test('says what happened, and what to do next, in sentences', () => {
    expect(what).toMatch(/^["A-Z0-9].*[^.\s]$/);
    expect(next).toMatch(/^["A-Z0-9].*[.?]$/);
  });

  test('shows no code, no address, no markup and no hole in its words', () => {
    const words = wordsOf({ what, next });
    for (const code of codes) expect(words).not.toContain(code);
    for (const name of [...namesOf(refusals), ...namesOf(silences)].filter((one) => one.includes('-'))) {
      expect(words).not.toContain(name);
    }
    expect(words).not.toMatch(/https?:|@|[<>`{}[\]]|undefined|null|NaN/);
  });

  test('as a reply says that nothing was changed', () => {
    expect(failureView(failure)).toEqual({
      tone: 'refused',
      title: what,
      body: `Nothing was changed at the exchange. ${next}`,
    });
  });
});

test('every refusal, every silence and every reason against a key has words of its own', () => {
  const { VENUE_REFUSED, KEY_REFUSED } = samples;
  for (const group of [VENUE_REFUSED, KEY_REFUSED]) {
    expect(new Set(group.map((failure) => explain(failure).what)).size).toBe(group.length);
  }
  const silent = samples.VENUE_SILENT.map((failure) => explain(failure).what);
  // Too large and unreadable are one thing to a trader.
  expect(new Set(silent).size).toBe(silent.length - 1);
});

test('a venue’s own words for a refusal stand behind its name, in place of the general ones', () => {
  const words = { what: 'takes no leverage on Sundays', next: 'Try again on Monday.' };
  expect(explain({ code: 'VENUE_REFUSED', venue, refusal: 'conflict', words })).toEqual({
    what: 'Paper takes no leverage on Sundays',
    next: 'Try again on Monday.',
  });
});

test('what was typed, what is allowed and what is near stand in the sentence', () => {
  const words = (failure: FailureData) => wordsOf(explain(failure));
  expect(words({ code: 'BAD_LEVERAGE', text: '10x' })).toContain('"10x" is not a leverage');
  expect(words({ code: 'VENUE_REFUSED', venue, refusal: 'invalid-request', detail: 'symbol' })).toContain('(symbol)');
  expect(words(samples.UNKNOWN_MARKET[0] ?? { code: 'HALTED' })).toContain('Did you mean BTCUSD, BTCEUR?');
  expect(words(samples.KEY_MISSING[1] ?? { code: 'HALTED' })).toContain('second, third');
  expect(words(samples.LEVERAGE_OFF_STEP[0] ?? { code: 'HALTED' })).toContain('2.5x or 3x');
});

test.each([
  [0, 'one second'],
  [1, 'one second'],
  [1_000, 'one second'],
  [1_001, '2 seconds'],
  [29_500, '30 seconds'],
  [120_000, '120 seconds'],
  [120_001, '3 minutes'],
  [600_000, '10 minutes'],
])('a wait of %i ms is "%s"', (retryAfterMs, words) => {
  expect(explain({ code: 'VENUE_BUSY', venue, retryAfterMs }).next).toBe(`Try again in ${words}.`);
});

test('an unexpected error claims nothing about the venue and names its reference', () => {
  const view = unexpectedView('a1b2c3d4');
  expect(JSON.stringify(view)).not.toContain('Nothing was changed');
  expect(view.body).toContainEqual({ code: 'a1b2c3d4' });
});

test('a restart and a missing acknowledgement say that nothing was changed', () => {
  for (const view of [failureView({ code: 'SHUTTING_DOWN' }), tryAgainView()])
    expect(view.body).toMatch(/^Nothing was changed.* .*again/);
});
