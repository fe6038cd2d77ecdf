import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clean, cut, literal, renderText } from '../../src/discord/text.ts';

/** What Discord's clients make of escapes. */
const asShown = (text: string) => text.replace(/\\([^0-9A-Za-z\s])/g, '$1');

test('literal text reads as it was written once the escapes are taken away', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(asShown(literal(text))).toBe(clean(text));
    }),
  );
});

test.each([
  ['*b* _i_ ~s~', '\\*b\\* \\_i\\_ \\~s\\~'],
  ['||spoiler||', '\\|\\|spoiler\\|\\|'],
  ['`code`', '\\`code\\`'],
  [
    '<@100000000000000001> <#1> <t:1:R> <https://e.org>',
    '\\<\\@100000000000000001> \\<#1> \\<t:1:R> \\<https\\:\\/\\/e.org>',
  ],
  ['@everyone', '\\@everyone'],
  ['[free](https://evil.example)', '\\[free\\](https\\:\\/\\/evil.example)'],
  ['see HTTP://evil.example', 'see HTTP\\:\\/\\/evil.example'],
  ['ahttps://evil.example', 'ahttps\\:\\/\\/evil.example'],
  ['1https://evil.example', '1https\\:\\/\\/evil.example'],
  ['# big\n> quote\n- list\n  1. one', '\\# big\n\\> quote\n\\- list\n  1\\. one'],
  ['BTC/USD at 2.5x - fine', 'BTC/USD at 2.5x - fine'],
  ['\\*', '\\\\\\*'],
])('%j is escaped as %j', (text, escaped) => {
  expect(literal(text)).toBe(escaped);
});

test('control characters, half surrogates and direction overrides are dropped or replaced', () => {
  expect(clean('a\u0000b\u001bc\u202ed\u2066e\nf\tg\u007fh')).toBe('abcde\nf\tgh');
  expect(clean('\ud83d')).toBe('\ufffd');
});

test('spans become markup, and what they hold stays literal', () => {
  const at = Date.UTC(2026, 10, 21, 12);
  expect(renderText(['a*b ', { strong: 'x*' }, { code: 'c`d\ne' }, ' ', { time: at, style: 'relative' }], 4096)).toBe(
    `a\\*b **x\\***\`cˋd e\` <t:${at / 1000}:R>`,
  );
  expect(renderText([{ time: at + 999, style: 'clock' }], 4096)).toBe(`<t:${at / 1000}:T>`);
});

test('a block is monospaced and nothing in it is markup; a command can be tapped once its id is known', () => {
  expect(renderText(['a', { block: 'x `*`\ny' }, 'b'], 100)).toBe('a```\nx ˋ*ˋ\ny\n```b');
  expect(renderText([{ block: ' ' }], 100)).toBe('');
  expect(renderText([{ command: 'keys add' }], 100, new Map([['keys', '5']]))).toBe('</keys add:5>');
  expect(renderText([{ command: 'keys add' }], 100, new Map([['help', '5']]))).toBe('/keys add');
});

test('spans without content leave no marks, and no time no broken one', () => {
  expect(renderText([{ strong: '' }, { code: ' ' }, 'x', { time: Number.NaN, style: 'clock' }], 100)).toBe('x—');
});

test('text is cut at its limit, never within a character, an escape or a mark', () => {
  expect(cut('abcdef', 6)).toBe('abcdef');
  expect(cut('abcdef', 5)).toBe('abcd…');
  expect(cut('ab😀d', 4)).toBe('ab…');
  expect(cut('ab\\*cd', 4)).toBe('ab…');
  expect(cut('ab\\\\cd', 5)).toBe('ab\\\\…');
  expect(cut('abc', 0)).toBe('');
  expect(renderText([{ strong: 'abcdefgh' }], 8)).toBe('**abc…**');
  expect(renderText(['abc', { code: 'defgh' }], 6)).toBe('abc…');
});

test('no text is ever longer than its limit', () => {
  const span = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary' }).map((strong) => ({ strong })),
    fc.string({ unit: 'binary' }).map((code) => ({ code })),
    fc.double().map((time) => ({ time, style: 'clock' as const })),
  );
  fc.assert(
    fc.property(fc.array(span), fc.integer({ min: 0, max: 40 }), (spans, limit) => {
      expect(renderText(spans, limit).length).toBeLessThanOrEqual(limit);
    }),
  );
});
