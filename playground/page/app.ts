import './components.ts';
import { html, render } from 'lit';
import type { Screen } from '../screen.ts';
import { chat } from './chat.ts';
import { createComposer } from './composer.ts';
import { foot, phoneBar, phoneTop, sidebar } from './frame.ts';
import { createNews } from './news.ts';
import { panel } from './panel.ts';
import { createPatience } from './patience.ts';
import { firstScreen, followScreen, Refused, readKnobs, sendPress, wordsOf } from './server.ts';
import type { Actions, State } from './state.ts';
import { setOffset } from './time.ts';
import { createTour } from './tour.ts';
import { createTroubleDesk } from './trouble-desk.ts';
import { createWireTap } from './wire.ts';

const FIRST_VIEWER = '210000000000000001';
const SAID_MS = 4_000;
const POINTED_MS = 2_500;

document.body.textContent = '';
render(html`<p class="waiting" role="status">Connecting …</p>`, document.body);
const viewerId = sessionStorage.getItem('viewer') ?? FIRST_VIEWER;
const [knobs, firstSeen] = await Promise.all([readKnobs(), firstScreen(viewerId)]);

const state: State = {
  viewerId,
  channelId: firstSeen.channels[0]?.id ?? '',
  screen: firstSeen,
  knobs,
  isConnected: true,
  tab: 'exchanges',
  place: 'chat',
  dismissed: new Set(),
  refusedPresses: new Set(),
  said: '',
};

let stopFollowing = () => {};
let isDrawing = false;

function draw() {
  if (isDrawing) return;
  isDrawing = true;
  // Before the next key arrives: it has to find the field that the last one opened.
  queueMicrotask(() => {
    isDrawing = false;
    render(page(), document.body);
    composer.afterDraw();
  });
}

function change(part: Partial<State>) {
  Object.assign(state, part);
  draw();
}

const actions: Actions = {
  change,
  draw,
  say(text) {
    change({ said: text });
    setTimeout(() => state.said === text && change({ said: '' }), SAID_MS);
  },
  become(viewerId) {
    sessionStorage.setItem('viewer', viewerId);
    composer.clear();
    state.screen = whatEverybodySees(state.screen, viewerId);
    change({ viewerId, channelId: channelIn(state.screen) });
    follow();
  },
  visit(channelId) {
    composer.clear();
    change({ channelId, place: 'chat' });
  },
  show(tab) {
    change({ tab, place: 'panel' });
  },
  fill: (line) => composer.fill(line),
  async point(tab, selector) {
    actions.show(tab);
    await new Promise(requestAnimationFrame);
    const target = document.querySelector<HTMLElement>(selector);
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: 'nearest' });
    target?.animate([{ outline: '3px solid #f0b232' }, { outline: '3px solid transparent' }], POINTED_MS);
  },
  async press(messageId, customId) {
    state.refusedPresses.delete(messageId);
    try {
      await sendPress(state.viewerId, { messageId, customId });
    } catch (error) {
      const reason = error instanceof Refused ? error.reason : undefined;
      if (reason !== 'unknown-component' && reason !== 'unknown-message') return actions.say(wordsOf(error));
      state.refusedPresses.add(messageId);
      draw();
    }
  },
};

const composer = createComposer(state, actions);
const news = createNews(state);
const expect = createPatience(draw);
const wire = createWireTap(state, actions);
const desk = createTroubleDesk(state, actions);
const tour = createTour(state, actions, composer);

const narrow = window.matchMedia('(max-width: 999px)');

function page() {
  const isTourInPanel = narrow.matches && state.place === 'panel';
  return html`
    <a class="skip" href="#composer-input">Skip to the message box</a>
    <div class="app" data-place=${state.place}>
      ${phoneTop(state, actions)} ${sidebar(state, actions)}
      <main class="chat">${chat({ state, actions, composer, tour, wire, isTourHere: !isTourInPanel })}</main>
      ${panel({ state, actions, desk, wire, tour: isTourInPanel ? tour : undefined })} ${phoneBar(state, actions)} ${foot(state)}
    </div>
    <p class="hidden news" aria-live="polite">${news.words()}</p>
    <p class="said" role="status" ?data-shown=${state.said !== ''}>${state.said}</p>
  `;
}

/** The channel that is open, or the first where this person may not see it. */
function channelIn({ channels }: Screen): string {
  const isKnown = channels.some(({ id }) => id === state.channelId);
  return isKnown ? state.channelId : (channels[0]?.id ?? '');
}

/** What stays in sight while the next person's screen is on its way: nothing that is for somebody's eyes only. */
function whatEverybodySees(screen: Screen, viewerId: string): Screen {
  return {
    ...screen,
    viewerId,
    messages: {},
    interactions: [],
    channels: screen.channels.filter(({ isOpen }) => isOpen),
    flow: { ...screen.flow, changes: [] },
  };
}

function follow() {
  stopFollowing();
  stopFollowing = followScreen(state.viewerId, {
    onConnected: (isConnected) => change({ isConnected }),
    onScreen(screen) {
      if (screen.state.resets !== state.screen.state.resets) return location.reload();
      setOffset(screen.state.clock.offsetMs);
      change({ screen, channelId: channelIn(screen) });
      news.look();
      expect(screen.interactions);
      tour.look();
    },
  });
}

narrow.addEventListener('change', draw);
setInterval(draw, 1_000);
follow();
