import { Failure, type FailureCode } from '../errors.ts';
import type { Log } from '../log.ts';
import { failureView, unexpectedView } from '../messages.ts';
import type { View } from '../view.ts';
import { describeError } from './describe-error.ts';

export type Attempt<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly result: FailureCode | 'UNEXPECTED'; readonly view: View };

export type Attempts = ReturnType<typeof createAttempts>;

/** The one place where what the app throws turns into what a person is shown. */
export function createAttempts(options: { readonly log: Pick<Log, 'error'>; readonly newReference: () => string }) {
  const { log, newReference } = options;

  function unexpected(error: unknown, doing: string): View {
    const reference = newReference();
    log.error({ reference, doing, error: describeError(error) }, 'an unexpected error');
    return unexpectedView(reference);
  }

  async function attempt<T>(doing: string, run: () => Promise<T>): Promise<Attempt<T>> {
    try {
      return { kind: 'done', value: await run() };
    } catch (error) {
      if (error instanceof Failure) return { kind: 'failed', result: error.data.code, view: failureView(error.data) };
      return { kind: 'failed', result: 'UNEXPECTED', view: unexpected(error, doing) };
    }
  }

  /** Does what nobody waits for, such as taking a note; an error is only logged. */
  async function quietly(doing: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      log.error({ doing, error: describeError(error) }, 'an unexpected error');
    }
  }

  return { attempt, quietly, unexpected };
}
