import { html } from 'lit';
import { exchanges } from './exchanges.ts';
import { flow } from './flow.ts';
import { tabList } from './frame.ts';
import { keys } from './keys.ts';
import type { Page, Tab } from './state.ts';
import type { Tour } from './tour.ts';
import type { TroubleDesk } from './trouble-desk.ts';
import type { WireTap } from './wire.ts';

type Parts = Page & { readonly desk: TroubleDesk; readonly wire: WireTap; readonly tour: Tour | undefined };

/** What stands behind the chat: exchanges, keys, trouble, and what goes over the wire. */
export function panel({ state, actions, desk, wire, tour }: Parts) {
  const bodies: Readonly<Record<Tab, () => unknown>> = {
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
