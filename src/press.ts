import type { Caller } from './caller.ts';
import type { OwnMessage } from './delivery.ts';
import type { Verb, View } from './view.ts';

/** A press of a button, after it was acknowledged. `delivery` is the message that carries the button. */
export type Press = Caller & { readonly verb: Verb; readonly id: string; readonly delivery: OwnMessage };

/**
 * What a press does to Discord: `update` replaces the message that carries the button, `answer` is a new message
 * that only the presser sees. `answered` is called with the id of that new message.
 */
export type PressReply = {
  readonly update?: View;
  readonly answer?: View;
  readonly answered?: (messageId: string) => Promise<void>;
  /** Called when `update` was delivered, with its `aside` where it has one. */
  readonly told?: () => Promise<void>;
  /** Called when it could not be, so that the presser can be told later. */
  readonly lost?: () => Promise<void>;
  /** Called when the message may show something else than `update`, so that it is put right later. */
  readonly mend?: () => Promise<void>;
};

export type PressHandler = (press: Press, progress: (view: View) => void) => Promise<PressReply>;
