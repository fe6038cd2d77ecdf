import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ChannelLine } from '../screen.ts';
import type { PlaygroundState } from '../state.ts';
import { avatars } from './avatars.ts';
import type { Actions, From, State, Tab } from './state.ts';
import { clockTime, movedBy, now } from './time.ts';

const tabs: readonly (readonly [tab: Tab, name: string])[] = [
  ['live', 'Live'],
  ['exchanges', 'Exchanges'],
  ['keys', 'Keys'],
  ['trouble', 'Trouble'],
  ['wire', 'Wire'],
];

const pictures: Readonly<Record<string, string>> = avatars;
const pictureOf = ({ name }: PlaygroundState['users'][number]) => pictures[name.toLowerCase()];

/** Whom one is. The same choice stands in the sidebar and, on a phone, at the top. */
function peopleSwitch(state: State, { become }: Actions, where: string) {
  const { users } = state.screen.state;
  return html`
    <fieldset class="people">
      <legend>You are</legend>
      ${repeat(
        users,
        ({ id }) => id,
        (user) => html`
          <label class="person" title=${`${user.name}, ${user.role}`}>
            <input type="radio" name=${`person-${where}`} .value=${user.id}
              .checked=${user.id === state.viewerId} @change=${() => become(user.id)}>
            <img src=${pictureOf(user)} alt="" width="32" height="32">
            <span class="who"><b>${user.name}</b> <small>${user.role}</small></span>
          </label>`,
      )}
    </fieldset>`;
}

function channelLink(state: State, { visit }: Actions, { id, kind, name }: ChannelLine) {
  const mark = kind === 'dm' ? html`<img src=${avatars.levergate} alt="" width="24" height="24">` : html`<i>#</i>`;
  return html`
    <li>
      <button type="button" class="channel" aria-current=${id === state.channelId ? 'page' : nothing}
        @click=${() => visit(id)}>${mark}<span>${name}</span></button>
    </li>`;
}

type RailButton = {
  readonly label: string;
  readonly target: string | undefined;
  readonly isHere: boolean;
  readonly face: unknown;
};

function railButton({ visit }: Actions, { label, target = '', isHere, face }: RailButton) {
  return html`
    <button type="button" class="rail-button" aria-label=${label} title=${label} aria-current=${isHere ? 'true' : nothing}
      @click=${() => visit(target)}>${face}</button>`;
}

/** Direct messages and the one server, as on Discord's left edge. */
function rail(state: State, actions: Actions) {
  const { channels } = state.screen;
  const here = channels.find(({ id }) => id === state.channelId);
  const first = (kind: ChannelLine['kind']) => channels.find((one) => one.kind === kind)?.id;
  const bot = html`<img src=${avatars.levergate} alt="" width="48" height="48">`;
  return html`
    <nav class="rail" aria-label="Servers">
      ${railButton(actions, { label: 'Direct messages', target: first('dm'), isHere: here?.kind === 'dm', face: bot })}
      <hr>
      ${railButton(actions, { label: 'PD: Perp Desk', target: first('guild'), isHere: here?.kind === 'guild', face: 'PD' })}
    </nav>`;
}

/** Server, channels, direct messages, and whom one is. */
export function sidebar(state: State, actions: Actions) {
  const { channels } = state.screen;
  const inGuild = channels.filter(({ kind }) => kind === 'guild');
  const inbox = channels.filter(({ kind }) => kind === 'dm');
  const list = (some: readonly ChannelLine[]) =>
    repeat(
      some,
      ({ id }) => id,
      (one) => channelLink(state, actions, one),
    );
  return html`
    ${rail(state, actions)}
    <nav class="sidebar" aria-label="Channels">
      <h1 class="server">Perp Desk</h1>
      <div class="channels">
        <h2>Text channels</h2>
        <ul>${list(inGuild)}</ul>
        <h2>Direct messages</h2>
        <ul>${list(inbox)}</ul>
      </div>
      ${peopleSwitch(state, actions, 'side')}
    </nav>`;
}

/** A phone's top: channel and person. */
export function phoneTop(state: State, actions: Actions) {
  const { channels } = state.screen;
  return html`
    <header class="phone-top">
      <select aria-label="Channel" @change=${({ currentTarget }: From<HTMLSelectElement>) => actions.visit(currentTarget.value)}>
        ${channels.map(
          ({ id, kind, name }) => html`
            <option value=${id} .selected=${id === state.channelId}>${kind === 'dm' ? '@' : '#'} ${name}</option>`,
        )}
      </select>
      ${peopleSwitch(state, actions, 'top')}
    </header>`;
}

/** A phone's bottom: one place at a time. */
export function phoneBar(state: State, { change, show }: Actions) {
  const isAt = (place: Tab | 'chat') =>
    place === 'chat' ? state.place === 'chat' : state.place === 'panel' && state.tab === place;
  const item = (place: Tab | 'chat', name: string, go: () => void) =>
    html`<button type="button" aria-current=${isAt(place) ? 'page' : nothing} @click=${go}>${name}</button>`;
  return html`
    <nav class="phone-bar" aria-label="Places">
      ${item('chat', 'Chat', () => change({ place: 'chat' }))}
      ${tabs.map(([tab, name]) => item(tab, name, () => show(tab)))}
    </nav>`;
}

/** The tabs of the panel, with arrow keys as tab lists have them. */
export function tabList(state: State, { change }: Actions) {
  const move = ({ key }: KeyboardEvent) => {
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = tabs.findIndex(([tab]) => tab === state.tab);
    const next = tabs[(at + step + tabs.length) % tabs.length]?.[0] ?? state.tab;
    change({ tab: next });
    document.getElementById(`tab-${next}`)?.focus();
  };
  return html`
    <div class="tabs" role="tablist" aria-label="Behind the scenes" @keydown=${move}>
      ${tabs.map(
        ([tab, name]) => html`
          <button type="button" role="tab" id=${`tab-${tab}`} aria-controls="panel-body"
            aria-selected=${String(tab === state.tab)} tabindex=${tab === state.tab ? 0 : -1}
            @click=${() => change({ tab })}>${name}</button>`,
      )}
    </div>`;
}

const botWords = { starting: 'Bot starting', ready: 'Bot online', stopped: 'Bot offline', failed: 'Bot failed' };

/** The quiet line that always stands there. */
export function foot({ screen, isConnected }: State) {
  const { bot, clock, ready } = screen.state;
  const word = bot.state === 'ready' && !ready ? 'Bot reconnecting' : botWords[bot.state];
  const moved = clock.offsetMs === 0 ? nothing : html` <b>${movedBy(clock.offsetMs)}</b>`;
  return html`
    <footer class="foot">
      <span class="promise">Nothing here reaches Discord or an exchange.<span class="more-words"> It all runs on this machine.</span></span>
      <span class="status">
        <span class="dot" data-state=${isConnected ? (ready ? 'ready' : 'away') : 'gone'}></span>
        ${isConnected ? word : 'Playground not reachable'}
      </span>
      <span class="clock" title="The clock of the bot, Discord and the exchanges">${clockTime(now())}${moved}</span>
    </footer>`;
}
