import type { Delivery } from './delivery.ts';
import type { Note, View } from './view.ts';

/** Sends what was not asked for just now: late outcomes, expired cards, the audit line. Never throws. */
export type Messenger = {
  /** Edits a message: by its interaction token for 15 minutes, then as the bot where the message is public. */
  readonly edit: (delivery: Delivery, view: View) => Promise<'told' | 'lost'>;
  /** A new message that only the person sees to whom the delivery belongs, while its token lives. */
  readonly whisper: (delivery: Delivery, view: View) => Promise<'told' | 'lost'>;
  /** One message of up to ten lines. `limited`: Discord takes no more just now, so it was certainly not posted. */
  readonly post: (channel: string, lines: readonly Note[]) => Promise<'told' | 'limited' | 'lost'>;
};

/** What a person must still be told, because the message it belonged to could no longer be edited. */
export type News = { readonly view: View; readonly told: () => Promise<void> };
