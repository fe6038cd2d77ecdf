import { type Span, spansOf, type Text } from '../view.ts';

/** Discord's ids of the registered commands by name; with one, a message can offer its command to be tapped. */
export type CommandIds = ReadonlyMap<string, string>;

/** Shortens to a number of UTF-16 units with an ellipsis, without splitting a character or an escape. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  if (limit < 1) return '';
  const kept = text
    .slice(0, limit - 1)
    .replace(/[\uD800-\uDBFF]$/, '')
    // An odd number of backslashes at the end would escape the ellipsis instead of what was cut off.
    .replace(/(?<!\\)((?:\\\\)*)\\$/, '$1');
  return `${kept}…`;
}

/** Drops what no text needs and some text abuses: control characters, half surrogates, direction overrides. */
export function clean(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu, '');
}

/**
 * Text as Discord has to be given it to show it unchanged.
 *
 * Discord's clients take a backslash before any punctuation for an escape; lists, quotes and headings are markup only
 * at the start of a line, a link only with its colon.
 */
export function literal(text: string): string {
  return (
    clean(text)
      .replace(/[\\`*_~|<[\]@]/g, '\\$&')
      .replace(/^(\s*)([#>+-])/gm, '$1\\$2')
      .replace(/^(\s*\d+)\./gm, '$1\\.')
      // Without a word boundary: clients make a link of `https://` also in the middle of a word.
      .replace(/(https?|discord|steam):\/\//gi, '$1\\:\\/\\/')
  );
}

/** Renders a text within a number of UTF-16 units. */
export function renderText(text: Text, limit: number, commandIds: CommandIds = new Map()): string {
  let rendered = '';
  for (const span of spansOf(text)) {
    const left = limit - rendered.length;
    const { open, inner, close } = parts(span, commandIds);
    const whole = `${open}${inner}${close}`;
    if (whole.length <= left) {
      rendered += whole;
      continue;
    }
    const room = left - open.length - close.length;
    return rendered + (room > 1 && inner !== '' ? `${open}${cut(inner, room)}${close}` : left > 0 ? '…' : '');
  }
  return rendered;
}

type Parts = { readonly open: string; readonly inner: string; readonly close: string };

function parts(span: Span, commandIds: CommandIds): Parts {
  if (typeof span === 'string') return { open: '', inner: literal(span), close: '' };
  if ('strong' in span) return wrapped('**', literal(span.strong));
  // There is no escape within code: a backtick would end it.
  if ('code' in span) return wrapped('`', clean(span.code).replace(/`/g, 'ˋ').replace(/\s+/g, ' '));
  if ('command' in span) return commandMention(span.command, commandIds);
  if ('block' in span) return fenced(clean(span.block).replace(/`/g, 'ˋ'));
  if ('user' in span) return { open: `<@${span.user}>`, inner: '', close: '' };
  return { open: timestamp(span.time, span.style), inner: '', close: '' };
}

function wrapped(mark: string, inner: string): Parts {
  return inner.trim() === '' ? { open: '', inner: '', close: '' } : { open: mark, inner, close: mark };
}

/** Plain until Discord has told the ids: a mention with a wrong one is no command. */
function commandMention(path: string, commandIds: CommandIds): Parts {
  const [name = ''] = path.split(' ');
  const id = commandIds.get(name);
  return { open: id === undefined ? literal(`/${path}`) : `</${path}:${id}>`, inner: '', close: '' };
}

function fenced(inner: string): Parts {
  return inner.trim() === '' ? { open: '', inner: '', close: '' } : { open: '```\n', inner, close: '\n```' };
}

function timestamp(at: number, style: 'relative' | 'clock'): string {
  return Number.isFinite(at) ? `<t:${Math.floor(at / 1000)}:${style === 'relative' ? 'R' : 'T'}>` : '—';
}
