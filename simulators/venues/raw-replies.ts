import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** An answer as a venue means it, before any fault spoils it. */
export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
};

const json = { 'content-type': 'application/json' };

export const jsonAnswer = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { ...json, ...headers },
  body: JSON.stringify(value),
});

/** A reset, not an orderly end: the client must not be able to tell whether the call was carried out. */
export function reset(response: ServerResponse): void {
  const { socket } = response;
  if (socket) socket.resetAndDestroy();
}

/** Announces the whole body, sends half of it, and ends the connection. */
export function sendCut(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
  response.write(body.slice(0, Math.ceil(body.length / 2)), () => response.socket?.end());
}

const chunk = `${' '.repeat(64 * 1024 - 1)}\n`;

/** White space is valid JSON padding, so only a cap on the size can stop a reader. */
export async function sendHuge(response: ServerResponse, answer: Answer, bytes: number): Promise<void> {
  response.writeHead(answer.status, { ...answer.headers });
  for (let sent = 0; sent < bytes && !response.destroyed; sent += chunk.length) {
    if (!response.write(chunk)) await drained(response);
  }
  response.end(answer.body);
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });

type Drip = {
  readonly everyMs: number;
  readonly signal: AbortSignal;
};

async function drip(response: ServerResponse, pieces: Iterable<string>, { everyMs, signal }: Drip): Promise<void> {
  for (const piece of pieces) {
    if (response.destroyed || response.socket?.destroyed !== false) return;
    response.socket.write(piece);
    await wait(everyMs, undefined, { signal });
  }
}

/** Writes on the bare socket: Node would send the whole head at once. */
export async function sendSlowHeaders(
  response: ServerResponse,
  { status, body }: Answer,
  { ms, ...pace }: Drip & { readonly ms: number },
): Promise<void> {
  const steps = Math.max(1, Math.floor(ms / Math.max(1, pace.everyMs)));
  await drip(response, [`HTTP/1.1 ${status} Slow\r\nx-slow: `], pace);
  await drip(
    response,
    Array.from({ length: steps }, () => 'a'),
    pace,
  );
  const head = `\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}`;
  response.socket?.end(`${head}\r\n\r\n${body}`);
}

export async function sendSlowBody(response: ServerResponse, { status, body }: Answer, pace: Drip): Promise<void> {
  const head = `HTTP/1.1 ${status} Slow\r\ncontent-type: application/json\r\nconnection: close`;
  await drip(response, [`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`, ...body], pace);
  response.socket?.end();
}
