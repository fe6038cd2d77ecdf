import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { PlaygroundState } from '../state.ts';
import type { State } from './state.ts';
import { clockTime } from './time.ts';

const ROWS = 30;

type Venue = PlaygroundState['venues'][string];
type ExchangeKnob = State['knobs']['exchangeKnobs'][number];
type Account = Venue['accounts'][string];
type User = PlaygroundState['users'][number];

/** Every exchange as it stands: settings and positions of the person, requests, and the write counter. */
export function exchanges({ screen, viewerId, knobs }: State) {
  const { venues, users } = screen.state;
  const viewer = users.find(({ id }) => id === viewerId);
  return knobs.exchangeKnobs.map((knob) => {
    const venue = venues[knob.id];
    return viewer && venue ? exchange(knob, venue, { viewer, users }) : nothing;
  });
}

type People = { readonly viewer: User; readonly users: readonly User[] };

function exchange(knob: ExchangeKnob, venue: Venue, { viewer: { id: userId, name }, users }: People) {
  const account = venue.accounts[userId];
  if (account === undefined) return nothing;
  return html`
    <section class="exchange" data-venue=${knob.id} tabindex="-1" aria-label=${venue.label}>
      <header>
        <h3>${venue.label}</h3>
        <p class="counter" title="Writes that this exchange has carried out, for everybody">
          <b data-writes=${venue.writeCount}>${venue.writeCount}</b> ${venue.writeCount === 1 ? 'write' : 'writes'}
          <small title="Requests and frames that asked for a change">of ${venue.writesReceived} received</small>
        </p>
      </header>
      <h4>${name}’s leverage</h4>
      ${settings(knob, account)}
      ${account.positions.length === 0 ? nothing : positions(account)}
      <h4>Requests <small>newest first, secrets masked</small></h4>
      ${requests(venue, (id) => (id === userId ? undefined : users.find((user) => user.id === id)?.name))}
    </section>`;
}

function settings({ unlisted }: ExchangeKnob, { settings: rows }: Account) {
  return html`
    <table class="settings">
      <thead class="hidden"><tr><th scope="col">Market</th><th scope="col">Setting</th></tr></thead>
      <tbody>
        ${repeat(
          rows.toSorted((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1)),
          nameOf,
          ({ market, currency, leverage, mode }) => html`
            <tr data-market=${market}>
              <th scope="row">${market}${currency ? html` <small>${currency}</small>` : nothing}</th>
              <td><b>${leverage}x</b> ${mode}</td>
            </tr>`,
        )}
        <tr><td class="rest" colspan="2">Every other market: ${unlisted}</td></tr>
      </tbody>
    </table>`;
}

const nameOf = ({ market, currency = '' }: Account['settings'][number]) => `${market} ${currency}`;

function positions({ positions: rows }: Account) {
  return html`
    <ul class="positions" aria-label="Open positions">
      ${rows.map(
        ({ market, side, size, entryPrice, leverage }) => html`
          <li><b data-side=${side}>${side}</b> ${size} ${market} at ${entryPrice}${leverage ? `, its own ${leverage}x` : ''}</li>`,
      )}
    </ul>`;
}

/** @param whoElse - The name of somebody else whose key signed a request. */
function requests({ requests: rows, faults }: Venue, whoElse: (userId: string | undefined) => string | undefined) {
  const last = rows.slice(-ROWS).toReversed();
  const total = rows.length;
  return html`
    <div class="requests" tabindex="0" role="region" aria-label="Requests">
      ${faults.length === 0 ? nothing : html`<p class="armed">Waiting to strike: ${faults.map(({ title }) => title).join(', ')}</p>`}
      ${last.length === 0 ? html`<p class="nothing">None yet.</p>` : nothing}
      <table>
        <thead class="hidden"><tr><th scope="col">Time</th><th scope="col">Request</th><th scope="col">Status</th></tr></thead>
        <tbody>
          ${repeat(
            last,
            (_row, index) => total - index,
            (row) => request(row, whoElse(row.userId)),
          )}
        </tbody>
      </table>
    </div>`;
}

function request({ at, method, url, kind, status, fault }: Venue['requests'][number], other: string | undefined) {
  return html`
    <tr data-kind=${kind}>
      <td>${clockTime(at)}</td>
      <td class="url"><b>${method === 'WS' ? 'frame' : method}</b> ${shortened(url)}${other ? html` <i>${other}</i>` : nothing}${fault ? html` <mark>${fault}</mark>` : nothing}</td>
      <td class="code" data-class=${String(status)[0]}>${status === 'none' ? '…' : method === 'WS' ? frameWords(status) : status}</td>
    </tr>`;
}

/** A frame has no status: it was answered with success, or not. */
const frameWords = (status: number) => (status < 400 ? 'ok' : 'no');

const shortened = (url: string) =>
  url.replace(/^\/(fapi\/v1|derivatives\/api\/v3|0\/private|kraken-uws\/v2\/(public|private)\?method=)/, '');
