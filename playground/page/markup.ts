import { html } from 'lit';
import { signs } from './signs.ts';
import type { Page } from './state.ts';
import { clockTime, relative } from './time.ts';

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
 * @param page - Whose people and channels are mentioned.
 */
export function markup(text: string, page: Page): readonly unknown[] {
  const shown: unknown[] = [];
  let from = 0;
  for (const { 0: whole, index, groups } of text.matchAll(token)) {
    shown.push(text.slice(from, index), rendered(groups ?? {}, page));
    from = index + whole.length;
  }
  shown.push(text.slice(from));
  return shown.filter((part) => part !== '');
}

type Groups = Readonly<Record<string, string | undefined>>;

function rendered(groups: Groups, page: Page): unknown {
  const { escaped, block, bold, code, seconds, style, user, channel, command, sign } = groups;
  if (escaped !== undefined) return escaped;
  if (block !== undefined) return html`<pre class="block">${block}</pre>`;
  if (bold !== undefined) return html`<strong>${markup(bold, page)}</strong>`;
  if (code !== undefined) return html`<discord-code embed>${code}</discord-code>`;
  if (user !== undefined) return html`<span class="mention">@${nameOf(page.state.screen.state.users, user)}</span>`;
  if (channel !== undefined) return html`<span class="mention">#${nameOf(page.state.screen.channels, channel)}</span>`;
  if (command !== undefined) return commandLink(command, page);
  if (sign !== undefined) return html`<img class="sign" src=${signs[sign]?.url} alt=${signs[sign]?.name}>`;
  return timestamp(Number(seconds) * 1000, style);
}

const nameOf = (list: readonly { readonly id: string; readonly name: string }[], id: string) =>
  list.find((one) => one.id === id)?.name ?? 'unknown';

/** As in Discord, it fills the message box and sends nothing. */
function commandLink(name: string, { actions }: Page) {
  return html`<button type="button" class="mention" @click=${() => actions.fill(`/${name}`)}>/${name}</button>`;
}

/** Counting down must not be read out each second. */
function timestamp(at: number, style: string | undefined) {
  const text = style === 'R' ? relative(at) : clockTime(at);
  return html`<discord-time aria-live="off">${text}</discord-time>`;
}

/** The same without markup, for titles. Times are left as they are. */
export function plain(text: string): string {
  return text.replace(token, (whole, ...rest) => {
    const groups: Groups = rest.at(-1);
    const { escaped, block, bold, code, command } = groups;
    if (bold !== undefined) return plain(bold);
    return escaped ?? block ?? code ?? (command === undefined ? whole : `/${command}`);
  });
}
