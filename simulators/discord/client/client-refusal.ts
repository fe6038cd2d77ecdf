type ClientRefusalReason =
  | 'unknown-channel'
  | 'unknown-command'
  | 'unknown-option'
  | 'missing-option'
  | 'wrong-type'
  | 'not-a-choice'
  | 'out-of-bounds'
  | 'no-autocomplete'
  | 'unknown-message'
  | 'unknown-component'
  | 'disabled'
  | 'no-consent-page';

/** What the Discord client would not let a person do; nothing was sent to the bot. */
export class ClientRefusal extends Error {
  readonly reason: ClientRefusalReason;

  constructor(reason: ClientRefusalReason, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
  }
}
