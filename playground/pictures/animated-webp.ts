/** A still WebP at its place on the canvas, shown for some milliseconds. */
export type Frame = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly ms: number;
  readonly webp: Uint8Array;
};

const ANIMATED = 0x02;
const DRAW_OVER = 0x02;
const HEADER_BYTES = 12;

/**
 * Puts still WebPs together as one that moves and repeats; each frame is drawn over those before it.
 *
 * @param frames - The first one covers the canvas; `x` and `y` are even.
 * @see https://developers.google.com/speed/webp/docs/riff_container
 */
export function animatedWebp(frames: readonly Frame[]): Buffer {
  const { width = 0, height = 0 } = frames[0] ?? {};
  const canvas = Buffer.concat([Buffer.from([ANIMATED, 0, 0, 0]), uint24(width - 1), uint24(height - 1)]);
  const background = Buffer.from([0, 0, 0, 0xff]);
  const forEver = Buffer.alloc(2);
  const parts = [chunk('VP8X', canvas), chunk('ANIM', Buffer.concat([background, forEver])), ...frames.map(frameChunk)];
  return chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...parts]));
}

function frameChunk({ x, y, width, height, ms, webp }: Frame): Buffer {
  const place = [x / 2, y / 2, width - 1, height - 1, ms].map(uint24);
  return chunk('ANMF', Buffer.concat([...place, Buffer.from([DRAW_OVER]), imageOf(webp)]));
}

/** The picture within a still WebP, without the file's header and what describes its canvas. */
function imageOf(webp: Uint8Array): Buffer {
  const rest = Buffer.from(webp).subarray(HEADER_BYTES);
  const kept: Buffer[] = [];
  for (let at = 0; at < rest.length; ) {
    const length = rest.readUInt32LE(at + 4);
    const end = at + 8 + length + (length % 2);
    if (['VP8 ', 'VP8L', 'ALPH'].includes(rest.toString('latin1', at, at + 4))) kept.push(rest.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

function chunk(name: string, payload: Buffer): Buffer {
  const head = Buffer.from(`${name}\0\0\0\0`);
  head.writeUInt32LE(payload.length, 4);
  return Buffer.concat([head, payload, Buffer.alloc(payload.length % 2)]);
}

function uint24(value: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE(value, 0, 3);
  return bytes;
}
