/** Every decision of a run comes from one of these, so that a seed makes the same decisions again. */
export type Random = {
  /** A whole number from `min` to `max`, both included. */
  readonly int: (min: number, max: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(list: readonly [T, ...T[]]) => T;
  /** Picks an entry by its weight. */
  readonly weighted: <T>(table: readonly (readonly [weight: number, value: T])[]) => T;
  /** A generator of its own: what it gives does not depend on what else was drawn. */
  readonly fork: (name: string | number) => Random;
};

/** @param seed - Any text; equal texts give equal sequences. */
export function createRandom(seed: string): Random {
  const next = sfc32(hash(`${seed}/a`), hash(`${seed}/b`), hash(`${seed}/c`), hash(`${seed}/d`));
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));

  function weighted<T>(table: readonly (readonly [number, T])[]): T {
    let left = next() * table.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of table) {
      left -= weight;
      if (left < 0) return value;
    }
    throw new TypeError('nothing to pick from');
  }

  return {
    int,
    chance: (probability) => next() < probability,
    pick: (list) => list[int(0, list.length - 1)] ?? list[0],
    weighted,
    fork: (name) => createRandom(`${seed}/${name}`),
  };
}

/** FNV-1a with a final mix, 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  return (state ^ (state >>> 13)) >>> 0;
}

/** Chris Doty-Humphrey's small fast counter generator, as published with PractRand. */
function sfc32(first: number, second: number, third: number, counter: number): () => number {
  let [a, b, c, d] = [first, second, third, counter];
  const next = (): number => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 15; round += 1) next();
  return next;
}
