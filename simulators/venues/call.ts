import type { FastifyRequest } from 'fastify';
import type { CallFacts } from './fault-queue.ts';
import type { Fault } from './faults.ts';
import type { Answer } from './raw-replies.ts';

/** One request as the venue receives it; path and query exactly as they were sent. */
export type Call = {
  readonly at: number;
  readonly ip: string;
  readonly method: string;
  /** Without the prefix the simulator is mounted at. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly params: URLSearchParams;
  readonly body: string;
  header(name: string): string | undefined;
};

/** How a call is carried out: `no-effect` says success and changes nothing, `old value` reads what stood before. */
export type Execution = 'normal' | 'no-effect' | 'old value';

/** What a venue has to know so that the shared pipeline can serve it and its faults. */
export type VenueCore = {
  facts(call: Call): Omit<CallFacts, 'path' | 'at'>;
  answer(call: Call, execution: Execution): Answer;
  rateLimited(call: Call, retryAfterSeconds: number | undefined): Answer;
  serverError(call: Call, status: number): Answer;
  refusal(call: Call, fault: Extract<Fault, { name: 'refused' }>): Answer;
  /** Never to appear in the request log. */
  secrets(): readonly string[];
};

export function readCall(request: FastifyRequest, { prefix, at }: { prefix: string; at: number }): Call {
  const url = request.raw.url ?? '';
  const mark = url.indexOf('?');
  const query = mark < 0 ? '' : url.slice(mark + 1);
  return {
    at,
    ip: request.ip,
    method: request.method,
    path: (mark < 0 ? url : url.slice(0, mark)).slice(prefix.length),
    query,
    params: new URLSearchParams(query),
    body: typeof request.body === 'string' ? request.body : '',
    header(name) {
      const value = request.headers[name.toLowerCase()];
      return Array.isArray(value) ? value[0] : value;
    },
  };
}
