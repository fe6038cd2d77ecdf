import type { FailureCode } from '../errors.ts';
import type { Arrival } from './interaction.ts';
import type { Acknowledgement, InteractionResponse } from './rest.ts';

/** Sends the first answer to an interaction; only `acked` allows anything to run. */
export type Acknowledge = (
  arrival: Arrival,
  body: InteractionResponse,
  wantsMessageId?: boolean,
) => Promise<Acknowledgement>;

/** How an interaction ended, for metrics. */
export type Result = 'ok' | 'not-acknowledged' | 'UNEXPECTED' | FailureCode;
