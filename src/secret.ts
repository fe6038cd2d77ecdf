import { inspect } from 'node:util';

/**
 * A string that must never be printed: every way of turning it into text gives `[secret]`.
 * Only {@link Secret.reveal} returns the value, so that each place that needs it can be found by name.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
