import type { Socket } from 'node:net';

/** What is overheard on a connection: each whole text message, as it passes. */
export type Overheard = {
  /** Before anything of it is given to the network. */
  readonly onSent: (text: string) => void;
  /** Before this process deals with it. */
  readonly onReceived: (text: string) => void;
};

/**
 * Listens on a connection that becomes a WebSocket, at either end; what never does is passed by. Nothing is changed or
 * delayed, and it does not depend on who speaks: a client, a server, or a library.
 *
 * @param options.isUpgraded - Whether the request has been read already, as it is where a server learns of an upgrade.
 */
export function overhear(socket: Socket, { isUpgraded }: { readonly isUpgraded: boolean }, heard: Overheard): void {
  const sent = createReader(false, heard.onSent);
  const received = createReader(isUpgraded, heard.onReceived);
  socket.write = new Proxy(socket.write, {
    apply(write, self, parts) {
      sent(bytesOf(parts));
      return Reflect.apply(write, self, parts);
    },
  });
  socket.push = new Proxy(socket.push, {
    apply(push, self, parts) {
      received(bytesOf(parts));
      return Reflect.apply(push, self, parts);
    },
  });
}

function bytesOf([chunk, encoding]: readonly unknown[]): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk, isEncoding(encoding) ? encoding : 'utf8');
  return chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.alloc(0);
}

const isEncoding = (value: unknown): value is BufferEncoding => typeof value === 'string' && Buffer.isEncoding(value);

type State = { readonly kind: 'head' | 'frames' | 'other'; readonly rest: Buffer };

/** One direction of a connection: an HTTP head, then frames (RFC 6455, 5.2). */
function createReader(isUpgraded: boolean, onText: (text: string) => void): (bytes: Buffer) => void {
  let state: State = { kind: isUpgraded ? 'frames' : 'head', rest: Buffer.alloc(0) };
  let pieces: Buffer[] = [];

  function take({ opcode, isFinal, payload }: Frame): void {
    if (opcode > OPCODE_BINARY) return;
    pieces.push(payload);
    if (!isFinal) return;
    const text = Buffer.concat(pieces).toString();
    pieces = [];
    onText(text);
  }

  return (bytes) => {
    if (state.kind === 'other') return;
    state = { ...state, rest: Buffer.concat([state.rest, bytes]) };
    if (state.kind === 'head') state = afterHead(state.rest);
    for (let frame = readFrame(state); frame !== undefined; frame = readFrame(state)) {
      state = { ...state, rest: state.rest.subarray(frame.length) };
      take(frame);
    }
  };
}

const endOfHead = '\r\n\r\n';

function afterHead(bytes: Buffer): State {
  const end = bytes.indexOf(endOfHead);
  if (end < 0) return { kind: 'head', rest: bytes };
  const isUpgrade = /\r\nupgrade: websocket\r\n/i.test(bytes.toString('latin1', 0, end + 2));
  return { kind: isUpgrade ? 'frames' : 'other', rest: bytes.subarray(end + endOfHead.length) };
}

const OPCODE_BINARY = 2;
const MASK_BYTES = 4;

type Frame = {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
  /** Of the whole frame. */
  readonly length: number;
};

/** @returns the first frame, once all of it is there. */
function readFrame({ kind, rest }: State): Frame | undefined {
  if (kind !== 'frames' || rest.length < 2) return undefined;
  const [first = 0, second = 0] = rest;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const isMasked = (second & 0x80) !== 0;
  const start = 2 + lengthBytes + (isMasked ? MASK_BYTES : 0);
  if (rest.length < start) return undefined;
  const size = lengthBytes === 0 ? short : rest.readUIntBE(lengthBytes === 2 ? 2 : 4, lengthBytes === 2 ? 2 : 6);
  const length = start + size;
  if (rest.length < length) return undefined;
  const payload = Buffer.from(rest.subarray(start, length));
  const mask = isMasked ? rest.subarray(start - MASK_BYTES, start) : undefined;
  if (mask !== undefined) for (const [at, byte] of payload.entries()) payload[at] = byte ^ (mask[at % MASK_BYTES] ?? 0);
  return { opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, payload, length };
}
