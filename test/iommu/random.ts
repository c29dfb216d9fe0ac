// A small generator of random numbers for tests whose seed fast-check prints.

/** A source of whole numbers: each call gives one below its argument. */
export type Random = (below: number) => number;

export function generator(seed: number): Random {
  let state = (seed ^ 0x9e37_79b9) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[random(values.length)] as T;
}
