import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { animatedWebp } from '../../../playground/pictures/animated-webp.ts';

/** The chunks of a RIFF file, by name and payload. */
function chunksOf(file: Buffer): readonly { readonly name: string; readonly payload: Buffer }[] {
  const found = [];
  for (let at = 12; at < file.length; ) {
    const length = file.readUInt32LE(at + 4);
    found.push({ name: file.toString('latin1', at, at + 4), payload: file.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return found;
}

// A still picture of one pixel, as an encoder writes it.
const pixel = Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64');

it('puts stills at their places, each with its time, and repeats for ever', () => {
  const still = { width: 1, height: 1, webp: pixel };
  const moving = animatedWebp([
    { ...still, x: 0, y: 0, width: 1280, height: 800, ms: 900 },
    { ...still, x: 200, y: 64, ms: 4_500 },
  ]);
  expect(moving.toString('latin1', 0, 4) + moving.toString('latin1', 8, 12)).toBe('RIFFWEBP');
  expect(moving.readUInt32LE(4)).toBe(moving.length - 8);
  const [canvas, animation, first, second, ...more] = chunksOf(moving);
  expect([canvas?.name, animation?.name, first?.name, second?.name, more.length]).toEqual([
    ...['VP8X', 'ANIM', 'ANMF', 'ANMF', 0],
  ]);
  expect([canvas?.payload.readUIntLE(4, 3), canvas?.payload.readUIntLE(7, 3)]).toEqual([1279, 799]);
  expect(animation?.payload.readUInt16LE(4)).toBe(0);
  const numbers = [0, 3, 6, 9, 12].map((at) => second?.payload.readUIntLE(at, 3));
  expect(numbers).toEqual([100, 32, 0, 0, 4_500]);
  expect(second?.payload.toString('latin1', 16, 20)).toBe('VP8L');
});

it('the moving picture of the README stands at its top, moves, and is below a megabyte', async () => {
  const root = new URL('../../../', import.meta.url);
  const readme = await readFile(new URL('README.md', root), 'utf8');
  expect(/!\[[^\]]+\]\(([^)]+)\)/.exec(readme)?.[1]).toBe('docs/pictures/moving.webp');
  const moving = await readFile(new URL('docs/pictures/moving.webp', root));
  expect(moving.length).toBeLessThan(1_000_000);
  expect(chunksOf(moving).filter(({ name }) => name === 'ANMF').length).toBeGreaterThan(8);
});
