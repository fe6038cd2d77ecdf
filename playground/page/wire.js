import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { readWire } from './server.js';
import { clockTime } from './time.js';

const kinds = { 2: 'Command', 3: 'Press', 4: 'Autocomplete', 5: 'Form' };

/** The tab that unfolds the raw payloads of every interaction. */
export function createWireTap(page, { change, show }) {
  const records = new Map();
  const unfolded = new Set();

  async function unfold(id) {
    unfolded.add(id);
    records.set(id, await readWire(id).catch(() => undefined));
    change({});
  }

  const toggle = (id) => (event) => {
    if (event.target.open === unfolded.has(id)) return;
    if (event.target.open) void unfold(id);
    else unfolded.delete(id);
  };

  function interaction({ id, type, name, customId, state, createdAt, callbackType, callCount }) {
    const known = records.get(id);
    if (unfolded.has(id) && known !== undefined && known.calls.length < callCount && !known.isStale) {
      known.isStale = true;
      void unfold(id);
    }
    const title = type === 3 ? `${kinds[type]}: ${verbOf(customId)}` : `${kinds[type]}${name ? `: /${name}` : ''}`;
    return html`
      <details class="interaction" id=${`wire-${id}`} .open=${unfolded.has(id)} @toggle=${toggle(id)}>
        <summary><b>${title}</b> <span data-state=${state}>${state}${callbackType ? `, type ${callbackType}` : ''}</span>
          <time>${clockTime(createdAt)}</time></summary>
        ${unfolded.has(id) ? wireOf(known) : nothing}
      </details>`;
  }

  return {
    /** Brings one interaction up, unfolded. */
    async open(id) {
      show('wire');
      await unfold(id);
      const opened = document.getElementById(`wire-${id}`);
      opened?.scrollIntoView({ block: 'start' });
      opened?.querySelector('summary').focus({ preventScroll: true });
    },
    view() {
      const own = page.screen.interactions.toReversed();
      return html`
        <p class="lead">What went between Discord and the bot for this person, newest first.</p>
        ${own.length === 0 ? html`<p class="nothing">Nothing yet.</p>` : nothing}
        ${repeat(own, ({ id }) => id, interaction)}
        <h3>The bot’s log</h3>
        <pre class="log" tabindex="0" role="region" aria-label="The bot’s log">${page.screen.log.join('\n')}</pre>`;
    },
  };
}

const verbOf = (customId) => customId?.split('.')[1] ?? 'button';

function wireOf(record) {
  if (record === undefined) return html`<p class="nothing">Loading …</p>`;
  return html`
    ${json('INTERACTION_CREATE, sent to the bot', record.payload)}
    ${record.calls.map(({ method, path, status, body, answer, fault }) => {
      const title = `${method} ${path} → ${status ?? 'no answer'}${fault ? ` (${fault})` : ''}`;
      return html`${json(title, body)} ${answer === undefined || answer === null ? nothing : json('answered', answer)}`;
    })}`;
}

function json(title, value) {
  return html`
    <figure class="json">
      <figcaption>${title}</figcaption>
      <pre tabindex="0" role="region" aria-label=${title}>${JSON.stringify(value, undefined, 2)}</pre>
    </figure>`;
}
