import { html, nothing } from 'lit';
import type { FaultInput } from '../../simulators/venues/faults.ts';
import type { Lever } from '../../simulators/venues/levers.ts';
import type { OperatorSettings } from '../operator.ts';
import type { PlaygroundState } from '../state.ts';
import type { Knob } from '../trouble.ts';
import * as server from './server.ts';
import type { Actions, From, State } from './state.ts';

type Venue = PlaygroundState['venues'][string];
type Strike = 'write' | 'read' | 'any';

/** Something that waits to strike; what has no `remove` goes with all the others only. */
type Armed = { readonly title: string; readonly words: string; readonly remove?: () => Promise<unknown> };

const strikes: readonly (readonly [on: Strike, name: string])[] = [
  ['write', 'the next write'],
  ['read', 'the next read'],
  ['any', 'every call, until removed'],
];

export type TroubleDesk = ReturnType<typeof createTroubleDesk>;

/** The tab on which things are made to go wrong. */
export function createTroubleDesk(page: State, { change, say }: Actions) {
  const chosen = { venue: 'mudrex', on: 'write', refusal: '' };

  function choose(part: Partial<typeof chosen>) {
    Object.assign(chosen, part);
    change({});
  }

  async function run(action: () => Promise<unknown>, words: string) {
    try {
      await action();
      say(words);
    } catch (error) {
      say(server.wordsOf(error));
    }
  }

  function arm(fault: FaultInput, title: string, preferred = 'write') {
    const on = preferred === 'read' ? 'read' : chosen.on;
    const times = on === 'any' ? ({ times: 'forever' } as const) : {};
    const label = page.knobs.exchangeKnobs.find(({ id }) => id === chosen.venue)?.label;
    return run(() => server.armFault(chosen.venue, { ...fault, on, ...times }), `${label}: ${title}`);
  }

  const knob = ({ id, title, watchFor }: Knob, onTurn: () => unknown, isArmed = false) => html`
    <button type="button" class="knob" data-knob=${id} data-armed=${isArmed || nothing} @click=${onTurn}>
      <b>${title}</b>${isArmed ? html` <mark>armed</mark>` : nothing} <span>${watchFor}</span>
    </button>`;

  /** Everything that waits for something to strike, at the exchanges and at Discord. */
  function allArmed(): readonly Armed[] {
    const { venues, discordFaults } = page.screen.state;
    const atVenues = page.knobs.exchangeKnobs.flatMap(({ id: venue, label }) =>
      (venues[venue]?.faults ?? []).map(({ id, title, on, left }) => ({
        title: `${label}: ${title}`,
        words: left === 'forever' ? 'every call' : `the next ${on === 'any' ? 'call' : on}`,
        remove: () => server.disarmFault(venue, id),
      })),
    );
    const turned = page.knobs.exchangeKnobs.flatMap(({ id: venue, label, levers }) =>
      levers
        .filter(({ id }) => isTurned(venue, id))
        .map(({ id: lever, title }) => ({
          title: `${label}: ${title}`,
          words: 'nothing: it stays so',
          remove: () => server.turnLever(venue, { userId: page.viewerId, lever, isOn: false }),
        })),
    );
    const atDiscord = discordFaults.map(({ id, left }) => ({
      title: `Discord: ${page.knobs.discordKnobs.find((one) => one.id === id)?.title}`,
      words: left === 1 ? 'the next one' : `the next ${left}`,
    }));
    return [...atVenues, ...turned, ...atDiscord];
  }

  const isTurned = (venue: string, lever: string) =>
    page.screen.state.venues[venue]?.accounts[page.viewerId]?.levers.includes(lever) === true;

  /** What was removed leaves the page, and the keyboard goes on at the heading above it. */
  function remove(action: () => Promise<unknown>) {
    document.getElementById('armed-now')?.focus();
    return run(action, 'Removed');
  }

  function armedNow() {
    const all = allArmed();
    return html`
      <section aria-labelledby="armed-now">
        <h3 id="armed-now" tabindex="-1">Armed now</h3>
        <ul class="armed-list">
          ${all.length === 0 ? html`<li class="nothing">Nothing is armed.</li>` : nothing}
          ${all.map(
            ({ title, words, remove: removeOne }) => html`
              <li><b>${title}</b> waits for ${words}
                ${
                  removeOne === undefined
                    ? nothing
                    : html`<button type="button" class="link" aria-label=${`Remove ${title}`}
                        @click=${() => remove(removeOne)}>Remove</button>`
                }</li>`,
          )}
        </ul>
        <p class="line">
          <button type="button" ?disabled=${all.length === 0} @click=${() => remove(server.calm)}>Remove all</button>
          <button type="button" @click=${startOver}>Reset everything</button>
        </p>
        <p class="hint">Reset everything: keys, cards, settings, clock and trouble go back to the beginning.</p>
      </section>`;
  }

  /** The page loads anew once the playground is there again. */
  const startOver = () => run(server.resetAll, 'Everything goes back to the beginning. This takes a few seconds.');

  function atExchange() {
    const { exchangeKnobs, venueKnobs } = page.knobs;
    const venue = page.screen.state.venues[chosen.venue];
    const exchange = exchangeKnobs.find(({ id }) => id === chosen.venue);
    const { refusals = [], levers = [], hasSockets, showsSettings } = exchange ?? {};
    const isArmed = (id: string) => venue?.faults.some((fault) => fault.knob === id) === true;
    const refusal = refusals.find(({ id }) => id === chosen.refusal) ?? refusals[0];
    if (venue === undefined || refusal === undefined) return nothing;
    return html`
      <section aria-label="At an exchange">
        <h3>At an exchange</h3>
        <fieldset class="segments">
          <legend class="hidden">Exchange</legend>
          ${exchangeKnobs.map(
            ({ id, label }) => html`
              <label><input type="radio" name="trouble-venue" .value=${id} .checked=${id === chosen.venue}
                @change=${() => choose({ venue: id })}><span>${label}</span></label>`,
          )}
        </fieldset>
        <label class="field">Strikes
          <select @change=${({ currentTarget }: From<HTMLSelectElement>) => choose({ on: currentTarget.value })}>
            ${strikes.map(([on, name]) => html`<option value=${on} .selected=${on === chosen.on}>${name}</option>`)}
          </select>
        </label>
        ${showsSettings === false ? unshown : nothing}
        <div class="knobs">
          ${venueKnobs.filter(({ isFrame }) => hasSockets || !isFrame).map((one) => knob(one, () => arm(one.fault, one.title, one.on), isArmed(one.id)))}
        </div>
        <h4>Refuse with a documented error</h4>
        <form class="line" @submit=${(event: Event) => submit(event, () => arm(refusal.fault, refusal.title))}>
          <select aria-label="Error" @change=${({ currentTarget }: From<HTMLSelectElement>) => choose({ refusal: currentTarget.value })}>
            ${refusals.map(({ id, title }) => html`<option value=${id} .selected=${id === refusal.id}>${title}</option>`)}
          </select>
          <button data-knob="refuse" data-armed=${isArmed('refuse') || nothing}>Arm</button>
        </form>
        <p class="hint">Watch for: the reason in a trader’s words, and that nothing was changed; “Not known yet” where an error does not prove that.</p>
        ${levers.length === 0 ? nothing : leverKnobs(levers)}
        ${behindTheBack(venue)}
      </section>`;
  }

  const unshown = html`
    <p class="hint">This exchange does not show what is set. So nothing is read back: the receipt says what it answered,
      else “Not known”, and half a minute later there is <i>Set again</i>. A value that was moved is not seen, and a
      lowered maximum is refused by the exchange itself.</p>`;

  function leverKnobs(levers: readonly Lever[]) {
    const turn = ({ id: lever, title }: Lever, isOn: boolean) =>
      run(
        () => server.turnLever(chosen.venue, { userId: page.viewerId, lever, isOn }),
        isOn ? title : `No more: ${title}`,
      );
    return html`
      <h4>What it does by itself</h4>
      <div class="knobs">
        ${levers.map((one) => knob(one, () => turn(one, !isTurned(chosen.venue, one.id)), isTurned(chosen.venue, one.id)))}
      </div>`;
  }

  function behindTheBack({ markets, accounts }: Venue) {
    const own = accounts[page.viewerId]?.settings[0]?.market;
    const list = () => markets.map(({ symbol }) => html`<option ?selected=${symbol === own}>${symbol}</option>`);
    const move = (event: From<HTMLFormElement>) =>
      submit(event, () => {
        const moved = { userId: page.viewerId, market: typed(event, 'market'), leverage: typed(event, 'leverage') };
        return run(() => server.moveSetting(chosen.venue, moved), `${moved.market} moved to ${moved.leverage}`);
      });
    const lower = (event: From<HTMLFormElement>) =>
      submit(event, () => {
        const [market, max] = [typed(event, 'market'), typed(event, 'max')];
        return run(() => server.lowerMaximum(chosen.venue, { market, max }), `${market} now allows up to ${max}x`);
      });
    return html`
      <h4>Move a value behind your back</h4>
      <form class="line" data-knob="move" @submit=${move}>
        <select name="market" aria-label="Market to move">${list()}</select>
        <input name="leverage" aria-label="Its leverage" value="7" size="5" required pattern="\\d{1,4}(\\.\\d{1,2})?|cross">
        <button>Move</button>
      </form>
      <p class="hint">Watch for: an open card is stale when pressed; a new one shows the value as it stands.</p>
      <h4>Lower a maximum</h4>
      <form class="line" data-knob="maximum" @submit=${lower}>
        <select name="market" aria-label="Market whose maximum falls">${list()}</select>
        <input name="max" aria-label="Its new maximum" value="4" size="5" required pattern="\\d{1,4}(\\.\\d{1,2})?">
        <button>Lower</button>
      </form>
      <p class="hint">Watch for: what was allowed a moment ago is refused before anything is sent.</p>`;
  }

  function elsewhere() {
    const { discordKnobs, clockKnobs, dateKnobs } = page.knobs;
    const { discordFaults, clock } = page.screen.state;
    const toCome = dateKnobs.filter(({ at }) => at > clock.now);
    const isArmed = (id: string) => discordFaults.some((one) => one.id === id);
    return html`
      <section aria-label="At Discord">
        <h3>At Discord</h3>
        <div class="knobs">
          ${discordKnobs.map((one) => knob(one, () => run(() => server.turnDiscordKnob(one.id), one.title), isArmed(one.id)))}
        </div>
      </section>
      <section aria-label="The clock">
        <h3>Move the clock forward</h3>
        <div class="knobs">
          ${clockKnobs.map((one) => knob({ ...one, id: `clock-${one.id}` }, () => run(() => server.moveClock(one.ms), `The clock moved: ${one.title.toLowerCase()}`)))}
        </div>
        ${
          toCome.length === 0
            ? nothing
            : html`
              <h4>To a day on which an exchange ends</h4>
              <div class="knobs">
                ${toCome.map((one) => knob({ ...one, id: `clock-${one.id}` }, () => run(() => server.moveClock(one.at - clock.now), `It is ${one.title}, 00:00 UTC`)))}
              </div>`
        }
      </section>
      <section aria-label="The bot">
        <h3>The bot</h3>
        <div class="knobs">
          ${page.knobs.botKnobs.map((one) => knob(one, () => run(() => server.actOnBot(one.id), 'The bot was started again')))}
        </div>
      </section>
      ${operator()}`;
  }

  /** The bot reads these when it starts, so it is started again with them. */
  function operator() {
    const { isHalted, maxLeverage } = page.screen.state.operator;
    const set = (settings: Partial<OperatorSettings>, words: string) =>
      run(() => server.setOperator({ isHalted, maxLeverage, ...settings }), `${words}. The bot was started again.`);
    const halt = {
      id: 'halt',
      title: isHalted ? 'Allow changes again' : 'Stop all changes (HALT)',
      watchFor:
        'Cards and commands that would change something are refused; reading works. The bot starts again, in a second.',
    };
    const limit = (event: From<HTMLFormElement>) =>
      submit(event, () => {
        const max = typed(event, 'max');
        return set({ maxLeverage: max }, `Nobody gets more than ${max}x`);
      });
    return html`
      <section aria-label="Its operator">
        <h3>Its operator</h3>
        <div class="knobs">
          ${knob(halt, () => set({ isHalted: !isHalted }, isHalted ? 'Changes are allowed again' : 'All changes are stopped'), isHalted)}
        </div>
        <h4>Highest leverage that the operator allows${maxLeverage === undefined ? nothing : html` <mark>${maxLeverage}x</mark>`}</h4>
        <form class="line" data-knob="operator-maximum" @submit=${limit}>
          <input name="max" aria-label="Highest leverage" value="10" size="5" required pattern="\\d{1,4}(\\.\\d{1,2})?">
          <button>Set</button>
          <button type="button" ?disabled=${maxLeverage === undefined}
            @click=${() => set({ maxLeverage: undefined }, 'The operator sets no maximum')}>Lift</button>
        </form>
        <p class="hint">Watch for: more is refused at the card and at the press, also for cards that are open.</p>
      </section>`;
  }

  return { view: () => html`${armedNow()} ${atExchange()} ${elsewhere()}` };
}

const typed = ({ currentTarget }: From<HTMLFormElement>, name: string) => String(new FormData(currentTarget).get(name));

function submit(event: Event, action: () => unknown) {
  event.preventDefault();
  void action();
}
