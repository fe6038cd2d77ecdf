import { z } from 'zod';

/** One request as it came over a socket. */
export type Frame = {
  /** Milliseconds since the epoch, by the simulator's clock. */
  readonly at: number;
  /** Empty when the text was no JSON object or names none. */
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Kraken repeats integers only. */
  readonly reqId: number | undefined;
};

/** A number as it was written, since a float cannot tell 5 from 5.0000000000000001. */
export const numeral = z.object({ numeral: z.string() });

const message = z.object({
  method: z.string().default(''),
  params: z.record(z.string(), z.unknown()).default({}),
  req_id: z.unknown().optional(),
});

export function readFrame(text: string, at: number): Frame {
  const { method, params, req_id: reqId } = message.safeParse(parse(text)).data ?? { method: '', params: {} };
  return { at, method, params, reqId: Number.isSafeInteger(reqId) ? Number(reqId) : undefined };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, keepNumeral);
  } catch {
    return undefined;
  }
}

function keepNumeral(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return key === 'max_leverage' && typeof value === 'number' ? { numeral: context?.source ?? String(value) } : value;
}

/** What can be seen of a frame, without its token. */
export function describeFrame({ method, params }: Frame): string {
  const { channel, symbol, leverage_mode: mode } = params;
  const { symbol: market, max_leverage: leverage } = z.record(z.string(), z.unknown()).safeParse(mode).data ?? {};
  const shown = new URLSearchParams({ method });
  if (typeof channel === 'string') shown.set('channel', channel);
  if (Array.isArray(symbol)) shown.set('symbol', symbol.join(' '));
  if (typeof market === 'string') shown.set('symbol', market);
  const asked = numeral.safeParse(leverage).data?.numeral;
  if (leverage !== undefined) shown.set('max_leverage', asked ?? JSON.stringify(leverage));
  return shown.toString();
}

export type Reply = {
  readonly method: string;
  readonly success: boolean;
  readonly error?: string;
  readonly result?: object;
  readonly req_id?: number | string;
  readonly time_in: string;
  readonly time_out: string;
};

/** RFC 3339 with microseconds, as Kraken writes times. */
export const stamp = (at: number, micros = 0): string =>
  `${new Date(at).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;

const ending = ({ reqId, at }: Frame) => ({
  ...(reqId === undefined ? {} : { req_id: reqId }),
  ...{ time_in: stamp(at), time_out: stamp(at, 50) },
});

export const accepted = (frame: Frame, result?: object): Reply => ({
  ...{ method: frame.method, success: true },
  ...(result === undefined ? {} : { result }),
  ...ending(frame),
});

/** One text, where REST has a list. */
export const rejected = (frame: Frame, error: string): Reply => ({
  ...{ method: frame.method, success: false, error },
  ...ending(frame),
});
