import { html } from 'lit';
import { clockTime, relative } from './time.js';

const token = /\\([^A-Za-z0-9\s])|\*\*((?:\\.|(?!\*\*).)+)\*\*|`([^`]+)`|<t:(\d+):([A-Za-z])>/gs;

/** Renders the part of Discord's markup that bots use: escapes, bold, code and times. */
export function markup(text) {
  const shown = [];
  let from = 0;
  for (const match of text.matchAll(token)) {
    const [whole, escaped, bold, code, seconds, style] = match;
    shown.push(text.slice(from, match.index));
    from = match.index + whole.length;
    if (escaped !== undefined) shown.push(escaped);
    else if (bold !== undefined) shown.push(html`<strong>${markup(bold)}</strong>`);
    else if (code !== undefined) shown.push(html`<discord-code embed>${code}</discord-code>`);
    else shown.push(timestamp(Number(seconds) * 1000, style));
  }
  shown.push(text.slice(from));
  return shown.filter((part) => part !== '');
}

/** Counting down must not be read out each second. */
function timestamp(at, style) {
  const text = style === 'R' ? relative(at) : clockTime(at);
  return html`<discord-time aria-live="off">${text}</discord-time>`;
}

/** The same without markup, for titles. */
export function plain(text) {
  return text.replace(
    token,
    (whole, escaped, bold, code) => escaped ?? (bold === undefined ? (code ?? whole) : plain(bold)),
  );
}
