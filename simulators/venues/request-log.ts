import type { Call } from './call.ts';
import type { FaultName } from './faults.ts';

/** A request that reached the simulator, answered or not. */
export type RequestEntry = {
  /** Milliseconds since the epoch, by the simulator's clock. */
  readonly at: number;
  readonly method: string;
  /** Path and query; known secrets are masked. */
  readonly url: string;
  readonly kind: 'read' | 'write';
  readonly account: string | undefined;
  readonly fault: FaultName | undefined;
  /** `none` while no answer was sent: still waiting, hanging, or reset. */
  readonly status: number | 'none';
  /** When the answer was out, or the connection gone without a whole one; undefined while the client waits. */
  readonly endedAt: number | undefined;
  /** Whether a whole answer went out. */
  readonly isAnswered: boolean;
};

type OpenEntry = {
  answered(status: number): void;
  ended(at: number, isAnswered: boolean): void;
};

type RequestLog = {
  readonly entries: readonly RequestEntry[];
  open(call: Call, about: Pick<RequestEntry, 'kind' | 'account' | 'fault'>): OpenEntry;
};

const mask = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((masked, secret) => masked.replaceAll(secret, '[masked]'), text);

const kept = 1000;

export function createRequestLog(secrets: () => readonly string[]): RequestLog {
  const entries: { -readonly [Field in keyof RequestEntry]: RequestEntry[Field] }[] = [];
  return {
    entries,
    open(call, about) {
      const sent = call.query === '' ? call.path : `${call.path}?${call.query}`;
      const encoded = secrets().flatMap((secret) => [secret, encodeURIComponent(secret)]);
      const entry: (typeof entries)[number] = {
        at: call.at,
        method: call.method,
        url: mask(sent, encoded),
        ...about,
        status: 'none',
        endedAt: undefined,
        isAnswered: false,
      };
      entries.push(entry);
      if (entries.length > kept) entries.shift();
      return {
        answered(status) {
          entry.status = status;
        },
        ended(at, isAnswered) {
          entry.endedAt = at;
          entry.isAnswered = isAnswered;
        },
      };
    },
  };
}
