import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderView } from '../../src/discord/render.ts';
import type { Button, Text, Tone, View } from '../../src/view.ts';
import { general, startBot, view } from './support.ts';

const id = 'A'.repeat(22);
const press = (label: string): Button => ({ kind: 'press', verb: 'confirm', id, label, style: 'danger' });

test('a view is one embed and one row of buttons, and mentions nobody', () => {
  const rendered = renderView(
    view('Set 5x?', {
      tone: 'risky',
      body: ['On ', { strong: 'BTCUSDT' }],
      fields: [
        { name: 'From', value: '3x', isInline: true },
        { name: 'To', value: [{ code: '5x' }] },
      ],
      footer: 'Mudrex * main',
      buttons: [press('Set 5x'), { kind: 'link', url: 'https://example.org/a?b=1', label: 'More' }],
    }),
  );
  expect(rendered).toEqual({
    embeds: [
      {
        color: 0xe69f00,
        title: '⚠️ Set 5x?',
        description: 'On **BTCUSDT**',
        fields: [
          { name: 'From', value: '3x', inline: true },
          { name: 'To', value: '`5x`', inline: false },
        ],
        footer: { text: 'Mudrex * main' },
      },
    ],
    components: [
      {
        type: 1,
        components: [
          { type: 2, style: 4, label: 'Set 5x', custom_id: `v1.confirm.${id}` },
          { type: 2, style: 5, label: 'More', url: 'https://example.org/a?b=1' },
        ],
      },
    ],
    allowed_mentions: { parse: [] },
  });
});

test('a view without buttons removes those that stand there', () => {
  expect(renderView(view('done')).components).toEqual([]);
});

test('every tone but the plain one has a sign and a colour of its own', () => {
  const tones: readonly Tone[] = ['plain', 'ask', 'risky', 'done', 'refused', 'unknown'];
  const embeds = tones.map((tone) => renderView(view('x', { tone })).embeds[0]);
  expect(new Set(embeds.map((embed) => embed?.color)).size).toBe(tones.length);
  expect(new Set(embeds.map((embed) => embed?.title)).size).toBe(tones.length);
  expect(embeds[0]?.title).toBe('x');
});

test('more than five buttons go to a second row', () => {
  const buttons = Array.from({ length: 7 }, (_, index) => press(`b${index}`));
  expect(renderView(view('x', { buttons })).components.map(({ components }) => components.length)).toEqual([5, 2]);
});

test.each([
  ['a script', 'javascript:alert(1)'],
  ['no address', 'not an address'],
  ['an address that would have to be shortened', `https://example.org/${'a'.repeat(600)}`],
])('a link to %s is not shown', (_what, url) => {
  expect(() => renderView(view('x', { buttons: [{ kind: 'link', url, label: 'x' }] }))).toThrow();
});

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('*', '`', '\\', '<', '@', '\n', '😀', 'a', ' ', '\u0000'), maxLength: 6000 }),
);
const texts: fc.Arbitrary<Text> = fc.oneof(
  words,
  fc.array(fc.oneof(words, fc.record({ strong: words }), fc.record({ code: words })), { maxLength: 4 }),
);
const views: fc.Arbitrary<View> = fc.record(
  {
    tone: fc.constantFrom<Tone>('plain', 'ask', 'risky', 'done', 'refused', 'unknown'),
    title: words.map((text) => `t${text}`),
    body: texts,
    fields: fc.array(fc.record({ name: words, value: texts, isInline: fc.boolean() }), { maxLength: 30 }),
    footer: words,
  },
  { requiredKeys: ['tone', 'title'] },
);

test('Discord takes whatever view there is', async () => {
  const { openCard, discord, clock, bot } = await startBot();
  await openCard();
  const token = String(discord.interactions().at(-1)?.payload.token);
  const delivery = { kind: 'own', token, at: clock.ms, channel: general, isPublic: false } as const;
  const check = async (shown: View) => {
    expect(await bot.messenger.edit(delivery, shown)).toBe('told');
  };
  await fc.assert(fc.asyncProperty(views, check), { numRuns: 300 });
});
