import { html, nothing } from 'lit';
import type { Button } from '../../simulators/discord/forms/component-form.ts';
import type { Embed } from '../../simulators/discord/forms/message-form.ts';
import type { VisibleMessage } from '../../simulators/discord/view.ts';
import type { InteractionLine } from '../screen.ts';
import { markup, plain } from './markup.ts';
import { isTokenOver, isUnanswered } from './patience.ts';
import { signs } from './signs.ts';
import type { Page, State } from './state.ts';
import { messageTime } from './time.ts';
import type { WireTap } from './wire.ts';

type Row = Extract<VisibleMessage['components'][number], { type: 1 }>;
type Fields = NonNullable<Embed['fields']>;

const buttonTypes: Readonly<Record<number, string>> = { 1: 'primary', 2: 'secondary', 3: 'success', 4: 'destructive' };

const nameOfUser = (state: State, userId: string) =>
  state.screen.state.users.find(({ id }) => id === userId)?.name.toLowerCase();

/** One message of the bot as Discord shows it. */
export function message(one: VisibleMessage, { state, actions, wire }: Page & { readonly wire: WireTap }) {
  const { origin, isEphemeral, isThinking } = one;
  return html`
    <div class="message" data-message=${one.id} tabindex="-1">
      <discord-message profile="levergate" timestamp=${timeOf(one)} ?ephemeral=${isEphemeral}>
        ${origin?.name === undefined ? nothing : originLine(nameOfUser(state, origin.userId), origin.name)}
        ${isThinking ? thinking(origin) : html`<span class="text">${markup(one.content, { state, actions })}</span>`}
        ${one.embeds.map((shown) => embed(shown, { state, actions }))}
        ${one.components.filter((row) => row.type === 1).map((row) => buttonRow(row, one, { state, actions }))}
        <div slot="thread" class="under">
          ${failedPress(state, one)}
          ${isEphemeral ? onlyYou(() => dismiss(actions, state, one.id)) : nothing}
        </div>
      </discord-message>
      ${
        origin === undefined
          ? nothing
          : html`<button type="button" class="raw" title="Raw payloads of this message"
              aria-label="Raw payloads of this message" @click=${() => wire.open(origin.interactionId)}>{ }</button>`
      }
    </div>`;
}

// Beside the time: the component's own mark would stand in an empty line above the embed.
const timeOf = ({ createdAt, editedAt }: VisibleMessage) =>
  `${messageTime(createdAt)}${editedAt === undefined ? '' : ' (edited)'}`;

type Unanswered = { readonly interaction: InteractionLine; readonly isLate: boolean };

/** A command of one's own that has no answer yet, or never got one. */
export function unanswered({ interaction, isLate }: Unanswered, { state, actions }: Page) {
  const text = isLate ? noResponse() : html`<span class="sending">Sending command …</span>`;
  return html`
    <div class="message" data-message=${interaction.id} tabindex="-1">
      <discord-message profile="levergate" timestamp=${messageTime(interaction.createdAt)} ephemeral>
        ${originLine(nameOfUser(state, interaction.userId), interaction.name)} ${text}
        <div slot="thread" class="under">${onlyYou(() => dismiss(actions, state, interaction.id))}</div>
      </discord-message>
    </div>`;
}

const noResponse = () => html`<span class="failed">The application did not respond</span>`;

function originLine(profile: string | undefined, name: string | undefined) {
  return html`
    <discord-command slot="reply" type="slash_command" profile=${profile} command=${name}></discord-command>`;
}

function thinking(origin: VisibleMessage['origin']) {
  if (origin !== undefined && isTokenOver(origin.interactionId)) return noResponse();
  return html`<span class="thinking"><i></i><i></i><i></i> Levergate is thinking …</span>`;
}

function onlyYou(onDismiss: () => void) {
  return html`
    <p class="only-you">
      <svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"><path fill="currentColor"
        d="M12 5C6.500 5 2.700 10 1.500 12 2.700 14 6.500 19 12 19s9.300-5 10.500-7C21.300 10 17.500 5 12 5zm0 11a4 4 0 1 1 0-8 4 4 0 0 1 0 8z"/></svg>
      Only you can see this · <button type="button" class="link" @click=${onDismiss}>Dismiss message</button>
    </p>`;
}

/** The keyboard goes on at the message that takes its place, or in the message box. */
function dismiss({ draw }: Page['actions'], { dismissed }: State, id: string) {
  const all = [...document.querySelectorAll<HTMLElement>('.message')];
  const at = all.findIndex((one) => one.dataset.message === id);
  const next = all[at + 1] ?? all[at - 1] ?? document.getElementById('composer-input');
  next?.focus({ preventScroll: true });
  dismissed.add(id);
  draw();
}

function embed({ title, description, color, fields, footer }: Embed, page: Page) {
  return html`
    <discord-embed slot="embeds" color=${hex(color)} embed-title=${title ? plain(title) : nothing}
      .embedEmojisMap=${signs}>
      ${description ? html`<discord-embed-description slot="description"><span class="text">${markup(description, page)}</span></discord-embed-description>` : nothing}
      ${fields?.length ? html`<discord-embed-fields slot="fields">${columns(fields).map((one) => field(one, page))}</discord-embed-fields>` : nothing}
      ${footer ? html`<discord-embed-footer slot="footer">${footer.text}</discord-embed-footer>` : nothing}
    </discord-embed>`;
}

const hex = (color: number | null | undefined) => `#${(color ?? 0x4e5058).toString(16).padStart(6, '0')}`;

/** Inline fields stand three in a row. */
function columns(fields: Fields) {
  let column = 0;
  return fields.map((one) => {
    column = one.inline ? (column % 3) + 1 : 0;
    return { ...one, column };
  });
}

function field({ name, value, column }: ReturnType<typeof columns>[number], page: Page) {
  return html`
    <discord-embed-field field-title=${plain(name)} ?inline=${column > 0} inline-index=${column || nothing}
      ><span class="text">${markup(value, page)}</span></discord-embed-field>`;
}

function pressesOf(state: State, messageId: string) {
  return state.screen.interactions.filter(({ type, sourceMessageId }) => type === 3 && sourceMessageId === messageId);
}

function buttonRow({ components }: Row, one: VisibleMessage, { state, actions }: Page) {
  const waiting = pressesOf(state, one.id).find((press) => press.state === 'waiting' && !isUnanswered(press));
  return html`
    <discord-action-row slot="components">
      ${components.filter((button) => button.type === 2).map((button) => buttonOf(button, { one, waiting, actions }))}
    </discord-action-row>`;
}

type Below = Pick<Page, 'actions'> & {
  readonly one: VisibleMessage;
  /** The press of this message that has no answer yet. */
  readonly waiting: InteractionLine | undefined;
};

// The component's `disabled` is only a look: what must not be pressed is not sent.
function buttonOf({ style, label, url = '', custom_id: customId = '', disabled = false }: Button, below: Below) {
  const { one, waiting, actions } = below;
  if (style === 5) {
    return html`<discord-button url=${url} @click=${(event: MouseEvent) => openBeside(event, url, actions)}>${label}</discord-button>`;
  }
  const isBusy = waiting !== undefined;
  const press = () => {
    if (disabled || isBusy) return;
    keepFocus(one.id);
    void actions.press(one.id, customId);
  };
  return html`
    <discord-button type=${buttonTypes[style]} ?disabled=${disabled || isBusy}
      aria-busy=${String(waiting?.customId === customId)} @click=${press}>${label}</discord-button>`;
}

/** The button goes away with the edit that follows; the keyboard stays at its message. */
function keepFocus(messageId: string) {
  document.querySelector<HTMLElement>(`[data-message="${messageId}"]`)?.focus({ preventScroll: true });
}

/** On a wide screen the bot's own page opens in a window beside this one, and the keys to copy come up here. */
function openBeside(event: MouseEvent, url: string, actions: Page['actions']) {
  if (url.includes('/link/')) actions.change({ tab: 'keys' });
  if (window.innerWidth < 1000 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  window.open(url, '_blank', 'noopener,popup,width=620,height=860');
}

function failedPress(state: State, { id }: VisibleMessage) {
  const last = pressesOf(state, id).at(-1);
  const isFailed = state.refusedPresses.has(id) || (last !== undefined && isUnanswered(last));
  return isFailed ? html`<p class="failed" role="status">This interaction failed</p>` : nothing;
}
