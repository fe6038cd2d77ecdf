import { createHash, createHmac } from 'node:crypto';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type KrakenCredential, type Reply, request } from './open-venue.ts';

export type UnifiedCall = KrakenCredential & {
  readonly path?: string;
  readonly nonce: string;
  readonly otp?: string;
  /** What is sent as a body instead of the form. */
  readonly body?: string;
  readonly contentType?: string;
  readonly method?: string;
};

/** As the guide of Spot REST says; written for these tests alone. */
export function signUnified(secret: string, path: string, nonce: string, body: string): string {
  const digest = createHash('sha256')
    .update(nonce + body)
    .digest();
  return createHmac('sha512', Buffer.from(secret, 'base64')).update(path).update(digest).digest('base64');
}

/** Signs and sends one call of Kraken's REST. */
export function unifiedCall(url: string, call: UnifiedCall): Promise<Reply> {
  const { key, secret, path = '/0/private/GetWebSocketsToken', nonce, otp, method = 'POST' } = call;
  const { body = `nonce=${nonce}${otp === undefined ? '' : `&otp=${otp}`}` } = call;
  const headers = {
    'API-Key': key,
    'API-Sign': signUnified(secret, path, nonce, body),
    'Content-Type': call.contentType ?? 'application/x-www-form-urlencoded',
  };
  return request(`${url}${path}`, method === 'GET' ? { method, headers } : { method, headers, body });
}

const object = z.record(z.string(), z.unknown());
export type Said = z.output<typeof object>;

/** A plain socket and everything that came over it. */
export type RawSocket = {
  readonly socket: WebSocket;
  /** Texts as they came. */
  readonly texts: readonly string[];
  /** Those that are JSON objects. */
  readonly said: () => readonly Said[];
  readonly send: (frame: unknown) => void;
  /** Sends, and waits for what answers this `req_id`. */
  readonly ask: (frame: { readonly req_id: number } & Record<string, unknown>) => Promise<Said>;
  /** Waits until something that came satisfies this. */
  readonly until: (isIt: (said: Said) => boolean) => Promise<Said>;
  readonly untilText: (isIt: (text: string) => boolean) => Promise<string>;
  /** The close code; 1006 when there was no close frame. */
  readonly closed: Promise<number>;
};

function parse(text: string): Said | undefined {
  try {
    return object.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Connects. @throws Error with the status when the upgrade is refused */
export async function connectRaw(url: string): Promise<RawSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const texts: string[] = [];
  const listeners = new Set<() => void>();
  const { promise: closed, resolve: close } = Promise.withResolvers<number>();
  socket.on('message', (data) => {
    texts.push(data.toString());
    for (const listener of listeners) listener();
  });
  socket.on('close', (code) => {
    close(code);
    for (const listener of listeners) listener();
  });
  const opened = Promise.withResolvers<void>();
  socket.on('open', () => opened.resolve());
  socket.on('error', opened.reject);
  await opened.promise;

  function untilText(isIt: (text: string) => boolean): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = () => {
      const found = texts.find(isIt);
      if (found !== undefined) resolve(found);
      else if (socket.readyState === socket.CLOSED) reject(new Error('closed before it came'));
    };
    listeners.add(look);
    look();
    return promise.finally(() => listeners.delete(look));
  }
  const until = async (isIt: (said: Said) => boolean): Promise<Said> => {
    const matches = (text: string) => isIt(parse(text) ?? {});
    return parse(await untilText(matches)) ?? {};
  };
  const send = (frame: unknown) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  return {
    ...{ socket, texts, send, until, untilText, closed },
    said: () => texts.map(parse).filter((said) => said !== undefined),
    ask(frame) {
      send(frame);
      return until((said) => said.req_id === frame.req_id);
    },
  };
}
