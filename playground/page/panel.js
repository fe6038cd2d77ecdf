import { html } from 'lit';
import { exchanges } from './exchanges.js';
import { flow } from './flow.js';
import { tabList } from './frame.js';
import { keys } from './keys.js';

/** What stands behind the chat: exchanges, keys, trouble, and what goes over the wire. */
export function panel({ state, actions, desk, wire, tour }) {
  const bodies = {
    live: () => flow(state, actions),
    exchanges: () => exchanges(state),
    keys: () => keys(state, actions),
    trouble: () => desk.view(),
    wire: () => wire.view(),
  };
  return html`
    <aside class="panel" aria-label="Behind the scenes">
      ${tabList(state, actions)} ${tour?.view()}
      <div class="panel-body" id="panel-body" role="tabpanel" tabindex="0" aria-labelledby=${`tab-${state.tab}`}>
        ${bodies[state.tab]()}
      </div>
    </aside>`;
}
