/** The signs before the bot's words as pictures: not every machine has a font for them. */
export const signs: Readonly<Record<string, { readonly name: string; readonly url: string }>> = Object.fromEntries(
  [
    ['❔', 'ask', 'question'],
    ['⚠️', 'risky', 'warning'],
    ['✅', 'done', 'done'],
    ['⛔', 'refused', 'refused'],
    ['❗', 'unknown', 'not known'],
  ].map(([sign = '', file, name = '']) => [sign, { name, url: `/page/signs/${file}.svg` }]),
);
