import type { View } from '../view.ts';

/** Below the link of /keys add, once a key was entered on the page: it is used only after its owner says so here. */
export function waitingKeyView(options: {
  readonly venue: string;
  readonly label: string;
  readonly fingerprint: string;
  readonly replaces?: string;
  readonly notes: readonly string[];
  /** What is to be known of the end of what the key is for. */
  readonly ending?: string;
  /** The venue did not say what the key may do. */
  readonly isUndecided: boolean;
  /** The ticket behind both buttons. */
  readonly ticket: string;
  /** When the buttons end, in milliseconds. */
  readonly endsAt: number;
}): View {
  const { venue, label, fingerprint, replaces, notes, ending, isUndecided, ticket, endsAt } = options;
  const asked = isUndecided
    ? `A key was entered on your page. ${venue} did not say what it may do: it may be able to withdraw. Press "Use this key" only if you made it without withdrawals and transfers. If it was not you who entered it, drop it.`
    : ['A key was entered on your page and the exchange accepts it. If that was not you, drop it.', ...notes].join(' ');
  return {
    tone: isUndecided ? 'risky' : 'ask',
    title: `Use this ${venue} key for "${label}"?`,
    body: [
      asked,
      ...(ending === undefined ? [] : [` ${ending}`]),
      ' The buttons end ',
      { time: endsAt, style: 'relative' },
      '; later find them with /keys list.',
    ],
    fields: [
      { name: 'Fingerprint', value: [{ code: fingerprint }], isInline: true },
      { name: 'Replaces', value: replaces === undefined ? 'nothing' : [{ code: replaces }], isInline: true },
    ],
    buttons: [
      { kind: 'press', verb: 'do', id: ticket, label: 'Use this key', style: isUndecided ? 'danger' : 'primary' },
      { kind: 'press', verb: 'drop', id: ticket, label: 'Drop it', style: 'secondary' },
    ],
  };
}

/** Somebody else signed in on a one-time link: its owner should know that it got around. */
export function strangerView(venue: string, label: string): View {
  return {
    tone: 'risky',
    title: 'Somebody else opened your link',
    body: `They were refused and nothing was saved for your ${venue} key "${label}". The link still works for you. If you did not pass it on, ask for a new one with /keys add: that voids this one.`,
  };
}
