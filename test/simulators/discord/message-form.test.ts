import { describe, expect, test } from 'vitest';
import { asBot, button, general, letters, nested, row, startDiscord, times } from './support.ts';

const text = (content = 'text') => ({ type: 10, content });
const link = (more: Record<string, unknown> = {}) => ({
  type: 2,
  style: 5,
  label: 'Open',
  url: 'https://example.com',
  ...more,
});
const embed = (more: Record<string, unknown>) => ({ embeds: [more] });
const card = (...components: unknown[]) => ({ content: 'card', components });

type Row = { readonly what: string; readonly body: unknown; readonly at: string; readonly code: string };

describe('a message', () => {
  async function send(body: unknown) {
    const { call } = await startDiscord();
    return call('POST', `/channels/${general}/messages`, body, asBot);
  }

  const rows: readonly Row[] = [
    { what: 'content of 2001', body: { content: letters(2001) }, at: 'content', code: 'BASE_TYPE_MAX_LENGTH' },
    { what: 'content that is no text', body: { content: 5 }, at: 'content', code: 'STRING_TYPE_CONVERT' },
    {
      what: 'eleven embeds',
      body: { embeds: times(11, () => ({ title: 'a' })) },
      at: 'embeds',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'more than 6000 characters in embeds',
      body: { embeds: times(2, () => ({ description: letters(3001) })) },
      at: 'embeds',
      code: 'MAX_EMBED_SIZE_EXCEEDED',
    },
    {
      what: 'an embed title of 257',
      body: embed({ title: letters(257) }),
      at: 'embeds.0.title',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'an embed description of 4097',
      body: embed({ description: letters(4097) }),
      at: 'embeds.0.description',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'an embed field name of 257',
      body: embed({ fields: [{ name: letters(257), value: 'v' }] }),
      at: 'embeds.0.fields.0.name',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'an embed field value of 1025',
      body: embed({ fields: [{ name: 'n', value: letters(1025) }] }),
      at: 'embeds.0.fields.0.value',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'an embed field without a value',
      body: embed({ fields: [{ name: 'n' }] }),
      at: 'embeds.0.fields.0.value',
      code: 'BASE_TYPE_REQUIRED',
    },
    {
      what: '26 embed fields',
      body: embed({ fields: times(26, () => ({ name: 'n', value: 'v' })) }),
      at: 'embeds.0.fields',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'an embed footer of 2049',
      body: embed({ footer: { text: letters(2049) } }),
      at: 'embeds.0.footer.text',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'an embed colour beyond white',
      body: embed({ title: 'a', color: 0x1000000 }),
      at: 'embeds.0.color',
      code: 'NUMBER_TYPE_MAX',
    },
    {
      what: 'six rows',
      body: card(...times(6, (index) => row(button(`b${index}`)))),
      at: 'components',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'six buttons in a row',
      body: card(row(...times(6, (index) => button(`b${index}`)))),
      at: 'components.0.components',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    { what: 'an empty row', body: card(row()), at: 'components.0.components', code: 'BASE_TYPE_MIN_LENGTH' },
    {
      what: 'a button label of 81',
      body: card(row(button('b', { label: letters(81) }))),
      at: 'components.0.components.0.label',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'a button that says nothing',
      body: card(row({ type: 2, style: 1, custom_id: 'b' })),
      at: 'components.0.components.0.label',
      code: 'BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED',
    },
    {
      what: 'a custom id of 101',
      body: card(row(button(letters(101)))),
      at: 'components.0.components.0.custom_id',
      code: 'BASE_TYPE_MAX_LENGTH',
    },
    {
      what: 'an empty custom id',
      body: card(row(button(''))),
      at: 'components.0.components.0.custom_id',
      code: 'BASE_TYPE_MIN_LENGTH',
    },
    {
      what: 'a button without a custom id',
      body: card(row({ type: 2, style: 1, label: 'l' })),
      at: 'components.0.components.0.custom_id',
      code: 'BUTTON_COMPONENT_CUSTOM_ID_REQUIRED',
    },
    {
      what: 'one custom id twice',
      body: card(row(button('same')), row(button('same'))),
      at: 'components.1.components.0.custom_id',
      code: 'COMPONENT_CUSTOM_ID_DUPLICATED',
    },
    {
      what: 'an unknown button style',
      body: card(row(button('b', { style: 9 }))),
      at: 'components.0.components.0.style',
      code: 'UNION_TYPE_CHOICES',
    },
    {
      what: 'a link button with a custom id',
      body: card(row(link({ custom_id: 'b' }))),
      at: 'components.0.components.0.custom_id',
      code: 'BUTTON_COMPONENT_CUSTOM_ID_INVALID',
    },
    {
      what: 'a link button without an address',
      body: card(row(link({ url: undefined }))),
      at: 'components.0.components.0.url',
      code: 'BASE_TYPE_REQUIRED',
    },
    {
      what: 'a link button with a script',
      body: card(row(link({ url: 'javascript:alert(1)' }))),
      at: 'components.0.components.0.url',
      code: 'URL_TYPE_INVALID_URL',
    },
    {
      what: 'a text display',
      body: card(text()),
      at: 'components.0.type',
      code: 'UNION_TYPE_CHOICES',
    },
  ];

  test.each(rows)('with $what is refused at $at', async ({ body, at, code }) => {
    const { status, answer } = await send(body);
    expect([status, answer]).toMatchObject([
      400,
      { code: 50035, message: 'Invalid Form Body', errors: nested(at, code) },
    ]);
  });

  test.each([
    { what: 'nothing', body: {} },
    { what: 'blanks', body: { content: ' \n ' } },
    { what: 'buttons only', body: { components: [row(button('b'))] } },
  ])('of $what is empty', async ({ body }) => {
    expect(await send(body)).toMatchObject({ status: 400, answer: { code: 50006 } });
  });

  test.each([
    { what: 'content', body: { content: letters(2000) } },
    {
      what: 'embeds',
      body: {
        embeds: [
          ...times(9, () => ({ title: 'a' })),
          { description: letters(4096), fields: [{ name: letters(256), value: letters(1024) }] },
        ],
      },
    },
    {
      what: 'buttons',
      body: card(
        ...times(5, (outer) =>
          row(...times(5, (inner) => button(`${outer}-${inner}${letters(97)}`, { label: letters(80) }))),
        ),
      ),
    },
  ])('that fills the limits of $what is taken', async ({ body }) => {
    expect((await send(body)).status).toBe(200);
  });
});
