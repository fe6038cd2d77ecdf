import './components.js';
import { html, render } from 'lit';
import { chat } from './chat.js';
import { createComposer } from './composer.js';
import { foot, phoneBar, phoneTop, sidebar } from './frame.js';
import { createNews } from './news.js';
import { panel } from './panel.js';
import { createPatience } from './patience.js';
import { followScreen, readKnobs, sendPress } from './server.js';
import { setOffset } from './time.js';
import { createTour } from './tour.js';
import { createTroubleDesk } from './trouble-desk.js';
import { createWireTap } from './wire.js';

const FIRST_VIEWER = '210000000000000001';
const SAID_MS = 4_000;
const POINTED_MS = 2_500;

/** The page's whole state; every change draws it anew. */
const state = {
  viewerId: sessionStorage.getItem('viewer') ?? FIRST_VIEWER,
  channelId: undefined,
  screen: undefined,
  knobs: undefined,
  isConnected: true,
  tab: 'exchanges',
  /** What a narrow screen shows: the chat, or the panel with its tab. */
  place: 'chat',
  dismissed: new Set(),
  /** Messages whose button was gone by the time it was pressed. */
  refusedPresses: new Set(),
  /** What was just done, for a moment: "Copied". */
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

function change(part) {
  Object.assign(state, part);
  draw();
}

const actions = {
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
  /** Brings a part of the panel up, and the keyboard with it. */
  async point(tab, selector) {
    actions.show(tab);
    await new Promise(requestAnimationFrame);
    const target = document.querySelector(selector);
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: 'nearest' });
    target?.animate([{ outline: '3px solid #f0b232' }, { outline: '3px solid transparent' }], POINTED_MS);
  },
  async press(messageId, customId) {
    state.refusedPresses.delete(messageId);
    try {
      await sendPress(state.viewerId, { messageId, customId });
    } catch (error) {
      if (error.reason !== 'unknown-component' && error.reason !== 'unknown-message') return actions.say(error.message);
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
  const { screen, knobs } = state;
  if (screen === undefined || knobs === undefined) return html`<p class="waiting" role="status">Connecting …</p>`;
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
function channelIn({ channels }) {
  const isKnown = channels.some(({ id }) => id === state.channelId);
  return isKnown ? state.channelId : (channels[0]?.id ?? '');
}

/** What stays in sight while the next person's screen is on its way: nothing that is for somebody's eyes only. */
function whatEverybodySees(screen, viewerId) {
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
      if (state.screen !== undefined && screen.state.resets !== state.screen.state.resets) return location.reload();
      setOffset(screen.state.clock.offsetMs);
      change({ screen, channelId: channelIn(screen) });
      news.look();
      expect(screen.interactions);
      tour.look();
    },
  });
}

narrow.addEventListener('change', draw);
document.body.textContent = '';
setInterval(draw, 1_000);
follow();
change({ knobs: await readKnobs() });
