import { html, nothing } from 'lit';
import * as server from './server.js';

const venueChoices = [
  ['mudrex', 'Mudrex'],
  ['kraken-futures', 'Kraken'],
  ['kraken-futures-demo', 'Kraken demo'],
];

const strikes = [
  ['write', 'the next write'],
  ['read', 'the next read'],
  ['any', 'every call, until removed'],
];

/** The tab on which things are made to go wrong. */
export function createTroubleDesk(page, { change, say }) {
  const chosen = { venue: 'mudrex', on: 'write', refusal: undefined };

  function choose(part) {
    Object.assign(chosen, part);
    change({});
  }

  async function run(action, words) {
    try {
      await action();
      say(words);
    } catch (error) {
      say(error.message);
    }
  }

  function arm(fault, title, preferred = 'write') {
    const on = preferred === 'read' ? 'read' : chosen.on;
    const times = on === 'any' ? { times: 'forever' } : {};
    const label = venueChoices.find(([id]) => id === chosen.venue)[1];
    return run(() => server.armFault(chosen.venue, { ...fault, on, ...times }), `${label}: ${title}`);
  }

  const knob = ({ id, title, watchFor }, onTurn, isArmed = false) => html`
    <button type="button" class="knob" data-knob=${id} data-armed=${isArmed || nothing} @click=${onTurn}>
      <b>${title}</b> <span>${watchFor}</span>
    </button>`;

  function atExchange() {
    const { venueKnobs, refusalChoices } = page.knobs;
    const venue = page.screen.state.venues[chosen.venue];
    const refusals = refusalChoices[chosen.venue === 'mudrex' ? 'mudrex' : 'kraken'];
    const refusal = refusals.find(({ id }) => id === chosen.refusal) ?? refusals[0];
    return html`
      <section aria-label="At an exchange">
        <h3>At an exchange</h3>
        <fieldset class="segments">
          <legend class="hidden">Exchange</legend>
          ${venueChoices.map(
            ([id, name]) => html`
              <label><input type="radio" name="trouble-venue" .value=${id} .checked=${id === chosen.venue}
                @change=${() => choose({ venue: id })}><span>${name}</span></label>`,
          )}
        </fieldset>
        <label class="field">Strikes
          <select @change=${({ target }) => choose({ on: target.value })}>
            ${strikes.map(([on, name]) => html`<option value=${on} .selected=${on === chosen.on}>${name}</option>`)}
          </select>
        </label>
        ${armed(venue)}
        <div class="knobs">
          ${venueKnobs.map((one) => knob(one, () => arm(one.fault, one.title, one.on)))}
        </div>
        <h4>Refuse with a documented error</h4>
        <form class="line" @submit=${(event) => submit(event, () => arm(refusal.fault, refusal.title))}>
          <select aria-label="Error" @change=${({ target }) => choose({ refusal: target.value })}>
            ${refusals.map(({ id, title }) => html`<option value=${id} .selected=${id === refusal.id}>${title}</option>`)}
          </select>
          <button data-knob="refuse">Arm</button>
        </form>
        <p class="hint">Watch for: the reason in a trader’s words, and that nothing was changed.</p>
        ${behindTheBack(venue)}
      </section>`;
  }

  function armed({ faults }) {
    return html`
      <ul class="armed-list" aria-label="Waiting to strike">
        ${faults.length === 0 ? html`<li class="nothing">Nothing is armed here.</li>` : nothing}
        ${faults.map(
          ({ id, name, on, left }) => html`
            <li><b>${name}</b> waits for ${left === 'forever' ? 'every call' : `the next ${on === 'any' ? 'call' : on}`}
              <button type="button" class="link" aria-label=${`Remove ${name}`}
                @click=${() => run(() => server.disarmFault(chosen.venue, id), 'Removed')}>Remove</button></li>`,
        )}
      </ul>`;
  }

  function behindTheBack({ markets, accounts }) {
    const own = accounts[page.viewerId].settings[0]?.market;
    const list = () => markets.map(({ symbol }) => html`<option ?selected=${symbol === own}>${symbol}</option>`);
    const values = (event) => Object.fromEntries(new FormData(event.target));
    const move = (event) =>
      submit(event, () => {
        const moved = { userId: page.viewerId, ...values(event) };
        return run(() => server.moveSetting(chosen.venue, moved), `${moved.market} moved to ${moved.leverage}`);
      });
    const lower = (event) =>
      submit(event, () => {
        const { market, max } = values(event);
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
    const { discordKnobs, clockKnobs, botKnobs } = page.knobs;
    return html`
      <section aria-label="At Discord">
        <h3>At Discord</h3>
        <div class="knobs">
          ${discordKnobs.map((one) => knob(one, () => run(() => server.turnDiscordKnob(one.id), one.title)))}
        </div>
      </section>
      <section aria-label="The clock">
        <h3>Move the clock forward</h3>
        <div class="knobs">
          ${clockKnobs.map((one) => knob({ ...one, id: `clock-${one.id}` }, () => run(() => server.moveClock(one.ms), `The clock moved: ${one.title.toLowerCase()}`)))}
        </div>
      </section>
      <section aria-label="The bot">
        <h3>The bot</h3>
        <div class="knobs">
          ${botKnobs.map((one) => knob(one, () => run(() => server.actOnBot(one.id), 'The bot was started again')))}
        </div>
      </section>`;
  }

  return { view: () => html`${atExchange()} ${elsewhere()}` };
}

function submit(event, action) {
  event.preventDefault();
  void action();
}
