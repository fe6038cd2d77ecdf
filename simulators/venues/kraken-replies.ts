import { type Answer, jsonAnswer } from './raw-replies.ts';

/** The statuses that errors come with; the venue has used 200 as well as 4xx and 5xx for both shapes. */
export type KrakenErrorStyle = {
  /** Status of `{"error":"…"}`; 200 by default. */
  readonly strings: number;
  /** Status of `{"errors":[{"code":…}]}`; 500 by default. */
  readonly codes: number;
  /** Whether a code comes with its message; true by default. */
  readonly messages: boolean;
};

const messages: Readonly<Record<number, string>> = {
  41: 'WOULD_CAUSE_LIQUIDATION',
  87: 'CONTRACT_DOES_NOT_EXIST',
  88: 'CONTRACT_NOT_FLEXIBLE_FUTURES',
  92: 'INSUFFICIENT_MARGIN',
};

const statusWords: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_SERVER_ERROR',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
};

export const serverTime = (at: number) => new Date(at).toISOString();

export const succeeded = (at: number, fields: Readonly<Record<string, unknown>> = {}): Answer =>
  jsonAnswer(200, { result: 'success', ...fields, serverTime: serverTime(at) });

/** The first error shape of the seed: one word from the documented list, sometimes with a suffix. */
export const refusedWith = (at: number, error: string, status: number): Answer =>
  jsonAnswer(status, { result: 'error', error, serverTime: serverTime(at) });

/** The third error shape: the same words in a list. */
export const refusedInList = (at: number, error: string, status: number): Answer =>
  jsonAnswer(status, { result: 'error', errors: [error], serverTime: serverTime(at) });

/** The second error shape: a code, whose message may be missing. */
export const refusedByCode = (at: number, code: number, { status, message }: { status: number; message?: string }) =>
  jsonAnswer(status, {
    status: statusWords[status] ?? 'ERROR',
    result: 'error',
    errors: [{ code, ...(message === undefined ? {} : { message }) }],
    serverTime: serverTime(at),
  });

/** Both shapes in the style this instance was given. */
export const createRefusals = ({ strings, codes, messages: withMessages }: KrakenErrorStyle) => ({
  error: (at: number, error: string) => refusedWith(at, error, strings),
  code: (at: number, code: number) => {
    const message = withMessages ? messages[code] : undefined;
    return refusedByCode(at, code, { status: codes, ...(message === undefined ? {} : { message }) });
  },
});

export type KrakenRefusals = ReturnType<typeof createRefusals>;
