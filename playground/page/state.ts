import type { Screen } from '../screen.ts';
import type { Knobs } from '../trouble.ts';

export type Tab = 'live' | 'exchanges' | 'keys' | 'trouble' | 'wire';

/** The page's whole state; every change draws it anew. */
export type State = {
  viewerId: string;
  channelId: string;
  screen: Screen;
  readonly knobs: Knobs;
  isConnected: boolean;
  tab: Tab;
  /** What a narrow screen shows: the chat, or the panel with its tab. */
  place: 'chat' | 'panel';
  readonly dismissed: Set<string>;
  /** Messages whose button was gone by the time it was pressed. */
  readonly refusedPresses: Set<string>;
  /** What was just done, for a moment: "Copied". */
  said: string;
};

/** What the parts of the page do to its state. */
export type Actions = {
  readonly change: (part: Partial<State>) => void;
  readonly draw: () => void;
  readonly say: (text: string) => void;
  readonly become: (viewerId: string) => void;
  readonly visit: (channelId: string) => void;
  readonly show: (tab: Tab) => void;
  readonly fill: (line: string) => void;
  /** Brings a part of the panel up, and the keyboard with it. */
  readonly point: (tab: Tab, selector: string) => Promise<void>;
  readonly press: (messageId: string, customId: string) => Promise<void>;
};

/** What most views are drawn from. */
export type Page = { readonly state: State; readonly actions: Actions };

/** An event of the element that listens for it. */
export type From<Element extends EventTarget> = Event & { readonly currentTarget: Element };
