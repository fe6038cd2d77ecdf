import { html } from 'lit';
import { signs } from './signs.js';
import { clockTime, relative } from './time.js';

const token = new RegExp(
  [
    /\\(?<escaped>[^A-Za-z0-9\s])/,
    /```(?:[\w+-]*\n)?(?<block>[\s\S]*?)\n?```\n?/,
    /\*\*(?<bold>(?:\\.|(?!\*\*).)+)\*\*/,
    /`(?<code>[^`]+)`/,
    /<t:(?<seconds>\d+):(?<style>[A-Za-z])>/,
    /<@!?(?<user>\d+)>/,
    /<#(?<channel>\d+)>/,
    /<\/(?<command>[\w -]+):\d+>/,
    new RegExp(`(?<sign>${Object.keys(signs).join('|')})`),
  ]
    .map(({ source }) => source)
    .join('|'),
  'gs',
);

/**
 * Renders the part of Discord's markup that bots use: escapes, bold, code, times and mentions.
 *
 * @param {{ state: object, actions: object }} page whose people and channels are mentioned
 */
export function markup(text, page) {
  const shown = [];
  let from = 0;
  for (const { 0: whole, index, groups } of text.matchAll(token)) {
    shown.push(text.slice(from, index), rendered(groups, page));
    from = index + whole.length;
  }
  shown.push(text.slice(from));
  return shown.filter((part) => part !== '');
}

function rendered({ escaped, block, bold, code, seconds, style, user, channel, command, sign }, page) {
  if (escaped !== undefined) return escaped;
  if (block !== undefined) return html`<pre class="block">${block}</pre>`;
  if (bold !== undefined) return html`<strong>${markup(bold, page)}</strong>`;
  if (code !== undefined) return html`<discord-code embed>${code}</discord-code>`;
  if (user !== undefined) return html`<span class="mention">@${nameOf(page.state.screen.state.users, user)}</span>`;
  if (channel !== undefined) return html`<span class="mention">#${nameOf(page.state.screen.channels, channel)}</span>`;
  if (command !== undefined) return commandLink(command, page);
  if (sign !== undefined) return html`<img class="sign" src=${signs[sign].url} alt=${signs[sign].name}>`;
  return timestamp(Number(seconds) * 1000, style);
}

const nameOf = (list, id) => list.find((one) => one.id === id)?.name ?? 'unknown';

/** As in Discord, it fills the message box and sends nothing. */
function commandLink(name, { actions }) {
  return html`<button type="button" class="mention" @click=${() => actions.fill(`/${name}`)}>/${name}</button>`;
}

/** Counting down must not be read out each second. */
function timestamp(at, style) {
  const text = style === 'R' ? relative(at) : clockTime(at);
  return html`<discord-time aria-live="off">${text}</discord-time>`;
}

/** The same without markup, for titles. Times are left as they are. */
export function plain(text) {
  return text.replace(token, (whole, ...rest) => {
    const { escaped, block, bold, code, command } = rest.at(-1);
    if (bold !== undefined) return plain(bold);
    return escaped ?? block ?? code ?? (command === undefined ? whole : `/${command}`);
  });
}
