import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { VisibleMessage } from '../../simulators/discord/view.ts';
import type { ChannelLine, InteractionLine } from '../screen.ts';
import type { Composer } from './composer.ts';
import { keepAtEnd } from './keep-at-end.ts';
import { message, unanswered } from './message.ts';
import { isUnanswered } from './patience.ts';
import type { Page, State } from './state.ts';
import { now } from './time.ts';
import type { Tour } from './tour.ts';
import type { WireTap } from './wire.ts';

const QUIET_MS = 400;

type Parts = Page & {
  readonly composer: Composer;
  readonly tour: Tour;
  readonly wire: WireTap;
  readonly isTourHere: boolean;
};

/** A row of the list: a message, or a command of one's own that has no answer. */
type Entry = { readonly key: string; readonly at: number } & (
  | { readonly message: VisibleMessage }
  | { readonly interaction: InteractionLine; readonly isLate: boolean }
);

/** Header, tour, messages and composer of one channel. */
export function chat({ state, actions, composer, tour, wire, isTourHere }: Parts) {
  const channel = state.screen.channels.find(({ id }) => id === state.channelId);
  const shown = entries(state);
  return html`
    ${header(state, channel, tour)} ${isTourHere ? tour.view() : nothing}
    <div class="scroller" tabindex="0" role="log" aria-label=${`Messages in ${nameOf(channel)}`}
      aria-live="off" ${keepAtEnd(`${state.viewerId}/${state.channelId}`, ownNews(shown, state))}>
      <div>
      ${welcome(channel, { composer, tour })}
      <discord-messages>
        ${repeat(
          shown,
          ({ key }) => key,
          (entry) =>
            'message' in entry
              ? message(entry.message, { state, actions, wire })
              : unanswered(entry, { state, actions }),
        )}
      </discord-messages>
      </div>
    </div>
    ${composer.view(nameOf(channel))}`;
}

type Channel = ChannelLine | undefined;
const nameOf = (channel: Channel) => (channel?.kind === 'dm' ? '@Levergate' : `#${channel?.name}`);

function header(state: State, channel: Channel, tour: Tour) {
  const { venues } = state.screen.state;
  const topic = channel?.kind === 'dm' ? 'You and the bot, nobody else' : (topics[channel?.name ?? ''] ?? '');
  return html`
    <header class="chat-head">
      <h2>${channel?.kind === 'dm' ? html`<i>@</i>Levergate` : html`<i>#</i>${channel?.name}`}</h2>
      <p class="topic">${topic}</p>
      <p class="writes" title="Writes that the exchanges have carried out">
        Writes: ${state.knobs.exchangeKnobs.map(
          ({ id, label }, index) => html`${index > 0 ? ' · ' : ''}${label} <b>${venues[id]?.writeCount}</b>`,
        )}
      </p>
      ${tour.isOpen() ? nothing : html`<button type="button" class="quiet" @click=${tour.start}>Tour</button>`}
    </header>`;
}

const topics: Readonly<Record<string, string>> = {
  'trade-desk': 'Nothing changes before you confirm',
  'audit-log': 'One line for each outcome, for the admin only',
};

function welcome(channel: Channel, { composer, tour }: Pick<Parts, 'composer' | 'tour'>) {
  if (channel?.name === 'audit-log') {
    return html`<div class="welcome"><h3>#audit-log</h3><p>The bot posts one line here for each outcome.</p></div>`;
  }
  const fill = (text: string) => () => composer.fill(text);
  return html`
    <div class="welcome">
      <h3>${channel?.kind === 'dm' ? 'Levergate' : `Welcome to ${nameOf(channel)}`}</h3>
      <p>
        Levergate sets futures leverage behind a confirmation button. This is the real bot with made-up people, keys and
        exchanges: type <kbd>/</kbd> as in Discord, and watch the exchanges beside it.
      </p>
      <p class="starters">
        ${tour.isOpen() ? nothing : html`<button type="button" class="primary" @click=${tour.start}>Take the tour</button>`}
        <button type="button" @click=${fill('/keys add')}>/keys add</button>
        <button type="button" @click=${fill('/leverage set')}>/leverage set</button>
        <button type="button" @click=${fill('/help')}>/help</button>
      </p>
    </div>`;
}

/** The newest thing in the list that answers this person. */
const ownNews = (shown: readonly Entry[], { viewerId }: State) =>
  shown.findLast((one) => 'interaction' in one || one.message.origin?.userId === viewerId)?.key;

/** Messages, and commands of one's own that nobody has answered, in the order of their ids. */
function entries({ screen, channelId, dismissed }: State): readonly Entry[] {
  const messages = (screen.messages[channelId] ?? [])
    .filter(({ id }) => !dismissed.has(id))
    .map((one) => ({ key: one.id, at: one.createdAt, message: one }));
  const silent = screen.interactions
    .filter((one) => one.type === 2 && one.channelId === channelId && one.messageIds.length === 0)
    .filter(({ id, createdAt }) => !dismissed.has(id) && now() - createdAt > QUIET_MS)
    .filter(({ state }) => state !== 'answered')
    .map((one) => ({
      key: one.id,
      at: one.createdAt,
      interaction: one,
      isLate: isUnanswered(one),
    }));
  return [...messages, ...silent].sort((left, right) => left.at - right.at);
}
