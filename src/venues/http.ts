import { EventEmitter } from 'node:events';
import { Agent, type Dispatcher, request } from 'undici';
import type { Silence } from '../errors.ts';
import { createSlots } from './slots.ts';

export type HttpRequest = {
  /** What it does, whatever its method: a read shares connections with others, a write gets one of its own. */
  readonly kind: 'read' | 'write';
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Everything together, from looking up the name to the last byte of the body. */
  readonly deadlineMs: number;
  /** The longest body that is read; 1 MiB unless told, 4 MiB at most. */
  readonly maxBytes?: number;
  /** Asked right before bytes go to the socket; nothing is sent when it says no. */
  readonly isInTime?: () => boolean;
};

export type HttpAnswer = {
  readonly kind: 'answered';
  readonly status: number;
  readonly text: string;
  readonly retryAfter?: string;
};

/** What became of one request. Only `not-sent` and `busy` prove that nothing reached the venue. */
export type HttpReply =
  | HttpAnswer
  | { readonly kind: 'not-sent' }
  /** Every connection for reads was taken by other requests of this bot for too long. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'silent'; readonly silence: Silence };

export type Http = {
  /** Sends once; follows no redirect, repeats nothing, never throws what the network did. */
  readonly send: (request: HttpRequest) => Promise<HttpReply>;
  /** Waits for what is under way, then closes every connection. */
  readonly close: () => Promise<void>;
};

const mebibyte = 1024 * 1024;
const largestCap = 4 * mebibyte;
const userAgent = 'levergate';

const notSent: HttpReply = { kind: 'not-sent' };
const silent = (silence: Silence): HttpReply => ({ kind: 'silent', silence });

/** As many as sixty people need whose commands read four things at once from a venue that takes 400 ms. */
const readConnections = 64;

/**
 * The connections to one venue.
 *
 * @param options.connectMs - Longest time in milliseconds for making a connection.
 * @param options.connections - How many reads may be under way at once; the others wait, for half of their deadline.
 */
export function createHttp({
  connectMs,
  connections = readConnections,
}: {
  readonly connectMs: number;
  readonly connections?: number;
}): Http {
  const shared = { allowH2: false, connect: { timeout: connectMs, rejectUnauthorized: true } };
  // No limit here: in undici's own queue a request that waits for its turn looks like one that cannot connect.
  const reads = new Agent(shared);
  const slots = createSlots(connections);
  // A write gets a connection of its own: a venue may close an idle one while the request is on its way, and
  // nobody could then tell whether it was carried out. `pipelining: 0` is undici's way to switch keep-alive off.
  const writes = new Agent({ ...shared, pipelining: 0 });

  async function read(one: HttpRequest): Promise<HttpReply> {
    const startedAt = performance.now();
    const giveBack = await slots.take(one.deadlineMs / 2);
    if (giveBack === undefined) return { kind: 'busy' };
    const deadlineMs = one.deadlineMs - (performance.now() - startedAt);
    return send(reads, connectMs, { ...one, deadlineMs }, giveBack);
  }

  return {
    send: (one) => (one.kind === 'read' ? read(one) : send(writes, connectMs, one)),
    close: async () => {
      await Promise.all([reads.close(), writes.close()]);
    },
  };
}

/** @param onEnd - Told when undici is through with the request, which may be after its deadline. */
async function send(agent: Agent, connectMs: number, one: HttpRequest, onEnd = () => {}): Promise<HttpReply> {
  // undici takes it for a signal; an AbortController costs as much as signing and judging the call together.
  const signal = new EventEmitter();
  let sent = false;
  let aborted = false;
  const abort = () => {
    aborted = true;
    signal.emit('abort');
  };
  const dispatcher = agent.compose(
    noticeStart(() => {
      if (!aborted && one.isInTime?.() === false) aborted = true;
      sent ||= !aborted;
      return !aborted;
    }),
  );
  const connecting = setTimeout(() => sent || abort(), Math.min(connectMs, one.deadlineMs));
  const overall = setTimeout(abort, one.deadlineMs);
  // undici tells of an abort only once a connection is there, so the deadline must not wait for its promise.
  const late = new Promise<HttpReply>((resolve) => {
    signal.once('abort', () => resolve(sent ? silent('timeout') : notSent));
  });
  try {
    return await Promise.race([exchange(dispatcher, signal, one).finally(onEnd), late]);
  } catch (error) {
    return sent ? silent(silenceOf(error)) : notSent;
  } finally {
    clearTimeout(connecting);
    clearTimeout(overall);
  }
}

async function exchange(dispatcher: Dispatcher, signal: EventEmitter, one: HttpRequest): Promise<HttpReply> {
  const { method, url, headers, body, deadlineMs, maxBytes = mebibyte } = one;
  const response = await request(url, {
    dispatcher,
    signal,
    method,
    headers: { accept: 'application/json', ...headers, 'user-agent': userAgent },
    body: body ?? null,
    headersTimeout: deadlineMs,
    bodyTimeout: deadlineMs,
  });
  const status = response.statusCode;
  if (status >= 300 && status < 400) {
    response.body.on('error', () => {}).destroy();
    return silent('redirect');
  }
  const text = await readText(response.body, Math.min(maxBytes, largestCap));
  const retryAfter = response.headers['retry-after'];
  return { kind: 'answered', status, text, ...(typeof retryAfter === 'string' && { retryAfter }) };
}

const tooLarge = new Error('the body is larger than its cap');

async function readText(body: AsyncIterable<unknown>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.length;
    if (size > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/**
 * undici calls `onRequestStart` right before it writes the request to a socket, and not at all without a connection. What
 * is aborted there never reaches the socket.
 *
 * @param mayStart - Says whether the request may go out after all.
 */
function noticeStart(mayStart: () => boolean): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        if (!mayStart()) return controller.abort(new Error('too late'));
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (controller, status, headers, socket) =>
        handler.onRequestUpgrade?.(controller, status, headers, socket),
      onResponseStart: (controller, status, headers, message) =>
        handler.onResponseStart?.(controller, status, headers, message),
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    });
}

function silenceOf(error: unknown): Silence {
  if (error === tooLarge) return 'too-large';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'timeout';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'too-large';
  return error instanceof Error && error.name === 'HTTPParserError' ? 'unreadable' : 'reset';
}
