// Runs in Chromium, which has a WebP encoder and we have none.

type Size = { readonly width: number; readonly height: number };
type Box = Size & { readonly x: number; readonly y: number };

let before: Uint32Array | undefined;

/**
 * Encodes the part of a screenshot that differs from the one before.
 *
 * @param png - In base64.
 * @returns undefined when nothing differs
 */
async function encodeFrame(png: string) {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const pixels = pixelsOf(image);
  const box = changedBox(pixels, image);
  before = pixels;
  if (box === undefined) return undefined;
  const { canvas } = draw(image, box);
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.9 });
  return { ...box, webp: new Uint8Array(await blob.arrayBuffer()).toBase64() };
}

Object.assign(globalThis, { encodeFrame });

function draw(image: ImageBitmap, { x, y, width, height }: Box) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('no canvas to draw on');
  context.drawImage(image, -x, -y);
  return { canvas, context };
}

function pixelsOf(image: ImageBitmap): Uint32Array {
  const { width, height } = image;
  const { context } = draw(image, { x: 0, y: 0, width, height });
  return new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
}

/** The smallest box around all that changed, at even places as the format wants it. */
function changedBox(pixels: Uint32Array, { width, height }: Size): Box | undefined {
  if (before === undefined) return { x: 0, y: 0, width, height };
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let index = 0; index < pixels.length; index += 1) {
    if (pixels[index] === before[index]) continue;
    const x = index % width;
    const y = (index - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (right < 0) return undefined;
  const [x, y] = [left - (left % 2), top - (top % 2)];
  return { x, y, width: right - x + 1, height: bottom - y + 1 };
}
