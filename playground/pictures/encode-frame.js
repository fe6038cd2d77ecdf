// Runs in Chromium, which has a WebP encoder and we have none.

let before;

/**
 * Encodes the part of a screenshot that differs from the one before.
 *
 * @param {string} png base64
 * @returns undefined when nothing differs
 */
globalThis.encodeFrame = async (png) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const pixels = pixelsOf(image);
  const box = changedBox(pixels, image);
  before = pixels;
  if (box === undefined) return undefined;
  const canvas = draw(image, box);
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.9 });
  return { ...box, webp: new Uint8Array(await blob.arrayBuffer()).toBase64() };
};

function draw(image, { x, y, width, height }) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d', { alpha: false }).drawImage(image, -x, -y);
  return canvas;
}

function pixelsOf(image) {
  const { width, height } = image;
  const canvas = draw(image, { x: 0, y: 0, width, height });
  return new Uint32Array(canvas.getContext('2d').getImageData(0, 0, width, height).data.buffer);
}

/** The smallest box around all that changed, at even places as the format wants it. */
function changedBox(pixels, { width, height }) {
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
