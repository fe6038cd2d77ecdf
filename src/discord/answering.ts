import type { FailureCode } from '../errors.ts';
import type { Log } from '../log.ts';
import type { News } from '../messenger.ts';
import type { PressHandler } from '../press.ts';
import type { CommandTable } from './command-table.ts';
import type { Acknowledgement, InteractionResponse, Pause, Rest } from './rest.ts';
import type { CommandIds } from './text.ts';

/** What interactions are answered with. */
export type Answering = {
  readonly rest: Rest;
  readonly commands: CommandTable;
  readonly press: PressHandler;
  /** What a person must still be told; shown after the next command that Discord shows an answer to. */
  readonly news: (user: string) => Promise<readonly News[]>;
  /** Undefined until Discord has told them. */
  readonly commandIds: () => CommandIds | undefined;
  /** A short text that is shown to a person and written to the log, so that the one leads to the other. */
  readonly newReference: () => string;
  readonly log: Pick<Log, 'error'>;
  readonly pause: Pause;
  /** Fires when waiting for Discord is over. */
  readonly hurry: AbortSignal;
};

/** Sends the first answer to one interaction, at most once; only `acked` allows anything to run. */
export type Acknowledge = (response: InteractionResponse, wantsMessageId?: boolean) => Promise<Acknowledgement>;

/** How an interaction ended, for metrics. */
export type Result = 'ok' | 'not-acknowledged' | 'UNEXPECTED' | FailureCode;
