import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { InteractionRecord } from '../../simulators/discord/view.ts';
import type { InteractionLine } from '../screen.ts';
import { readWire } from './server.ts';
import type { Actions, From, State } from './state.ts';
import { clockTime } from './time.ts';

const kinds: Readonly<Record<number, string>> = { 2: 'Command', 3: 'Press', 4: 'Autocomplete', 5: 'Form' };

export type WireTap = ReturnType<typeof createWireTap>;

/** The tab that unfolds the raw payloads of every interaction. */
export function createWireTap(page: State, { change, show }: Actions) {
  const records = new Map<string, InteractionRecord | undefined>();
  /** Records to which more calls have come, until they are read anew. */
  const stale = new WeakSet<InteractionRecord>();
  const unfolded = new Set<string>();

  async function unfold(id: string) {
    unfolded.add(id);
    records.set(id, await readWire(id).catch(() => undefined));
    change({});
  }

  const toggle =
    (id: string) =>
    ({ currentTarget }: From<HTMLDetailsElement>) => {
      if (currentTarget.open === unfolded.has(id)) return;
      if (currentTarget.open) void unfold(id);
      else unfolded.delete(id);
    };

  function interaction({ id, type, name, customId, state, createdAt, callbackType, callCount }: InteractionLine) {
    const known = records.get(id);
    if (unfolded.has(id) && known !== undefined && known.calls.length < callCount && !stale.has(known)) {
      stale.add(known);
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
    async open(id: string) {
      show('wire');
      await unfold(id);
      const opened = document.getElementById(`wire-${id}`);
      opened?.scrollIntoView({ block: 'start' });
      opened?.querySelector('summary')?.focus({ preventScroll: true });
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

const verbOf = (customId: string | undefined) => customId?.split('.')[1] ?? 'button';

function wireOf(record: InteractionRecord | undefined) {
  if (record === undefined) return html`<p class="nothing">Loading …</p>`;
  return html`
    ${json('INTERACTION_CREATE, sent to the bot', record.payload)}
    ${record.calls.map(({ method, path, status, body, answer, fault }) => {
      const title = `${method} ${path} → ${status ?? 'no answer'}${fault ? ` (${fault})` : ''}`;
      return html`${json(title, body)} ${answer === undefined || answer === null ? nothing : json('answered', answer)}`;
    })}`;
}

function json(title: string, value: unknown) {
  return html`
    <figure class="json">
      <figcaption>${title}</figcaption>
      <pre tabindex="0" role="region" aria-label=${title}>${JSON.stringify(value, undefined, 2)}</pre>
    </figure>`;
}
