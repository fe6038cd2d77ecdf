import { WebSocket } from 'ws';
import type { Silence } from '../errors.ts';
import type { HttpAnswer } from './http.ts';

/** One frame that waits for the frame that answers it. */
export type SocketFrame = {
  /** Built when it is sent, so that no secret lies in it before. */
  readonly text: () => string;
  /** Whether a frame is the answer to this one: every frame is offered, also replies to others, late and doubled ones. */
  readonly answers: (text: string) => boolean;
  readonly deadlineMs: number;
};

export type SocketWrite = SocketFrame & {
  /** Asked right before the frame goes to the socket; nothing is sent when it says no. */
  readonly isInTime: () => boolean;
};

/**
 * What became of one frame, in the words of `http.ts`: an answer is judged like a reply with status 200. Only `not-sent`
 * proves that the frame did not reach the venue.
 */
export type SocketReply =
  | HttpAnswer
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'silent'; readonly silence: Silence };

/** How a connection ended: with the venue's close code where it sent one, 1006 otherwise (RFC 6455). */
export type SocketEnding = { readonly code: number; readonly silence: Silence };

/** One open connection. It never opens itself again, keeps nothing to be sent later and sends nothing twice. */
export type VenueSocket = {
  /** Sends what changes nothing, such as a subscription or a ping: it may be repeated by who asks. */
  readonly ask: (frame: SocketFrame) => Promise<SocketReply>;
  /** Sends a change. Only the first one of a connection goes out; every other one is `not-sent`. */
  readonly write: (frame: SocketWrite) => Promise<SocketReply>;
  readonly isOpen: () => boolean;
  /** Whether a change has gone out on it. */
  readonly hasWritten: () => boolean;
  /** Ends it at once; what still waits for an answer is `silent`. */
  readonly terminate: () => void;
};

/** What became of opening a connection, which changes nothing at the venue. */
export type SocketOpening =
  | { readonly kind: 'open'; readonly socket: VenueSocket }
  /** The venue answered, but not with an upgrade: 429 and 503 say that it wants to be left alone for a while. */
  | { readonly kind: 'turned-away'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'not-sent' };

export type SocketOptions = {
  readonly url: string;
  /** Everything together, from looking up the name to the upgrade. */
  readonly connectMs: number;
  /** Milliseconds that have passed, whatever a clock was set to. */
  readonly elapsed: () => number;
  /** The longest frame that is read; 1 MiB unless told, 16 MiB at most. */
  readonly maxBytes?: number;
  /** Every text frame, in order and before it is offered as an answer; one that it throws at ends the connection. */
  readonly onFrame: (text: string) => void;
  /** Told once, also after `terminate`. */
  readonly onEnd?: (ending: SocketEnding) => void;
  /** Gives up opening. */
  readonly signal?: AbortSignal;
};

const mebibyte = 1024 * 1024;
const largestCap = 16 * mebibyte;
const userAgent = 'levergate';

/** More than any account or market list needs in a second. A connection on which more comes is ended. */
const mostFramesASecond = 1_000;
const mostFullFramesASecond = 2;
/** Frames that come in more pieces take far more memory than their bytes. */
const mostFragments = 1_024;
const mostChunks = 16_384;
/** How long the venue has to hang up after a close frame. */
const closeMs = 500;

const notSent: SocketReply = { kind: 'not-sent' };
const silent = (silence: Silence): SocketReply => ({ kind: 'silent', silence });

type Waiting = { readonly answers: (text: string) => boolean; readonly settle: (reply: SocketReply) => void };

type Connection = {
  readonly ws: WebSocket;
  readonly options: SocketOptions;
  readonly maxBytes: number;
  readonly waiting: Set<Waiting>;
  /** What has come in since `startedAt`, at most a second ago. */
  readonly flow: { startedAt: number; frames: number; bytes: number };
  hasWritten: boolean;
  /** Why it ends, once that is known. */
  silence: Silence | undefined;
  isOver: boolean;
};

/** Opens one connection. Never throws what the network did. */
export function openSocket(options: SocketOptions): Promise<SocketOpening> {
  const { url, connectMs, signal, maxBytes = mebibyte } = options;
  const cap = Math.min(maxBytes, largestCap);
  // Built apart, since the types do not know `closeTimeout` yet.
  const how = {
    // One frame each turn of the event loop: between two of them others run, and what comes too fast stays in the network.
    allowSynchronousEvents: false,
    perMessageDeflate: false,
    followRedirects: false,
    rejectUnauthorized: true,
    maxPayload: cap,
    maxFragments: mostFragments,
    maxBufferedChunks: mostChunks,
    closeTimeout: closeMs,
    headers: { 'user-agent': userAgent },
  };
  const ws = new WebSocket(url, how);
  return new Promise((resolve) => {
    const giveUp = () => ws.terminate();
    const timer = setTimeout(giveUp, connectMs);
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted) giveUp();
    const settle = (opening: SocketOpening) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      resolve(opening);
    };
    ws.on('error', () => settle({ kind: 'not-sent' }));
    ws.once('unexpected-response', (request, response) => {
      const { statusCode: status = 0, headers } = response;
      const retryAfter = headers['retry-after'];
      settle({ kind: 'turned-away', status, ...(retryAfter !== undefined && { retryAfter }) });
      request.destroy();
    });
    ws.once('open', () => settle({ kind: 'open', socket: follow(ws, options, cap) }));
  });
}

function follow(ws: WebSocket, options: SocketOptions, maxBytes: number): VenueSocket {
  const flow = { startedAt: options.elapsed(), frames: 0, bytes: 0 };
  const connection: Connection = {
    ...{ ws, options, maxBytes, flow },
    waiting: new Set(),
    hasWritten: false,
    silence: undefined,
    isOver: false,
  };
  ws.on('message', (data, isBinary) => {
    if (isBinary || !Buffer.isBuffer(data)) end(connection, 'unreadable');
    else if (isWithinFlow(connection, data.length)) take(connection, data.toString());
  });
  ws.on('ping', (data) => isWithinFlow(connection, data.length));
  ws.on('pong', (data) => isWithinFlow(connection, data.length));
  ws.on('error', (error) => end(connection, silenceOf(error)));
  ws.on('close', (code) => finish(connection, code));
  return {
    ask: (frame) => send(connection, frame),
    write: (frame) => write(connection, frame),
    isOpen: () => isOpen(connection),
    hasWritten: () => connection.hasWritten,
    terminate: () => end(connection, 'reset'),
  };
}

const isOpen = ({ ws, isOver }: Connection) => !isOver && ws.readyState === WebSocket.OPEN;

async function write(connection: Connection, frame: SocketWrite): Promise<SocketReply> {
  if (connection.hasWritten) return notSent;
  return send(connection, frame, () => {
    connection.hasWritten = frame.isInTime();
    return connection.hasWritten;
  });
}

/** Nothing may be awaited between the check that the connection is open and `ws.send`. */
async function send(connection: Connection, frame: SocketFrame, mayGo = () => true): Promise<SocketReply> {
  const { ws, waiting } = connection;
  const { answers, deadlineMs } = frame;
  const text = frame.text();
  if (deadlineMs <= 0 || !isOpen(connection) || !mayGo()) return notSent;
  const { promise, resolve } = Promise.withResolvers<SocketReply>();
  const one: Waiting = { answers, settle: resolve };
  let hasLeft = false;
  const timer = setTimeout(() => {
    resolve(silent('timeout'));
    // Nothing may go out after its deadline because the venue begins to read again.
    if (!hasLeft) end(connection, 'timeout');
  }, deadlineMs);
  waiting.add(one);
  ws.send(text, (error) => {
    hasLeft = true;
    if (error) end(connection, 'reset');
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    waiting.delete(one);
  }
}

function take(connection: Connection, text: string): void {
  if (connection.isOver) return;
  try {
    connection.options.onFrame(text);
    // Whoever takes any frame for an answer, as a ping does, takes it from nobody.
    const answered = [...connection.waiting].filter(({ answers }) => answers(text));
    for (const one of answered) one.settle({ kind: 'answered', status: 200, text });
  } catch {
    end(connection, 'unreadable');
  }
}

/** @returns whether a frame of so many bytes still fits the second; ends the connection when it does not. */
function isWithinFlow(connection: Connection, bytes: number): boolean {
  const { flow, maxBytes, options } = connection;
  const now = options.elapsed();
  if (now - flow.startedAt >= 1_000) Object.assign(flow, { startedAt: now, frames: 0, bytes: 0 });
  flow.frames += 1;
  flow.bytes += bytes;
  const isWithin = flow.frames <= mostFramesASecond && flow.bytes <= mostFullFramesASecond * maxBytes;
  if (!isWithin) end(connection, 'too-large');
  return isWithin;
}

function end(connection: Connection, silence: Silence): void {
  connection.silence ??= silence;
  connection.ws.terminate();
  finish(connection, 1006);
}

/** Nobody waits for the network to agree that a connection is over. */
function finish(connection: Connection, code: number): void {
  if (connection.isOver) return;
  connection.isOver = true;
  const { waiting, silence = 'reset', options } = connection;
  for (const one of waiting) one.settle(silent(silence));
  waiting.clear();
  options.onEnd?.({ code, silence });
}

/** @see the error codes of ws, doc/ws.md */
function silenceOf(error: unknown): Silence {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') return 'too-large';
  return code.startsWith('WS_ERR_') ? 'unreadable' : 'reset';
}
