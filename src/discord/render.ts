import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type APIEmbed,
  type APIEmbedField,
  ButtonStyle,
  ComponentType,
} from 'discord-api-types/v10';
import { type Button, type Note, spansOf, type Tone, type View } from '../view.ts';
import { formatButtonId } from './button-id.ts';
import { type CommandIds, clean, cut, literal, renderText } from './text.ts';

/** A message as Discord's REST routes take it. Without buttons `components` is empty, so that an edit removes them. */
export type MessagePayload = {
  readonly content?: string;
  readonly embeds: APIEmbed[];
  readonly components: APIActionRowComponent<APIButtonComponent>[];
  readonly allowed_mentions: { readonly parse: [] };
};

const limits = {
  content: 2000,
  title: 256,
  body: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  total: 6000,
  embeds: 10,
  /** Ten of them, with their signs, stay within the total. */
  note: 590,
  buttonsInRow: 5,
  rows: 5,
  label: 80,
  url: 512,
} as const;

// Okabe and Ito's colours, which stay apart for colour-blind eyes; the sign says the same without any colour.
const tones: Readonly<Record<Tone, { readonly colour: number; readonly sign: string }>> = {
  plain: { colour: 0x99aab5, sign: '' },
  ask: { colour: 0x0072b2, sign: '❔ ' },
  risky: { colour: 0xe69f00, sign: '⚠️ ' },
  done: { colour: 0x009e73, sign: '✅ ' },
  refused: { colour: 0xd55e00, sign: '⛔ ' },
  unknown: { colour: 0xcc79a7, sign: '❗ ' },
};

const buttonStyles = {
  primary: ButtonStyle.Primary,
  secondary: ButtonStyle.Secondary,
  danger: ButtonStyle.Danger,
} as const;

/** Renders a view as one embed and its buttons, within every limit of Discord's. */
export function renderView(view: View, commandIds?: CommandIds): MessagePayload {
  if (view.isText) return renderAsText(view, commandIds);
  return {
    embeds: [renderEmbed(view)],
    components: renderButtons(view.buttons ?? []),
    allowed_mentions: { parse: [] },
  };
}

function renderAsText({ title, body = '' }: View, commandIds?: CommandIds): MessagePayload {
  const content = renderText([{ strong: title }, '\n', ...spansOf(body)], limits.content, commandIds);
  return { content, embeds: [], components: [], allowed_mentions: { parse: [] } };
}

/** Renders up to ten notes as one message. */
export function renderNotes(notes: readonly Note[]): MessagePayload {
  const embeds = notes.slice(0, limits.embeds).map(({ tone, text }) => {
    const { colour, sign } = tones[tone];
    return { color: colour, description: `${sign}${orElse(renderText(text, limits.note), '—')}` };
  });
  return { embeds, components: [], allowed_mentions: { parse: [] } };
}

function renderEmbed({ tone, title, body = '', fields = [], footer = '' }: View): APIEmbed {
  const { colour, sign } = tones[tone];
  const heading = cut(`${sign}${literal(title)}`, limits.title);
  // A footer is plain text to Discord: an escape would be shown.
  const small = cut(clean(footer), limits.footer);
  const left = limits.total - heading.length - small.length;
  const description = renderText(body, Math.min(limits.body, left));
  const shown = renderFields(fields, left - description.length);
  return {
    color: colour,
    title: orElse(heading, INVISIBLE),
    ...(isBlank(description) ? {} : { description }),
    ...(shown.length === 0 ? {} : { fields: shown }),
    ...(isBlank(small) ? {} : { footer: { text: small } }),
  };
}

function renderFields(fields: NonNullable<View['fields']>, budget: number): APIEmbedField[] {
  const shown: APIEmbedField[] = [];
  let left = budget;
  for (const { name, value, isInline = false } of fields.slice(0, limits.fields)) {
    const label = orElse(cut(literal(name), Math.min(limits.fieldName, left - 1)), INVISIBLE);
    const content = orElse(renderText(value, Math.min(limits.fieldValue, left - label.length)), '—');
    if (label.length + content.length > left) break;
    shown.push({ name: label, value: content, inline: isInline });
    left -= label.length + content.length;
  }
  return shown;
}

// Discord refuses what is empty or blank.
const INVISIBLE = '\u200b';

function orElse(text: string, fallback: string): string {
  return isBlank(text) ? fallback : text;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

function renderButtons(buttons: readonly Button[]): APIActionRowComponent<APIButtonComponent>[] {
  const shown = buttons.slice(0, limits.buttonsInRow * limits.rows).map(renderButton);
  return Array.from({ length: Math.ceil(shown.length / limits.buttonsInRow) }, (_, row) => ({
    type: ComponentType.ActionRow,
    components: shown.slice(row * limits.buttonsInRow, (row + 1) * limits.buttonsInRow),
  }));
}

function renderButton(button: Button): APIButtonComponent {
  const label = cut(clean(button.label), limits.label);
  if (button.kind === 'link')
    return { type: ComponentType.Button, style: ButtonStyle.Link, label, url: linkOf(button.url) };
  return {
    type: ComponentType.Button,
    style: buttonStyles[button.style],
    label,
    custom_id: formatButtonId(button.verb, button.id),
  };
}

function linkOf(url: string): string {
  const { protocol, href } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') throw new TypeError('a link button needs an http address');
  // Shortened, an address would lead somewhere else.
  if (href.length > limits.url) throw new RangeError('the address of a link button is too long');
  return href;
}
