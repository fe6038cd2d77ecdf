import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ChangeFlow, Score } from '../flow/flow.ts';
import type { Lane, Step } from '../flow/steps.ts';
import type { Screen } from '../screen.ts';
import { plain } from './markup.ts';
import type { Actions, State } from './state.ts';
import { clockTime, now } from './time.ts';

const lanes: readonly Lane[] = ['you', 'discord', 'bot', 'exchange'];
const laneNames: Readonly<Record<Lane, string>> = { you: 'You', discord: 'Discord', bot: 'Bot', exchange: 'Exchange' };
const PAUSE_MS = 700;
const TICK_MS = 100;

let ticking: ReturnType<typeof setTimeout> | undefined;

/** The tab that shows each change as it travels, and what all presses led to. */
export function flow({ screen, viewerId }: State, { draw }: Actions) {
  const { score, changes } = screen.flow;
  const [latest, ...older] = changes.toReversed();
  tickWhileWaiting(latest, draw);
  const venueName = (change: ChangeFlow) => screen.state.venues[change.venue]?.label ?? 'Exchange';
  return html`
    ${scoreboard(score)}
    ${latest === undefined ? beforeTheFirst(screen, viewerId) : picture(latest, venueName(latest))}
    ${
      older.length === 0
        ? nothing
        : html`<h3>Before that</h3>
          ${repeat(
            older,
            ({ id }) => id,
            (one) =>
              html`<details class="earlier"><summary>${one.title} <small>${clockTime(one.startedAt)}</small></summary>${picture(one, venueName(one))}</details>`,
          )}`
    }`;
}

/** Whoever waits is seen waiting. */
function tickWhileWaiting(latest: ChangeFlow | undefined, draw: () => void) {
  clearTimeout(ticking);
  if (latest?.steps.some(({ outcome }) => outcome === 'waiting')) ticking = setTimeout(draw, TICK_MS);
}

const scores: readonly (readonly [id: keyof Score, name: string, about: string])[] = [
  ['presses', 'Presses', 'How often somebody pressed the button of a card'],
  ['writes', 'Writes', 'Requests that asked an exchange to change something'],
  ['repeats', 'Repeats', 'Writes beyond the one that a press may send: always 0'],
  ['refused', 'Refused', 'Presses that ended without a write, and writes that an exchange refused'],
];

function scoreboard(score: Score) {
  return html`
    <dl class="scores" aria-label="What all presses led to, for everybody">
      ${scores.map(
        ([id, name, about]) => html`
          <div data-score=${id} data-alarm=${id === 'repeats' && score[id] > 0 ? true : nothing} title=${about}>
            <dt>${name}</dt><dd>${score[id]}</dd>
          </div>`,
      )}
    </dl>`;
}

function beforeTheFirst({ state }: Screen, viewerId: string) {
  const name = state.users.find(({ id }) => id === viewerId)?.name;
  return html`
    <p class="lead">Nothing yet for ${name}. Send <code>/leverage set</code>: every step of the change is drawn here, from
      your command to the exchange and back, with the time it took.</p>`;
}

function picture({ id, title, startedAt, steps }: ChangeFlow, exchange: string) {
  const rows = withPauses(steps);
  const writes = steps.filter(({ kind }) => kind === 'write').length;
  return html`
    <section class="flow" data-flow=${id} aria-label=${`Live: ${title}`}>
      <h3>${title} <small>${exchange}</small></h3>
      <div class="lanes" aria-hidden="true">${lanes.map((lane) => html`<b>${laneNames[lane]}</b>`)}</div>
      <ol>${rows.map((row) => ('pauseMs' in row ? pause(row) : arrow(row, startedAt)))}</ol>
      <p class="verdict">${verdict(writes)}</p>
    </section>`;
}

function verdict(writes: number): string {
  if (writes === 0) return 'Nothing was sent to the exchange to change anything.';
  return writes === 1 ? 'One write. It is never sent again.' : `${writes} presses, ${writes} writes: one each.`;
}

/** Puts a row between two steps that lie apart: somebody reads the card, or waits. */
type Pause = { readonly pauseMs: number; readonly who: Lane };

function withPauses(steps: readonly Step[]): readonly (Step | Pause)[] {
  return steps.flatMap((step, index) => {
    const before = steps[index - 1];
    const pauseMs = before === undefined ? 0 : step.at - (before.endedAt ?? before.at);
    return pauseMs < PAUSE_MS ? [step] : [{ pauseMs, who: step.from }, step];
  });
}

const pauseWords: Readonly<Record<Lane, string>> = {
  you: 'you read',
  discord: 'nothing moves',
  bot: 'the bot waits',
  exchange: 'nothing moves',
};

const pause = ({ pauseMs, who }: Pause) => html`
  <li class="pause" style=${span(who === 'you' ? 'you' : 'bot', who === 'you' ? 'bot' : 'exchange')}><span class="words">${pauseWords[who]} · ${seconds(pauseMs)}</span></li>`;

function arrow(step: Step, startedAt: number) {
  const { kind, from, to, at, endedAt, outcome } = step;
  const tookMs = (endedAt ?? now()) - at;
  return html`
    <li class="step" data-kind=${kind} data-outcome=${outcome} style=${span(from, to)}>
      <time>${elapsed(at - startedAt)}</time>
      <span class="words" title=${kind === 'write' ? step.text : nothing}><span class="hidden">${laneNames[from]} to ${laneNames[to]}: </span>${wordsOf(step, tookMs)}</span>
      <i class="arrow" data-back=${lanes.indexOf(to) < lanes.indexOf(from) || nothing}></i>
      ${kind === 'write' && (outcome === 'silent' || outcome === 'waiting') ? silence(outcome, tookMs) : nothing}
    </li>`;
}

/** The write that has no answer: the longer, the taller. */
function silence(outcome: Step['outcome'], tookMs: number) {
  const height = Math.round(Math.min(26 + tookMs / 100, 76));
  return html`
    <span class="silence" data-outcome=${outcome} style=${`height:${height}px`}>
      ${outcome === 'waiting' ? 'waiting' : 'no answer'} · ${seconds(tookMs)}</span>`;
}

function wordsOf({ kind, text, count, outcome, endedAt, at, status }: Step, tookMs: number) {
  if (kind === 'read') return `${count === 1 ? 'reads' : `${count} reads`} · ${answered(outcome, tookMs, status)}`;
  if (kind === 'read-back') return `reads back · ${answered(outcome, tookMs, status)}`;
  if (kind === 'press') return html`<b>${text}</b>`;
  if (kind === 'ask') return html`<b>${text}</b>${endedAt === undefined ? '' : ` · taken in ${seconds(endedAt - at)}`}`;
  if (kind === 'told')
    return plain(text)
      .replace(sign, '')
      .replace(/ on [^?]+\?$/, '?');
  if (kind !== 'write') return text;
  const isOpen = outcome === 'silent' || outcome === 'waiting';
  return html`<b>THE ONE WRITE</b> ${text.split(' ')[0]}${isOpen ? '' : ` · ${answered(outcome, tookMs, status)}`}`;
}

/** Titles begin with a sign that stands for their colour. */
const sign = /^(\p{Extended_Pictographic}|\uFE0F)+\s*/u;

function answered(outcome: Step['outcome'], tookMs: number, status: number | undefined): string {
  const words: Readonly<Record<Step['outcome'], string>> = {
    done: '',
    failed: `${status ?? 'refused'} `,
    silent: 'no answer ',
    waiting: 'waiting ',
  };
  return `${words[outcome]}${seconds(tookMs)}`;
}

/** The lanes between which a row runs, for the style sheet. */
function span(from: Lane, to: Lane): string {
  const [left, right] = [lanes.indexOf(from), lanes.indexOf(to)].toSorted();
  return `--left:${left};--right:${right}`;
}

const seconds = (ms: number) => (ms < 100 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`);
const elapsed = (ms: number) => (ms < 100_000 ? `${(ms / 1000).toFixed(2)}` : `${Math.round(ms / 1000)}`);
