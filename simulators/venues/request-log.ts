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
  /**
   * `none` while no answer was sent: still waiting, hanging, or reset. A frame on a socket has no status: 200 stands for
   * an answer that says success, 400 for any other.
   */
  readonly status: number | 'none';
  /** When the answer was out, or the connection gone without a whole one; undefined while the client waits. */
  readonly endedAt: number | undefined;
  /** Whether a whole answer went out. */
  readonly isAnswered: boolean;
};

export type OpenEntry = {
  answered(status: number): void;
  ended(at: number, isAnswered: boolean): void;
};

export type RequestLog = {
  readonly entries: readonly RequestEntry[];
  /** How many requests to change something arrived, of one account or of all. */
  writesReceived(account?: string): number;
  open(
    call: Pick<Call, 'at' | 'method' | 'path' | 'query'>,
    about: Pick<RequestEntry, 'kind' | 'account' | 'fault'>,
  ): OpenEntry;
};

const mask = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((masked, secret) => masked.replaceAll(secret, '[masked]'), text);

const kept = 1000;

export function createRequestLog(secrets: () => readonly string[]): RequestLog {
  const entries: { -readonly [Field in keyof RequestEntry]: RequestEntry[Field] }[] = [];
  const received = new Map<string | undefined, number>();
  return {
    entries,
    writesReceived(account) {
      if (account !== undefined) return received.get(account) ?? 0;
      return [...received.values()].reduce((sum, count) => sum + count, 0);
    },
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
      if (about.kind === 'write') received.set(about.account, (received.get(about.account) ?? 0) + 1);
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
