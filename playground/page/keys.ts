import { html, nothing } from 'lit';
import type { PlaygroundState } from '../state.ts';
import type { Actions, State } from './state.ts';

type Credential = PlaygroundState['credentials'][number];

/** The demo keys of the person one is, each a click to copy, and keys that must be refused. */
export function keys(state: State, actions: Actions) {
  const { credentials, users, venues } = state.screen.state;
  const viewer = users.find(({ id }) => id === state.viewerId);
  const own = credentials.filter(({ userId }) => userId === state.viewerId);
  const wrong = credentials.filter(({ userId }) => userId === undefined);
  const card = (one: Credential) => credential(one, venues[one.venue]?.label ?? '', actions);
  return html`
    <p class="lead">
      Run <code>/keys add</code>, open the page it links to, and paste one of these there. They are made up and open
      nothing but the exchanges on this page.
    </p>
    <h3>${viewer?.name}’s keys</h3>
    ${own.map(card)}
    <h3>A key that nobody knows</h3>
    ${wrong.map(card)}`;
}

function credential({ venue, label, expect, key, secret }: Credential, venueLabel: string, actions: Actions) {
  const name = `${venueLabel}, ${label}`;
  return html`
    <section class="credential" data-venue=${venue} data-label=${label} aria-label=${name}>
      <p><b>${venueLabel}</b> <span class="tag" data-good=${label === 'good' || nothing}>${label}</span></p>
      <p class="expect">${expect}</p>
      ${key === undefined ? nothing : copyable('public key', key, name, actions)}
      ${copyable(key === undefined ? 'API secret' : 'private key', secret, name, actions)}
    </section>`;
}

/** @param what - In small letters, such as `public key`. */
function copyable(what: string, value: string, name: string, actions: Actions) {
  return html`
    <p class="copyable">
      <code>${value}</code>
      <button type="button" aria-label=${`Copy ${what} (${name})`}
        @click=${() => copy(value, what, actions)}>Copy ${what}</button>
    </p>`;
}

async function copy(value: string, what: string, { say }: Actions) {
  try {
    await navigator.clipboard.writeText(value);
    say(`Copied the ${what}`);
  } catch {
    say('The browser did not allow copying. Select the text and copy it by hand.');
  }
}
