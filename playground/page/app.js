import './components.js';
import { html, render } from 'lit';
import { chat } from './chat.js';
import { createComposer } from './composer.js';
import { foot, phoneBar, phoneTop, sidebar } from './frame.js';
import { panel } from './panel.js';
import { followScreen, readKnobs, sendPress } from './server.js';
import { setOffset } from './time.js';
import { createTour } from './tour.js';
import { createTroubleDesk } from './trouble-desk.js';
import { createWireTap } from './wire.js';

const FIRST_VIEWER = '210000000000000001';
const SAID_MS = 4_000;

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
    change({ viewerId });
    follow();
  },
  visit(channelId) {
    composer.clear();
    change({ channelId, place: 'chat' });
  },
  show(tab) {
    change({ tab, place: 'panel' });
  },
  async press(messageId, customId) {
    try {
      await sendPress(state.viewerId, { messageId, customId });
    } catch (error) {
      actions.say(error.message);
    }
  },
};

const composer = createComposer(state, actions);
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
    <p class="said" role="status" ?data-shown=${state.said !== ''}>${state.said}</p>
  `;
}

function follow() {
  stopFollowing();
  stopFollowing = followScreen(state.viewerId, {
    onConnected: (isConnected) => change({ isConnected }),
    onScreen(screen) {
      setOffset(screen.state.clock.offsetMs);
      const isKnown = screen.channels.some(({ id }) => id === state.channelId);
      const channelId = isKnown ? state.channelId : (screen.channels[0]?.id ?? '');
      change({ screen, channelId });
      tour.look();
    },
  });
}

narrow.addEventListener('change', draw);
document.body.textContent = '';
setInterval(draw, 1_000);
follow();
change({ knobs: await readKnobs() });
