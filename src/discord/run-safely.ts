import { Failure, type FailureCode } from '../errors.ts';
import { failureView, unexpectedView } from '../messages.ts';
import type { View } from '../view.ts';
import type { Answering } from './answering.ts';
import { describeError } from './describe-error.ts';

/** What running something came to: a value, or what the person is shown instead. */
export type Ran<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly result: FailureCode | 'UNEXPECTED'; readonly view: View };

type Context = Pick<Answering, 'log' | 'newReference'>;

/** The one place where what the app throws turns into what a person is shown. */
export async function runSafely<T>(context: Context, doing: string, run: () => Promise<T>): Promise<Ran<T>> {
  try {
    return { kind: 'done', value: await run() };
  } catch (error) {
    if (error instanceof Failure) return { kind: 'failed', result: error.data.code, view: failureView(error.data) };
    return { kind: 'failed', result: 'UNEXPECTED', view: noteUnexpected(context, doing, error) };
  }
}

/** Does what nobody waits for, such as taking a note; an error is only logged. */
export async function runQuietly({ log }: Context, doing: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    log.error({ doing, error: describeError(error) }, 'an unexpected error');
  }
}

/** Logs an error that was not foreseen. @returns what the person is shown: the reference that leads to the log */
export function noteUnexpected({ log, newReference }: Context, doing: string, error: unknown): View {
  const reference = newReference();
  log.error({ reference, doing, error: describeError(error) }, 'an unexpected error');
  return unexpectedView(reference);
}
