const markup = Symbol('markup');

/** HTML whose variable parts were escaped. Only {@link html} makes it; data from outside cannot carry the symbol. */
export type Html = { readonly [markup]: string };

type Part = string | number | Html | readonly Html[] | undefined;

/**
 * Builds HTML: every interpolated text is escaped for element content and for quoted attributes.
 * `undefined` adds nothing. Attribute values must stand in double quotes.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const pieces = strings.map((string, index) => string + toMarkup(parts[index]));
  return { [markup]: pieces.join('') };
}

/** @returns the finished text, to be sent as `text/html; charset=utf-8`. */
export function toText(page: Html): string {
  return page[markup];
}

/** Text that must not be escaped: constants of this program only, such as its stylesheet. */
export function verbatim(constant: string): Html {
  return { [markup]: constant };
}

function toMarkup(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return markup in part ? part[markup] : part.map(toText).join('');
}

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities.get(character) ?? '');
}
