import { html, nothing } from 'lit';
import type { VisibleMessage } from '../../simulators/discord/view.ts';
import type { ChangeFlow } from '../flow/flow.ts';
import type { InteractionLine, Screen } from '../screen.ts';
import type { Composer } from './composer.ts';
import { armFault, wordsOf } from './server.ts';
import type { Actions, State } from './state.ts';
import { now } from './time.ts';

const STORED = 'tour';

/** What happened since the tour began. */
type Seen = {
  readonly interactions: readonly InteractionLine[];
  readonly messages: readonly VisibleMessage[];
  readonly changes: readonly ChangeFlow[];
};
type Desk = { readonly composer: Composer; readonly actions: Actions; readonly screen: Screen };
type TourStep = {
  readonly title: string;
  readonly text: string;
  /** The words on the button that does a part of it, and what it does. */
  readonly help?: { readonly label: string; readonly act: (desk: Desk) => unknown };
  readonly isDone: (seen: Seen) => boolean;
};

const verbOf = (customId = '') => customId.split('.')[1];
const answered = ({ interactions }: Seen, verb: string) =>
  interactions.some((one) => one.type === 3 && one.state === 'answered' && verbOf(one.customId) === verb);
const hasButton = ({ messages }: Seen, verb: string) =>
  messages
    .flatMap(({ components }) => components.flatMap((row) => (row.type === 1 ? row.components : [])))
    .some((button) => verbOf(button.custom_id) === verb);
/** A change that has its receipt after a write without an answer. */
const isToldAfterSilence = ({ steps: all }: ChangeFlow) => {
  const endedAt = all.find(({ kind, outcome }) => kind === 'write' && outcome === 'silent')?.endedAt;
  const last = all.at(-1);
  return endedAt !== undefined && last?.kind === 'told' && last.at > endedAt;
};

/** One that is not what the exchange holds already. */
function otherLeverage({ state, viewerId }: Screen): number {
  const held = state.venues.mudrex?.accounts[viewerId]?.settings.find(({ market }) => market === 'BTCUSDT')?.leverage;
  return held === '6' ? 4 : 6;
}

/** Five steps; each knows from what is on the screen whether it was done. */
const steps: readonly TourStep[] = [
  {
    title: 'Add a key',
    text: 'Send /keys add and open its page. Sign in as yourself, paste the secret from Keys, then press “Use this key” here.',
    help: {
      label: 'Fill in /keys add',
      // The keys come up beside the chat: on the bot's page one would look for them in vain.
      act({ composer, actions }) {
        actions.change({ tab: 'keys' });
        composer.fill('/keys add venue:mudrex');
      },
    },
    isDone: (screen) => answered(screen, 'do') || hasButton(screen, 'confirm'),
  },
  {
    title: 'Ask for a leverage',
    text: 'Send /leverage set. Nothing is sent to the exchange yet: the bot shows a card first.',
    help: {
      label: 'Fill in /leverage set',
      act: ({ composer }) => composer.fill('/leverage set venue:mudrex market:BTCUSDT leverage:3'),
    },
    isDone: (screen) => hasButton(screen, 'confirm') || answered(screen, 'confirm'),
  },
  {
    title: 'Confirm',
    text: 'Read the card: what it is now, what it will be, your position. Then press its first button.',
    isDone: (screen) => answered(screen, 'confirm'),
  },
  {
    title: 'Read the receipt',
    text: 'It says what the exchange now holds, read back after one single write: see the counter. “Back to …” offers the way back.',
    help: {
      label: 'Show the exchange',
      act: ({ actions }) => actions.point('exchanges', '.exchange[data-venue="mudrex"]'),
    },
    isDone: () => false,
  },
  {
    title: 'Break something',
    text: 'The exchange carries out the next write and does not answer. Send the command, press its button, and watch: still one write, and an honest receipt.',
    help: {
      label: 'Break the next write, and fill in',
      async act({ composer, actions, screen }) {
        actions.change({ tab: 'live' });
        composer.fill(`/leverage set venue:mudrex market:BTCUSDT leverage:${otherLeverage(screen)}`);
        const armed = armFault('mudrex', { name: 'apply-then-hang', on: 'write' });
        await armed.catch((error: unknown) => actions.say(wordsOf(error)));
      },
    },
    isDone: ({ changes }) => changes.some(isToldAfterSilence),
  },
];

export type Tour = ReturnType<typeof createTour>;

/** The first-run tour: a strip above the messages that can be left at any time. */
export function createTour(page: State, actions: Actions, composer: Composer) {
  const stored = localStorage.getItem(STORED);
  let at: number | undefined = stored === null ? 0 : undefined;
  /** What happened before the tour was asked for again does not count. */
  let since = 0;

  function go(next: number | undefined) {
    at = next === undefined || next >= steps.length ? undefined : next;
    if (at === steps.length - 1) since = now();
    if (at === undefined) leave();
    actions.draw();
  }

  /** Its buttons go; the keyboard goes on in the message box. */
  function leave() {
    localStorage.setItem(STORED, 'left');
    document.getElementById('composer-input')?.focus();
  }

  function lately(): Seen {
    const { interactions, messages, flow } = page.screen;
    const isLate = ({ createdAt }: { readonly createdAt: number }) => createdAt >= since;
    return {
      interactions: interactions.filter(isLate),
      messages: Object.values(messages).flat().filter(isLate),
      changes: flow.changes.filter(({ startedAt }) => startedAt >= since),
    };
  }

  const isDone = (index: number) => steps[index]?.isDone(lately()) === true;

  return {
    isOpen: () => at !== undefined,
    start() {
      since = now();
      go(0);
    },
    /** Goes on when the step at hand was done. */
    look() {
      if (at === undefined || at > 2 || !isDone(at)) return;
      // From the first card on, the exchange is what changes.
      if (at === 0) actions.change({ tab: 'exchanges' });
      go(at + 1);
    },
    view() {
      const step = at === undefined ? undefined : steps[at];
      if (at === undefined || step === undefined) return nothing;
      const { title, text, help } = step;
      const here = at;
      const isLast = at === steps.length - 1;
      const isOver = isLast && isDone(at);
      return html`
        <section class="tour" aria-label="Tour">
          <p class="step" aria-live="polite">
            <span class="count">${at + 1}<small>/${steps.length}</small></span>
            <span><b>${isOver ? 'That was the tour' : title}</b>
              ${isOver ? 'Whatever breaks, it writes at most once and says what it knows. The other knobs are yours to try.' : text}</span>
          </p>
          <p class="tour-buttons">
            ${help && !isOver ? html`<button type="button" class="primary" @click=${() => help.act({ composer, actions, screen: page.screen })}>${help.label}</button>` : nothing}
            ${at > 0 ? html`<button type="button" @click=${() => go(here - 1)}>Back</button>` : nothing}
            <button type="button" @click=${() => go(here + 1)}>${isLast ? 'Finish' : 'Next'}</button>
            ${isLast ? nothing : html`<button type="button" class="link" @click=${() => go(undefined)}>Leave the tour</button>`}
          </p>
        </section>`;
    },
  };
}
